//! How a pod is treated when its node runs short: its class follows from its CPU and memory.

use std::collections::BTreeMap;

use serde_json::Value;
use wire::Quantity;

use super::super::members::Members as _;

const COUNTED: [&str; 2] = ["cpu", "memory"];

/// The class that a pod's resources say.
pub(super) fn class(pod: &Value) -> &'static str {
    let spec = &pod["spec"];
    if let Some(resources) = spec.object("resources")
        && (resources.map("requests").is_some() || resources.map("limits").is_some())
    {
        let is_guaranteed = has_limits(resources);
        return class_of(&sums(&[resources], "requests"), &sums(&[resources], "limits"), is_guaranteed);
    }
    let containers = spec.items("containers").iter().chain(spec.items("initContainers"));
    let resources: Vec<&Value> = containers.map(|it| &it["resources"]).collect();
    let is_guaranteed = resources.iter().all(|resources| has_limits(resources));
    class_of(&sums(&resources, "requests"), &sums(&resources, "limits"), is_guaranteed)
}

/// Whether both CPU and memory are limited.
fn has_limits(resources: &Value) -> bool {
    let limited = |name: &str| {
        resources.amounts("limits").any(|(limit, amount)| limit == name && amount > Quantity::ZERO)
    };
    COUNTED.iter().all(|name| limited(name))
}

fn sums<'v>(resources: &[&'v Value], what: &str) -> BTreeMap<&'v str, Quantity> {
    let mut sums = BTreeMap::new();
    for resources in resources {
        for (name, amount) in resources.amounts(what) {
            if COUNTED.contains(&name) && amount > Quantity::ZERO {
                *sums.entry(name).or_insert(Quantity::ZERO) += amount;
            }
        }
    }
    sums
}

fn class_of(
    requests: &BTreeMap<&str, Quantity>,
    limits: &BTreeMap<&str, Quantity>,
    is_guaranteed: bool,
) -> &'static str {
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let are_equal = requests.iter().all(|(name, request)| limits.get(name) == Some(request));
    if is_guaranteed && are_equal && requests.len() == limits.len() { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_class_follows_from_cpu_and_memory() {
        let all = json!({"cpu": "1", "memory": "1Gi"});
        for (resources, expected) in [
            (json!({}), "BestEffort"),
            (json!({"limits": {"example.com/gpu": "1"}, "requests": {"example.com/gpu": "1"}}), "BestEffort"),
            (json!({"limits": all, "requests": all}), "Guaranteed"),
            (json!({"limits": all, "requests": {"cpu": "500m", "memory": "1Gi"}}), "Burstable"),
            (json!({"requests": {"cpu": "1"}}), "Burstable"),
        ] {
            let pod = json!({"spec": {"containers": [{"resources": resources}]}});
            assert_eq!(class(&pod), expected, "{resources}");
        }
    }
}
