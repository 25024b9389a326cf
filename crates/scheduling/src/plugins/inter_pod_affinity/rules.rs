//! Affinity as rules over counts: what Filter and Score say, without walking over pods.

use std::collections::BTreeMap;

use base::Symbol;

use super::filter::{AFFINITY, ANTI_AFFINITY, EXISTING_ANTI_AFFINITY};
use super::{IncomingTerm, InterPodAffinity, NAME};
use crate::framework::domains::{
    Axis, Combination, Count, Counted, CountedNodes, DomainScore, ExistingTerms, PodTerm, Rule, TermKind,
    Test, TopologyKey, term_means,
};
use crate::framework::{Cycle, Reason, Status};
use crate::model::{AffinityTerm, Pod, WeightedTerm};

fn selected(terms: Box<[PodTerm]>, key: Symbol) -> Count {
    Count {
        pods: Counted::Selected { terms, with_terminating: true },
        nodes: CountedNodes::default(),
        key: TopologyKey::Label(key),
    }
}

fn having(kind: TermKind, weight: i64, term: &AffinityTerm) -> Count {
    Count {
        pods: Counted::Having { kind, weight, term: term.clone() },
        nodes: CountedNodes::default(),
        key: TopologyKey::Label(term.topology_key),
    }
}

/// Required affinity and anti-affinity, of the incoming pod and of those that exist.
pub(super) fn filter(cycle: Cycle<'_>, pod: &Pod, existing: &dyn ExistingTerms) -> Vec<Rule> {
    let affinity = &pod.shape.pod_affinity;
    let mut rules = Vec::new();
    let near = IncomingTerm::all(&affinity.affinity, cycle);
    let wanted: Box<[PodTerm]> = near.iter().map(IncomingTerm::selection).collect();
    let is_own = near.iter().all(|term| term.matches(pod));
    for term in &near {
        let key = term.term.topology_key;
        let refusal = Status::unresolvable(NAME, Reason::fixed(AFFINITY));
        rules.push(Rule {
            key: TopologyKey::Label(key),
            counts: vec![selected(wanted.clone(), key)],
            test: Test::SomeThere { is_own },
            missing: Some(refusal.clone()),
            refusal,
        });
    }
    for term in IncomingTerm::all(&affinity.anti_affinity, cycle) {
        let key = term.term.topology_key;
        rules.push(none_there(key, vec![selected(Box::new([term.selection()]), key)], ANTI_AFFINITY));
    }
    let namespace_labels = cycle.cluster.namespace_labels(pod.shape.namespace);
    let mut theirs: BTreeMap<Symbol, Vec<Count>> = BTreeMap::new();
    existing.for_each(&pod.shape.labels, &mut |kind, weight, term| {
        if kind == TermKind::AntiAffinity && term_means(term, pod, namespace_labels) {
            theirs.entry(term.topology_key).or_default().push(having(kind, weight, term));
        }
    });
    rules.extend(theirs.into_iter().map(|(key, counts)| none_there(key, counts, EXISTING_ANTI_AFFINITY)));
    rules
}

fn none_there(key: Symbol, counts: Vec<Count>, text: &'static str) -> Rule {
    Rule {
        key: TopologyKey::Label(key),
        counts,
        test: Test::NoneThere,
        refusal: Status::unschedulable(NAME, Reason::fixed(text)),
        missing: None,
    }
}

/// Preferred affinity and anti-affinity, of the incoming pod and of those that exist.
pub(super) fn score(
    plugin: &InterPodAffinity,
    cycle: Cycle<'_>,
    pod: &Pod,
    existing: &dyn ExistingTerms,
) -> DomainScore {
    let affinity = &pod.shape.pod_affinity;
    let mut sums: BTreeMap<Symbol, Vec<(i64, Count)>> = BTreeMap::new();
    if !plugin.ignores_preferences_of_existing_pods || affinity.has_preferences() {
        let mut add = |terms: &[WeightedTerm], sign: i64| {
            for weighted in terms {
                let key = weighted.term.topology_key;
                let selection = IncomingTerm::new(&weighted.term, cycle).selection();
                let count = selected(Box::new([selection]), key);
                sums.entry(key).or_default().push((sign * weighted.weight, count));
            }
        };
        add(&affinity.preferred_affinity, 1);
        add(&affinity.preferred_anti_affinity, -1);
        let namespace_labels = cycle.cluster.namespace_labels(pod.shape.namespace);
        existing.for_each(&pod.shape.labels, &mut |kind, weight, term| {
            let worth = match kind {
                TermKind::Affinity => plugin.hard_pod_affinity_weight,
                TermKind::AntiAffinity => 0,
                TermKind::PreferredAffinity => weight,
                TermKind::PreferredAntiAffinity => -weight,
            };
            if worth != 0 && term_means(term, pod, namespace_labels) {
                sums.entry(term.topology_key).or_default().push((worth, having(kind, weight, term)));
            }
        });
    }
    let axis = |(key, counts)| Axis { key: TopologyKey::Label(key), counts };
    DomainScore { axes: sums.into_iter().map(axis).collect(), combination: Combination::Sum }
}
