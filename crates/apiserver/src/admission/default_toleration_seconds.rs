//! DefaultTolerationSeconds: how long pods stay on nodes that do not answer, if they do not say.

use apimachinery::Status;
use serde_json::{Value, json};

use super::{Operation, Plugin, Request, append, items, text};

pub(super) struct DefaultTolerationSeconds {
    pub(super) not_ready_seconds: i64,
    pub(super) unreachable_seconds: i64,
}

impl Plugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let is_written = matches!(request.operation, Operation::Create | Operation::Update);
        let Some(pod) = object.filter(|_| is_written && request.is_of("", "pods")) else { return Ok(()) };
        let taints = [
            ("node.kubernetes.io/not-ready", self.not_ready_seconds),
            ("node.kubernetes.io/unreachable", self.unreachable_seconds),
        ];
        for (key, seconds) in taints {
            let is_tolerated = items(pod, "/spec/tolerations").any(|toleration| {
                (text(toleration, "/key").is_empty() || text(toleration, "/key") == key)
                    && matches!(text(toleration, "/effect"), "" | "NoExecute")
            });
            if !is_tolerated {
                let toleration = json!({
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": seconds,
                });
                append(&mut pod["spec"]["tolerations"], toleration);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn adds_what_is_not_said() {
        let plugin = DefaultTolerationSeconds { not_ready_seconds: 300, unreachable_seconds: 60 };
        let not_ready = json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
                               "tolerationSeconds": 300});
        let unreachable = json!({"key": "node.kubernetes.io/unreachable", "operator": "Exists",
                                 "effect": "NoExecute", "tolerationSeconds": 60});
        let all = json!({"operator": "Exists"});
        let own = json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists"});
        let other =
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"});
        for (tolerations, expected) in [
            (json!([]), json!([not_ready, unreachable])),
            (Value::Null, json!([not_ready, unreachable])),
            (json!([all]), json!([all])),
            (json!([own]), json!([own, unreachable])),
            (json!([other]), json!([other, not_ready, unreachable])),
        ] {
            for operation in [Operation::Create, Operation::Update] {
                let trial = Trial::new(operation, "pods", "ns");
                let pod = trial.run(&plugin, json!({"spec": {"tolerations": tolerations}})).unwrap();
                assert_eq!(pod["spec"]["tolerations"], expected);
            }
        }
        let status = Trial::new(Operation::Update, "pods/status", "ns").run(&plugin, json!({"spec": {}}));
        assert_eq!(status, Ok(json!({"spec": {}})));
    }
}
