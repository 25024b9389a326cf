//! Constraints with `whenUnsatisfiable: DoNotSchedule`.

use std::borrow::Cow;

use base::{Map, Symbol};

use super::{NAME, has_all_keys, includes, matching_pods};
use crate::framework::{Cycle, Filter, Reason, Status, Value};
use crate::model::{Pod, SpreadConstraint};
use crate::snapshot::NodeInfo;

pub(super) const SKEWED: &str = "node(s) didn't match pod topology spread constraints";
pub(super) const MISSING_LABEL: &str =
    "node(s) didn't match pod topology spread constraints (missing required label)";

pub(super) struct HardSpread<'a> {
    pod: &'a Pod,
    constraints: Vec<Constraint<'a>>,
}

struct Constraint<'a> {
    constraint: Cow<'a, SpreadConstraint>,
    /// Matching pods per domain. A domain without any is listed with 0.
    counts: Map<Symbol, i64>,
    /// 1 if the pod would count itself.
    own: i64,
}

impl<'a> HardSpread<'a> {
    pub(super) fn new(
        cycle: Cycle<'a>,
        pod: &'a Pod,
        constraints: Vec<Cow<'a, SpreadConstraint>>,
    ) -> HardSpread<'a> {
        let mut counts = vec![Map::<Symbol, i64>::default(); constraints.len()];
        for node in cycle.snapshot.nodes().filter(|node| has_all_keys(&constraints, node)) {
            for (constraint, counts) in constraints.iter().zip(&mut counts) {
                let Some(domain) = node.node.labels.get(constraint.topology_key) else { continue };
                if includes(constraint, pod, node) {
                    *counts.entry(domain).or_default() += matching_pods(constraint, pod, node);
                }
            }
        }
        let constraints = constraints.into_iter().zip(counts).map(|(constraint, counts)| Constraint {
            own: i64::from(constraint.selector.matches(&pod.shape.labels)),
            constraint,
            counts,
        });
        HardSpread { pod, constraints: constraints.collect() }
    }

    fn adjust(&mut self, other: &Pod, node: &NodeInfo, by: i64) {
        let has_all = self
            .constraints
            .iter()
            .all(|constraint| node.node.labels.get(constraint.constraint.topology_key).is_some());
        if other.shape.namespace != self.pod.shape.namespace || !has_all {
            return;
        }
        for constraint in &mut self.constraints {
            let rule = &constraint.constraint;
            let Some(domain) = node.node.labels.get(rule.topology_key) else { continue };
            if rule.selector.matches(&other.shape.labels) && includes(rule, self.pod, node) {
                *constraint.counts.entry(domain).or_default() += by;
            }
        }
    }
}

impl Constraint<'_> {
    fn has_too_few_domains(&self) -> bool {
        (self.counts.len() as i64) < self.constraint.min_domains
    }

    /// The count of the emptiest domain, or 0 if there are fewer domains than wanted.
    fn min_count(&self) -> i64 {
        if self.has_too_few_domains() {
            return 0;
        }
        self.counts.values().min().copied().unwrap_or(i64::from(i32::MAX))
    }
}

impl Filter for HardSpread<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        for constraint in &self.constraints {
            let rule = &constraint.constraint;
            let Some(domain) = node.node.labels.get(rule.topology_key) else {
                let reason = Reason::fixed(MISSING_LABEL).with("topologyKey", Value::Name(rule.topology_key));
                return Err(Status::unresolvable(NAME, reason));
            };
            let min = constraint.min_count();
            let count = constraint.counts.get(&domain).copied().unwrap_or(0);
            if count + constraint.own - min > rule.max_skew {
                let mut reason = Reason::fixed(SKEWED)
                    .with("topologyKey", Value::Name(rule.topology_key))
                    .with("matching", Value::Count(count))
                    .with("fewest", Value::Count(min))
                    .with("maxSkew", Value::Count(rule.max_skew));
                if constraint.has_too_few_domains() {
                    reason = reason
                        .with("domains", Value::Count(constraint.counts.len() as i64))
                        .with("minDomains", Value::Count(rule.min_domains));
                }
                return Err(Status::unschedulable(NAME, reason));
            }
        }
        Ok(())
    }

    fn add_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        self.adjust(pod, node, 1);
    }

    fn remove_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        self.adjust(pod, node, -1);
    }
}
