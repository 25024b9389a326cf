//! A node comes.

use std::collections::{BTreeMap, BTreeSet};

use scheduling::framework::reason::describe_amount;
use scheduling::model::resources::{ResourceName, is_extended};
use wire::{Node, Quantity};

use super::evidence::{Evidence, RefusingNode, named};
use super::nodes::is_set_by_kubernetes;
use super::pod_requests::{describe_exactly, quantity};
use super::{Proposal, list};
use crate::explain::situation::Change;

const HOSTNAME: &str = "kubernetes.io/hostname";
/// How many topology keys are tried with a new value.
const KEYS_MAX: usize = 2;
/// How many shapes are tried for each of them, and made larger.
const SHAPES_MAX: usize = 3;
/// Room for pods on a node that is like no other: the kubelet's default.
const PODS: i64 = 110;

/// Empty copies of the nodes there are, one per shape and the smallest first, as far as they are large enough.
pub(super) fn like_existing(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if evidence.is_about_one_node || !evidence.has_refusals() {
        return Vec::new();
    }
    let fitting = shapes(evidence).into_iter().filter(|shape| shape.enlarged.is_empty());
    fitting.map(|shape| propose(shape.copy.clone(), &shape, "")).collect()
}

/// Nodes as there are none yet: larger ones, ones in a place of their own, and the first one of all.
pub(super) fn made_for_the_pod(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if evidence.is_about_one_node {
        return Vec::new();
    }
    if evidence.situation.nodes().next().is_none() {
        return vec![first_node(evidence)];
    }
    if !evidence.has_refusals() {
        return Vec::new();
    }
    let shapes = shapes(evidence);
    let larger = shapes.iter().filter(|shape| !shape.enlarged.is_empty()).take(SHAPES_MAX);
    let mut proposals: Vec<Proposal> = larger.map(|shape| propose(shape.copy.clone(), shape, "")).collect();
    for key in new_places(evidence).into_iter().take(KEYS_MAX) {
        let mut tried = BTreeSet::new();
        let distinct = shapes.iter().filter(|shape| {
            let labels = shape.copy.metadata.labels.iter().filter(|(label, _)| **label != key);
            tried.insert(format!("{:?}{:?}", labels.collect::<Vec<_>>(), shape.copy.spec.taints))
        });
        for shape in distinct.take(SHAPES_MAX) {
            let mut copy = shape.copy.clone();
            let value = new_value(evidence, &key);
            let place = format!(", with a value of {key} that no node has");
            copy.metadata.labels.insert(key.clone(), value);
            proposals.push(propose(copy, shape, &place));
        }
    }
    proposals
}

/// An empty node like one that exists, and large enough for the pod.
struct Shape<'e> {
    model: &'e Node,
    copy: Node,
    /// What had to be added to: its name and the new amount.
    enlarged: Vec<String>,
}

/// One per shape; those that need no enlargement first, then the smallest.
fn shapes<'e>(evidence: &Evidence<'e>) -> Vec<Shape<'e>> {
    let name = new_name(evidence);
    let needs = needs(evidence);
    let mut shapes: BTreeMap<(usize, i64, i64, String), Shape<'e>> = BTreeMap::new();
    for model in evidence.situation.nodes() {
        let mut copy = empty_copy(model, &name);
        let mut enlarged = Vec::new();
        for (resource, exact, rounded, shown) in &needs {
            let held = copy.status.allocatable.entry(resource.clone()).or_default();
            if *held < *exact {
                *held = *rounded;
                enlarged.push(shown.clone());
            }
        }
        let (cpu, memory) = (amount(&copy, "cpu"), amount(&copy, "memory"));
        // Objects of strings and numbers can always be written.
        let text = serde_json::to_string(&copy).unwrap_or_default();
        shapes.entry((enlarged.len(), cpu, memory, text)).or_insert(Shape { model, copy, enlarged });
    }
    shapes.into_values().collect()
}

/// What the pod asks for: name, exact amount, amount of a node made for it, and that as text.
fn needs(evidence: &Evidence<'_>) -> Vec<(String, Quantity, Quantity, String)> {
    let symbols = evidence.situation.scheduler.symbols();
    let request = &evidence.compiled.shape.requests.fit;
    let basic = [
        (ResourceName::Cpu, request.milli_cpu, 1000),
        (ResourceName::Memory, request.memory, 1 << 30),
        (ResourceName::EphemeralStorage, request.ephemeral_storage, 1 << 30),
    ];
    let scalars = request.scalars.iter().map(|(name, amount)| (ResourceName::Scalar(name), amount, 1));
    let needs = basic.into_iter().chain(scalars).filter(|(_, exact, _)| *exact > 0);
    let needs = needs.map(|(resource, exact, step)| {
        let rounded = exact.saturating_add(step - 1) / step * step;
        let name = resource.as_str(symbols);
        let shown = format!("{} {name}", describe_exactly(resource, rounded, symbols));
        (name.to_owned(), quantity(resource, exact), quantity(resource, rounded), shown)
    });
    needs.collect()
}

