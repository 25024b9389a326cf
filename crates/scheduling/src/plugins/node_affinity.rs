//! NodeAffinity: node selector, required and preferred node affinity, and what the configuration adds.

use wire::config::{ExtensionPoint, PluginArgs};

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Normalization, Plugin, PreFilter,
    Reason, Registration, Resource, Scope, Score, ScorePlan, Status,
};
use crate::model::affinity::{NodeSelector, NodeSelectorTerm, preferred_terms};
use crate::model::{self, Pod};
use crate::snapshot::{NodeInfo, Row, Snapshot};

const NAME: &str = "NodeAffinity";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PreScore,
        ExtensionPoint::Score,
    ],
    events: &[ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_LABEL))],
    filter_scope: Some(Scope::Node),
    score_scope: Some(Scope::Node),
    ..Registration::named(NAME, |build| {
        let mut plugin = NodeAffinity {
            added_required: None,
            added_preferred: Box::new([]),
            has_added_preferences: false,
        };
        if let Some(PluginArgs::NodeAffinity(args)) = build.args
            && let Some(added) = &args.added_affinity
        {
            let required = added.required_during_scheduling_ignored_during_execution.as_ref();
            plugin.added_required =
                required.map(|selector| NodeSelector::compile(selector, &mut build.compiler));
            let preferred = &added.preferred_during_scheduling_ignored_during_execution;
            plugin.has_added_preferences = !preferred.is_empty();
            plugin.added_preferred = preferred_terms(preferred, &mut build.compiler)
                .map_err(|error| format!("parsing preferred addedAffinity: {error}"))?;
        }
        Ok(Box::new(plugin))
    })
};

struct NodeAffinity {
    added_required: Option<NodeSelector>,
    added_preferred: Box<[(i64, NodeSelectorTerm)]>,
    /// Whether preferred terms are added at all, even if none of them counts.
    has_added_preferences: bool,
}

struct Admit<'a> {
    added: Option<&'a NodeSelector>,
    affinity: &'a model::NodeAffinity,
}

struct SumWeights<'a> {
    added: &'a [(i64, NodeSelectorTerm)],
    preferred: &'a [(i64, NodeSelectorTerm)],
}

impl Plugin for NodeAffinity {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        let affinity = &pod.shape.node_affinity;
        if affinity.requires_nothing() && self.added_required.is_none() {
            return FilterPlan::skip();
        }
        let mut plan = FilterPlan::check(Admit { added: self.added_required.as_ref(), affinity });
        match affinity.required.as_ref().and_then(NodeSelector::named_nodes) {
            None => {}
            Some([]) => {
                let reason = Reason::fixed("pod affinity terms conflict");
                plan.verdict = PreFilter::Reject(Status::unresolvable(NAME, reason));
            }
            Some(names) => plan.nodes = Some(names.to_vec()),
        }
        plan
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let Changed::Node { old, new: Some(new) } = changed else { return Hint::Skip };
        if self.added_required.as_ref().is_some_and(|added| !added.matches(new)) {
            return Hint::Skip;
        }
        let affinity = &pod.shape.node_affinity;
        let begins_to_match = affinity.admits(new) && old.is_none_or(|old| !affinity.admits(old));
        Hint::queue_if(begins_to_match || affinity.cannot_tell(new))
    }

    fn score<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        match &pod.shape.node_affinity.preferred {
            Err(error) => ScorePlan::fail(Status::error(NAME, error.clone())),
            Ok(preferred) => {
                let score = SumWeights { added: &self.added_preferred, preferred };
                if pod.shape.node_affinity.has_preferences || self.has_added_preferences {
                    ScorePlan::with(score)
                } else {
                    ScorePlan::skipped_but(score)
                }
            }
        }
    }
}

impl Admit<'_> {
    /// Whether what the configuration adds refuses the node.
    fn is_refused_by_added(&self, node: &NodeInfo) -> bool {
        self.added.is_some_and(|added| !added.matches(&node.node))
    }
}

impl Filter for Admit<'_> {
    fn kind(&self, node: &NodeInfo) -> Option<u64> {
        Some(u64::from(self.is_refused_by_added(node)))
    }

    fn is_of_one_kind(&self) -> bool {
        self.added.is_none()
    }

    fn refuse_all(&self, snapshot: &Snapshot, refuse: &mut dyn FnMut(Row, Option<Status>)) {
        let admitted = snapshot.admitted_by(self.affinity);
        for row in snapshot.order() {
            let is_refused_by_added =
                self.added.is_some_and(|added| !added.matches(&snapshot.node(*row).node));
            if is_refused_by_added || !admitted[row.index()] {
                refuse(*row, None);
            }
        }
    }

    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if self.is_refused_by_added(node) {
            let reason = Reason::fixed("node(s) didn't match scheduler-enforced node affinity");
            return Err(Status::unresolvable(NAME, reason));
        }
        if !self.affinity.admits(&node.node) {
            let reason = Reason::fixed("node(s) didn't match Pod's node affinity/selector");
            return Err(Status::unresolvable(NAME, reason));
        }
        Ok(())
    }
}

impl Score for SumWeights<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let terms = self.added.iter().chain(self.preferred);
        terms.filter(|(_, term)| term.matches(&node.node)).map(|(weight, _)| weight).sum()
    }

    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        for (weight, term) in self.added.iter().chain(self.preferred) {
            for (score, matches) in scores.iter_mut().zip(snapshot.matching(term)) {
                *score += if matches { *weight } else { 0 };
            }
        }
    }

    fn normalization(&self) -> Normalization {
        Normalization::Proportional
    }
}
