//! What a pod asks of node labels, and what a node lacks of it.

use std::collections::BTreeMap;

use wire::{Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod};

/// Labels that say what a machine is, not what it is used for: nobody changes them to place a pod.
const DESCRIPTIVE: [&str; 10] = [
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "node.kubernetes.io/instance-type",
    "node.kubernetes.io/windows-build",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/instance-type",
];

/// A requirement that does not hold.
pub(super) struct Unmet {
    /// `disk=ssd` or `disk In [ssd nvme]`.
    wanted: String,
    /// The label in question as the node has it; `None` for fields.
    found: Option<String>,
    fix: Option<Fix>,
}

/// What has to be done with one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    Set { key: String, value: String },
    Remove { key: String },
}

/// The required node affinity of a pod.
pub(super) fn required(pod: &Pod) -> Option<&NodeSelector> {
    pod.spec
        .affinity
        .as_ref()?
        .node_affinity
        .as_ref()?
        .required_during_scheduling_ignored_during_execution
        .as_ref()
}

/// The same, to be changed.
pub(super) fn required_mut(pod: &mut Pod) -> Option<&mut Option<NodeSelector>> {
    let affinity = pod.spec.affinity.as_mut()?.node_affinity.as_mut()?;
    Some(&mut affinity.required_during_scheduling_ignored_during_execution)
}

/// The requirements that the node does not meet; of the alternatives that node affinity may have, those of
/// the one that lacks least.
pub(super) fn unmet(pod: &Pod, node: &Node) -> Vec<Unmet> {
    let labels = &node.metadata.labels;
    let mut all: Vec<Unmet> = Vec::new();
    for (key, value) in pod.spec.node_selector.iter().filter(|(key, value)| labels.get(*key) != Some(*value))
    {
        let fix = Some(Fix::Set { key: key.clone(), value: value.clone() });
        all.push(Unmet { wanted: format!("{key}={value}"), found: Some(show(labels, key)), fix });
    }
    if let Some(selector) = required(pod) {
        let terms = selector.node_selector_terms.iter().map(|term| unmet_of_term(term, node));
        all.extend(terms.min_by_key(Vec::len).unwrap_or_default());
    }
    all
}

