//! TaintNodesByCondition: a new node gets pods only after somebody has said that it is ready.

use apimachinery::Status;
use serde_json::{Value, json};

use super::{Operation, Plugin, Request, append, items};

const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub(super) struct TaintNodesByCondition;

impl Plugin for TaintNodesByCondition {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let is_new = request.operation == Operation::Create && request.is_of("", "nodes");
        let Some(node) = object.filter(|_| is_new) else { return Ok(()) };
        let is_there = items(node, "/spec/taints")
            .any(|taint| taint["key"] == NOT_READY && taint["effect"] == "NoSchedule");
        if !is_there {
            append(&mut node["spec"]["taints"], json!({"key": NOT_READY, "effect": "NoSchedule"}));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn new_nodes_are_tainted_once() {
        let other = json!({"key": NOT_READY, "effect": "NoExecute"});
        let ours = json!({"key": NOT_READY, "effect": "NoSchedule"});
        let create = Trial::new(Operation::Create, "nodes", "");
        let run = |trial: &Trial, node: Value| trial.run(&TaintNodesByCondition, node).unwrap();
        let admitted = run(&create, json!({"spec": {"taints": [other]}}));
        assert_eq!(admitted["spec"]["taints"], json!([other, ours]));
        assert_eq!(run(&create, admitted.clone()), admitted);
        let bare = run(&create, json!({"metadata": {}}));
        assert_eq!(bare["spec"]["taints"], json!([ours]));
        let update = Trial::new(Operation::Update, "nodes", "");
        assert_eq!(run(&update, json!({})), json!({}));
    }
}
