//! The pod asks for less of the places it goes to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use wire::selector::label_selector_as_text;
use wire::{Affinity, Pod, PodAffinityTerm, Toleration, TopologySpreadConstraint};

use super::Proposal;
use super::evidence::{Evidence, RefusingNode, count, named};
use super::nodes::is_set_by_kubernetes;
use crate::explain::node_labels::{required, required_mut, show_requirement};
use crate::explain::situation::Change;

fn edit(evidence: &Evidence<'_>, description: String, edit: impl FnOnce(&mut Pod)) -> Proposal {
    let mut pod = evidence.pod.clone();
    edit(&mut pod);
    Proposal { description, change: Change::EditPod(Box::new(pod)) }
}

pub(super) fn remove_gates(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let gates: Vec<String> =
        evidence.pod.spec.scheduling_gates.iter().map(|gate| gate.name.clone()).collect();
    let description = match gates.as_slice() {
        [] => return Vec::new(),
        [gate] => format!("remove the scheduling gate {gate}"),
        gates => format!("remove the scheduling gates {}", super::list(gates)),
    };
    vec![edit(evidence, description, |pod| pod.spec.scheduling_gates.clear())]
}

/// Tolerations that are enough on some node, those that open most nodes first. Taints that Kubernetes sets by
/// itself say that a node is not well: tolerating them helps nobody.
pub(super) fn tolerate_taint(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let mut wanted: BTreeMap<Vec<[String; 4]>, usize> = BTreeMap::new();
    for node in evidence.refused_only_by(&["TaintToleration"]) {
        if let Some(tolerations) = tolerations(evidence, node) {
            *wanted.entry(tolerations).or_default() += 1;
        }
    }
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    wanted.sort_by_key(|(tolerations, n_nodes)| (tolerations.len(), Reverse(*n_nodes)));
    let propose = |(tolerations, n_nodes): (Vec<[String; 4]>, usize)| {
        let shown: Vec<String> = tolerations.iter().map(show_toleration).collect();
        let taints = if shown.len() == 1 { "taint" } else { "taints" };
        let description = format!("tolerate the {taints} {}{}", super::list(&shown), on_nodes(n_nodes));
        edit(evidence, description, |pod| {
            pod.spec.tolerations.extend(tolerations.into_iter().map(|[key, operator, value, effect]| {
                Toleration { key, operator, value, effect, toleration_seconds: None }
            }));
        })
    };
    wanted.into_iter().map(propose).collect()
}

fn show_toleration([key, _, value, effect]: &[String; 4]) -> String {
    let equal = if value.is_empty() { String::new() } else { format!("={value}") };
    let suffix = if effect.is_empty() { String::new() } else { format!(":{effect}") };
    format!("{key}{equal}{suffix}")
}

fn on_nodes(n: usize) -> String {
    if n == 1 { String::new() } else { format!(" (on {n} nodes nothing else is in the way)") }
}

/// Key, operator, value and effect of the tolerations that cover all taints in the way, one per key.
fn tolerations(evidence: &Evidence<'_>, node: RefusingNode<'_>) -> Option<Vec<[String; 4]>> {
    let symbols = evidence.situation.scheduler.symbols();
    let mut by_key: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for taint in evidence.untolerated(node) {
        by_key.entry(evidence.text(taint.key)).or_default().push(taint);
    }
    if by_key.keys().any(|key| is_set_by_kubernetes(key)) {
        return None;
    }
    let cover = |(key, taints): (&str, Vec<&scheduling::model::Taint>)| {
        let (mut operator, mut value, mut effect) = ("Exists", "", "");
        if let [only] = taints.as_slice() {
            effect = only.effect.as_str(symbols);
            value = evidence.text(only.value);
            operator = if value.is_empty() { "Exists" } else { "Equal" };
        }
        [key, operator, value, effect].map(str::to_owned)
    };
    Some(by_key.into_iter().map(cover).collect())
}

fn hard_constraints<'e>(
    evidence: &Evidence<'e>,
) -> impl Iterator<Item = (usize, &'e TopologySpreadConstraint)> {
    let is_blamed = evidence.blames("PodTopologySpread");
    let constraints = evidence.pod.spec.topology_spread_constraints.iter().enumerate();
    constraints.filter(move |(_, constraint)| is_blamed && constraint.when_unsatisfiable != "ScheduleAnyway")
}

