//! Constraints with `whenUnsatisfiable: ScheduleAnyway`.

use std::borrow::Cow;

use base::{Map, Set, Symbol};

use super::{has_all_keys, includes, matching_pods};
use crate::framework::{Cycle, Normalization, Score};
use crate::model::{Pod, SpreadConstraint};
use crate::snapshot::{NodeInfo, Row};

pub(super) struct SoftSpread<'a> {
    pod: &'a Pod,
    constraints: Vec<Constraint<'a>>,
    /// Feasible nodes that lack a topology key; they score 0.
    ignored: Set<Row>,
}

struct Constraint<'a> {
    constraint: Cow<'a, SpreadConstraint>,
    /// Matching pods per domain, or `None` for hostnames, which are counted node by node.
    counts: Option<Map<Symbol, i64>>,
    /// The more domains there are, the more one pod weighs.
    weight: f64,
}

impl<'a> SoftSpread<'a> {
    pub(super) fn new(
        cycle: Cycle<'a>,
        pod: &'a Pod,
        constraints: Vec<Cow<'a, SpreadConstraint>>,
        requires_all_keys: bool,
        hostname: Symbol,
        feasible: &[&'a NodeInfo],
    ) -> SoftSpread<'a> {
        let is_ignored = |node: &NodeInfo| requires_all_keys && !has_all_keys(&constraints, node);
        let ignored: Set<Row> =
            feasible.iter().filter(|node| is_ignored(node)).map(|node| node.row).collect();
        let n_counted = feasible.len() - ignored.len();

        let mut counts: Vec<Option<Map<Symbol, i64>>> = Vec::new();
        for constraint in &constraints {
            counts.push((constraint.topology_key != hostname).then(|| {
                let counted = feasible.iter().filter(|node| !ignored.contains(&node.row));
                // Without the label a node is in the domain of the empty value, as upstream has it.
                let domain = |node: &&NodeInfo| node.node.labels.get(constraint.topology_key);
                counted.map(|node| (domain(node).unwrap_or(Symbol::EMPTY), 0)).collect()
            }));
        }
        for node in cycle.snapshot.nodes().filter(|node| !is_ignored(node)) {
            for (constraint, counts) in constraints.iter().zip(&mut counts) {
                let Some(counts) = counts else { continue };
                let domain = node.node.labels.get(constraint.topology_key).unwrap_or(Symbol::EMPTY);
                let Some(count) = counts.get_mut(&domain) else { continue };
                if includes(constraint, pod, node) {
                    *count += matching_pods(constraint, pod, node);
                }
            }
        }
        let constraints = constraints.into_iter().zip(counts).map(|(constraint, counts)| {
            let n_domains = counts.as_ref().map_or(n_counted, Map::len);
            Constraint { constraint, counts, weight: ((n_domains + 2) as f64).ln() }
        });
        SoftSpread { pod, constraints: constraints.collect(), ignored }
    }
}

impl Score for SoftSpread<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        if self.ignored.contains(&node.row) {
            return 0;
        }
        let mut sum = 0.0;
        for constraint in &self.constraints {
            let rule = &constraint.constraint;
            let Some(domain) = node.node.labels.get(rule.topology_key) else { continue };
            let count = match &constraint.counts {
                None => matching_pods(rule, self.pod, node),
                Some(counts) => counts.get(&domain).copied().unwrap_or(0),
            };
            sum += count as f64 * constraint.weight + (rule.max_skew - 1) as f64;
        }
        sum.round() as i64
    }

    fn normalization(&self) -> Normalization {
        Normalization::Spread
    }

    fn takes_part(&self, node: &NodeInfo) -> bool {
        !self.ignored.contains(&node.row)
    }
}
