//! What simulated nodes are like.

use serde_json::{Map, Value, json};

use crate::LABEL;

/// A template for nodes: a Node without a name.
#[derive(Clone, Debug)]
pub struct Shape(Value);

/// What is wrong with a template.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ShapeError {
    /// It is something else.
    #[error("kind: a Node of apiVersion v1 is expected, and this is {0}")]
    NoNode(String),
    /// A field has the wrong type.
    #[error("{0}: a mapping is expected")]
    NoMapping(&'static str),
    /// It has no room for pods.
    #[error(
        "status.allocatable or status.capacity: say how much room there is, such as {{cpu: 4, memory: 8Gi, pods: 110}}"
    )]
    NoRoom,
}

/// Where nodes are, in turn.
const ZONES: [&str; 3] = ["zone-a", "zone-b", "zone-c"];

impl Default for Shape {
    /// 16 CPUs, 64 GiB and 110 pods.
    fn default() -> Shape {
        let room = json!({ "cpu": "16", "memory": "64Gi", "ephemeral-storage": "100Gi", "pods": "110" });
        Shape(json!({ "status": { "capacity": room } }))
    }
}

impl Shape {
    /// A shape like this Node. Its name, if it has one, does not matter. Of `status`, capacity and allocatable are
    /// completed from each other.
    ///
    /// # Errors
    /// If it is no Node, or says nothing about how much room there is.
    pub fn from_node(node: Value) -> Result<Shape, ShapeError> {
        let told = |field: &str| node.get(field).and_then(Value::as_str).unwrap_or("nothing").to_owned();
        if told("kind") != "Node" || told("apiVersion") != "v1" {
            return Err(ShapeError::NoNode(format!("{} of {}", told("kind"), told("apiVersion"))));
        }
        for field in ["metadata", "spec", "status"] {
            if node.get(field).is_some_and(|value| !value.is_object() && !value.is_null()) {
                return Err(ShapeError::NoMapping(field));
            }
        }
        for (field, name) in [("labels", "metadata.labels"), ("annotations", "metadata.annotations")] {
            let value = node.pointer(&format!("/metadata/{field}"));
            if value.is_some_and(|value| !value.is_object() && !value.is_null()) {
                return Err(ShapeError::NoMapping(name));
            }
        }
        let status = &node["status"];
        if !status["capacity"].is_object() && !status["allocatable"].is_object() {
            return Err(ShapeError::NoRoom);
        }
        Ok(Shape(node))
    }

