//! Short ways to write objects in this crate's tests, and random worlds.
//!
//! | module | what it is |
//! |---|---|
//! | [`history`] | random changes of a small, crowded cluster, from a seed |
//! | [`driver`] | takes a scheduler through one and looks at it after every step |
//! | [`truth`] | the objects that exist |
//! | [`storage`], [`volume_controller`] | volumes and claims, and who binds them |
//! | [`vocabulary`], [`nodes`], [`workloads`], [`placement_rules`], [`configurations`] | what is drawn from |

mod configurations;
pub(crate) mod dice;
pub(crate) mod driver;
pub(crate) mod history;
mod history_tests;
mod nodes;
mod placement_rules;
pub(crate) mod pod_changes;
pub(crate) mod storage;
pub(crate) mod truth;
mod vocabulary;
pub(crate) mod volume_controller;
mod workloads;

use serde_json::{Value, json};
use wire::Object;

use crate::engine::{Input, Scheduler};
use base::Now;
use wire::config::{FeatureGates, SchedulerConfiguration};

/// A node with allocatable resources and labels; its hostname label is its name.
pub(crate) fn node(name: &str, allocatable: &Value, labels: &Value) -> Object {
    let mut labels = labels.clone();
    labels["kubernetes.io/hostname"] = json!(name);
    let node = json!({"metadata": {"name": name, "labels": labels}, "status": {"allocatable": allocatable}});
    Object::Node(Box::new(serde_json::from_value(node).expect("a node")))
}

/// A pod in the namespace `default` with this spec and these labels.
pub(crate) fn pod(name: &str, labels: &Value, spec: &Value) -> Object {
    let metadata = json!({"name": name, "namespace": "default", "uid": name, "labels": labels});
    Object::Pod(Box::new(serde_json::from_value(json!({"metadata": metadata, "spec": spec})).expect("a pod")))
}

/// A pod spec with one container that requests CPU.
pub(crate) fn asking_cpu(cpu: &str) -> Value {
    json!({"containers": [{"name": "c", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}]})
}

/// A scheduler with the default configuration that knows these objects.
pub(crate) fn scheduler(objects: &[Object]) -> Scheduler {
    scheduler_with_gates("", objects)
}

/// A scheduler with these feature gates that knows these objects.
pub(crate) fn scheduler_with_gates(list: &str, objects: &[Object]) -> Scheduler {
    let gates = FeatureGates::parse(list).unwrap_or_else(|error| panic!("{list}: {error}"));
    let configuration = SchedulerConfiguration::default_for(&gates);
    let mut scheduler = Scheduler::new(&configuration, gates, 7).expect("the default configuration is valid");
    for object in objects {
        scheduler.step(Input::Upsert(object), Now::default());
    }
    scheduler
}

/// The pod with something of it changed.
pub(crate) fn changed_pod(object: &Object, change: impl FnOnce(&mut wire::Pod)) -> Object {
    let mut object = object.clone();
    if let Object::Pod(pod) = &mut object {
        change(pod);
    }
    object
}

/// The pod with a node.
pub(crate) fn on_node(object: &Object, node: &str) -> Object {
    changed_pod(object, |pod| pod.spec.node_name = node.into())
}

/// The pod while it is being deleted.
pub(crate) fn terminating(object: &Object) -> Object {
    changed_pod(object, |pod| {
        let time = serde_json::from_value(json!("2026-01-02T00:00:00Z")).expect("a timestamp");
        pod.metadata.deletion_timestamp = time;
    })
}
