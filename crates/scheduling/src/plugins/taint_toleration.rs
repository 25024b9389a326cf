//! TaintToleration: pods stay off nodes with taints they do not tolerate, and prefer nodes with few taints
//! that only discourage.

use wire::config::ExtensionPoint;

use crate::framework::plugin::default_normalize;
use crate::framework::{
    Cycle, Filter, FilterPlan, Plugin, Reason, Registration, Scope, Score, ScorePlan, Status, Value,
};
use crate::model::{Effect, Pod, Toleration, taints};
use crate::snapshot::NodeInfo;

const NAME: &str = "TaintToleration";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Filter, ExtensionPoint::PreScore, ExtensionPoint::Score],
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
}

impl Score for CountDiscouraging<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let discouraging = node.node.taints.iter().filter(|taint| taint.effect == Effect::PreferNoSchedule);
        discouraging.filter(|taint| !self.tolerations.iter().any(|t| t.tolerates(taint))).count() as i64
    }

    fn normalize(&self, _nodes: &[&NodeInfo], scores: &mut [i64]) {
        default_normalize(scores, true);
    }
}
