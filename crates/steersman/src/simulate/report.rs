//! The result of a simulation as a document. Its field names are a promise to programs that read it.

use std::collections::BTreeMap;

use scheduling::model::PodKey;
use serde::Serialize;

use crate::simulation::{Blame, LeftOver, Placed, PoolUsage, Preempted, SimulationResult, Usage};

/// All that is to be said about a simulation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) summary: Summary,
    /// The expressions that were applied.
    pub(super) what_if: Vec<String>,
    /// In the order in which the pods were placed.
    pub(super) placements: Vec<Placement>,
    pub(super) preempted: Vec<PreemptedPod>,
    pub(super) left_over: Vec<LeftOverPod>,
    pub(super) utilisation: Vec<Pool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) nodes: usize,
    pub(super) bound: usize,
    /// Always `placed` and `leftOver` together: what was given, plus `replacements`, minus `replaced`.
    pub(super) pending: usize,
    /// Pods made by controllers in place of preempted ones.
    pub(super) replacements: usize,
    /// Pending pods that were placed, preempted and replaced: their replacements are counted instead.
    pub(super) replaced: usize,
    pub(super) placed: usize,
    pub(super) preempted: usize,
    pub(super) left_over: usize,
    /// Pods that have run to their end: not scheduled.
    pub(super) finished: usize,
    /// Terminating pods without a node: not scheduled.
    pub(super) terminating: usize,
    pub(super) attempts: u64,
    pub(super) seed: u64,
    /// Objects that scheduling does not depend on, by kind.
    pub(super) passed_over: BTreeMap<String, usize>,
    /// What to know about the objects passed over; absent if nothing follows from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placement {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) node: String,
    pub(super) priority: i32,
    /// The node's total score; null if there was only one to choose from.
    pub(super) score: Option<i64>,
    pub(super) feasible_nodes: usize,
    pub(super) nodes: usize,
    /// How many nodes shared the highest score.
    pub(super) ties: usize,
    pub(super) attempts: u32,
    /// Whether room had been made for the pod on this node.
    pub(super) nominated: bool,
    /// Who had to leave, as NAMESPACE/NAME.
    pub(super) preempted: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreemptedPod {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) priority: i32,
    pub(super) node: String,
    /// For whom, as NAMESPACE/NAME.
    pub(super) by: String,
    /// The pod that its controller made instead, as NAMESPACE/NAME; null if there is none.
    pub(super) replaced_by: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeftOverPod {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) priority: i32,
    pub(super) attempts: u32,
    pub(super) reason: &'static str,
    pub(super) message: String,
    /// The plugins that refused it, most nodes first.
    pub(super) plugins: Vec<Refuser>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refuser {
    pub(super) plugin: &'static str,
    pub(super) nodes: usize,
    pub(super) reasons: Vec<CountedReason>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountedReason {
    pub(super) reason: String,
    pub(super) nodes: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pool {
    pub(super) pool: String,
    pub(super) nodes: usize,
    pub(super) resources: Vec<Resource>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    pub(super) resource: String,
    pub(super) allocatable: String,
    pub(super) before: Amount,
    pub(super) after: Amount,
    /// For people.
    #[serde(skip)]
    pub(super) allocatable_text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amount {
    /// Exactly, as a Kubernetes quantity.
    pub(super) requested: String,
    /// Of what is allocatable; null if that is nothing.
    pub(super) percent: Option<f64>,
    /// For people.
    #[serde(skip)]
    pub(super) text: String,
}

impl Report {
    pub(super) fn new(
        result: SimulationResult,
        passed_over: BTreeMap<String, usize>,
        hint: Option<String>,
        what_if: &[String],
        seed: u64,
    ) -> Report {
        Report {
            summary: Summary {
                nodes: result.n_nodes,
                bound: result.n_bound,
                pending: result.n_pending,
                replacements: result.n_replacements,
                replaced: result.n_replaced,
                placed: result.placed.len(),
                preempted: result.preempted.len(),
                left_over: result.left_over.len(),
                finished: result.n_finished,
                terminating: result.n_terminating,
                attempts: result.n_attempts,
                seed,
                passed_over,
                hint,
            },
            what_if: what_if.to_vec(),
            placements: result.placed.into_iter().map(Placement::from).collect(),
            preempted: result.preempted.into_iter().map(PreemptedPod::from).collect(),
            left_over: result.left_over.into_iter().map(LeftOverPod::from).collect(),
            utilisation: result.pools.into_iter().map(Pool::from).collect(),
        }
    }
}

fn names(key: &PodKey) -> (String, String) {
    (key.namespace.to_string(), key.name.to_string())
}

impl From<Placed> for Placement {
    fn from(placed: Placed) -> Placement {
        let (namespace, name) = names(&placed.pod);
        Placement {
            namespace,
            name,
            node: placed.node,
            priority: placed.priority,
            score: placed.score,
            feasible_nodes: placed.n_feasible,
            nodes: placed.n_nodes,
            ties: placed.n_ties,
            attempts: placed.n_attempts,
            nominated: placed.is_nominated,
            preempted: placed.victims.iter().map(PodKey::to_string).collect(),
        }
    }
}

impl From<Preempted> for PreemptedPod {
    fn from(preempted: Preempted) -> PreemptedPod {
        let (namespace, name) = names(&preempted.pod);
        PreemptedPod {
            namespace,
            name,
            priority: preempted.priority,
            node: preempted.node,
            by: preempted.by.to_string(),
            replaced_by: preempted.replaced_by.as_ref().map(PodKey::to_string),
        }
    }
}

impl From<LeftOver> for LeftOverPod {
    fn from(left_over: LeftOver) -> LeftOverPod {
        let (namespace, name) = names(&left_over.pod);
        LeftOverPod {
            namespace,
            name,
            priority: left_over.priority,
            attempts: left_over.n_attempts,
            reason: left_over.reason,
            message: left_over.message,
            plugins: left_over.blame.into_iter().map(Refuser::from).collect(),
        }
    }
}

impl From<Blame> for Refuser {
    fn from(blame: Blame) -> Refuser {
        let reasons = blame.reasons.into_iter().map(|(reason, nodes)| CountedReason { reason, nodes });
        Refuser { plugin: blame.plugin, nodes: blame.n_nodes, reasons: reasons.collect() }
    }
}

impl From<PoolUsage> for Pool {
    fn from(pool: PoolUsage) -> Pool {
        let resources = pool.resources.into_iter().map(Resource::from).collect();
        Pool { pool: pool.pool, nodes: pool.n_nodes, resources }
    }
}

impl From<Usage> for Resource {
    fn from(usage: Usage) -> Resource {
        let amount = |amount: i64| Amount {
            requested: usage.quantity(amount).to_string(),
            percent: usage.percent(amount),
            text: usage.describe(amount),
        };
        Resource {
            allocatable: usage.quantity(usage.allocatable).to_string(),
            before: amount(usage.before),
            after: amount(usage.after),
            allocatable_text: usage.describe(usage.allocatable),
            resource: usage.resource,
        }
    }
}
