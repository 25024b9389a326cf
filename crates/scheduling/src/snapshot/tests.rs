use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Interner;
use proptest::prelude::*;
use serde_json::json;
use wire::Object;
use wire::config::FeatureGates;

use super::*;
use crate::model::{Compiler, HostPort, Resources, Shapes};
use crate::testing;

/// One change to a cluster of a few nodes and pods.
#[derive(Clone, Debug)]
enum Op {
    UpsertNode { node: u8, zone: u8, image: u8, cpu: u8 },
    RemoveNode { node: u8 },
    UpsertPod { pod: u8, node: u8, shape: u8 },
    RemovePod { pod: u8 },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..5_u8, 0..3_u8, 0..4_u8, 1..9_u8).prop_map(|(node, zone, image, cpu)| Op::UpsertNode {
            node,
            zone,
            image,
            cpu
        }),
        (0..5_u8).prop_map(|node| Op::RemoveNode { node }),
        (0..12_u8, 0..5_u8, 0..4_u8).prop_map(|(pod, node, shape)| Op::UpsertPod { pod, node, shape }),
        (0..12_u8).prop_map(|pod| Op::RemovePod { pod }),
    ]
}

struct World {
    symbols: Interner,
    gates: FeatureGates,
    shapes: Shapes,
}

impl World {
    fn node(&mut self, op: &Op) -> Node {
        let Op::UpsertNode { node, zone, image, cpu } = op else { unreachable!("called for node changes") };
        let Object::Node(mut object) = testing::node(
            &format!("n{node}"),
            &json!({"cpu": cpu.to_string(), "pods": "10"}),
            &json!({"topology.kubernetes.io/zone": format!("z{zone}")}),
        ) else {
            unreachable!("a node")
        };
        // The size of an image depends on its name only: what a snapshot takes it to be depends on who
        // reported it first, which a snapshot built anew cannot know.
        object.status.images = serde_json::from_value(
            json!([{"names": [format!("img{image}")], "sizeBytes": 1000 * i64::from(*image)}]),
        )
        .expect("images");
        Node::compile(&object, &mut Compiler { symbols: &mut self.symbols, gates: &self.gates })
    }

    fn pod(&mut self, op: &Op) -> Arc<Pod> {
        let Op::UpsertPod { pod, node, shape } = op else { unreachable!("called for pod changes") };
        let mut spec = testing::asking_cpu(&format!("{}m", 100 * (1 + u32::from(*shape))));
        spec["nodeName"] = json!(format!("n{node}"));
        match shape {
            1 => {
                spec["containers"][0]["ports"] =
                    json!([{"containerPort": 80, "hostPort": 8000 + i32::from(*pod)}])
            }
            2 => {
                spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "x"}}}]}})
            }
            3 => spec["affinity"] = json!({"podAffinity": {}}),
            _ => {}
        }
        let Object::Pod(object) = testing::pod(&format!("p{pod}"), &json!({"app": "x"}), &spec) else {
            unreachable!("a pod")
        };
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        Arc::new(Pod::compile(&object, &mut self.shapes, &mut compiler))
    }
}

/// What a row sums up, without what depends on the order of arrival.
#[derive(Debug, PartialEq)]
struct Summary {
    node: Node,
    pods: BTreeSet<Arc<str>>,
    requested: Resources,
    non_zero: (i64, i64),
    ports: BTreeSet<HostPort>,
    flags: (bool, bool),
}

