//! Storage classes.

use std::sync::Arc;

use base::Symbol;

use crate::model::{Compiler, Node};

/// When volumes of a class are made or bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingMode {
    /// At once; by others than the scheduler.
    Immediate,
    /// When a pod needs them.
    WaitForFirstConsumer,
}

/// A storage class as the scheduler reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageClass {
    /// `metadata.name`.
    pub name: Symbol,
    /// `provisioner`.
    pub provisioner: Symbol,
    /// The driver that attaches its volumes, which for an in-tree provisioner is another one; `None` if they do not
    /// count.
    pub driver: Option<Symbol>,
    /// Whether volumes can be provisioned.
    pub can_provision: bool,
    /// `volumeBindingMode`.
    pub mode: Option<BindingMode>,
    /// `allowedTopologies`: one of them must hold, and all requirements of that. Empty is anywhere.
    pub topologies: Arc<[Topology]>,
}

/// Labels of a node, each with the values it may have.
pub type Topology = Box<[(Symbol, Box<[Symbol]>)]>;

impl StorageClass {
    /// Reads the object.
    pub fn compile(class: &wire::StorageClass, compiler: &mut Compiler<'_>) -> StorageClass {
        let topology = |term: &wire::TopologySelectorTerm, compiler: &mut Compiler<'_>| {
            let requirement = |requirement: &wire::TopologySelectorLabelRequirement| {
                (compiler.symbol(&requirement.key), compiler.symbols_of(&requirement.values))
            };
            term.match_label_expressions.iter().map(requirement).collect()
        };
        let provisioner = class.provisioner.as_str();
        let driver = match crate::model::InTreePlugin::named(provisioner) {
            Some(plugin) => plugin.is_translated().then(|| plugin.driver()),
            None => (!provisioner.is_empty()).then_some(provisioner),
        };
        StorageClass {
            name: compiler.symbol(&class.metadata.name),
            driver: driver.map(|driver| compiler.symbol(driver)),
            provisioner: compiler.symbol(provisioner),
            can_provision: !matches!(provisioner, "" | "kubernetes.io/no-provisioner"),
            mode: class.volume_binding_mode.as_deref().map(|mode| match mode {
                "WaitForFirstConsumer" => BindingMode::WaitForFirstConsumer,
                _ => BindingMode::Immediate,
            }),
            topologies: class.allowed_topologies.iter().map(|term| topology(term, compiler)).collect(),
        }
    }

    /// Whether volumes can be made for a node.
    pub fn allows(&self, node: &Node) -> bool {
        let has = |(key, values): &(Symbol, Box<[Symbol]>)| {
            node.labels.get(*key).is_some_and(|value| values.contains(&value))
        };
        self.topologies.is_empty()
            || self.topologies.iter().any(|topology| !topology.is_empty() && topology.iter().all(has))
    }
}
