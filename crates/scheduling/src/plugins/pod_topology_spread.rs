//! PodTopologySpread: matching pods spread evenly over the values of a node label (KEP-895).
//!
//! Constraints that a pod does not write itself come from the configuration; their selector is what the pod's
//! services and controller select by.

mod filter;
mod hint;
mod rules;
mod score;

use std::borrow::Cow;

use wire::config::{ExtensionPoint, PluginArgs, PodTopologySpreadArgs};

use crate::framework::domains::{DomainScore, ExistingTerms, Rule};
use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, FilterPlan, Hint, Plugin, Registration, Resource, Scope,
    ScorePlan, Status,
};
use crate::model::{Pod, Selector, SpreadConstraint, taints};
use crate::snapshot::NodeInfo;

const NAME: &str = "PodTopologySpread";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PreScore,
        ExtensionPoint::Score,
    ],
    events: &[
        ClusterEvent::new(
            Resource::Pod,
            Actions::ADD.or(Actions::DELETE).or(Actions::UPDATE_POD_LABEL).or(Actions::UPDATE_POD_TOLERATION),
        ),
        ClusterEvent::new(
            Resource::Node,
            Actions::ADD.or(Actions::DELETE).or(Actions::UPDATE_NODE_LABEL).or(Actions::UPDATE_NODE_TAINT),
        ),
    ],
    filter_scope: Some(Scope::Cluster),
    score_scope: Some(Scope::Cluster),
    filter_without_pre_filter: Some("reading \"PreFilterPodTopologySpread\" from cycleState: not found"),
    score_without_pre_score: Some("error reading \"PreScorePodTopologySpread\" from cycleState: not found"),
    ..Registration::named(NAME, |build| {
        let args = match build.args {
            Some(PluginArgs::PodTopologySpread(args)) => args.clone(),
            _ => PodTopologySpreadArgs::default(),
        };
        let hostname = build.compiler.symbol("kubernetes.io/hostname");
        let zone = build.compiler.symbol("topology.kubernetes.io/zone");
        let defaults = if args.uses_system_defaults() {
            vec![
                SpreadConstraint::default_of(3, hostname, false),
                SpreadConstraint::default_of(5, zone, false),
            ]
        } else {
            let listed = args.default_constraints.iter().map(|constraint| {
                let mut compiled = SpreadConstraint::default_of(
                    i64::from(constraint.max_skew),
                    build.compiler.symbol(&constraint.topology_key),
                    constraint.when_unsatisfiable == "DoNotSchedule",
                );
                compiled.min_domains = i64::from(constraint.min_domains.unwrap_or(1));
                compiled.honors_node_affinity = constraint.node_affinity_policy.as_deref() != Some("Ignore");
                compiled.honors_node_taints = constraint.node_taints_policy.as_deref() == Some("Honor");
                compiled
            });
            listed.collect()
        };
        Ok(Box::new(PodTopologySpread {
            uses_system_defaults: args.uses_system_defaults(),
            defaults,
            hostname,
        }))
    })
};

struct PodTopologySpread {
    uses_system_defaults: bool,
    defaults: Vec<SpreadConstraint>,
    /// `kubernetes.io/hostname`: every node is a domain of its own.
    hostname: base::Symbol,
}

impl PodTopologySpread {
    /// Whether nodes that lack a topology key of a soft constraint score 0.
    fn requires_all_keys(&self, pod: &Pod) -> bool {
        pod.shape.spread.as_ref().is_ok_and(|own| !own.is_empty()) || !self.uses_system_defaults
    }

    /// The constraints of a pod: hard ones for Filter, soft ones for Score.
    fn constraints<'a>(
        &'a self,
        cycle: Cycle<'_>,
        pod: &'a Pod,
        hard: bool,
    ) -> Result<Vec<Cow<'a, SpreadConstraint>>, Status> {
        let own = pod.shape.spread.as_ref().map_err(|error| Status::error(NAME, error.clone()))?;
        if !own.is_empty() {
            return Ok(own.iter().filter(|c| c.is_hard == hard).map(Cow::Borrowed).collect());
        }
        if !self.defaults.iter().any(|constraint| constraint.is_hard == hard) {
            return Ok(Vec::new());
        }
        let selector = cycle.cluster.default_spread_selector(&pod.shape);
        if selector == Selector::EVERYTHING {
            return Ok(Vec::new());
        }
        let with_selector = |constraint: &SpreadConstraint| {
            Cow::Owned(SpreadConstraint { selector: selector.clone(), ..constraint.clone() })
        };
        Ok(self.defaults.iter().filter(|c| c.is_hard == hard).map(with_selector).collect())
    }
}

impl Plugin for PodTopologySpread {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match self.constraints(cycle, pod, true) {
            Err(status) => FilterPlan::reject(status),
            Ok(none) if none.is_empty() => FilterPlan::skip(),
            Ok(constraints) => FilterPlan::check(filter::HardSpread::new(cycle, pod, constraints)),
        }
    }

    fn filter_rules(&self, cycle: Cycle<'_>, pod: &Pod, _existing: &dyn ExistingTerms) -> Option<Vec<Rule>> {
        Some(rules::filter(pod, &self.constraints(cycle, pod, true).ok()?))
    }

    fn score_rules(&self, cycle: Cycle<'_>, pod: &Pod, _existing: &dyn ExistingTerms) -> Option<DomainScore> {
        let constraints = self.constraints(cycle, pod, false).ok()?;
        Some(rules::score(pod, &constraints, self.requires_all_keys(pod), self.hostname))
    }

    fn hint(&self, cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let Ok(constraints) = self.constraints(cycle, pod, true) else { return Hint::Queue };
        Hint::queue_if(match changed {
            Changed::Pod { old, new } => hint::pod_may_help(pod, &constraints, old, new),
            Changed::Node { old, new } => hint::node_may_help(&constraints, old, new),
            Changed::Storage { .. } => false,
        })
    }

    fn score<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod, feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        match self.constraints(cycle, pod, false) {
            Err(status) => ScorePlan::fail(status),
            Ok(none) if none.is_empty() => ScorePlan::skip(),
            Ok(constraints) => ScorePlan::with(score::SoftSpread::new(
                cycle,
                pod,
                constraints,
                self.requires_all_keys(pod),
                self.hostname,
                feasible,
            )),
        }
    }
}

/// Whether a node takes part in counting for a constraint of `pod`.
fn includes(constraint: &SpreadConstraint, pod: &Pod, node: &NodeInfo) -> bool {
    (!constraint.honors_node_affinity || pod.shape.node_affinity.admits(&node.node))
        && (!constraint.honors_node_taints
            || taints::untolerated(&node.node.taints, &pod.shape.tolerations).is_none())
}

/// How many pods on the node a constraint of `pod` counts. An empty selector counts none.
fn matching_pods(constraint: &SpreadConstraint, pod: &Pod, node: &NodeInfo) -> i64 {
    if constraint.selector.is_empty() {
        return 0;
    }
    let counts = |other: &Pod| {
        other.shape.namespace == pod.shape.namespace
            && !other.is_terminating
            && constraint.selector.matches(&other.shape.labels)
    };
    node.pods().iter().filter(|other| counts(other)).count() as i64
}

fn has_all_keys(constraints: &[Cow<'_, SpreadConstraint>], node: &NodeInfo) -> bool {
    constraints.iter().all(|constraint| node.node.labels.get(constraint.topology_key).is_some())
}
