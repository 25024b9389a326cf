//! What must hold whatever happens.

use std::collections::BTreeMap;

use client::{Connection, Resource, Settings, Source, Told, list};
use kube_scheduler::driver::Observer;
use scheduling::engine::{Input, Scheduler};
use scheduling::reference::Decision;
use tokio::sync::mpsc;
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Kind, Object, Pod};

/// Looks at every change of a pod as it comes.
pub(crate) struct Witness {
    news: mpsc::Receiver<(Kind, Told)>,
    /// Node and millicores of every pod that is on a node, by UID.
    placed: BTreeMap<String, (String, i64)>,
    n_placed: usize,
}

/// How much CPU each node has, in millicores.
pub(crate) const NODE_MILLICORES: i64 = 4000;

/// What a pod asks for, in millicores.
fn millicores(pod: &Pod) -> i64 {
    let requests = pod.spec.containers.iter().filter_map(|container| container.resources.requests.get("cpu"));
    requests.map(|cpu| cpu.milli_value()).sum()
}

impl Witness {
    pub(crate) fn watch(connection: Connection) -> Witness {
        let (told, news) = mpsc::channel(4096);
        let source = Source::new(connection, Resource::of(Kind::Pod), "", Settings::default(), 1);
        tokio::spawn(source.run(told));
        Witness { news, placed: BTreeMap::new(), n_placed: 0 }
    }

    /// Takes in what has happened so far, and checks each step of it.
    pub(crate) fn look(&mut self) {
        while let Ok((_, told)) = self.news.try_recv() {
            match told {
                Told::Upsert(Object::Pod(pod)) => self.see(&pod),
                Told::Delete(Object::Pod(pod)) => {
                    self.placed.remove(&pod.metadata.uid);
                }
                _ => {}
            }
        }
    }

    fn see(&mut self, pod: &Pod) {
        let (uid, node) = (&pod.metadata.uid, &pod.spec.node_name);
        if let Some((before, _)) = self.placed.get(uid) {
            assert_eq!(before, node, "{} was moved", pod.metadata.name);
            return;
        }
        if node.is_empty() {
            return;
        }
        self.n_placed += 1;
        self.placed.insert(uid.clone(), (node.clone(), millicores(pod)));
        let on_node = self.placed.values().filter(|(other, _)| other == node);
        let sum: i64 = on_node.map(|(_, millicores)| millicores).sum();
        assert!(sum <= NODE_MILLICORES, "{node} holds {sum} millicores after {}", pod.metadata.name);
    }

    pub(crate) fn n_placed(&self) -> usize {
        self.n_placed
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
