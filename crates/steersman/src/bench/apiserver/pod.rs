//! The pods that are created: about 2 KB each, as a workload's pods are.

use bytes::Bytes;
use serde_json::{Value, json};

/// The bodies of pods that differ in their names, made without much work: a client's work is in the figures, too.
pub(super) struct Template {
    before: String,
    after: String,
}

impl Template {
    pub(super) fn new() -> Template {
        let body = body(NAME);
        let (before, after) = body.split_once(NAME).expect("the name is in the body");
        Template { before: before.to_owned(), after: after.to_owned() }
    }

    /// The body of `pod-i`.
    pub(super) fn body(&self, i: u64) -> Bytes {
        format!("{}pod-{i}{}", self.before, self.after).into()
    }
}

/// Stands for the name; occurs nowhere else.
const NAME: &str = "NAME-OF-THE-POD";

/// The body of one.
fn body(name: &str) -> String {
    let environment: Vec<Value> = (0..17)
        .map(|i| json!({"name": format!("SETTING_{i}"), "value": format!("value-of-setting-{i}")}))
        .collect();
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/name": "bench",
                "app.kubernetes.io/instance": "bench-instance",
                "app.kubernetes.io/component": "load",
                "pod-template-hash": "5d4c7f9b8",
            },
            "annotations": {
                "example.com/description": "A pod that exists to be created, read, listed and watched.",
                "example.com/checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            },
        },
        "spec": {
            "containers": [{
                "name": "main",
                "image": "registry.k8s.io/pause:3.10.1",
                "args": ["--listen=:8080", "--log-level=info", "--shutdown-timeout=30s"],
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "env": environment,
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"cpu": "500m", "memory": "512Mi"},
                },
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
            }],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
                 "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                 "tolerationSeconds": 300},
            ],
            "terminationGracePeriodSeconds": 30,
        },
    });
    pod.to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn pods_have_the_size_that_the_report_speaks_of() {
        let n_bytes = super::Template::new().body(12_345).len();
        assert!((1_700..2_300).contains(&n_bytes), "{n_bytes} bytes");
    }
}
