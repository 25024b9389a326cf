//! The hot structures one by one: `cargo bench -p scheduling --bench structures`.

#![allow(missing_docs, reason = "a benchmark has no interface")]

use std::sync::Arc;

use base::{Interner, Now};
use divan::Bencher;
use scheduling::cluster::Cluster;
use scheduling::evictions::Evictions;
use scheduling::framework::{Around, Cycle, Profile};
use scheduling::incremental::Evaluator;
use scheduling::model::{Compiler, Node, Pod, Shapes};
use scheduling::reference::{self, Circumstances};
use scheduling::snapshot::{Nominator, Snapshot};
use serde_json::json;
use wire::config::{FeatureGates, SchedulerConfiguration};

fn main() {
    divan::main();
}

/// A cluster of small nodes in three zones, without an engine around it.
struct World {
    symbols: Interner,
    gates: FeatureGates,
    shapes: Shapes,
    snapshot: Snapshot,
    cluster: Cluster,
    nominator: Nominator,
    evictions: Evictions,
    profiles: Vec<Profile>,
}

impl World {
    fn new(n_nodes: usize) -> World {
        let gates = FeatureGates::default();
        let configuration = SchedulerConfiguration::default_for(&gates);
        let mut symbols = Interner::default();
        let profiles =
            Profile::build_all(&configuration, &gates, &mut symbols).expect("the default is valid");
        let mut world = World {
            symbols,
            gates,
            shapes: Shapes::default(),
            snapshot: Snapshot::default(),
            cluster: Cluster::default(),
            nominator: Nominator::default(),
            evictions: Evictions::default(),
            profiles,
        };
        for i in 0..n_nodes {
            let node = json!({
                "metadata": {"name": format!("node-{i}"), "labels": {
                    "kubernetes.io/hostname": format!("node-{i}"),
                    "topology.kubernetes.io/zone": format!("zone-{}", i % 3)}},
                "status": {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}},
            });
            let node: wire::Node = serde_json::from_value(node).expect("a node");
            let mut compiler = Compiler { symbols: &mut world.symbols, gates: &world.gates };
            world.snapshot.upsert_node(Node::compile(&node, &mut compiler));
        }
        world
    }

    fn compile(&mut self, pod: &wire::Pod) -> Pod {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        Pod::compile(pod, &mut self.shapes, &mut compiler)
    }

    /// The pod, placed on the first node.
    fn placed(&mut self, pod: &Pod) -> Arc<Pod> {
        let name = self.symbols.intern("node-0");
        Arc::new(Pod { node_name: Some(name), ..pod.clone() })
    }

    fn cycle(&self) -> Cycle<'_> {
        Cycle {
            symbols: &self.symbols,
            snapshot: &self.snapshot,
            cluster: &self.cluster,
            nominator: &self.nominator,
            evictions: &self.evictions,
            around: Around::default(),
        }
    }
}

fn pod(cpu: &str) -> wire::Pod {
    let pod = json!({
        "metadata": {"name": "pod", "namespace": "default", "uid": "uid", "labels": {"app": "x"}},
        "spec": {"containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10",
            "resources": {"requests": {"cpu": cpu, "memory": "500Mi"}}}]},
    });
    serde_json::from_value(pod).expect("a pod")
}

#[divan::bench]
fn compiling_a_pod_of_a_known_shape(bencher: Bencher<'_, '_>) {
    let mut world = World::new(0);
    let pod = pod("100m");
    bencher.bench_local(|| world.compile(&pod));
}

#[divan::bench]
fn adding_and_removing_a_pod(bencher: Bencher<'_, '_>) {
    let mut world = World::new(1000);
    let compiled = world.compile(&pod("100m"));
    let placed = world.placed(&compiled);
    bencher.bench_local(|| {
        world.snapshot.upsert_pod(Arc::clone(&placed));
        world.snapshot.remove_pod("uid")
    });
}

/// The same pod again, when one node has changed since.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn deciding_a_known_shape(bencher: Bencher<'_, '_>, n_nodes: usize) {
    let mut world = World::new(n_nodes);
    let compiled = world.compile(&pod("100m"));
    let placed = world.placed(&compiled);
    let mut evaluator = Evaluator::default();
    let mut circumstances = Circumstances::new(1, Now::default());
    let mut is_there = false;
    bencher.bench_local(|| {
        if is_there {
            world.snapshot.remove_pod("uid");
        } else {
            world.snapshot.upsert_pod(Arc::clone(&placed));
        }
        is_there = !is_there;
        evaluator.decide(world.cycle(), 0, &world.profiles[0], &compiled, &mut circumstances)
    });
}

/// A pod unlike any before.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn deciding_a_new_shape(bencher: Bencher<'_, '_>, n_nodes: usize) {
    let mut world = World::new(n_nodes);
    let mut evaluator = Evaluator::default();
    let mut circumstances = Circumstances::new(1, Now::default());
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        let compiled = world.compile(&pod(&format!("{n}u")));
        evaluator.decide(world.cycle(), 0, &world.profiles[0], &compiled, &mut circumstances)
    });
}

/// What the same decision costs without anything kept.
#[divan::bench(args = [1_000, 10_000])]
fn deciding_by_reference(bencher: Bencher<'_, '_>, n_nodes: usize) {
    let mut world = World::new(n_nodes);
    let compiled = world.compile(&pod("100m"));
    let mut circumstances = Circumstances::new(1, Now::default());
    bencher
        .bench_local(|| reference::decide(world.cycle(), &world.profiles[0], &compiled, &mut circumstances));
}