/// The smallest skew at which some node would do.
pub(super) fn raise_max_skew(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let nodes: Vec<RefusingNode<'_>> = evidence.refused_only_by(&["PodTopologySpread"]).collect();
    let propose = |(i, constraint): (usize, &TopologySpreadConstraint)| {
        let counts_itself = constraint
            .label_selector
            .as_ref()
            .is_some_and(|selector| selector.matches(&evidence.pod.metadata.labels));
        let reasons = nodes.iter().flat_map(RefusingNode::reasons);
        let needed = reasons.filter_map(|reason| {
            let is_it = evidence.text(named(reason, "topologyKey")?) == constraint.topology_key
                && count(reason, "maxSkew")? == i64::from(constraint.max_skew);
            let skew = count(reason, "matching")? + i64::from(counts_itself) - count(reason, "fewest")?;
            is_it.then_some(skew)
        });
        let needed = i32::try_from(needed.min()?).ok()?;
        let description = format!(
            "raise maxSkew from {} to {needed} for spreading over {}",
            constraint.max_skew, constraint.topology_key
        );
        Some(edit(evidence, description, |pod| pod.spec.topology_spread_constraints[i].max_skew = needed))
    };
    hard_constraints(evidence).filter_map(propose).collect()
}

/// A constraint that only scores forbids nothing, and keeps what it is meant for.
pub(super) fn relax_spread_constraint(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let propose = |(i, constraint): (usize, &TopologySpreadConstraint)| {
        let key = &constraint.topology_key;
        let prefers_already = evidence
            .pod
            .spec
            .topology_spread_constraints
            .iter()
            .any(|other| other.topology_key == *key && other.when_unsatisfiable == "ScheduleAnyway");
        if prefers_already {
            // An API server takes one constraint per key and kind.
            let description =
                format!("drop the constraint to spread over {key} (one that only prefers it stays)");
            return edit(evidence, description, |pod| {
                pod.spec.topology_spread_constraints.remove(i);
            });
        }
        let without = if constraint.min_domains.is_some() { ", without minDomains" } else { "" };
        let description =
            format!("only prefer to spread over {key} (whenUnsatisfiable: ScheduleAnyway{without})");
        edit(evidence, description, |pod| {
            let constraint = &mut pod.spec.topology_spread_constraints[i];
            "ScheduleAnyway".clone_into(&mut constraint.when_unsatisfiable);
            constraint.min_domains = None;
        })
    };
    hard_constraints(evidence).map(propose).collect()
}

pub(super) fn drop_node_selector_entry(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if !evidence.blames("NodeAffinity") {
        return Vec::new();
    }
    let entries = evidence.pod.spec.node_selector.iter();
    let propose = |(key, value): (&String, &String)| {
        let description = format!("drop {key}={value} from the node selector");
        edit(evidence, description, |pod| {
            pod.spec.node_selector.remove(key);
        })
    };
    entries.map(propose).collect()
}

/// All entries, where no single one is all that is in the way.
pub(super) fn drop_node_selector(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if !evidence.blames("NodeAffinity") || evidence.pod.spec.node_selector.len() < 2 {
        return Vec::new();
    }
    let description = "drop the node selector".to_owned();
    vec![edit(evidence, description, |pod| pod.spec.node_selector.clear())]
}

/// Single requirements first, where a term has others besides; then all of the required node affinity.
pub(super) fn drop_node_affinity(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let Some(selector) = required(evidence.pod).filter(|_| evidence.blames("NodeAffinity")) else {
        return Vec::new();
    };
    let mut proposals = Vec::new();
    for (i, term) in selector.node_selector_terms.iter().enumerate() {
        if term.match_expressions.len() + term.match_fields.len() < 2 {
            continue;
        }
        for (j, requirement) in term.match_expressions.iter().enumerate() {
            let description =
                format!("drop {} from the required node affinity", show_requirement(requirement));
            proposals.push(edit(evidence, description, |pod| {
                if let Some(Some(selector)) = required_mut(pod) {
                    selector.node_selector_terms[i].match_expressions.remove(j);
                }
            }));
        }
    }
    let description = "drop the required node affinity".to_owned();
    proposals.push(edit(evidence, description, |pod| {
        if let Some(required) = required_mut(pod) {
            *required = None;
        }
    }));
    proposals
}

