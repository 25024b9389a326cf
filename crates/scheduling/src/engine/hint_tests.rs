//! Every row of the table of queueing hints, in both directions: it queues when it must and stays when it may.
//!
//! Here are the rows; [`conditions`] has what they say beyond the plain case, and [`contract`] what is true of all.

mod conditions;
mod contract;
mod storage;

use std::sync::Arc;

use serde_json::{Value, json};
use wire::Object;
use wire::config::FeatureGates;

use crate::engine::policy::PluginPolicy;
use crate::engine::queue::Policy;
use crate::engine::{Input, Scheduler};
use crate::framework::{Actions, Changed, ClusterEvent, Hint, Resource};
use crate::model::{Node, Pod};
use crate::testing::{asking_cpu, node, pod, scheduler};
use base::Now;

/// Compiles objects into one symbol table and asks plugins about events.
struct Table {
    scheduler: Scheduler,
}

impl Table {
    fn new() -> Table {
        Table { scheduler: scheduler(&[]) }
    }

    /// With a profile that has these arguments for a plugin.
    fn with_args(plugin: &str, args: Value) -> Table {
        let profile = json!({"pluginConfig": [{"name": plugin, "args": args}]});
        let text = json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "profiles": [profile]
        });
        let gates = FeatureGates::default();
        let configuration = wire::config::load(text.to_string().as_bytes(), "test", &gates).expect("valid");
        Table { scheduler: Scheduler::new(&configuration, gates, 7).expect("valid") }
    }

    fn pod(&mut self, name: &str, labels: Value, spec: Value) -> Pod {
        let Object::Pod(pod) = pod(name, &labels, &spec) else { unreachable!("a pod") };
        self.scheduler.compile_pod(&pod)
    }

    /// A pod that runs on node `n`.
    fn placed(&mut self, name: &str, labels: Value, mut spec: Value) -> Pod {
        spec["nodeName"] = json!("n");
        self.pod(name, labels, spec)
    }

    fn node(&mut self, allocatable: Value, labels: Value, spec: Value) -> Arc<Node> {
        let mut object = node("n", &allocatable, &labels);
        if let Object::Node(node) = &mut object {
            node.spec = serde_json::from_value(spec).expect("a node spec");
        }
        self.scheduler.step(Input::Upsert(&object), Now::default());
        let name = self.scheduler.symbols().get("n").expect("interned");
        let row = self.scheduler.snapshot().row(name).expect("just added");
        Arc::clone(&self.scheduler.snapshot().node(row).node)
    }

    fn labeled(&mut self, labels: Value) -> Arc<Node> {
        self.node(json!({"cpu": "4", "pods": "10"}), labels, json!({}))
    }

    fn ask(&self, plugin: &str, waiting: &Pod, event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let profile = &self.scheduler.profiles()[0];
        let plugin = profile.plugin(plugin).expect("a default plugin");
        let registered = plugin.registration.events.iter().any(|registered| registered.covers(&event));
        assert!(registered, "{} is not registered for {}", plugin.registration.name, event);
        plugin.plugin.hint(self.scheduler.cycle(), waiting, event, changed)
    }

    #[track_caller]
    fn node_comes(&self, plugin: &str, waiting: &Pod, new: &Node, expected: Hint) {
        let event = ClusterEvent::new(Resource::Node, Actions::ADD);
        assert_eq!(self.ask(plugin, waiting, event, Changed::Node { old: None, new: Some(new) }), expected);
    }

    #[track_caller]
    fn node_changes(
        &self,
        plugin: &str,
        waiting: &Pod,
        what: Actions,
        old: &Node,
        new: &Node,
        expected: Hint,
    ) {
        let event = ClusterEvent::new(Resource::Node, what);
        assert_eq!(
            self.ask(plugin, waiting, event, Changed::Node { old: Some(old), new: Some(new) }),
            expected
        );
    }

    #[track_caller]
    fn pod_leaves(&self, plugin: &str, waiting: &Pod, gone: &Pod, expected: Hint) {
        let event = ClusterEvent::new(Resource::AssignedPod, Actions::DELETE);
        assert_eq!(self.ask(plugin, waiting, event, Changed::Pod { old: Some(gone), new: None }), expected);
    }

    #[track_caller]
    fn pod_comes(&self, plugin: &str, waiting: &Pod, new: &Pod, expected: Hint) {
        let event = ClusterEvent::new(Resource::AssignedPod, Actions::ADD);
        assert_eq!(self.ask(plugin, waiting, event, Changed::Pod { old: None, new: Some(new) }), expected);
    }

    #[track_caller]
    fn pod_changes(&self, plugin: &str, waiting: &Pod, what: Actions, old: &Pod, new: &Pod, expected: Hint) {
        let resource = if new.node_name.is_some() { Resource::AssignedPod } else { Resource::UnscheduledPod };
        let event = ClusterEvent::new(resource, what);
        assert_eq!(
            self.ask(plugin, waiting, event, Changed::Pod { old: Some(old), new: Some(new) }),
            expected
        );
    }
}

