//! What field management costs: a new pod of two kilobytes, an update that changes nothing, one that changes a label.

#![allow(missing_docs, reason = "a benchmark has no readers of its documentation")]

use apimachinery::field_management::{Request, Set, Versions, track, track_created};
use resources::kinds;
use resources::schema::{OwnedType, Schema};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

struct OneVersion;

impl Versions<OwnedType> for OneVersion {
    fn type_of(&self, _api_version: &str) -> Option<OwnedType> {
        None
    }

    fn convert(&self, object: Value, _from: &str, _to: &str) -> Option<Value> {
        Some(object)
    }
}

/// A pod as it is when its owners are noted: decoded and defaulted.
fn pod() -> Value {
    let environment: Vec<Value> = (0..17)
        .map(|i| json!({"name": format!("SETTING_{i}"), "value": format!("value-of-setting-{i}")}))
        .collect();
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "pod", "namespace": "default",
            "labels": {
                "app.kubernetes.io/name": "bench",
                "app.kubernetes.io/instance": "bench-instance",
                "app.kubernetes.io/component": "load",
                "pod-template-hash": "5d4c7f9b8",
            },
            "annotations": {"example.com/description": "A pod that exists to be created."},
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
            ],
        },
    });
    let kind = kinds::all().iter().find(|kind| kind.kind == "Pod").expect("a kind of the table");
    kind.strategy.set_defaults(&mut pod, "", "v1");
    let of = Schema::get().type_of("", "v1", "Pod").expect("a type of the table");
    Schema::get().normalise(of, &mut pod);
    pod
}

fn with_request<R>(reset: &Set, ask: impl FnOnce(&Request<'_, OwnedType>) -> R) -> R {
    let of = Schema::get().type_of("", "v1", "Pod").expect("a type of the table");
    ask(&Request {
        ty: OwnedType::of(of),
        zero: Schema::zero_of(of),
        api_version: "v1",
        kind: "Pod",
        subresource: "",
        manager: "bench",
        now: "2026-01-01T00:00:00Z",
        reset,
        versions: &OneVersion,
    })
}

fn status() -> Set {
    Set::of_fields(&[&["status"]])
}

#[divan::bench]
fn created(bencher: divan::Bencher<'_, '_>) {
    let pod = pod();
    let reset = status();
    bencher.with_inputs(|| pod.clone()).bench_local_refs(|pod| {
        with_request(&reset, |request| track_created(request, pod, None));
    });
}

#[divan::bench]
fn reset_fields_made() -> Set {
    status()
}

fn tracked() -> Value {
    let mut pod = pod();
    with_request(&status(), |request| track_created(request, &mut pod, None));
    pod
}

#[divan::bench]
fn updated_without_change(bencher: divan::Bencher<'_, '_>) {
    let live = tracked();
    let reset = status();
    bencher.with_inputs(|| live.clone()).bench_local_refs(|pod| {
        with_request(&reset, |request| track(request, &live, pod, None));
    });
}

#[divan::bench]
fn updated_with_a_label(bencher: divan::Bencher<'_, '_>) {
    let live = tracked();
    let reset = status();
    let mut changed = live.clone();
    changed["metadata"]["labels"]["new"] = "label".into();
    bencher.with_inputs(|| changed.clone()).bench_local_refs(|pod| {
        with_request(&reset, |request| track(request, &live, pod, None));
    });
}
