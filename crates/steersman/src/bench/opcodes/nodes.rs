//! Op-codes that make nodes and namespaces.

use anyhow::{Context, Result, anyhow};
use wire::{CsiNode, CsiNodeDriver, CsiNodeSpec, Namespace, Node, NodeSpec, NodeStatus, Object, ObjectMeta};

use super::{CreateNamespaces, CreateNodes, NodeAllocatableStrategy};
use crate::bench::run::{Run, Stop};

const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
const MIGRATED_PLUGINS_ANNOTATION: &str = "storage.alpha.kubernetes.io/migrated-plugins";
/// Upstream sets declared features in the program, from this parameter.
const DECLARED_FEATURES_PARAM: &str = "numNodeDeclaredFeatures";

impl CreateNodes {
    pub(super) fn problem(&self) -> Option<String> {
        let strategies = [
            self.node_allocatable_strategy.is_some(),
            self.label_node_prepare_strategy.is_some(),
            self.unique_node_label_strategy.is_some(),
        ];
        if strategies.iter().filter(|given| **given).count() > 1 {
            return Some("only one strategy can be given".to_owned());
        }
        let values = self.label_node_prepare_strategy.as_ref().map(|strategy| &strategy.label_values);
        values
            .filter(|values| values.is_empty())
            .map(|_| "labelNodePrepareStrategy.labelValues must have a value".to_owned())
    }

    pub(super) fn run(&self, run: &mut Run<'_>, index: usize) -> Result<(), Stop> {
        let count = run.params.required_count("count", self.count, self.count_param.as_deref())?;
        let features = declared_features(run)?;
        let template_params = run.template_params(&self.template_params)?;
        for i in 0..count {
            let mut node = match &self.node_template_path {
                Some(path) => run.templates.node(path, i, count, &template_params)?,
                None => base_node(index)?,
            };
            if node.metadata.name.is_empty() {
                node.metadata.name = format!("{}{}", node.metadata.generate_name, run.next_node());
            }
            let name = node.metadata.name.clone();
            node.metadata.labels.insert(HOSTNAME_LABEL.to_owned(), name.clone());
            node.status.declared_features.extend(features.iter().cloned());
            self.prepare(&mut node, i);
            run.world.create(node.into())?;
            if let Some(strategy) = &self.node_allocatable_strategy {
                run.world.create(strategy.csi_node(name))?;
            }
        }
        Ok(())
    }

    /// Applies what the op-code says to the i-th node.
    fn prepare(&self, node: &mut Node, i: u64) {
        if let Some(strategy) = &self.node_allocatable_strategy {
            if node.status.allocatable.is_empty() {
                node.status.allocatable.clone_from(&node.status.capacity);
            }
            let more = strategy.node_allocatable.iter().map(|(name, amount)| (name.clone(), *amount));
            node.status.allocatable.extend(more);
        }
        if let Some(strategy) = &self.label_node_prepare_strategy {
            let value = &strategy.label_values[i as usize % strategy.label_values.len()];
            node.metadata.labels.insert(strategy.label_key.clone(), value.clone());
        }
        if let Some(strategy) = &self.unique_node_label_strategy {
            node.metadata.labels.insert(strategy.label_key.clone(), node.metadata.name.clone());
        }
    }
}

impl NodeAllocatableStrategy {
    fn csi_node(&self, node: String) -> Object {
        let mut metadata = ObjectMeta { name: node.clone(), ..ObjectMeta::default() };
        if !self.migrated_plugins.is_empty() {
            metadata
                .annotations
                .insert(MIGRATED_PLUGINS_ANNOTATION.to_owned(), self.migrated_plugins.join(","));
        }
        let drivers = self.csi_node_allocatable.iter().map(|(name, allocatable)| CsiNodeDriver {
            name: name.clone(),
            node_id: node.clone(),
            allocatable: Some(allocatable.clone()),
            ..CsiNodeDriver::default()
        });
        CsiNode { metadata, spec: CsiNodeSpec { drivers: drivers.collect() } }.into()
    }
}

fn declared_features(run: &Run<'_>) -> Result<Vec<String>> {
    let Some(value) = run.params.value(DECLARED_FEATURES_PARAM) else { return Ok(Vec::new()) };
    let n = value.as_u64().with_context(|| format!("parameter {DECLARED_FEATURES_PARAM} is {value}"))?;
    Ok((1..=n).map(|i| format!("Feature{i}")).collect())
}

/// The node that is made without a template.
fn base_node(index: usize) -> Result<Node> {
    let amount = |name: &str, text: &str| {
        let quantity = text.parse().map_err(|error| anyhow!("{text}: {error}"))?;
        Ok::<_, anyhow::Error>((name.to_owned(), quantity))
    };
    Ok(Node {
        metadata: ObjectMeta { generate_name: format!("node-{index}-"), ..ObjectMeta::default() },
        spec: NodeSpec::default(),
        status: NodeStatus {
            capacity: [amount("pods", "110")?, amount("cpu", "4")?, amount("memory", "32Gi")?].into(),
            ..NodeStatus::default()
        },
    })
}

impl CreateNamespaces {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let count = run.params.required_count("count", self.count, self.count_param.as_deref())?;
        for i in 0..count {
            let mut namespace = match &self.namespace_template_path {
                None => Namespace::default(),
                Some(path) => match run.templates.object(path, i, count, &Default::default())? {
                    Some(Object::Namespace(namespace)) => *namespace,
                    _ => return Err(anyhow!("namespaceTemplatePath: {path}: this is no Namespace").into()),
                },
            };
            namespace.metadata.name = format!("{}-{i}", self.prefix);
            run.world.create(namespace.into())?;
        }
        Ok(())
    }
}
