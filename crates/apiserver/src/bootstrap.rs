//! The objects that a fresh cluster has.
//!
//! They are made once, and looked after at every start: what upstream re-adds at a start, [`reconcile()`] re-adds.

mod flow_control;
mod network;
mod policy;
mod reconcile;
mod services;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use network::{Cidr, NetworkError, kubernetes_service};
pub use policy::node_rules;
pub use reconcile::reconcile;

/// What the objects depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Under which address others reach this server (`--advertise-address`).
    pub advertise_address: IpAddr,
    /// The port it serves on (`--secure-port`).
    pub secure_port: u16,
    /// The ranges of service addresses (`--service-cluster-ip-range`), one or two.
    pub service_ranges: Vec<Cidr>,
    /// For conditions.
    pub now: Timestamp,
}

/// All objects of a fresh cluster, in an order in which they can be created: documents of the storage version with
/// `apiVersion` and `kind`, without uid and creation time. Statuses are included.
pub fn objects(settings: &Settings) -> Vec<Value> {
    let mut all = namespaces();
    all.extend(priority_classes());
    all.extend(policy::objects());
    all.extend(flow_control::objects(settings.now));
    all.extend(network::objects(settings));
    all.extend(services::objects(settings.now));
    all
}

fn namespaces() -> Vec<Value> {
    let namespace = |name: &str| {
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        })
    };
    ["kube-system", "kube-public", "kube-node-lease", "default"].map(namespace).to_vec()
}

fn priority_classes() -> Vec<Value> {
    let class = |(name, value, description): (&str, i64, &str)| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name, "generation": 1},
            "value": value,
            "description": description,
            "preemptionPolicy": "PreemptLowerPriority",
        })
    };
    let node = "Used for system critical pods that must not be moved from their current node.";
    let cluster = "Used for system critical pods that must run in the cluster, but can be moved to another node if \
                   necessary.";
    [("system-node-critical", 2_000_001_000, node), ("system-cluster-critical", 2_000_000_000, cluster)]
        .map(class)
        .to_vec()
}

/// A time as documents have it, in whole seconds.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