fn propose(copy: Node, shape: &Shape<'_>, place: &str) -> Proposal {
    let model = &shape.model.metadata.name;
    let description = if shape.enlarged.is_empty() {
        format!("add a node like {model} ({}){place}", size(&copy))
    } else {
        format!("add a node like {model} with {}{place}", list(&shape.enlarged))
    };
    Proposal { description, change: Change::AddNode(Box::new(copy)) }
}

/// `8 cpu, 32Gi memory, 2 example.com/gpu, zone z1`.
fn size(node: &Node) -> String {
    let mut parts = vec![
        format!("{} cpu", describe_amount(ResourceName::Cpu, amount(node, "cpu"))),
        format!("{} memory", describe_amount(ResourceName::Memory, amount(node, "memory"))),
    ];
    let devices = node.status.allocatable.iter().filter(|(name, n)| is_extended(name) && n.value() > 0);
    parts.extend(devices.map(|(name, n)| format!("{} {name}", n.value())));
    let zone = node.metadata.labels.get("topology.kubernetes.io/zone");
    parts.extend(zone.map(|zone| format!("zone {zone}")));
    parts.join(", ")
}

/// A node that holds the pod and nothing else, with the labels that its node selector asks for.
fn first_node(evidence: &Evidence<'_>) -> Proposal {
    let mut node = Node::default();
    node.metadata.name = new_name(evidence);
    node.metadata.labels.clone_from(&evidence.pod.spec.node_selector);
    node.metadata.labels.entry(HOSTNAME.to_owned()).or_insert_with(|| node.metadata.name.clone());
    let needs = needs(evidence);
    node.status.allocatable = needs.iter().map(|(name, _, rounded, _)| (name.clone(), *rounded)).collect();
    node.status.allocatable.insert("pods".to_owned(), Quantity::from_units(PODS));
    let mut parts: Vec<String> = needs.into_iter().map(|(.., shown)| shown).collect();
    parts.extend(
        evidence.pod.spec.node_selector.iter().map(|(key, value)| format!("the label {key}={value}")),
    );
    let with = if parts.is_empty() { String::new() } else { format!(" with {}", list(&parts)) };
    Proposal { description: format!("add a node{with}"), change: Change::AddNode(Box::new(node)) }
}

/// The topology keys that refusals are about, except the host's name, which every new node has a new one of.
fn new_places(evidence: &Evidence<'_>) -> BTreeSet<String> {
    let reasons = evidence.refusing().iter().flat_map(RefusingNode::reasons);
    let keys: BTreeSet<base::Symbol> = reasons.filter_map(|reason| named(reason, "topologyKey")).collect();
    keys.into_iter().map(|key| evidence.text(key).to_owned()).filter(|key| key != HOSTNAME).collect()
}

fn new_value(evidence: &Evidence<'_>, key: &str) -> String {
    let mut value = format!("new-{}", key.rsplit('/').next().unwrap_or(key));
    while evidence.situation.nodes().any(|node| node.metadata.labels.get(key) == Some(&value)) {
        value.push('x');
    }
    value
}

fn amount(node: &Node, resource: &str) -> i64 {
    let quantity = node.status.allocatable.get(resource).copied().unwrap_or_default();
    if resource == "cpu" { quantity.milli_value() } else { quantity.value() }
}

/// A name that no node has.
fn new_name(evidence: &Evidence<'_>) -> String {
    let mut name = "new-node".to_owned();
    while evidence.situation.node(&name).is_some() {
        name.push('x');
    }
    name
}

/// A node that has just joined: nothing runs there, it is well and not cordoned, and labels that repeat the
/// name have the new one.
fn empty_copy(node: &Node, name: &str) -> Node {
    let mut copy = Node::default();
    let labels = node.metadata.labels.iter().map(|(key, value)| {
        let is_name = *value == node.metadata.name || key == HOSTNAME;
        (key.clone(), if is_name { name.to_owned() } else { value.clone() })
    });
    copy.metadata.labels = labels.collect();
    name.clone_into(&mut copy.metadata.name);
    copy.spec.taints =
        node.spec.taints.iter().filter(|taint| !is_set_by_kubernetes(&taint.key)).cloned().collect();
    for taint in &mut copy.spec.taints {
        taint.time_added = None;
    }
    copy.status.allocatable.clone_from(&node.status.allocatable);
    copy.status.declared_features.clone_from(&node.status.declared_features);
    copy
}
