//! A random history.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::{Now, Stream};
use client::{Connection, Error};
use cluster_tests::{Faults, Life, Site, Way, Weather};
use http::Method;
use kube_scheduler::{Clock, Connections, Permission, Running, Settings};
use serde_json::{Value, json};
use simulated_nodes::{Shape, Stages};
use wire::config::{FeatureGates, SchedulerConfiguration};

use crate::invariants::{Evictions, NODE_MILLICORES, Witness, nothing_is_forgotten};

/// How many things happen.
const STEPS: usize = 80;

/// How long everything has time to settle in the end: longer than a pod waits without any event.
const PEACE: Duration = Duration::from_secs(12 * 60);

/// What came of a history.
pub(crate) struct Summary {
    pub(crate) n_placed: usize,
    pub(crate) n_evicted: usize,
    pub(crate) n_faults: usize,
    pub(crate) n_restarts: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { n_placed, n_evicted, n_faults, n_restarts } = self;
        write!(f, "{n_placed} placed, {n_evicted} evicted, {n_faults} faults, {n_restarts} restarts")
    }
}

struct World {
    site: Site,
    weather: Weather,
    admin: Connection,
    dice: Stream,
    scheduler: Option<(Running, Permission)>,
    life: Life,
    evicted: Arc<AtomicUsize>,
    n_pods: usize,
    n_nodes: usize,
    n_restarts: usize,
}

pub(crate) async fn run(seed: u64) -> Summary {
    let site = Site::open().await;
    let way =
        |weather| Way { site: site.clone(), user: "admin", weather, life: Life::default() }.connection();
    let mut world = World {
        weather: Weather::new(seed),
        admin: way(None),
        dice: Stream::new(seed, "history"),
        scheduler: None,
        life: Life::default(),
        evicted: Arc::default(),
        n_pods: 0,
        n_nodes: 0,
        n_restarts: 0,
        site: site.clone(),
    };
    world.set_up().await;
    let stages = Stages { stop: Duration::from_secs(2), ..Stages::default() };
    let none = simulated_nodes::Settings {
        n_nodes: 0,
        shape: Shape::default(),
        stages,
        heartbeat: Duration::from_secs(3600),
    };
    let kubelets = simulated_nodes::start(&way(None), none).await.unwrap();
    let mut witness = Witness::new(way(None));
    for _ in 0..STEPS {
        world.step().await;
        let millis = [0, 1, 20, 500, 4000][world.dice.below(5)];
        tokio::time::sleep(Duration::from_millis(millis)).await;
        witness.look().await;
    }
    world.weather.set(Faults::default());
    world.start_scheduler();
    for _ in 0..PEACE.as_secs() / 10 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        witness.look().await;
    }
    nothing_is_forgotten(&world.admin).await;
    drop(kubelets);
    Summary {
        n_placed: witness.n_placed(),
        n_evicted: world.evicted.load(Ordering::Relaxed),
        n_faults: world.weather.n_faults(),
        n_restarts: world.n_restarts,
    }
}

impl World {
    async fn set_up(&mut self) {
        for (name, value) in [("low", -10), ("high", 1000)] {
            let class = json!({
                "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value,
            });
            self.post("/apis/scheduling.k8s.io/v1/priorityclasses", &class).await.unwrap();
        }
        for _ in 0..3 {
            self.add_node().await;
        }
        self.start_scheduler();
    }

    async fn step(&mut self) {
        match self.dice.below(100) {
            0..50 => self.add_pod().await,
            50..65 => self.delete_pod().await,
            65..70 if self.n_nodes < 8 => self.add_node().await,
            70..78 => self.change_node().await,
            78..88 => self.change_weather(),
            88..94 => self.restart_scheduler(),
            94..97 => self.restart_server().await,
            _ => self.pause_scheduler().await,
        }
    }

    async fn post(&self, path: &str, object: &Value) -> Result<(), Error> {
        let content = Some(("application/json", object.to_string().into_bytes()));
        self.admin.send(Method::POST, path, content, "making").await.map(drop)
    }

    async fn add_node(&mut self) {
        self.n_nodes += 1;
        let (name, zone) = (format!("n{}", self.n_nodes), format!("z{}", self.n_nodes % 2));
        let room = json!({"cpu": format!("{NODE_MILLICORES}m"), "memory": "8Gi", "pods": "20"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {
                "steersman.dev/simulated": "true", "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": zone}},
            "status": {"capacity": room, "allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]},
        });
        self.post("/api/v1/nodes", &node).await.unwrap();
    }

