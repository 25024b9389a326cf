//! Op-codes that make nodes and namespaces.

use std::rc::Rc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::requests::Requests;
use super::run::Run;
use crate::bench::opcodes::{CreateNamespaces, CreateNodes, NodeAllocatableStrategy};

const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
const MIGRATED_PLUGINS_ANNOTATION: &str = "storage.alpha.kubernetes.io/migrated-plugins";
const DECLARED_FEATURES_PARAM: &str = "numNodeDeclaredFeatures";
/// An API server gives it to new nodes if the plugin TaintNodesByCondition is not disabled.
const NOT_READY_TAINT: &str = "node.kubernetes.io/not-ready";

impl Run<'_> {
    pub(super) async fn create_nodes(&mut self, op: &CreateNodes, index: usize) -> Result<()> {
        let count = self.params.required_count("count", op.count, op.count_param.as_deref())?;
        let features = self.declared_features()?;
        let template_params = self.template_params(&op.template_params)?;
        let mut tasks = JoinSet::new();
        for i in 0..count {
            let mut node = match &op.node_template_path {
                Some(path) => self.templates.tree(path, i, count, &template_params)?.as_ref().clone(),
                None => base_node(index),
            };
            if node["kind"] != "Node" {
                bail!("nodeTemplatePath: this is no Node");
            }
            self.n_nodes += 1;
            prepare(op, &mut node, i, self.n_nodes, &features);
            let csi_node = op.node_allocatable_strategy.as_ref().map(|strategy| csi_node(strategy, &node));
            let (requests, slot) = (self.requests.clone(), self.requests.slot().await?);
            tasks.spawn(async move {
                create_ready(&requests, &node).await?;
                if let Some(csi_node) = csi_node {
                    requests.create_any(&csi_node, None).await?;
                }
                drop(slot);
                Ok(())
            });
            while let Some(ended) = tasks.try_join_next() {
                Run::failed(ended)?;
            }
        }
        while let Some(ended) = tasks.join_next().await {
            Run::failed(ended)?;
        }
        Ok(())
    }

    fn declared_features(&self) -> Result<Vec<String>> {
        let Some(value) = self.params.value(DECLARED_FEATURES_PARAM) else { return Ok(Vec::new()) };
        let n = value.as_u64().with_context(|| format!("parameter {DECLARED_FEATURES_PARAM} is {value}"))?;
        Ok((1..=n).map(|i| format!("Feature{i}")).collect())
    }

    pub(super) async fn create_namespaces(&mut self, op: &CreateNamespaces) -> Result<()> {
        let count = self.params.required_count("count", op.count, op.count_param.as_deref())?;
        for i in 0..count {
            let mut namespace = match &op.namespace_template_path {
                None => Rc::new(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": {} })),
                Some(path) => self.templates.tree(path, i, count, &Default::default())?,
            };
            let namespace = Rc::make_mut(&mut namespace);
            namespace["metadata"]["name"] = format!("{}-{i}", op.prefix).into();
            self.requests.create_any(namespace, None).await?;
        }
        Ok(())
    }
}

/// Applies what the op-code says to the i-th node, which is the n-th of all.
fn prepare(op: &CreateNodes, node: &mut Value, i: u64, n: u64, features: &[String]) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let metadata = &mut node["metadata"];
    let name = text(&metadata["name"])
        .unwrap_or_else(|| format!("{}{n}", text(&metadata["generateName"]).unwrap_or_default()));
    metadata["name"] = name.as_str().into();
    metadata["labels"][HOSTNAME_LABEL] = name.as_str().into();
    if let Some(strategy) = &op.label_node_prepare_strategy {
        let value = &strategy.label_values[i as usize % strategy.label_values.len()];
        metadata["labels"][&strategy.label_key] = value.as_str().into();
    }
    if let Some(strategy) = &op.unique_node_label_strategy {
        metadata["labels"][&strategy.label_key] = name.into();
    }
    if let Some(strategy) = &op.node_allocatable_strategy {
        let status = &mut node["status"];
        if status["allocatable"].is_null() {
            status["allocatable"] = status["capacity"].clone();
        }
        for (name, amount) in &strategy.node_allocatable {
            status["allocatable"][name] = amount.to_string().into();
        }
    }
    if !features.is_empty() {
        node["status"]["declaredFeatures"] = json!(features);
    }
}

/// Creates a node on which pods may run: who gives it a taint because nobody has seen it ready is contradicted.
async fn create_ready(requests: &Requests, node: &Value) -> Result<()> {
    let path = requests.create_any(node, None).await?;
    if requests.is_foreign() {
        let made = requests.get(&path).await?;
        let taints = made["spec"]["taints"].as_array().map_or(&[][..], Vec::as_slice);
        if taints.iter().any(|taint| taint["key"] == NOT_READY_TAINT) {
            requests.patch(&path, &json!({ "spec": { "taints": node["spec"]["taints"] } })).await?;
        }
    }
    Ok(())
}

fn csi_node(strategy: &NodeAllocatableStrategy, node: &Value) -> Value {
    let name = &node["metadata"]["name"];
    let drivers = strategy.csi_node_allocatable.iter().map(|(driver, allocatable)| {
        json!({
            "name": driver, "nodeID": name, "topologyKeys": null,
            "allocatable": { "count": allocatable.count },
        })
    });
    let mut csi_node = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": { "name": name },
        "spec": { "drivers": drivers.collect::<Vec<_>>() },
    });
    if !strategy.migrated_plugins.is_empty() {
        csi_node["metadata"]["annotations"][MIGRATED_PLUGINS_ANNOTATION] =
            strategy.migrated_plugins.join(",").into();
    }
    csi_node
}

/// The node that is made without a template.
pub(super) fn base_node(index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "generateName": format!("node-{index}-") },
        "status": {
            "capacity": { "pods": "110", "cpu": "4", "memory": "32Gi" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}
