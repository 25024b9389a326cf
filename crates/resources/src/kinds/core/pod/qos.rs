//! Which pods are the first to go when a node is short of memory.

use std::collections::BTreeMap;

use serde_json::Value;
use wire::Quantity;

/// The class of a pod's spec: `Guaranteed` if every container has limits of CPU and memory and requests as much,
/// `BestEffort` if nobody asks for anything. Resources of the pod as a whole count before those of its containers.
pub(in crate::kinds) fn qos_class(spec: &Value) -> &'static str {
    let is_pod_level = ["limits", "requests"]
        .iter()
        .any(|list| spec["resources"][list].as_object().is_some_and(|list| !list.is_empty()));
    let mut asking: Vec<&Value> = Vec::new();
    if is_pod_level {
        asking.push(spec);
    } else {
        for list in ["initContainers", "containers"] {
            asking.extend(spec[list].as_array().into_iter().flatten());
        }
    }
    let mut is_guaranteed = true;
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for one in asking {
        add(&mut requests, one, "requests");
        let own = add(&mut limits, one, "limits");
        is_guaranteed &= own == 2;
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let is_equal = requests.len() == limits.len()
        && requests.iter().all(|(name, amount)| limits.get(name) == Some(amount));
    if is_guaranteed && is_equal { "Guaranteed" } else { "Burstable" }
}

type Amounts<'s> = BTreeMap<&'s str, Quantity>;

/// Adds what one asks for, of what counts. Returns how many of CPU and memory it names, with an amount above nothing.
fn add<'s>(sums: &mut Amounts<'s>, one: &'s Value, list: &str) -> usize {
    let mut n_named = 0;
    for (name, amount) in one["resources"][list].as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "cpu" | "memory") {
            continue;
        }
        let Some(amount) = amount.as_str().and_then(|text| text.parse::<Quantity>().ok()) else { continue };
        if amount > Quantity::ZERO {
            n_named += 1;
            *sums.entry(name).or_default() += amount;
        }
    }
    n_named
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::qos_class;

    fn container(requests: Value, limits: Value) -> Value {
        json!({ "resources": { "requests": requests, "limits": limits } })
    }

    #[test]
    fn classes_follow_from_requests_and_limits() {
        let full = json!({ "cpu": "1", "memory": "1Gi" });
        let none = json!({});
        for (spec, expected) in [
            (json!({ "containers": [{}] }), "BestEffort"),
            (
                json!({ "containers": [container(none.clone(), json!({ "nvidia.com/gpu": "1" }))] }),
                "BestEffort",
            ),
            (json!({ "containers": [container(json!({ "cpu": "0" }), none.clone())] }), "BestEffort"),
            (json!({ "containers": [container(full.clone(), full.clone())] }), "Guaranteed"),
            (
                json!({ "containers": [container(json!({ "cpu": "1000m", "memory": "1024Mi" }), full.clone())] }),
                "Guaranteed",
            ),
            (json!({ "containers": [container(json!({ "cpu": "1" }), full.clone())] }), "Burstable"),
            (json!({ "containers": [container(full.clone(), full.clone()), {}] }), "Burstable"),
            (
                json!({ "initContainers": [{}], "containers": [container(full.clone(), full.clone())] }),
                "Burstable",
            ),
            (json!({ "resources": { "requests": full, "limits": full }, "containers": [{}] }), "Guaranteed"),
        ] {
            assert_eq!(qos_class(&spec), expected, "{spec}");
        }
    }
}
