//! Every plugin's verdict and score for every node, for one pod.
//!
//! A decision stops at the first refusal of a node and scores only what is left. An explanation asks every
//! plugin about every node, so that one can see all that stands in the way, and also keeps the scores when
//! there was only one node to choose from.

use base::Symbol;
use wire::config::ExtensionPoint;

use crate::framework::filters::{PreFilterReport, PreFiltered};
use crate::framework::{Cycle, Profile, Status};
use crate::model::Pod;
use crate::reference::{self, Circumstances, Decision, Scores};
use crate::snapshot::{NodeInfo, Row};

/// All that is to be said about one pod.
pub struct Explanation {
    /// What keeps the pod out of the queue; nothing else is filled in then.
    pub pre_enqueue: Vec<Status>,
    /// What PreFilter says.
    pub pre_filter: Option<PreFilterExplanation>,
    /// Every node, in the order in which they are looked at; empty if PreFilter rejected the pod.
    pub nodes: Vec<NodeExplanation>,
    /// The scores of the feasible nodes.
    pub scores: Option<FeasibleScores>,
    /// What was decided; `None` for gated pods.
    pub decision: Option<Decision>,
}

/// What PreFilter says.
pub struct PreFilterExplanation {
    /// The combined verdict.
    pub result: Result<(), Status>,
    /// The nodes that plugins narrowed the search to.
    pub nodes: Option<Vec<Symbol>>,
    /// What every plugin says on its own.
    pub plugins: Vec<PreFilterReport>,
}

/// What the filters say about one node.
pub struct NodeExplanation {
    /// The node.
    pub row: Row,
    /// Whether the pod fits there.
    pub verdict: Verdict,
    /// What each plugin says about the node as it is, without nominated pods; those that accept it are left out.
    pub refused_by: Vec<Status>,
}

/// Whether a pod fits on a node.
pub enum Verdict {
    /// It does.
    Fits,
    /// It does not.
    Refused(Status),
    /// PreFilter left the node out.
    LeftOut,
}

/// The scores of the feasible nodes, in columns parallel to `rows`.
pub struct FeasibleScores {
    /// The nodes.
    pub rows: Vec<Row>,
    /// How they compare, or why scoring failed.
    pub scores: Result<Scores, Status>,
}

/// Explains what is decided about a pod.
pub fn explain<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    circumstances: &mut Circumstances,
) -> Explanation {
    let mut explanation = Explanation {
        pre_enqueue: Vec::new(),
        pre_filter: None,
        nodes: Vec::new(),
        scores: None,
        decision: None,
    };
    let gates = profile.at(ExtensionPoint::PreEnqueue);
    explanation.pre_enqueue =
        gates.filter_map(|plugin| plugin.plugin.pre_enqueue(cycle, pod).err()).collect();
    if !explanation.pre_enqueue.is_empty() {
        return explanation;
    }
    let decision = reference::decide(cycle, profile, pod, circumstances);
    if cycle.snapshot.is_empty() || pod.shape.needs.pod_group.is_some() {
        explanation.decision = Some(decision);
        return explanation;
    }
    let combined = PreFiltered::run(cycle, profile, pod);
    let mut each = PreFiltered::run_all(cycle, profile, pod);
    if combined.result.is_ok() {
        explanation.nodes = explain_nodes(cycle, &combined, &mut each);
        explanation.scores = explain_scores(cycle, profile, pod, &explanation.nodes, &decision);
    }
    explanation.pre_filter =
        Some(PreFilterExplanation { result: combined.result, nodes: combined.nodes, plugins: each.reports });
    explanation.decision = Some(decision);
    explanation
}

fn explain_nodes(
    cycle: Cycle<'_>,
    combined: &PreFiltered<'_>,
    each: &mut PreFiltered<'_>,
) -> Vec<NodeExplanation> {
    let is_left_out = |name: Symbol| combined.nodes.as_ref().is_some_and(|names| !names.contains(&name));
    let explain = |node: &NodeInfo| {
        let refused_by = each.filters.check_each(node);
        let verdict = if is_left_out(node.node.name) {
            Verdict::LeftOut
        } else {
            each.filters.check_with_nominated(node).map_or_else(Verdict::Refused, |()| Verdict::Fits)
        };
        NodeExplanation { row: node.row, verdict, refused_by }
    };
    cycle.snapshot.nodes().map(explain).collect()
}

fn explain_scores<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    nodes: &[NodeExplanation],
    decision: &Decision,
) -> Option<FeasibleScores> {
    let rows: Vec<Row> = match decision {
        Decision::Placed(selection) if selection.is_nominated => selection.feasible.clone(),
        _ => nodes.iter().filter(|node| matches!(node.verdict, Verdict::Fits)).map(|node| node.row).collect(),
    };
    if rows.is_empty() {
        return None;
    }
    let infos: Vec<&NodeInfo> = rows.iter().map(|row| cycle.snapshot.node(*row)).collect();
    let scores = Scores::compute(cycle, profile, pod, &infos);
    Some(FeasibleScores { rows, scores })
}