fn with(mut spec: Value, key: &str, value: Value) -> Value {
    spec[key] = value;
    spec
}

fn plain() -> Value {
    asking_cpu("100m")
}

#[test]
fn scheduling_gates_wait_for_the_pods_own_gates() {
    let mut table = Table::new();
    let gated = table.pod("a", json!({}), with(plain(), "schedulingGates", json!([{"name": "g"}])));
    let (free, other) = (table.pod("a", json!({}), plain()), table.pod("b", json!({}), plain()));
    let what = Actions::UPDATE_POD_SCHEDULING_GATES_ELIMINATED;
    table.pod_changes("SchedulingGates", &gated, what, &gated, &free, Hint::Queue);
    table.pod_changes("SchedulingGates", &gated, what, &other, &other, Hint::Skip);
}

#[test]
fn node_unschedulable_waits_for_open_nodes_and_for_a_toleration() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), plain());
    let size = json!({"cpu": "4", "pods": "10"});
    let open = table.node(size.clone(), json!({}), json!({}));
    let closed = table.node(size, json!({}), json!({"unschedulable": true}));
    table.node_comes("NodeUnschedulable", &waiting, &open, Hint::Queue);
    table.node_comes("NodeUnschedulable", &waiting, &closed, Hint::Skip);
    table.node_changes(
        "NodeUnschedulable",
        &waiting,
        Actions::UPDATE_NODE_TAINT,
        &closed,
        &open,
        Hint::Queue,
    );
    table.node_changes("NodeUnschedulable", &waiting, Actions::UPDATE_NODE_TAINT, &open, &open, Hint::Skip);
    let tolerant = table.pod("a", json!({}), with(plain(), "tolerations", json!([{"operator": "Exists"}])));
    let what = Actions::UPDATE_POD_TOLERATION;
    table.pod_changes("NodeUnschedulable", &waiting, what, &waiting, &tolerant, Hint::Queue);
    table.pod_changes("NodeUnschedulable", &tolerant, what, &tolerant, &waiting, Hint::Skip);
}

#[test]
fn taint_toleration_waits_for_nodes_that_stop_repelling() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), plain());
    let size = json!({"cpu": "4", "pods": "10"});
    let clean = table.node(size.clone(), json!({}), json!({}));
    let taints = json!({"taints": [{"key": "k", "effect": "NoSchedule"}]});
    let tainted = table.node(size, json!({}), taints);
    table.node_comes("TaintToleration", &waiting, &clean, Hint::Queue);
    table.node_comes("TaintToleration", &waiting, &tainted, Hint::Skip);
    table.node_changes(
        "TaintToleration",
        &waiting,
        Actions::UPDATE_NODE_TAINT,
        &tainted,
        &clean,
        Hint::Queue,
    );
    table.node_changes("TaintToleration", &waiting, Actions::UPDATE_NODE_TAINT, &clean, &clean, Hint::Skip);
    let other = table.pod("b", json!({}), plain());
    let what = Actions::UPDATE_POD_TOLERATION;
    table.pod_changes("TaintToleration", &waiting, what, &waiting, &waiting, Hint::Queue);
    table.pod_changes("TaintToleration", &waiting, what, &other, &other, Hint::Skip);
}

#[test]
fn node_affinity_waits_for_nodes_that_begin_to_match() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), with(plain(), "nodeSelector", json!({"disk": "ssd"})));
    let (ssd, hdd) = (table.labeled(json!({"disk": "ssd"})), table.labeled(json!({"disk": "hdd"})));
    table.node_comes("NodeAffinity", &waiting, &ssd, Hint::Queue);
    table.node_comes("NodeAffinity", &waiting, &hdd, Hint::Skip);
    table.node_changes("NodeAffinity", &waiting, Actions::UPDATE_NODE_LABEL, &hdd, &ssd, Hint::Queue);
    table.node_changes("NodeAffinity", &waiting, Actions::UPDATE_NODE_LABEL, &ssd, &ssd, Hint::Skip);
}

