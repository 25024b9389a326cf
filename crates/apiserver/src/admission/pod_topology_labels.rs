//! PodTopologyLabels: pods know the zone and region of their node.

use apimachinery::Status;
use serde_json::Value;

use super::{Operation, Plugin, Request, text};

const LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

pub(super) struct PodTopologyLabels;

impl Plugin for PodTopologyLabels {
    fn name(&self) -> &'static str {
        "PodTopologyLabels"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let attributes = request.attributes;
        let is_new = request.operation == Operation::Create && attributes.group.is_empty();
        let Some(object) = object.filter(|_| is_new) else { return Ok(()) };
        let node = match (attributes.resource.as_str(), attributes.subresource.as_str()) {
            ("pods", "") => text(object, "/spec/nodeName"),
            ("pods", "binding") | ("bindings", "") if text(object, "/target/kind") == "Node" => {
                text(object, "/target/name")
            }
            _ => return Ok(()),
        };
        // A node that is not there has no labels.
        let Some(node) = request.get("", "nodes", "", node) else { return Ok(()) };
        for label in LABELS {
            let value = &node["metadata"]["labels"][label];
            if !value.is_null() {
                object["metadata"]["labels"][label] = value.clone();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn labels_come_from_the_node() {
        let labels = json!({LABELS[0]: "z", "other": "x"});
        let node = ("nodes", json!({"metadata": {"name": "n", "labels": labels}}));
        let binding =
            |kind: &str, name: &str| json!({"metadata": {}, "target": {"kind": kind, "name": name}});
        let pod = json!({"metadata": {"labels": {LABELS[0]: "own", "a": "b"}}, "spec": {"nodeName": "n"}});
        for (resource, object, expected) in [
            ("pods/binding", binding("Node", "n"), json!({LABELS[0]: "z"})),
            ("bindings", binding("Node", "n"), json!({LABELS[0]: "z"})),
            ("bindings", binding("Pod", "n"), Value::Null),
            ("bindings", binding("Node", "gone"), Value::Null),
            ("pods", pod, json!({LABELS[0]: "z", "a": "b"})),
            ("pods", json!({"metadata": {}, "spec": {}}), Value::Null),
        ] {
            let trial = Trial::new(Operation::Create, resource, "ns").with([node.clone()]);
            assert_eq!(trial.run(&PodTopologyLabels, object).unwrap()["metadata"]["labels"], expected);
        }
    }
}
