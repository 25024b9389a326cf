//! The op-codes of scheduler_perf, under its field names. Each family has a file with what its op-codes do.

mod nodes;
mod objects;
mod pods;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::run::{Run, Stop};

/// One step of a workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "opcode", rename_all = "camelCase")]
pub(super) enum Op {
    CreateNodes(CreateNodes),
    CreateNamespaces(CreateNamespaces),
    CreatePods(CreatePods),
    CreatePodSets(CreatePodSets),
    CreateAny(CreateAny),
    UpdateAny(UpdateAny),
    DeletePods(DeletePods),
    Churn(Churn),
    Barrier(Barrier),
    Sleep(Sleep),
    StartCollectingMetrics(StartCollectingMetrics),
    StopCollectingMetrics(StopCollectingMetrics),
    CreateResourceDriver(CreateResourceDriver),
    AllocResourceClaims(AllocResourceClaims),
}

/// Values for a template besides `.Index` and `.Count`; `$name` is a parameter of the workload.
pub(super) type TemplateParams = BTreeMap<String, Value>;

macro_rules! op {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub(super) struct $name { $($(#[$field_meta])* pub(super) $field: $type,)* }
    };
}

op! {
    /// Nodes, all of one template.
    CreateNodes {
        count: Option<u64>,
        count_param: Option<String>,
        node_template_path: Option<String>,
        node_allocatable_strategy: Option<NodeAllocatableStrategy>,
        label_node_prepare_strategy: Option<LabelNodePrepareStrategy>,
        unique_node_label_strategy: Option<UniqueNodeLabelStrategy>,
        template_params: TemplateParams,
    }
}
op! {
    /// What nodes offer besides what their template says, and the volume limits of their CSI drivers.
    NodeAllocatableStrategy {
        node_allocatable: BTreeMap<String, wire::Quantity>,
        csi_node_allocatable: BTreeMap<String, wire::VolumeNodeResources>,
        migrated_plugins: Vec<String>,
    }
}
op! {
    /// A label whose values go round.
    LabelNodePrepareStrategy {
        label_key: String,
        label_values: Vec<String>,
    }
}
op! {
    /// A label with a value of its own for each node.
    UniqueNodeLabelStrategy {
        label_key: String,
    }
}
op! {
    /// Namespaces `<prefix>-0`, `<prefix>-1` …
    CreateNamespaces {
        prefix: String,
        count: Option<u64>,
        count_param: Option<String>,
        namespace_template_path: Option<String>,
    }
}
op! {
    /// Pods, and unless it is to be skipped, waiting until all are bound.
    CreatePods {
        /// Inside `createPodSets`, the op-code may be repeated.
        opcode: Option<String>,
        count: Option<u64>,
        count_param: Option<String>,
        steady_state: bool,
        steady_state_param: Option<String>,
        duration: Option<String>,
        duration_param: Option<String>,
        collect_metrics: bool,
        namespace: Option<String>,
        pod_template_path: Option<String>,
        skip_wait_to_completion: bool,
        persistent_volume_template_path: Option<String>,
        persistent_volume_claim_template_path: Option<String>,
        template_params: TemplateParams,
    }
}
op! {
    /// The same `createPods` in several namespaces.
    CreatePodSets {
        count: Option<u64>,
        count_param: Option<String>,
        namespace_prefix: String,
        create_pods_op: CreatePods,
    }
}
op! {
    /// Objects of any kind.
    CreateAny {
        namespace: Option<String>,
        template_path: String,
        count: Option<u64>,
        count_param: Option<String>,
        template_params: TemplateParams,
    }
}
op! {
    /// Objects in a new form.
    UpdateAny {
        namespace: Option<String>,
        template_path: String,
        count: Option<u64>,
        count_param: Option<String>,
        update_per_second: u64,
        subresources: Vec<String>,
        template_params: TemplateParams,
    }
}
op! {
    /// Pods go.
    DeletePods {
        namespace: String,
        label_selector: BTreeMap<String, String>,
        skip_wait_to_completion: bool,
        delete_pods_per_second: u64,
    }
}
op! {
    /// Objects come, or come and go, from now on.
    Churn {
        mode: Option<ChurnMode>,
        number: u64,
        interval_milliseconds: u64,
        namespace: Option<String>,
        template_paths: Vec<String>,
    }
}
op! {
    /// Waits for pods that nobody has waited for yet.
    Barrier {
        namespaces: Vec<String>,
        label_selector: BTreeMap<String, String>,
        stage_requirement: Stage,
    }
}
op! {
    /// Time passes.
    Sleep {
        duration: Option<String>,
        duration_param: Option<String>,
    }
}
op! {
    /// What happens from now on is measured.
    StartCollectingMetrics {
        name: String,
        namespaces: Vec<String>,
        label_selector: BTreeMap<String, String>,
    }
}
op! {
    /// The measuring ends.
    StopCollectingMetrics {}
}
op! {
    /// A driver that offers devices on some nodes.
    CreateResourceDriver {
        driver_name: String,
        nodes: String,
        max_claims_per_node: Option<u64>,
        max_claims_per_node_param: Option<String>,
    }
}
op! {
    /// Claims are given devices without a pod.
    AllocResourceClaims {
        namespace: String,
    }
}

/// How a `churn` goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ChurnMode {
    /// Objects come.
    Create,
    /// Objects come and go in turn.
    Recreate,
}

/// What a pod has to have reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Stage {
    /// It is bound.
    #[default]
    Scheduled,
    /// It has been decided about, or is held back by a gate.
    Attempted,
}