#[test]
fn node_ports_wait_for_the_pod_that_holds_the_port() {
    let mut table = Table::new();
    let with_port = |port: i32| {
        let mut spec = plain();
        spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": port}]);
        spec
    };
    let waiting = table.pod("a", json!({}), with_port(80));
    let (holder, other) =
        (table.placed("b", json!({}), with_port(80)), table.placed("c", json!({}), with_port(81)));
    let homeless = table.pod("d", json!({}), with_port(80));
    table.pod_leaves("NodePorts", &waiting, &holder, Hint::Queue);
    table.pod_leaves("NodePorts", &waiting, &other, Hint::Skip);
    table.pod_leaves("NodePorts", &waiting, &homeless, Hint::Skip);
    let new = table.labeled(json!({}));
    table.node_comes("NodePorts", &waiting, &new, Hint::Queue);
}

#[test]
fn node_name_waits_for_nodes() {
    let mut table = Table::new();
    let waiting = table.placed("a", json!({}), plain());
    let new = table.labeled(json!({}));
    table.node_comes("NodeName", &waiting, &new, Hint::Queue);
}

#[test]
fn node_resources_fit_waits_for_room() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), asking_cpu("2"));
    let node = |table: &mut Table, cpu: &str, memory: &str| {
        table.node(json!({"cpu": cpu, "memory": memory, "pods": "10"}), json!({}), json!({}))
    };
    let (large, small) = (node(&mut table, "4", "1Gi"), node(&mut table, "1", "1Gi"));
    let more_memory = node(&mut table, "4", "2Gi");
    table.node_comes("NodeResourcesFit", &waiting, &large, Hint::Queue);
    table.node_comes("NodeResourcesFit", &waiting, &small, Hint::Skip);
    let what = Actions::UPDATE_NODE_ALLOCATABLE;
    table.node_changes("NodeResourcesFit", &waiting, what, &small, &large, Hint::Queue);
    table.node_changes("NodeResourcesFit", &waiting, what, &large, &more_memory, Hint::Skip);

    let (placed, homeless) =
        (table.placed("b", json!({}), asking_cpu("1")), table.pod("c", json!({}), plain()));
    table.pod_leaves("NodeResourcesFit", &waiting, &placed, Hint::Queue);
    table.pod_leaves("NodeResourcesFit", &waiting, &homeless, Hint::Skip);
    let shrunk = table.placed("b", json!({}), asking_cpu("500m"));
    let what = Actions::UPDATE_POD_SCALE_DOWN;
    table.pod_changes("NodeResourcesFit", &waiting, what, &placed, &shrunk, Hint::Queue);
    table.pod_changes("NodeResourcesFit", &waiting, what, &waiting, &waiting, Hint::Queue);
    table.pod_changes("NodeResourcesFit", &waiting, what, &placed, &placed, Hint::Skip);
}

#[test]
fn pod_topology_spread_waits_for_pods_and_nodes_that_change_the_count() {
    let mut table = Table::new();
    let constraint = json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "x"}}}]);
    let waiting = table.pod("a", json!({"app": "x"}), with(plain(), "topologySpreadConstraints", constraint));
    let (alike, other) =
        (table.placed("b", json!({"app": "x"}), plain()), table.placed("c", json!({"app": "y"}), plain()));
    let relabeled = table.placed("b", json!({"app": "y"}), plain());
    let homeless = table.pod("d", json!({"app": "x"}), plain());
    table.pod_comes("PodTopologySpread", &waiting, &alike, Hint::Queue);
    table.pod_comes("PodTopologySpread", &waiting, &other, Hint::Skip);
    table.pod_leaves("PodTopologySpread", &waiting, &alike, Hint::Queue);
    table.pod_leaves("PodTopologySpread", &waiting, &homeless, Hint::Skip);
    let what = Actions::UPDATE_POD_LABEL;
    table.pod_changes("PodTopologySpread", &waiting, what, &alike, &relabeled, Hint::Queue);
    table.pod_changes("PodTopologySpread", &waiting, what, &other, &other, Hint::Skip);

    let (zoned, elsewhere) = (table.labeled(json!({"zone": "a"})), table.labeled(json!({"zone": "b"})));
    let unzoned = table.labeled(json!({}));
    table.node_comes("PodTopologySpread", &waiting, &zoned, Hint::Queue);
    table.node_comes("PodTopologySpread", &waiting, &unzoned, Hint::Skip);
    let what = Actions::UPDATE_NODE_LABEL;
    table.node_changes("PodTopologySpread", &waiting, what, &zoned, &elsewhere, Hint::Queue);
    table.node_changes("PodTopologySpread", &waiting, what, &zoned, &zoned, Hint::Skip);
    table.node_changes("PodTopologySpread", &waiting, what, &unzoned, &zoned, Hint::Queue);
}

