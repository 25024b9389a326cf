//! What there is to say about a pod, as data: the text is written from it, and JSON and YAML are it.

mod preemption;

use kube_scheduler::why::Words;
use serde::Serialize;

pub(super) use preemption::{Candidate, Obstacles, Preemption, Victim};

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// `namespace/name`.
    pub(super) pod: String,
    /// The profile that decides for the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<String>,
    pub(super) outcome: Outcome,
    /// What the scheduler that is running says about the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheduler: Option<Words>,
    pub(super) basis: Basis,
    /// How many other pods have no node in the cluster as given.
    pub(super) n_others_pending: usize,
    /// Why the pod is not placed, in upstream's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// Where the pod really is, if it has a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) running_on: Option<RunningOn>,
    /// What keeps the pod out of the queue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pre_enqueue: Vec<Refusal>,
    /// What would be decided if nothing kept it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) without_gates: Option<WithoutGates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pre_filter: Option<PreFilter>,
    /// Feasible nodes, best first; then the others, those that lack least first.
    pub(super) nodes: Vec<Node>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) choice: Option<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preemption: Option<Preemption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why_not: Option<WhyNot>,
    /// Changes that were tried and help; `None` if there is nothing to help with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedies: Option<Vec<Remedy>>,
    /// How often each reason occurs, if the pod is not placed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reasons: Vec<ReasonCount>,
}

/// What becomes of the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// A node is chosen.
    Placed,
    /// No node will do.
    Unschedulable,
    /// The attempt fails for a reason that is not the cluster's state.
    Failed,
    /// It is not tried until its gates are removed.
    Gated,
    /// No profile decides for it.
    NoProfile,
    /// It is being deleted, and so passed over.
    Deleting,
    /// It has run to its end, and takes no room.
    Finished,
}

/// Which cluster the pod is judged against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Basis {
    /// The one in the files.
    AsGiven,
    /// The one that is left when all other pending pods have been decided about.
    AfterPending,
}

/// Where a pod is that is explained although it has a node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunningOn {
    pub(super) node: String,
    /// `Succeeded` or `Failed`: it takes no room any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finished: Option<String>,
    /// Whether its node is one of those with the highest total today, if it was decided anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_among_best: Option<bool>,
    /// By how many points its node scores lower than the best, if it is feasible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) points_behind: Option<i64>,
}

/// The decision about a gated pod without its gates.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithoutGates {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

/// What PreFilter says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreFilter {
    /// Why no node is looked at at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rejected: Option<Refusal>,
    /// How many nodes the search is narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n_nodes_left: Option<usize>,
    pub(super) plugins: Vec<PreFilterPlugin>,
}

/// What the PreFilter of one plugin says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreFilterPlugin {
    pub(super) plugin: &'static str,
    /// `Success`, `Skip` or the code of the rejection.
    pub(super) code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rejected: Option<Refusal>,
    /// The only nodes that can pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nodes: Option<Vec<String>>,
    /// How many nodes it leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n_left_out: Option<usize>,
}

/// One node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) node: String,
    pub(super) verdict: Verdict,
    /// The plugin whose refusal counts: the first in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused_by: Option<&'static str>,
    /// The node would do if no pod were nominated to it.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_promised: bool,
    /// What every plugin says that refuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refusals: Vec<Refusal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) scores: Vec<Score>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<i64>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_chosen: bool,
    /// It has the highest total.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_best: bool,
}

/// Whether the pod fits on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// It fits.
    Fits,
    /// It fits, but the search had ended before the node's turn.
    NotLookedAt,
    /// A filter refuses.
    Refused,
    /// PreFilter narrowed the search to other nodes.
    LeftOut,
}

/// What one plugin says that refuses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refusal {
    pub(super) plugin: &'static str,
    pub(super) code: &'static str,
    pub(super) reasons: Vec<Reason>,
}

/// A sentence and the figures and names behind it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reason {
    /// Upstream's sentence.
    pub(super) text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) operands: Vec<Operand>,
    /// What else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
}

/// A named figure or name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operand {
    pub(super) name: &'static str,
    /// As people read it.
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    /// What `value` counts: `millicores`, `bytes` or `pieces`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<&'static str>,
}

/// The score of one node under one plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Score {
    pub(super) plugin: &'static str,
    pub(super) raw: i64,
    pub(super) normalized: i64,
    pub(super) weight: i64,
    pub(super) weighted: i64,
}

/// How the node was chosen.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub(super) host: String,
    pub(super) how: How,
    pub(super) n_feasible: usize,
    /// The nodes with the highest total.
    pub(super) ties: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<i64>,
    pub(super) seed: u64,
}

/// Ways of choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum How {
    /// The pod was promised this node, and it still fits there.
    Nominated,
    /// It fits on no other.
    OnlyOne,
    /// It has a higher total than any other.
    HighestTotal,
    /// Drawn from several with the highest total.
    Drawn,
}

/// One node in full.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WhyNot {
    pub(super) node: String,
    /// What every filter plugin of the profile says, in order; empty if no node was looked at.
    pub(super) filters: Vec<FilterVerdict>,
    /// How it compares with the chosen node, if both are scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
}

/// What one filter plugin says about one node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilterVerdict {
    pub(super) plugin: &'static str,
    pub(super) verdict: Says,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Refusal>,
}

/// What a filter plugin can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Says {
    Accepts,
    Refuses,
    /// The pod asks for nothing that this plugin looks after.
    NothingToCheck,
}

/// Two nodes side by side.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comparison {
    pub(super) chosen: String,
    pub(super) total: i64,
    pub(super) chosen_total: i64,
    pub(super) lost_by: i64,
    pub(super) plugins: Vec<ComparedScore>,
}

/// The scores of two nodes under one plugin.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComparedScore {
    pub(super) plugin: &'static str,
    pub(super) node: Score,
    pub(super) chosen: Score,
}

/// A change that helps.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remedy {
    pub(super) kind: &'static str,
    pub(super) description: String,
    pub(super) change: ChangedObject,
    pub(super) result: RemedyResult,
}

/// What is changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangedObject {
    /// `edit`, `add` or `delete`.
    pub(super) action: &'static str,
    /// `Pod` or `Node`.
    pub(super) kind: &'static str,
    pub(super) name: String,
}

/// What was decided after the change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RemedyResult {
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
}

/// On how many nodes a reason occurs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReasonCount {
    pub(super) plugin: &'static str,
    pub(super) text: String,
    pub(super) n_nodes: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Report {
    /// The node of this name.
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.node == name)
    }
}
