//! Keys of labels that a pod's rules about other pods mean with the pod's own values (KEP-3633, KEP-3243).

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at, at_mut};

/// Makes what `matchLabelKeys` and `mismatchLabelKeys` mean part of the selectors.
pub(super) fn select_own_labels(object: &mut Value) {
    let has_rules =
        |spec: &Object| spec.contains_key("topologySpreadConstraints") || spec.contains_key("affinity");
    if !at(object, &["spec"]).is_some_and(has_rules) {
        return;
    }
    let labels = at(object, &["metadata", "labels"]).cloned().unwrap_or_default();
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.for_each("topologySpreadConstraints", |constraint| {
        extend(constraint, "matchLabelKeys", "In", &labels);
    });
    let Some(affinity) = spec.members_mut("affinity") else { return };
    let term = |term: &mut Object| {
        extend(term, "matchLabelKeys", "In", &labels);
        extend(term, "mismatchLabelKeys", "NotIn", &labels);
    };
    for name in ["podAffinity", "podAntiAffinity"] {
        let Some(rules) = affinity.members_mut(name) else { continue };
        rules.for_each("requiredDuringSchedulingIgnoredDuringExecution", term);
        rules.for_each("preferredDuringSchedulingIgnoredDuringExecution", |weighted| {
            weighted.members_mut("podAffinityTerm").map(term);
        });
    }
}

fn extend(of: &mut Object, keys: &str, operator: &str, labels: &Object) {
    let own = |key: &Value| {
        let key = key.as_str()?;
        Some(json!({ "key": key, "operator": operator, "values": [labels.get(key)?] }))
    };
    let requirements: Vec<Value> = of.items(keys).iter().filter_map(own).collect();
    let Some(selector) = of.members_mut("labelSelector") else { return };
    if requirements.is_empty() {
        return;
    }
    match selector.get_mut("matchExpressions").and_then(Value::as_array_mut) {
        Some(expressions) => expressions.extend(requirements),
        None => selector.put("matchExpressions", requirements),
    }
}