    /// The node with a number, as a kubelet would register it at the time `now`.
    pub(crate) fn node(&self, number: usize, now: &str) -> Value {
        let name = name(number);
        let mut labels = self.mapping("/metadata/labels");
        let mut default = |key: &str, value: &str| {
            labels.entry(key).or_insert_with(|| value.into());
        };
        default("kubernetes.io/arch", "amd64");
        default("kubernetes.io/os", "linux");
        default("topology.kubernetes.io/region", "simulated");
        default("topology.kubernetes.io/zone", ZONES[(number - 1) % ZONES.len()]);
        labels.insert("kubernetes.io/hostname".to_owned(), name.as_str().into());
        labels.insert(LABEL.to_owned(), "true".into());
        let mut spec = self.mapping("/spec");
        spec.insert("providerID".to_owned(), format!("simulated://{name}").into());
        let mut status = self.mapping("/status");
        let room = |one: &str, other: &str| [one, other].map(|field| &self.0["status"][field]);
        let [capacity, allocatable] = room("capacity", "allocatable");
        let (capacity, allocatable) = (
            if capacity.is_object() { capacity } else { allocatable }.clone(),
            if allocatable.is_object() { allocatable } else { capacity }.clone(),
        );
        status.insert("capacity".to_owned(), capacity);
        status.insert("allocatable".to_owned(), allocatable);
        status.insert(
            "addresses".to_owned(),
            json!([
                { "type": "InternalIP", "address": address(number) },
                { "type": "Hostname", "address": name },
            ]),
        );
        status.insert("conditions".to_owned(), conditions(now));
        status.entry("nodeInfo").or_insert_with(|| {
            json!({
                "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "simulated://1", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": "v1.36.2", "machineID": "", "operatingSystem": "linux",
                "osImage": "simulated", "systemUUID": "",
            })
        });
        let annotations = self.mapping("/metadata/annotations");
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": name, "labels": labels, "annotations": annotations },
            "spec": spec,
            "status": status,
        })
    }

    fn mapping(&self, pointer: &str) -> Map<String, Value> {
        self.0.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

/// The name of a node, from 1.
pub(crate) fn name(number: usize) -> String {
    format!("node-{number}")
}

/// The address of a node; pods have others.
fn address(number: usize) -> String {
    let [_, b, c, d] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    format!("10.{}.{c}.{d}", 64 + b % 64)
}

/// The address of the node with this name, if it is one that this crate has made.
pub(crate) fn address_of(name: &str) -> Option<String> {
    name.strip_prefix("node-")?.parse().ok().map(address)
}

/// What a healthy node says of itself.
pub(crate) fn conditions(now: &str) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        })
    };
    json!([
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "this node is simulated"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_the_default_shape_are_spread_over_zones() {
        let shape = Shape::default();
        let zones = (1..=4).map(|number| {
            let node = shape.node(number, "2026-01-01T00:00:00Z");
            assert_eq!(node["metadata"]["labels"]["kubernetes.io/hostname"], node["metadata"]["name"]);
            assert_eq!(node["status"]["allocatable"]["cpu"], "16");
            node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str().map(str::to_owned)
        });
        let zones: Vec<String> = zones.map(|zone| zone.expect("a zone")).collect();
        assert_eq!(zones, ["zone-a", "zone-b", "zone-c", "zone-a"]);
    }

    #[test]
    fn what_a_template_says_stays() {
        let shape = Shape::from_node(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": "x", "labels": {
                "topology.kubernetes.io/zone": "z", "disk": "ssd", "kubernetes.io/hostname": "x" } },
            "spec": { "taints": [{ "key": "gpu", "effect": "NoSchedule" }] },
            "status": { "allocatable": { "cpu": "2", "pods": "10" }, "images": [{ "names": ["a"], "sizeBytes": 5 }] },
        }));
        let node = shape.expect("a shape").node(7, "2026-01-01T00:00:00Z");
        assert_eq!(node["metadata"]["name"], "node-7");
        assert_eq!(node["metadata"]["labels"]["kubernetes.io/hostname"], "node-7");
        assert_eq!(node["metadata"]["labels"]["topology.kubernetes.io/zone"], "z");
        assert_eq!(node["metadata"]["labels"]["disk"], "ssd");
        assert_eq!(node["spec"]["taints"][0]["key"], "gpu");
        assert_eq!(node["status"]["capacity"], node["status"]["allocatable"]);
        assert_eq!(node["status"]["images"][0]["sizeBytes"], 5);
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let refused = |node: Value| Shape::from_node(node).expect_err("refused").to_string();
        assert!(refused(json!({ "kind": "Pod", "apiVersion": "v1" })).contains("Pod of v1"));
        let node = |rest: Value| {
            let mut node = json!({ "kind": "Node", "apiVersion": "v1" });
            node.as_object_mut().expect("a mapping").extend(rest.as_object().cloned().unwrap_or_default());
            node
        };
        assert!(refused(node(json!({}))).contains("status.allocatable"));
        assert!(refused(node(json!({ "status": 5 }))).contains("status: a mapping"));
        assert!(refused(node(json!({ "metadata": { "labels": [] } }))).contains("metadata.labels"));
    }

    #[test]
    fn addresses_differ() {
        assert_eq!(address(1), "10.64.0.1");
        assert_eq!(address(10_000), "10.64.39.16");
        assert_eq!(address(70_000), "10.65.17.112");
    }
}