/// `wants disk=ssd, has disk=hdd`.
pub(super) fn describe(unmet: &[Unmet]) -> Option<String> {
    let each = unmet.iter().map(|unmet| match &unmet.found {
        Some(found) => format!("wants {}, has {found}", unmet.wanted),
        None => format!("wants {}", unmet.wanted),
    });
    let all: Vec<String> = each.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The one label to change, if one is enough and it is of a kind that people change.
pub(super) fn single_fix(pod: &Pod, node: &Node) -> Option<Fix> {
    match unmet(pod, node).as_slice() {
        [only] => only.fix.clone().filter(|fix| !DESCRIPTIVE.contains(&fix.key())),
        _ => None,
    }
}

impl Fix {
    fn key(&self) -> &str {
        match self {
            Fix::Set { key, .. } | Fix::Remove { key } => key,
        }
    }

    /// Changes the labels.
    pub(super) fn apply(&self, labels: &mut BTreeMap<String, String>) {
        match self {
            Fix::Set { key, value } => labels.insert(key.clone(), value.clone()),
            Fix::Remove { key } => labels.remove(key),
        };
    }
}

/// A requirement as people write it: `disk In [ssd nvme]`.
pub(super) fn show_requirement(requirement: &NodeSelectorRequirement) -> String {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    if values.is_empty() {
        format!("{key} {operator}")
    } else {
        format!("{key} {operator} [{}]", values.join(" "))
    }
}

fn show(labels: &BTreeMap<String, String>, key: &str) -> String {
    labels.get(key).map_or_else(|| format!("no {key}"), |value| format!("{key}={value}"))
}

fn unmet_of_term(term: &NodeSelectorTerm, node: &Node) -> Vec<Unmet> {
    let labels = &node.metadata.labels;
    let by_label = term.match_expressions.iter().filter(|r| !holds(r, labels)).map(|r| Unmet {
        wanted: show_requirement(r),
        found: Some(show(labels, &r.key)),
        fix: fix(r),
    });
    let name = BTreeMap::from([("metadata.name".to_owned(), node.metadata.name.clone())]);
    let by_field = term.match_fields.iter().filter(|r| !holds(r, &name));
    let by_field = by_field.map(|r| Unmet { wanted: show_requirement(r), found: None, fix: None });
    by_label.chain(by_field).collect()
}

/// What to do with the label so that the requirement holds.
fn fix(requirement: &NodeSelectorRequirement) -> Option<Fix> {
    let key = requirement.key.clone();
    let set = |value: String| Some(Fix::Set { key: key.clone(), value });
    match requirement.operator.as_str() {
        "In" => set(requirement.values.first()?.clone()),
        "Exists" => set("true".to_owned()),
        "NotIn" | "DoesNotExist" => Some(Fix::Remove { key }),
        "Gt" => set(bound(requirement)?.checked_add(1)?.to_string()),
        "Lt" => set(bound(requirement)?.checked_sub(1)?.to_string()),
        _ => None,
    }
}

fn bound(requirement: &NodeSelectorRequirement) -> Option<i64> {
    requirement.values.first()?.parse().ok()
}

fn holds(requirement: &NodeSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let is_listed = value.is_some_and(|value| requirement.values.contains(value));
    let integers = || value.and_then(|value| value.parse::<i64>().ok()).zip(bound(requirement));
    match requirement.operator.as_str() {
        "In" => is_listed,
        "NotIn" => !is_listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => integers().is_some_and(|(value, bound)| value > bound),
        "Lt" => integers().is_some_and(|(value, bound)| value < bound),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, labels: &str, expected: Option<Fix>) {
        let pod: Pod = serde_json::from_str(&format!(r#"{{"spec":{spec}}}"#)).expect("a pod");
        let node = format!(r#"{{"metadata":{{"name":"n","labels":{labels}}}}}"#);
        let node: Node = serde_json::from_str(&node).expect("a node");
        assert_eq!(single_fix(&pod, &node), expected, "{spec} on {labels}");
    }

    fn set(key: &str, value: &str) -> Option<Fix> {
        Some(Fix::Set { key: key.to_owned(), value: value.to_owned() })
    }

    fn affinity(terms: &str) -> String {
        let required = format!(r#"{{"nodeSelectorTerms":{terms}}}"#);
        format!(
            r#"{{"affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{required}}}}}}}"#
        )
    }

    #[test]
    fn one_missing_label_is_fixed_and_two_are_not() {
        check(r#"{"nodeSelector":{"disk":"ssd"}}"#, "{}", set("disk", "ssd"));
        check(r#"{"nodeSelector":{"disk":"ssd"}}"#, r#"{"disk":"hdd"}"#, set("disk", "ssd"));
        check(r#"{"nodeSelector":{"disk":"ssd","gpu":"a"}}"#, "{}", None);
        check(r#"{"nodeSelector":{"disk":"ssd","gpu":"a"}}"#, r#"{"gpu":"a"}"#, set("disk", "ssd"));
    }

    #[test]
    fn the_alternative_that_lacks_least_is_fixed() {
        let terms = affinity(
            r#"[{"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"b","operator":"Exists"}]},
                {"matchExpressions":[{"key":"n","operator":"Gt","values":["7"]}]}]"#,
        );
        check(&terms, r#"{"n":"3"}"#, set("n", "8"));
        let terms = affinity(r#"[{"matchExpressions":[{"key":"old","operator":"DoesNotExist"}]}]"#);
        check(&terms, r#"{"old":"yes"}"#, Some(Fix::Remove { key: "old".to_owned() }));
    }

    #[test]
    fn labels_that_describe_the_machine_stay() {
        check(r#"{"nodeSelector":{"topology.kubernetes.io/zone":"b"}}"#, "{}", None);
    }
}