/// The required terms towards or away from other pods.
fn terms(affinity: &mut Affinity, is_anti: bool) -> Option<&mut Vec<PodAffinityTerm>> {
    if is_anti {
        let terms = affinity.pod_anti_affinity.as_mut()?;
        Some(&mut terms.required_during_scheduling_ignored_during_execution)
    } else {
        let terms = affinity.pod_affinity.as_mut()?;
        Some(&mut terms.required_during_scheduling_ignored_during_execution)
    }
}

pub(super) fn drop_pod_affinity_term(evidence: &Evidence<'_>) -> Vec<Proposal> {
    drop_term(evidence, false)
}

pub(super) fn drop_pod_anti_affinity_term(evidence: &Evidence<'_>) -> Vec<Proposal> {
    drop_term(evidence, true)
}

fn drop_term(evidence: &Evidence<'_>, is_anti: bool) -> Vec<Proposal> {
    if !evidence.blames("InterPodAffinity") {
        return Vec::new();
    }
    let mut affinity = evidence.pod.spec.affinity.clone().unwrap_or_default();
    let all = terms(&mut affinity, is_anti).map(std::mem::take).unwrap_or_default();
    let propose = |(i, term): (usize, PodAffinityTerm)| {
        let pods = selected_pods(&term);
        let kind = if is_anti { "anti-affinity" } else { "affinity" };
        let description = format!("drop the required pod {kind} to {pods} over {}", term.topology_key);
        edit(evidence, description, |pod| {
            if let Some(terms) = pod.spec.affinity.as_mut().and_then(|affinity| terms(affinity, is_anti)) {
                terms.remove(i);
            }
        })
    };
    all.into_iter().enumerate().map(propose).collect()
}

/// `pods with app=cache`.
fn selected_pods(term: &PodAffinityTerm) -> String {
    match term.label_selector.as_ref().map(label_selector_as_text) {
        Some(text) if !text.is_empty() => format!("pods with {text}"),
        Some(_) => "all pods".to_owned(),
        None => "no pod".to_owned(),
    }
}

/// Namespaces that have pods which an affinity term would mean if it looked there.
pub(super) fn look_in_namespace(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if !evidence.blames("InterPodAffinity") {
        return Vec::new();
    }
    let own = &evidence.pod.metadata.namespace;
    let mut affinity = evidence.pod.spec.affinity.clone().unwrap_or_default();
    let all = terms(&mut affinity, false).map(std::mem::take).unwrap_or_default();
    let mut proposals = Vec::new();
    for (i, term) in all.iter().enumerate() {
        let Some(selector) = &term.label_selector else { continue };
        let mut namespaces = term.namespaces.clone();
        if namespaces.is_empty() && term.namespace_selector.is_none() {
            // What an empty list means, and would no longer mean with another namespace in it.
            namespaces.push(own.clone());
        }
        let placed = evidence.situation.other_pods().filter(|pod| !pod.spec.node_name.is_empty());
        let others: BTreeSet<&String> = placed
            .filter(|pod| selector.matches(&pod.metadata.labels))
            .map(|pod| &pod.metadata.namespace)
            .filter(|namespace| !namespaces.contains(namespace))
            .collect();
        for namespace in others {
            let description = format!(
                "let the affinity term to {} over {} look in namespace {namespace}",
                selected_pods(term),
                term.topology_key
            );
            proposals.push(edit(evidence, description, |pod| {
                let terms = pod.spec.affinity.as_mut().and_then(|affinity| terms(affinity, false));
                if let Some(term) = terms.and_then(|terms| terms.get_mut(i)) {
                    term.namespaces = namespaces.iter().chain([namespace]).cloned().collect();
                }
            }));
        }
    }
    proposals
}

pub(super) fn drop_host_port(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if !evidence.blames("NodePorts") {
        return Vec::new();
    }
    if evidence.pod.spec.host_network {
        // On the host's network every port of a container is the host's, so no single one can be given up.
        let description = "stop using the host's network (hostNetwork), and with it its ports".to_owned();
        return vec![edit(evidence, description, |pod| {
            pod.spec.host_network = false;
            let containers = pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers);
            containers.flat_map(|container| &mut container.ports).for_each(|port| port.host_port = 0);
        })];
    }
    let mut proposals = Vec::new();
    for (i, container) in evidence.pod.spec.containers.iter().enumerate() {
        for (j, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port > 0) {
            let description = format!("drop host port {} of container {}", port.host_port, container.name);
            proposals.push(edit(evidence, description, |pod| {
                pod.spec.containers[i].ports[j].host_port = 0;
            }));
        }
    }
    proposals
}