impl Op {
    /// The op-code.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Op::CreateNodes(_) => "createNodes",
            Op::CreateNamespaces(_) => "createNamespaces",
            Op::CreatePods(_) => "createPods",
            Op::CreatePodSets(_) => "createPodSets",
            Op::CreateAny(_) => "createAny",
            Op::UpdateAny(_) => "updateAny",
            Op::DeletePods(_) => "deletePods",
            Op::Churn(_) => "churn",
            Op::Barrier(_) => "barrier",
            Op::Sleep(_) => "sleep",
            Op::StartCollectingMetrics(_) => "startCollectingMetrics",
            Op::StopCollectingMetrics(_) => "stopCollectingMetrics",
            Op::CreateResourceDriver(_) => "createResourceDriver",
            Op::AllocResourceClaims(_) => "allocResourceClaims",
        }
    }

    /// Whether something is measured by it, or until it.
    pub(super) fn collects_metrics(&self) -> bool {
        match self {
            Op::CreatePods(op) => op.collect_metrics,
            Op::CreatePodSets(op) => op.create_pods_op.collect_metrics,
            Op::StopCollectingMetrics(_) => true,
            _ => false,
        }
    }

    /// What is wrong with it whatever the parameters are.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Op::CreatePods(op) => op.problem(),
            Op::CreatePodSets(op) => {
                op.create_pods_op.problem().map(|problem| format!("createPodsOp: {problem}"))
            }
            Op::CreateAny(op) if op.template_path.is_empty() => Some("templatePath must be given".to_owned()),
            Op::UpdateAny(op) if op.template_path.is_empty() => Some("templatePath must be given".to_owned()),
            Op::UpdateAny(op) => {
                let other = op.subresources.iter().find(|name| *name != "resize");
                other.map(|name| format!("subresources: {name:?} is none that is known here; that is resize"))
            }
            Op::DeletePods(op) if op.namespace.is_empty() => Some("namespace must be given".to_owned()),
            Op::Churn(op) => op.problem(),
            Op::CreateNodes(op) => op.problem(),
            Op::StartCollectingMetrics(op) if op.namespaces.is_empty() => {
                Some("namespaces must be given".to_owned())
            }
            _ => None,
        }
    }

    /// Why a scheduler without a cluster around it cannot carry it out, if so.
    pub(super) fn needs_more_than_the_core(&self) -> Option<String> {
        match self {
            Op::CreateResourceDriver(CreateResourceDriver {
                driver_name,
                nodes,
                max_claims_per_node,
                max_claims_per_node_param,
            }) => {
                let n = max_claims_per_node.map(|n| n.to_string());
                let n = max_claims_per_node_param.clone().or(n).unwrap_or_else(|| "all".to_owned());
                Some(format!(
                    "createResourceDriver: devices of {driver_name} ({n} claims on each of {nodes}) need a driver, \
                     and the core does not allocate devices yet"
                ))
            }
            Op::AllocResourceClaims(AllocResourceClaims { namespace }) => Some(format!(
                "allocResourceClaims: the core does not allocate devices yet (claims of namespace {namespace})"
            )),
            _ => None,
        }
    }

    /// Carries it out; `index` is its place in the workload.
    pub(super) fn run(&self, run: &mut Run<'_>, index: usize) -> Result<(), Stop> {
        if let Some(reason) = self.needs_more_than_the_core() {
            return Err(Stop::NotRun(reason));
        }
        match self {
            Op::CreateNodes(op) => op.run(run, index),
            Op::CreateNamespaces(op) => op.run(run),
            Op::CreatePods(op) => op.run(run, index),
            Op::CreatePodSets(op) => op.run(run),
            Op::CreateAny(op) => op.run(run),
            Op::UpdateAny(op) => op.run(run),
            Op::DeletePods(op) => op.run(run),
            Op::Churn(op) => op.run(run, index),
            Op::Barrier(op) => op.run(run),
            Op::Sleep(op) => op.run(run),
            Op::StartCollectingMetrics(op) => op.run(run),
            Op::StopCollectingMetrics(_) => run.stop_collecting(),
            Op::CreateResourceDriver(_) | Op::AllocResourceClaims(_) => Ok(()),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Scheduled => "bound",
            Stage::Attempted => "tried",
        })
    }
}
