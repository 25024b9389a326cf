//! A node as the scheduler sees it.

use base::{Set, Symbol};

use super::features::Features;
use super::{Compiler, Labels, Resources, Taint};

/// The scheduling-relevant content of a Node object, without what runs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: Symbol,
    /// `metadata.labels`.
    pub labels: Labels,
    /// Labels whose value is an integer, for the operators Gt and Lt.
    integer_labels: Box<[(Symbol, i64)]>,
    /// `spec.unschedulable`: cordoned.
    pub is_unschedulable: bool,
    /// `spec.taints`.
    pub taints: Box<[Taint]>,
    /// `status.allocatable`, without `pods`.
    pub allocatable: Resources,
    /// `status.allocatable["pods"]`.
    pub allocatable_pods: i64,
    /// `status.images`: each name with the size in bytes.
    pub images: Box<[(Symbol, i64)]>,
    /// `status.declaredFeatures` as far as known.
    pub features: Features,
    /// Region and zone in one key; nodes of one zone share it. Both empty: `Symbol::EMPTY`.
    pub zone: Symbol,
}

impl Node {
    /// Compiles a Node object.
    pub fn compile(node: &wire::Node, compiler: &mut Compiler<'_>) -> Node {
        let integers =
            node.metadata.labels.iter().filter_map(|(key, value)| Some((key, value.parse().ok()?)));
        let integer_labels = integers.map(|(key, value)| (compiler.symbol(key), value)).collect();
        let allocatable = &node.status.allocatable;
        let mut images: Vec<(Symbol, i64)> = Vec::new();
        let mut seen = Set::default();
        for image in &node.status.images {
            for name in &image.names {
                let name = compiler.symbol(name);
                if seen.insert(name) {
                    images.push((name, image.size_bytes));
                }
            }
        }
        Node {
            name: compiler.symbol(&node.metadata.name),
            labels: Labels::compile(&node.metadata.labels, compiler),
            integer_labels,
            is_unschedulable: node.spec.unschedulable,
            taints: node.spec.taints.iter().map(|taint| Taint::compile(taint, compiler)).collect(),
            allocatable: Resources::compile(
                allocatable.iter().map(|(name, quantity)| (name.as_str(), *quantity)),
                compiler,
            ),
            allocatable_pods: allocatable.get("pods").map_or(0, |pods| pods.value()),
            images: images.into_boxed_slice(),
            features: Features::declared(&node.status.declared_features),
            zone: zone_key(node, compiler),
        }
    }

    /// The value of label `key` if it is an integer.
    pub fn integer_label(&self, key: Symbol) -> Option<i64> {
        self.integer_labels.iter().find(|entry| entry.0 == key).map(|entry| entry.1)
    }
}

/// Upstream's key of a node's zone; the deprecated labels win where they are present.
fn zone_key(node: &wire::Node, compiler: &mut Compiler<'_>) -> Symbol {
    let label = |deprecated: &str, current: &str| {
        let labels = &node.metadata.labels;
        labels.get(deprecated).or_else(|| labels.get(current)).map_or("", String::as_str)
    };
    let zone = label("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
    let region = label("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
    if zone.is_empty() && region.is_empty() {
        return Symbol::EMPTY;
    }
    compiler.symbol(&format!("{region}:\0:{zone}"))
}
