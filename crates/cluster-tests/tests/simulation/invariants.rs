//! What must hold whatever happens.

use std::collections::BTreeMap;

use client::{Connection, Resource, list};
use kube_scheduler::driver::Observer;
use scheduling::engine::{Input, Scheduler};
use scheduling::reference::Decision;
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Kind, Object, Pod};

/// Looks at all pods again and again.
pub(crate) struct Witness {
    connection: Connection,
    /// Where each pod was seen, by UID.
    seen: BTreeMap<String, String>,
}

/// How much CPU each node has, in millicores.
pub(crate) const NODE_MILLICORES: i64 = 4000;

/// What a pod asks for, in millicores.
fn millicores(pod: &Pod) -> i64 {
    let requests = pod.spec.containers.iter().filter_map(|container| container.resources.requests.get("cpu"));
    requests.map(|cpu| cpu.milli_value()).sum()
}

impl Witness {
    pub(crate) fn new(connection: Connection) -> Witness {
        Witness { connection, seen: BTreeMap::new() }
    }

    /// Checks that no pod was moved and no node holds more than it has.
    pub(crate) async fn look(&mut self) {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for object in list(&self.connection, Resource::of(Kind::Pod), "").await.unwrap().objects {
            let Object::Pod(pod) = object else { panic!("a pod is expected") };
            let (uid, name, node) = (&pod.metadata.uid, &pod.metadata.name, &pod.spec.node_name);
            if node.is_empty() {
                assert!(!self.seen.contains_key(uid), "{name} was taken off its node");
                continue;
            }
            let before = self.seen.entry(uid.clone()).or_insert_with(|| node.clone());
            assert_eq!(before, node, "{name} was moved");
            let sum = sums.entry(node.clone()).or_default();
            *sum += millicores(&pod);
            assert!(*sum <= NODE_MILLICORES, "{node} holds {sum} millicores, with {name}");
        }
    }

    pub(crate) fn n_placed(&self) -> usize {
        self.seen.len()
    }
}

/// Counts evictions that were ordered.
pub(crate) struct Evictions(pub(crate) std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Observer for Evictions {
    fn before(&mut self, input: &Input<'_>, _: base::Now) {
        if matches!(input, Input::EvictFinished { result: Ok(()), .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    fn after(&mut self, _: &scheduling::engine::Step, _: &Scheduler, _: base::Now, _: std::time::Duration) {}
}

/// Checks that every pod that waits fits nowhere, as a scheduler sees it that has just come.
pub(crate) async fn nothing_is_forgotten(connection: &Connection) {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    let mut scheduler = Scheduler::new(&configuration, gates, 0).unwrap();
    let mut waiting = Vec::new();
    for kind in [Kind::Namespace, Kind::Node, Kind::Pod] {
        for object in list(connection, Resource::of(kind), "").await.unwrap().objects {
            match object {
                Object::Pod(pod) if pod.spec.node_name.is_empty() => waiting.push(pod),
                object => drop(scheduler.step(Input::Upsert(&object), base::Now::default())),
            }
        }
    }
    for pod in waiting {
        assert_eq!(pod.metadata.deletion_timestamp, None, "{} does not go", pod.metadata.name);
        let name = pod.metadata.name.clone();
        let pod = scheduler.compile_pod(&pod);
        match scheduler.evaluate(&pod) {
            Some(Decision::Unschedulable(refusal)) => {
                assert!(refusal.preemption.is_none(), "{name} waits although it could preempt");
            }
            Some(Decision::Placed(_)) => panic!("{name} waits although it fits"),
            other => {
                panic!("{name}: {}", other.map_or("no profile".to_owned(), |other| scheduler.message(&other)))
            }
        }
    }
}
