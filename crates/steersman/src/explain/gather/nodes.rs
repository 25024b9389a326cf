//! The nodes, in order of interest.

use std::cmp::Reverse;

use base::{Map, Set};
use scheduling::explanation::{self, Explanation, NodeExplanation};
use scheduling::framework::Status;
use scheduling::reference::{Decision, Scores};
use scheduling::snapshot::Row;

use super::reasons::Reasons;
use crate::explain::report::{Node, Score, Verdict};

/// Feasible nodes by total, then refused ones by how much speaks against them.
pub(super) fn all(reasons: &Reasons<'_>, explanation: &Explanation, decision: &Decision) -> Vec<Node> {
    let scored = Scored::new(explanation, decision);
    let mut nodes: Vec<Node> = explanation.nodes.iter().map(|node| one(reasons, node, &scored)).collect();
    nodes.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.node.cmp(&b.node)));
    nodes
}

type Order = (Verdict, bool, Reverse<Option<i64>>, usize, usize);

fn order(node: &Node) -> Order {
    let n_reasons = node.refusals.iter().map(|refusal| refusal.reasons.len()).sum();
    (node.verdict, !node.is_chosen, Reverse(node.total), node.refusals.len(), n_reasons)
}

/// The nodes that were compared.
struct Scored<'e> {
    positions: Map<Row, usize>,
    scores: Option<&'e Scores>,
    host: Option<Row>,
    best: Set<Row>,
}

impl<'e> Scored<'e> {
    /// The decision's own scores come first: if the configuration ends the search early, it compared fewer
    /// nodes than the explanation does. It has none if there was nothing to compare.
    fn new(explanation: &'e Explanation, decision: &'e Decision) -> Scored<'e> {
        let (mut rows, mut scores, mut host, mut best): (&[Row], _, _, &[Row]) = (&[], None, None, &[]);
        if let Some(feasible) = &explanation.scores {
            (rows, scores) = (&feasible.rows, feasible.scores.as_ref().ok());
        }
        if let Decision::Placed(selection) = decision {
            if let Some(own) = &selection.scores {
                scores = Some(own);
            }
            if selection.scores.is_some() || selection.is_nominated {
                rows = &selection.feasible;
            }
            (host, best) = (Some(selection.host), &selection.best);
        }
        let positions = rows.iter().enumerate().map(|(i, row)| (*row, i)).collect();
        Scored { positions, scores, host, best: best.iter().copied().collect() }
    }
}

fn one(reasons: &Reasons<'_>, node: &NodeExplanation, scored: &Scored<'_>) -> Node {
    let name = reasons.situation.node_name(node.row);
    let position = scored.positions.get(&node.row);
    let (verdict, decisive) = match &node.verdict {
        explanation::Verdict::Fits if position.is_some() => (Verdict::Fits, None),
        explanation::Verdict::Fits => (Verdict::NotLookedAt, None),
        explanation::Verdict::Refused(status) => (Verdict::Refused, Some(status)),
        explanation::Verdict::LeftOut => (Verdict::LeftOut, None),
    };
    let is_promised = decisive.is_some() && node.refused_by.is_empty();
    let statuses: Vec<&Status> =
        if is_promised { decisive.into_iter().collect() } else { node.refused_by.iter().collect() };
    let (scores, total) = match (scored.scores, position) {
        (Some(scores), Some(i)) => (scores_at(scores, *i), scores.total.get(*i).copied()),
        _ => (Vec::new(), None),
    };
    Node {
        node: name.to_owned(),
        verdict,
        refused_by: decisive.map(|status| status.plugin),
        is_promised,
        refusals: statuses.iter().map(|status| reasons.refusal(status, Some(node.row))).collect(),
        scores,
        total,
        is_chosen: scored.host == Some(node.row),
        is_best: scored.best.contains(&node.row),
    }
}

fn scores_at(scores: &Scores, i: usize) -> Vec<Score> {
    let one = |plugin: &scheduling::reference::PluginScores| Score {
        plugin: plugin.plugin,
        raw: plugin.raw[i],
        normalized: plugin.normalized[i],
        weight: plugin.weight,
        weighted: plugin.weight * plugin.normalized[i],
    };
    scores.plugins.iter().map(one).collect()
}