#[test]
fn inter_pod_affinity_waits_for_company_or_for_solitude() {
    let mut table = Table::new();
    let terms = json!([{"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "x"}}}]);
    let required = |kind: &str| {
        with(plain(), "affinity", json!({kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}))
    };
    let near = table.pod("near", json!({"app": "z"}), required("podAffinity"));
    let apart = table.pod("apart", json!({"app": "z"}), required("podAntiAffinity"));
    let (alike, other) =
        (table.placed("b", json!({"app": "x"}), plain()), table.placed("c", json!({"app": "y"}), plain()));
    let relabeled = table.placed("b", json!({"app": "y"}), plain());
    table.pod_comes("InterPodAffinity", &near, &alike, Hint::Queue);
    table.pod_comes("InterPodAffinity", &near, &other, Hint::Skip);
    table.pod_comes("InterPodAffinity", &apart, &alike, Hint::Skip);
    table.pod_leaves("InterPodAffinity", &apart, &alike, Hint::Queue);
    table.pod_leaves("InterPodAffinity", &apart, &other, Hint::Skip);
    let repelling = table.placed("d", json!({"app": "y"}), required("podAntiAffinity"));
    let welcome = table.pod("e", json!({"app": "x"}), plain());
    table.pod_leaves("InterPodAffinity", &welcome, &repelling, Hint::Queue);
    let what = Actions::UPDATE_POD_LABEL;
    table.pod_changes("InterPodAffinity", &near, what, &relabeled, &alike, Hint::Queue);
    table.pod_changes("InterPodAffinity", &near, what, &alike, &relabeled, Hint::Skip);
    table.pod_changes("InterPodAffinity", &apart, what, &alike, &relabeled, Hint::Queue);
    table.pod_changes("InterPodAffinity", &apart, what, &apart, &apart, Hint::Queue);

    let (zoned, unzoned) = (table.labeled(json!({"zone": "a"})), table.labeled(json!({})));
    table.node_comes("InterPodAffinity", &near, &zoned, Hint::Queue);
    table.node_comes("InterPodAffinity", &near, &unzoned, Hint::Skip);
    table.node_comes("InterPodAffinity", &apart, &unzoned, Hint::Queue);
    let what = Actions::UPDATE_NODE_LABEL;
    table.node_changes("InterPodAffinity", &near, what, &unzoned, &zoned, Hint::Queue);
    table.node_changes("InterPodAffinity", &near, what, &zoned, &zoned, Hint::Skip);
    table.node_changes("InterPodAffinity", &apart, what, &zoned, &unzoned, Hint::Queue);
    table.node_changes("InterPodAffinity", &apart, what, &unzoned, &zoned, Hint::Skip);
}

#[test]
fn default_preemption_leaves_it_to_the_others() {
    let mut table = Table::new();
    let (waiting, gone) = (table.pod("a", json!({}), plain()), table.placed("b", json!({}), plain()));
    table.pod_leaves("DefaultPreemption", &waiting, &gone, Hint::Skip);
}

#[test]
fn node_declared_features_wait_for_nodes_that_declare_more() {
    let mut table = Table::new();
    let spec = with(with(plain(), "hostNetwork", json!(true)), "hostUsers", json!(false));
    let waiting = table.pod("a", json!({}), spec);
    let silent = table.labeled(json!({}));
    let declaring = {
        let mut object = node("n", &json!({"cpu": "4", "pods": "10"}), &json!({}));
        if let Object::Node(node) = &mut object {
            node.status.declared_features = vec!["UserNamespacesHostNetworkSupport".into()];
        }
        table.scheduler.step(Input::Upsert(&object), Now::default());
        let name = table.scheduler.symbols().get("n").expect("interned");
        let row = table.scheduler.snapshot().row(name).expect("there");
        Arc::clone(&table.scheduler.snapshot().node(row).node)
    };
    let what = Actions::UPDATE_NODE_DECLARED_FEATURE;
    table.node_comes("NodeDeclaredFeatures", &waiting, &declaring, Hint::Queue);
    table.node_changes("NodeDeclaredFeatures", &waiting, what, &silent, &declaring, Hint::Queue);
    table.node_changes("NodeDeclaredFeatures", &waiting, what, &silent, &silent, Hint::Skip);
    let relaxed = table.pod("a", json!({}), plain());
    table.pod_changes("NodeDeclaredFeatures", &waiting, Actions::UPDATE, &waiting, &relaxed, Hint::Queue);
    table.pod_changes("NodeDeclaredFeatures", &waiting, Actions::UPDATE, &relaxed, &relaxed, Hint::Skip);
}
