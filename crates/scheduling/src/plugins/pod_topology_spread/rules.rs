//! Spread constraints as rules over counts: what Filter and Score say, without walking over pods.

use std::borrow::Cow;

use base::Symbol;

use super::NAME;
use super::filter::{MISSING_LABEL, SKEWED};
use crate::framework::domains::{
    Axis, Combination, Count, Counted, CountedNodes, DomainScore, Namespaces, PodTerm, Rule, Test,
    TopologyKey,
};
use crate::framework::{Reason, Status};
use crate::model::{NodeAffinity, Pod, Selector, SpreadConstraint};

/// The pods that a constraint counts. An empty selector counts none.
fn counted(constraint: &SpreadConstraint, pod: &Pod) -> Counted {
    let selector =
        if constraint.selector.is_empty() { Selector::NOTHING } else { constraint.selector.clone() };
    let term = PodTerm { namespaces: Namespaces::Of(Box::new([pod.shape.namespace])), selector };
    Counted::Selected { terms: Box::new([term]), with_terminating: false }
}

/// The nodes on which it counts them.
fn counted_nodes(constraint: &SpreadConstraint, pod: &Pod, with_labels: &[Symbol]) -> CountedNodes {
    let affinity = &pod.shape.node_affinity;
    // Preferences admit every node: without them the same nodes are known to be the same.
    let required =
        || NodeAffinity { preferred: Ok(Box::default()), has_preferences: false, ..affinity.clone() };
    CountedNodes {
        with_labels: with_labels.into(),
        admitted_by: (constraint.honors_node_affinity && !affinity.requires_nothing()).then(required),
        tolerated_by: constraint.honors_node_taints.then(|| pod.shape.tolerations.clone()),
    }
}

fn keys(constraints: &[Cow<'_, SpreadConstraint>]) -> Vec<Symbol> {
    let mut keys: Vec<Symbol> = constraints.iter().map(|constraint| constraint.topology_key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Constraints with `whenUnsatisfiable: DoNotSchedule`.
pub(super) fn filter(pod: &Pod, constraints: &[Cow<'_, SpreadConstraint>]) -> Vec<Rule> {
    let with_labels = keys(constraints);
    let rule = |constraint: &Cow<'_, SpreadConstraint>| {
        let key = TopologyKey::Label(constraint.topology_key);
        Rule {
            key,
            counts: vec![Count {
                pods: counted(constraint, pod),
                nodes: counted_nodes(constraint, pod, &with_labels),
                key,
            }],
            test: Test::Skew {
                max_skew: constraint.max_skew,
                own: i64::from(constraint.selector.matches(&pod.shape.labels)),
                min_domains: constraint.min_domains,
            },
            refusal: Status::unschedulable(NAME, Reason::fixed(SKEWED)),
            missing: Some(Status::unresolvable(NAME, Reason::fixed(MISSING_LABEL))),
        }
    };
    constraints.iter().map(rule).collect()
}

/// Constraints with `whenUnsatisfiable: ScheduleAnyway`. Pods per hostname are counted node by node.
pub(super) fn score(
    pod: &Pod,
    constraints: &[Cow<'_, SpreadConstraint>],
    requires_all_labels: bool,
    hostname: Symbol,
) -> DomainScore {
    let with_labels = if requires_all_labels { keys(constraints) } else { Vec::new() };
    let axis = |constraint: &Cow<'_, SpreadConstraint>| {
        let (key, nodes) = if constraint.topology_key == hostname {
            (TopologyKey::Node, CountedNodes::default())
        } else {
            let nodes = counted_nodes(constraint, pod, &with_labels);
            (TopologyKey::Label(constraint.topology_key), nodes)
        };
        Axis { key, counts: vec![(1, Count { pods: counted(constraint, pod), nodes, key })] }
    };
    DomainScore {
        axes: constraints.iter().map(axis).collect(),
        combination: Combination::Spread {
            bonuses: constraints.iter().map(|constraint| constraint.max_skew - 1).collect(),
            labels: constraints.iter().map(|constraint| constraint.topology_key).collect(),
            requires_all_labels,
        },
    }
}
