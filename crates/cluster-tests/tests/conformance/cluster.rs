//! A small cluster with a scheduler and nodes that are simulated.

use std::future::Future;
use std::time::Duration;

use base::Now;
use client::{Connection, Error};
use cluster_tests::{Life, Site, Way};
use http::Method;
use kube_scheduler::{Clock, Connections, Permission, Running, Settings};
use serde_json::{Value, json};
use simulated_nodes::{Shape, Stages};
use tokio::task::JoinSet;
use wire::config::{FeatureGates, SchedulerConfiguration};

/// How long something may take to happen. Virtual time: nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster of nodes `a`, `b` … with four CPUs each; `a`, `c` … are in zone `z1`, the others in `z2`.
pub(crate) struct Cluster {
    admin: Connection,
    _scheduler: Running,
    _kubelets: JoinSet<()>,
}

/// What is known of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Seen(pub(crate) Value);

impl Seen {
    pub(crate) fn node(&self) -> &str {
        self.0["spec"]["nodeName"].as_str().unwrap_or("")
    }

    pub(crate) fn condition(&self, kind: &str) -> &Value {
        let conditions = self.0["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        conditions.iter().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
    }

    pub(crate) fn message(&self) -> &str {
        self.condition("PodScheduled")["message"].as_str().unwrap_or("")
    }
}

/// Runs a check under a paused clock.
pub(crate) fn check<F: Future<Output = ()>>(n_nodes: usize, check: impl FnOnce(Cluster) -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async move { check(Cluster::start(n_nodes).await).await });
}

/// A pod that asks for this much.
pub(crate) fn pod(name: &str, cpu: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}],
        },
    })
}

/// The same with more in its spec.
pub(crate) fn pod_with(name: &str, cpu: &str, spec: Value) -> Value {
    let mut pod = pod(name, cpu);
    let Value::Object(more) = spec else { panic!("a spec is a mapping") };
    pod["spec"].as_object_mut().unwrap().extend(more);
    pod
}

impl Cluster {
    async fn start(n_nodes: usize) -> Cluster {
        let site = Site::open().await;
        let way = |user| Way { site: site.clone(), user, weather: None, life: Life::default() }.connection();
        let admin = way("admin");
        let gates = FeatureGates::default();
        let settings = Settings {
            configuration: SchedulerConfiguration::default_for(&gates),
            gates,
            pod_max_in_unschedulable: Duration::from_secs(300),
            clock: Clock::starting_at(Now::from_nanos(1_767_999_614_000_000_000)),
            seed: 1,
            host_name: "host".to_owned(),
            shadow: None,
            observers: Vec::new(),
            metrics: None,
        };
        let scheduler = way("system:kube-scheduler");
        let connections = Connections { main: scheduler.clone(), events: scheduler };
        let scheduler = kube_scheduler::start(&connections, settings, &Permission::given()).unwrap();
        let kubelets = simulated_nodes::Settings {
            n_nodes: 0,
            shape: Shape::default(),
            stages: Stages::default(),
            heartbeat: Duration::from_secs(3600),
        };
        let kubelets = simulated_nodes::start(&way("admin"), kubelets).await.unwrap();
        let cluster = Cluster { admin, _scheduler: scheduler, _kubelets: kubelets };
        for (i, name) in ('a'..='z').take(n_nodes).enumerate() {
            cluster.add_node(&name.to_string(), ["z1", "z2"][i % 2]).await;
        }
        cluster
    }

    pub(crate) async fn add_node(&self, name: &str, zone: &str) {
        let room = json!({"cpu": "4", "memory": "8Gi", "pods": "20", "example.com/dongle": "2"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {
                "steersman.dev/simulated": "true", "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": zone}},
            "status": {"capacity": room, "allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]},
        });
        self.create("/api/v1/nodes", &node).await;
        self.wait_for(&format!("/api/v1/nodes/{name}"), |node| node["spec"]["taints"].is_null()).await;
    }

    pub(crate) async fn create(&self, path: &str, object: &Value) -> Value {
        self.try_create(path, object).await.unwrap()
    }

    pub(crate) async fn try_create(&self, path: &str, object: &Value) -> Result<Value, Error> {
        let content = Some(("application/json", object.to_string().into_bytes()));
        let body = self.admin.send(Method::POST, path, content, "creating").await?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn patch(&self, path: &str, patch: &Value) -> Result<(), Error> {
        let content = Some(("application/merge-patch+json", patch.to_string().into_bytes()));
        self.admin.send(Method::PATCH, path, content, "patching").await.map(drop)
    }

    pub(crate) async fn delete(&self, path: &str) {
        self.admin.send(Method::DELETE, path, None, "deleting").await.unwrap();
    }

    /// Makes a pod and waits until something has become of it.
    pub(crate) async fn place(&self, pod: &Value) -> Seen {
        self.create("/api/v1/namespaces/default/pods", pod).await;
        let name = pod["metadata"]["name"].as_str().unwrap();
        self.wait_for_pod(name, |pod| !pod.node().is_empty() || !pod.message().is_empty()).await
    }

    pub(crate) async fn wait_for_pod(&self, name: &str, is_it: impl Fn(&Seen) -> bool) -> Seen {
        Seen(self.wait_for(&pod_path(name), |pod| is_it(&Seen(pod.clone()))).await)
    }

    pub(crate) async fn find_pod(&self, name: &str) -> Option<Seen> {
        self.find(&pod_path(name)).await.map(Seen)
    }

    async fn find(&self, path: &str) -> Option<Value> {
        let body = self.admin.send(Method::GET, path, None, "looking").await.ok()?;
        Some(serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        self.find(path).await.unwrap()["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn wait_for(&self, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        for _ in 0..PATIENCE.as_millis() / 50 {
            last = self.find(path).await;
            if let Some(object) = last.as_ref().filter(|object| is_it(object)) {
                return object.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} does not become what is waited for: {last:?}");
    }

    pub(crate) async fn wait_until_gone(&self, name: &str) {
        for _ in 0..PATIENCE.as_millis() / 50 {
            if self.find(&pod_path(name)).await.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} does not go");
    }
}

pub(crate) fn pod_path(name: &str) -> String {
    format!("/api/v1/namespaces/default/pods/{name}")
}