    async fn change_node(&mut self) {
        let path = format!("/api/v1/nodes/n{}", 1 + self.dice.below(self.n_nodes));
        let patch = match self.dice.below(3) {
            0 => json!({"spec": {"unschedulable": true}}),
            1 => json!({"spec": {"unschedulable": null}}),
            _ => {
                let disk = ["ssd", "none"][self.dice.below(2)];
                json!({"metadata": {"labels": {"disk": disk}}})
            }
        };
        let content = Some(("application/merge-patch+json", patch.to_string().into_bytes()));
        self.admin.send(Method::PATCH, &path, content, "changing a node").await.unwrap();
    }

    async fn add_pod(&mut self) {
        self.n_pods += 1;
        let app = ["a", "b", "c"][self.dice.below(3)];
        let cpu = [100, 500, 900, 1500, 3500][self.dice.below(5)];
        let mut spec = json!({
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": format!("{cpu}m")}}}],
            "terminationGracePeriodSeconds": 5,
        });
        let selector = json!({"matchLabels": {"app": app}});
        match self.dice.below(8) {
            0 => {
                spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                    {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}]}});
            }
            1 => {
                spec["topologySpreadConstraints"] = json!([{
                    "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": selector}]);
            }
            2 => spec["nodeSelector"] = json!({"disk": "ssd"}),
            3 => spec["priorityClassName"] = "high".into(),
            4 => spec["priorityClassName"] = "low".into(),
            _ => {}
        }
        // A name is used again by a later pod.
        let name = format!("p{}", self.dice.below(40));
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}}, "spec": spec,
        });
        match self.post("/api/v1/namespaces/default/pods", &pod).await {
            Ok(()) => {}
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code == 409) => {}
            Err(error) => panic!("{error}"),
        }
    }

    async fn delete_pod(&mut self) {
        let path = format!("/api/v1/namespaces/default/pods/p{}", self.dice.below(40));
        let _ = self.admin.send(Method::DELETE, &path, None, "deleting a pod").await;
    }

    fn change_weather(&mut self) {
        let mut part = |max: usize| if self.dice.below(2) == 0 { 0 } else { self.dice.below(max) };
        self.weather.set(Faults {
            lost: part(30),
            unanswered: part(30),
            refused: part(30),
            late: part(50),
            broken_watch: part(80),
            expired_watch: part(50),
        });
    }

    /// Another process takes over: nothing that the one before had begun is sent any more.
    fn start_scheduler(&mut self) {
        if let Some((running, permission)) = self.scheduler.take() {
            permission.take();
            drop(running);
        }
        // What a process has sent and what has not arrived dies with it.
        std::mem::take(&mut self.life).end();
        let way = || Way {
            site: self.site.clone(),
            user: "system:kube-scheduler",
            weather: Some(self.weather.clone()),
            life: self.life.clone(),
        };
        let gates = FeatureGates::default();
        let settings = Settings {
            configuration: SchedulerConfiguration::default_for(&gates),
            gates,
            pod_max_in_unschedulable: Duration::from_secs(300),
            clock: Clock::starting_at(Now::from_nanos(1_767_999_614_000_000_000)),
            seed: self.dice.seed(),
            host_name: "host".to_owned(),
            shadow: None,
            observers: vec![Box::new(Evictions(Arc::clone(&self.evicted)))],
            metrics: None,
        };
        let permission = Permission::given();
        let connections = Connections { main: way().connection(), events: way().connection() };
        let running = kube_scheduler::start(&connections, settings, &permission).unwrap();
        self.scheduler = Some((running, permission));
    }

    fn restart_scheduler(&mut self) {
        self.n_restarts += 1;
        self.start_scheduler();
    }

    async fn restart_server(&mut self) {
        self.n_restarts += 1;
        self.site.stop();
        tokio::time::sleep(Duration::from_secs([0, 1, 90][self.dice.below(3)])).await;
        self.site.start().await;
    }

    /// As a process that is stopped by its machine, or has lost its lease, and gets it back.
    async fn pause_scheduler(&mut self) {
        if let Some((_, permission)) = &self.scheduler {
            permission.take();
            tokio::time::sleep(Duration::from_secs(3)).await;
            permission.give();
        }
    }
}
