//! What requests cost inside the process, on one thread, without a disk:
//! `cargo run --release -p apiserver --example requests -- create 20000`. With a third argument, creates of so many clients
//! at a time on all processors, with the store in a folder: `requests create 60000 64`. Made for profilers.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use apiserver::authentication::Authentication;
use apiserver::authorization::modes::Mode;
use apiserver::bootstrap::Cidr;
use apiserver::feature_gates::FeatureGates;
use apiserver::in_process::InProcess;
use apiserver::start::{Settings, start};
use apiserver::user::User;
use bytes::Bytes;
use component::shutdown::Shutdown;
use http::Request;
use serde_json::{Value, json};
use store::{Memory, Store};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn settings() -> Settings {
    Settings {
        advertise_address: [192, 0, 2, 10].into(),
        secure_port: 6443,
        service_ranges: Cidr::parse_service_ranges("10.96.0.0/24").expect("a range"),
        node_ports: (30000, 32767),
        modes: vec![Mode::Node, Mode::Rbac],
        authentication: Authentication::default(),
        service_accounts: None,
        enabled_plugins: Vec::new(),
        disabled_plugins: Vec::new(),
        not_ready_toleration_seconds: 300,
        unreachable_toleration_seconds: 300,
        event_ttl: Duration::from_secs(3600),
        request_timeout: Duration::from_secs(60),
        min_request_timeout: Duration::from_secs(1800),
        feature_gates: FeatureGates::default(),
        n_read_only_max: 0,
        n_mutating_max: 0,
        flags: Vec::new(),
    }
}

/// A pod of about 2 KB.
fn pod(name: &str) -> String {
    let env: Vec<Value> = (0..17)
        .map(|i| json!({"name": format!("SETTING_{i}"), "value": format!("value-of-setting-{i}")}))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/name": "bench", "app.kubernetes.io/component": "load",
                "app.kubernetes.io/instance": "bench-instance", "pod-template-hash": "5d4c7f9b8"},
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
                "env": env,
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
    })
    .to_string()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let n = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let n_clients: Option<usize> = arguments.next().and_then(|n| n.parse().ok());
    let mut runtime = match n_clients {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        None => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build().expect("a runtime");
    let Some(n_clients) = n_clients else {
        return runtime.block_on(run(&what, n, Arc::new(Memory::new()), 1));
    };
    let folder = tempfile::tempdir().expect("a folder");
    let store =
        store::embedded::Embedded::open(folder.path(), store::embedded::Limits::default()).expect("a store");
    runtime.block_on(run(&what, n, Arc::new(store), n_clients))
}

async fn run(what: &str, n: usize, store: Arc<dyn Store>, n_clients: usize) -> ExitCode {
    let server = start(store, settings(), Shutdown::new()).await.expect("a server");
    let user = User { name: "bench".into(), groups: vec![User::MASTERS.into()], ..User::default() };
    let client = InProcess::new(server, user);
    let ask = async |method: &str, uri: String, content_type: &str, body: String| -> Bytes {
        let request = Request::builder().method(method).uri(uri).header("content-type", content_type);
        let response = client.ask(request.body(body.into()).expect("a request")).await;
        let status = response.status();
        let body = response.into_body().collect().await.expect("an answer");
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        body
    };
    const JSON: &str = "application/json";
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
    ask("POST", "/api/v1/namespaces".into(), JSON, namespace.to_string()).await;
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    ask("POST", "/api/v1/namespaces/a/serviceaccounts".into(), JSON, account.to_string()).await;
    const PODS: &str = "/api/v1/namespaces/a/pods";
    let template = pod("NAME");
    let stored = ask("POST", PODS.into(), JSON, pod("first")).await;
    let stored = String::from_utf8_lossy(&stored).into_owned();
    let (before, after) = stored.split_once("\"resourceVersion\":\"").expect("a version");
    let after = after.split_once('"').expect("its end").1.trim_start_matches(',');
    #[allow(clippy::disallowed_methods, reason = "this measures time")]
    let watch = std::time::Instant::now();
    if n_clients > 1 {
        let mut tasks = Vec::new();
        for first in 0..n_clients {
            let (client, template) = (client.clone(), template.clone());
            tasks.push(tokio::spawn(async move {
                for i in (first..n).step_by(n_clients) {
                    let body = template.replace("NAME", &format!("pod-{i}"));
                    let request = Request::builder().method("POST").uri(PODS).header("content-type", JSON);
                    let response = client.ask(request.body(body.into()).expect("a request")).await;
                    assert_eq!(response.status(), 201);
                }
            }));
        }
        for task in tasks {
            task.await.expect("a client that ends");
        }
        let took = watch.elapsed();
        #[allow(clippy::print_stdout, reason = "the result")]
        {
            println!("{what}: {:.0}/s", n as f64 / took.as_secs_f64());
        }
        return ExitCode::SUCCESS;
    }
    for i in 0..n {
        match what {
            "create" => {
                let body = template.replace("NAME", &format!("pod-{i}"));
                ask("POST", PODS.into(), JSON, body).await;
            }
            "get" => {
                ask("GET", format!("{PODS}/first"), JSON, String::new()).await;
            }
            "update" => {
                let body = format!("{before}{after}").replace("A pod that", &format!("{i} Pods that"));
                ask("PUT", format!("{PODS}/first"), JSON, body).await;
            }
            "patch" => {
                let body = format!(
                    r#"{{"status":{{"conditions":[{{"type":"Ready","status":"True","message":"{i}"}}]}}}}"#
                );
                let content_type = "application/strategic-merge-patch+json";
                ask("PATCH", format!("{PODS}/first/status"), content_type, body).await;
            }
            _ => return ExitCode::FAILURE,
        }
    }
    let took = watch.elapsed();
    #[allow(clippy::print_stdout, reason = "the result")]
    {
        println!("{what}: {:.1} us", took.as_secs_f64() * 1e6 / n as f64);
    }
    ExitCode::SUCCESS
}
