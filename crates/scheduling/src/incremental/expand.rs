//! What is kept about a pod's shape, written out node by node. For tests, which compare it with the reference
//! evaluator's.

use super::sheet::Offer;
use super::state::{First, State};
use super::table::Key;
use super::{Evaluator, is_crowded};
use crate::framework::{Cycle, Profile, Status};
use crate::model::Pod;
use crate::snapshot::Row;

/// What is kept, node by node.
#[derive(Clone, Debug, Default)]
pub struct Expanded {
    /// Every node, in the snapshot's order.
    pub nodes: Vec<(Row, ExpandedNode)>,
    /// The rows with the highest total, in that order; empty unless the pod fits on at least two nodes.
    pub best: Vec<Row>,
}

/// What is kept about one node.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpandedNode {
    /// Why the pod does not fit, without operands.
    Refused(Status),
    /// The pod fits.
    Fits {
        /// Per plugin that compares nodes, by position among the profile's scores: raw and normalized. Plugins
        /// whose scores need no comparison are summed up in `base`.
        compared: Vec<(usize, i64, i64)>,
        /// Σ weight × score of the others.
        base: i64,
        /// The total.
        total: i64,
    },
}

impl Evaluator {
    /// What is kept about a pod's shape, up to date; `None` if such pods are decided the long way.
    pub fn expand(
        &mut self,
        cycle: Cycle<'_>,
        position: usize,
        profile: &Profile,
        pod: &Pod,
    ) -> Option<Expanded> {
        if cycle.nominator.node_of(&pod.uid).is_some() {
            return None;
        }
        if !self.is_known_form(cycle, position, profile, pod) {
            return None;
        }
        let key = self.key(cycle, position, pod)?;
        if self.catch_up(key, cycle, profile, pod).is_none() {
            let first = First::new(cycle, profile, pod, &mut self.counts, &mut self.work, &mut self.spare)?;
            let state = State::new(first, pod, cycle, &self.counts, &mut self.spare);
            self.keep(key, state, cycle.snapshot.len())?;
        }
        let (state, counts) = (self.states.get(&key)?, &self.counts);
        if state.has_rules() && is_crowded(cycle, pod) {
            return None;
        }
        let all: Vec<(&Key, Offer)> = state.table.groups().map(|group| (&group.key, group.offer())).collect();
        state.plan.survey(&all, counts)?;
        let groups: Vec<_> = state.plan.feasible(&all, counts).into_iter().map(|i| all[i]).collect();
        let comparison = state.plan.compare(&groups, counts);
        let mut expanded = Expanded::default();
        for row in cycle.snapshot.order() {
            let (_, base, key) = state.table.get(*row)?;
            let node = match state.verdicts.refusal(state.verdict(*row, counts)?) {
                Some((_, status)) => ExpandedNode::Refused(status.clone()),
                None => {
                    let group = groups.iter().position(|(known, _)| *known == key)?;
                    let compared = comparison.scores(group).collect();
                    ExpandedNode::Fits { compared, base, total: base + comparison.offset(group)? }
                }
            };
            expanded.nodes.push((*row, node));
        }
        let total = |node: &ExpandedNode| match node {
            ExpandedNode::Refused(_) => None,
            ExpandedNode::Fits { total, .. } => Some(*total),
        };
        let max = expanded.nodes.iter().filter_map(|(_, node)| total(node)).max();
        let best = expanded.nodes.iter().filter(|(_, node)| total(node).is_some() && total(node) == max);
        expanded.best = best.map(|(row, _)| *row).collect();
        Some(expanded)
    }
}