fn summary(snapshot: &Snapshot) -> BTreeMap<Symbol, Summary> {
    let row = |info: &NodeInfo| Summary {
        node: (*info.node).clone(),
        pods: info.pods().iter().map(|pod| Arc::clone(&pod.uid)).collect(),
        requested: Resources { scalars: Default::default(), ..info.requested().clone() },
        non_zero: (info.non_zero_milli_cpu(), info.non_zero_memory()),
        ports: info.used_ports().iter().copied().collect(),
        flags: (info.has_pods_with_affinity(), info.has_pods_with_required_anti_affinity()),
    };
    snapshot.nodes().map(|info| (info.node.name, row(info))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn equals_one_built_anew_after_any_history(ops in prop::collection::vec(op(), 0..60)) {
        let mut world =
            World { symbols: Interner::default(), gates: FeatureGates::default(), shapes: Shapes::default() };
        let mut snapshot = Snapshot::default();
        let mut nodes: BTreeMap<u8, Node> = BTreeMap::new();
        let mut pods: BTreeMap<u8, Arc<Pod>> = BTreeMap::new();
        for op in &ops {
            match op {
                Op::UpsertNode { node, .. } => {
                    let compiled = world.node(op);
                    snapshot.upsert_node(compiled.clone());
                    nodes.insert(*node, compiled);
                }
                Op::RemoveNode { node } => {
                    let name = world.symbols.intern(&format!("n{node}"));
                    prop_assert_eq!(snapshot.remove_node(name), nodes.remove(node).is_some());
                }
                Op::UpsertPod { pod, .. } => {
                    let compiled = world.pod(op);
                    snapshot.upsert_pod(Arc::clone(&compiled));
                    pods.insert(*pod, compiled);
                }
                Op::RemovePod { pod } => {
                    let removed = snapshot.remove_pod(&format!("p{pod}"));
                    prop_assert_eq!(removed, pods.remove(pod));
                }
            }
            prop_assert_eq!(snapshot.order().len(), nodes.len());
        }
        let mut anew = Snapshot::default();
        pods.values().for_each(|pod| anew.upsert_pod(Arc::clone(pod)));
        nodes.values().for_each(|node| { anew.upsert_node(node.clone()); });
        prop_assert_eq!(summary(&snapshot), summary(&anew));
        prop_assert_eq!(snapshot.images(), anew.images());
    }

    #[test]
    fn the_log_names_every_row_that_changed(ops in prop::collection::vec(op(), 1..40)) {
        let mut world =
            World { symbols: Interner::default(), gates: FeatureGates::default(), shapes: Shapes::default() };
        let mut snapshot = Snapshot::default();
        for op in &ops {
            let before = summary(&snapshot);
            let position = snapshot.log().position();
            match op {
                Op::UpsertNode { .. } => { let node = world.node(op); snapshot.upsert_node(node); }
                Op::RemoveNode { node } => {
                    let name = world.symbols.intern(&format!("n{node}"));
                    snapshot.remove_node(name);
                }
                Op::UpsertPod { .. } => { let pod = world.pod(op); snapshot.upsert_pod(pod); }
                Op::RemovePod { pod } => { snapshot.remove_pod(&format!("p{pod}")); }
            }
            let after = summary(&snapshot);
            let changed: Vec<Row> = snapshot.log().since(position).expect("kept").map(|(row, _)| *row).collect();
            for (name, row) in &after {
                if before.get(name) != Some(row) {
                    let row = snapshot.row(*name).expect("a node that is there");
                    prop_assert!(changed.contains(&row));
                }
            }
            if before.len() > after.len() {
                prop_assert!(!changed.is_empty());
            }
        }
    }
}

#[test]
fn pods_wait_for_their_node_to_appear_and_to_come_back() {
    let mut world =
        World { symbols: Interner::default(), gates: FeatureGates::default(), shapes: Shapes::default() };
    let mut snapshot = Snapshot::default();
    let pod = world.pod(&Op::UpsertPod { pod: 1, node: 1, shape: 0 });
    snapshot.upsert_pod(pod);
    let node = world.node(&Op::UpsertNode { node: 1, zone: 0, image: 0, cpu: 1 });
    let row = snapshot.upsert_node(node.clone());
    assert_eq!(snapshot.node(row).pods().len(), 1);
    assert!(snapshot.remove_node(node.name));
    let row = snapshot.upsert_node(node);
    assert_eq!(snapshot.node(row).pods().len(), 1);
    snapshot.remove_pod("p1");
    assert_eq!(snapshot.node(row).pods().len(), 0);
}
