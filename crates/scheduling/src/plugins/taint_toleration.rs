//! TaintToleration: pods stay off nodes with taints they do not tolerate, and prefer nodes with few taints
//! that only discourage.

use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Normalization, Plugin, Reason,
    Registration, Resource, Scope, Score, ScorePlan, Status, Value,
};
use crate::model::{Effect, Node, Pod, Toleration, taints};
use crate::snapshot::{NodeInfo, Row, Snapshot};

const NAME: &str = "TaintToleration";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Filter, ExtensionPoint::PreScore, ExtensionPoint::Score],
    events: &[
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_TAINT)),
        ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_TOLERATION),
    ],
    filter_scope: Some(Scope::Node),
    score_scope: Some(Scope::Node),
    score_without_pre_score: Some("error reading \"PreScoreTaintToleration\" from cycleState: not found"),
    ..Registration::named(NAME, |_| Ok(Box::new(TaintToleration)))
};

struct TaintToleration;

struct RefuseUntolerated<'a> {
    cycle: Cycle<'a>,
    tolerations: &'a [Toleration],
}

struct CountDiscouraging<'a> {
    /// The tolerations that can apply to taints with effect PreferNoSchedule.
    tolerations: Vec<&'a Toleration>,
}

impl Plugin for TaintToleration {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        FilterPlan::check(RefuseUntolerated { cycle, tolerations: &pod.shape.tolerations })
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let tolerations = &pod.shape.tolerations;
        let repels = |node: &Node| taints::untolerated(&node.taints, tolerations).is_some();
        match changed {
            Changed::Node { old, new: Some(new) } => Hint::queue_if(!repels(new) && old.is_none_or(repels)),
            Changed::Node { .. } | Changed::Storage { .. } => Hint::Skip,
            Changed::Pod { .. } => Hint::queue_if(changed.is_pod(pod)),
        }
    }

    fn score<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        let tolerations = pod.shape.tolerations.iter().filter(|t| t.concerns_prefer_no_schedule()).collect();
        ScorePlan::with(CountDiscouraging { tolerations })
    }
}

impl Filter for RefuseUntolerated<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let Some(taint) = taints::untolerated(&node.node.taints, self.tolerations) else { return Ok(()) };
        let symbols = self.cycle.symbols;
        let text = taints::describe(taint, symbols);
        let reason =
            Reason::fixed("node(s) had untolerated taint(s)").with("taint", Value::Text(text.into()));
        Err(Status::unresolvable(NAME, reason))
    }

    fn kind(&self, _node: &NodeInfo) -> Option<u64> {
        Some(0)
    }

    fn is_of_one_kind(&self) -> bool {
        true
    }

    fn refuse_all(&self, snapshot: &Snapshot, refuse: &mut dyn FnMut(Row, Option<Status>)) {
        for (taints, rows) in snapshot.columns().repelling() {
            if taints::untolerated(taints, self.tolerations).is_some() {
                rows.iter().for_each(|row| refuse(*row, None));
            }
        }
    }
}

impl Score for CountDiscouraging<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let discouraging = node.node.taints.iter().filter(|taint| taint.effect == Effect::PreferNoSchedule);
        discouraging.filter(|taint| !self.tolerations.iter().any(|t| t.tolerates(taint))).count() as i64
    }

    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        for row in snapshot.columns().discouraging() {
            scores[row.index()] = self.score(snapshot.node(*row));
        }
    }

    fn normalization(&self) -> Normalization {
        Normalization::ReverseProportional
    }
}
