//! APIServices: which groups and versions there are, and in which order discovery lists them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::seconds;

/// Group, priority of the group, version, priority of the version.
const SERVED: [(&str, u32, &str, u32); 21] = [
    ("", 18_000, "v1", 1),
    ("admissionregistration.k8s.io", 16_700, "v1", 15),
    ("apiextensions.k8s.io", 16_700, "v1", 15),
    ("apps", 17_800, "v1", 15),
    ("authentication.k8s.io", 17_700, "v1", 15),
    ("authorization.k8s.io", 17_600, "v1", 15),
    ("autoscaling", 17_500, "v1", 15),
    ("autoscaling", 17_500, "v2", 30),
    ("batch", 17_400, "v1", 15),
    ("certificates.k8s.io", 17_300, "v1", 15),
    ("coordination.k8s.io", 16_500, "v1", 15),
    ("discovery.k8s.io", 16_200, "v1", 15),
    ("events.k8s.io", 17_750, "v1", 15),
    ("flowcontrol.apiserver.k8s.io", 16_100, "v1", 21),
    ("networking.k8s.io", 17_200, "v1", 15),
    ("node.k8s.io", 16_300, "v1", 15),
    ("policy", 17_100, "v1", 15),
    ("rbac.authorization.k8s.io", 17_000, "v1", 15),
    ("resource.k8s.io", 16_200, "v1", 21),
    ("scheduling.k8s.io", 16_600, "v1", 15),
    ("storage.k8s.io", 16_800, "v1", 15),
];

pub(super) fn objects(now: Timestamp) -> Vec<Value> {
    let service = |&(group, group_priority, version, version_priority): &(&str, u32, &str, u32)| {
        let mut spec = json!({
            "version": version,
            "groupPriorityMinimum": group_priority,
            "versionPriority": version_priority,
        });
        if !group.is_empty() {
            spec["group"] = group.into();
        }
        let condition = json!({
            "type": "Available",
            "status": "True",
            "lastTransitionTime": seconds(now),
            "reason": "Local",
            "message": "Local APIServices are always available",
        });
        json!({
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {
                "name": format!("{version}.{group}"),
                "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"},
            },
            "spec": spec,
            "status": {"conditions": [condition]},
        })
    };
    SERVED.iter().map(service).collect()
}
