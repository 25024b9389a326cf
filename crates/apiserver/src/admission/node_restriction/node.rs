//! What nodes may say about themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::Operation;
use super::{Asked, Outcome};

/// Labels of our own domains that kubelets set.
const KUBELET_LABELS: [&str; 12] = [
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "node.kubernetes.io/instance-type",
    "node.kubernetes.io/windows-build",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/instance-type",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

const KUBELET_DOMAINS: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];

impl Asked<'_> {
    pub(super) fn node(&self) -> Outcome {
        let node = self.node;
        let Some(new) = self.object else { return self.is_own_node() };
        if self.request.operation == Operation::Create {
            let labels = forbidden_labels(new, &Value::Null);
            self.check(new["spec"]["configSource"].is_null(), || {
                format!("node {node:?} is not allowed to create pods with a non-nil configSource")
            })?;
            self.check(labels.is_empty(), || {
                format!("node {node:?} is not allowed to set the following labels: {labels}")
            })?;
            return self.is_own_node();
        }
        self.is_own_node()?;
        let Some(old) = self.request.old else { return Ok(()) };
        let same = |group: &str, member: &str| {
            let empty = |value: &&Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            let of = |node: &'_ Value| Some(node[group][member].clone()).filter(|value| !empty(&value));
            of(new) == of(old)
        };
        self.check(new["spec"]["configSource"].is_null() || same("spec", "configSource"), || {
            format!("node {node:?} is not allowed to update configSource to a new non-nil configSource")
        })?;
        self.check(same("spec", "taints"), || format!("node {node:?} is not allowed to modify taints"))?;
        let labels = forbidden_labels(new, old);
        self.check(labels.is_empty(), || format!("is not allowed to modify labels: {labels}"))?;
        self.check(same("metadata", "ownerReferences"), || {
            format!("node {node:?} is not allowed to modify ownerReferences")
        })
    }

    fn is_own_node(&self) -> Outcome {
        let (node, name) = (self.node, self.name());
        self.check(name == node, || format!("node {node:?} is not allowed to modify node {name:?}"))
    }
}

/// Labels that differ and that kubelets must not set, as upstream lists them.
fn forbidden_labels(new: &Value, old: &Value) -> String {
    let labels = |node: &Value| node["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let (new, old) = (labels(new), labels(old));
    let all: BTreeSet<&String> = new.keys().chain(old.keys()).collect();
    let is_changed = |label: &String| new.get(label) != old.get(label);
    let forbidden = all.into_iter().filter(|label| is_changed(label) && is_forbidden(label));
    forbidden.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn is_forbidden(label: &str) -> bool {
    let domain = label.split_once('/').map_or("", |(domain, _)| domain);
    let is_in =
        |parent: &str| domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_ours = is_in("kubernetes.io") || is_in("k8s.io");
    let is_kubelets = KUBELET_LABELS.contains(&label) || KUBELET_DOMAINS.iter().any(|domain| is_in(domain));
    is_in("node-restriction.kubernetes.io") || (is_ours && !is_kubelets)
}
