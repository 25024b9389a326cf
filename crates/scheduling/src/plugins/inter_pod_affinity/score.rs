//! Preferred affinity and anti-affinity, of the incoming pod and of those that exist.

use base::{Set, Symbol};

use super::{IncomingTerm, InterPodAffinity, Tally};
use crate::framework::{Cycle, Normalization, Score, ScorePlan};
use crate::model::{Labels, Pod, WeightedTerm};
use crate::snapshot::NodeInfo;

struct SumPlaces {
    sums: Tally,
    /// The topology keys that occur in `sums`.
    keys: Vec<Symbol>,
}

struct Weighing<'a> {
    plugin: &'a InterPodAffinity,
    pod: &'a Pod,
    namespace_labels: &'a Labels,
    preferred: Vec<(i64, IncomingTerm<'a>)>,
    sums: Tally,
}

pub(super) fn prepare<'a>(plugin: &'a InterPodAffinity, cycle: Cycle<'a>, pod: &'a Pod) -> ScorePlan<'a> {
    let affinity = &pod.shape.pod_affinity;
    if plugin.ignores_preferences_of_existing_pods && !affinity.has_preferences() {
        return ScorePlan::skip();
    }
    let weighted = |terms: &'a [WeightedTerm], sign: i64| {
        terms.iter().map(move |weighted| (sign * weighted.weight, IncomingTerm::new(&weighted.term, cycle)))
    };
    let mut weighing = Weighing {
        plugin,
        pod,
        namespace_labels: cycle.cluster.namespace_labels(pod.shape.namespace),
        preferred: weighted(&affinity.preferred_affinity, 1)
            .chain(weighted(&affinity.preferred_anti_affinity, -1))
            .collect(),
        sums: Tally::default(),
    };
    if affinity.has_preferences() {
        for node in cycle.snapshot.nodes() {
            node.pods().iter().for_each(|existing| weighing.weigh(existing, node));
        }
    } else {
        for node in cycle.snapshot.nodes_with_affinity() {
            node.pods().iter().for_each(|existing| weighing.weigh(existing, node));
        }
    }
    if weighing.sums.is_empty() {
        return ScorePlan::skip();
    }
    let keys: Set<Symbol> = weighing.sums.0.keys().map(|(key, _)| *key).collect();
    ScorePlan::with(SumPlaces { sums: weighing.sums, keys: keys.into_iter().collect() })
}

impl Weighing<'_> {
    fn weigh(&mut self, existing: &Pod, node: &NodeInfo) {
        for (weight, term) in &self.preferred {
            if term.matches(existing) {
                self.sums.add(node, term.term.topology_key, *weight, false);
            }
        }
        let theirs = &existing.shape.pod_affinity;
        if !theirs.is_given {
            return;
        }
        if self.plugin.hard_pod_affinity_weight > 0 {
            for term in &theirs.affinity {
                self.weigh_term(term, self.plugin.hard_pod_affinity_weight, node);
            }
        }
        for weighted in &theirs.preferred_affinity {
            self.weigh_term(&weighted.term, weighted.weight, node);
        }
        for weighted in &theirs.preferred_anti_affinity {
            self.weigh_term(&weighted.term, -weighted.weight, node);
        }
    }

    fn weigh_term(&mut self, term: &crate::model::AffinityTerm, weight: i64, node: &NodeInfo) {
        let shape = &self.pod.shape;
        if term.matches(shape.namespace, self.namespace_labels, &shape.labels) {
            self.sums.add(node, term.topology_key, weight, false);
        }
    }
}

impl Score for SumPlaces {
    fn score(&self, node: &NodeInfo) -> i64 {
        let labels = &node.node.labels;
        let places = self.keys.iter().filter_map(|key| Some((*key, labels.get(*key)?)));
        places.map(|(key, value)| self.sums.at(key, value)).sum()
    }

    fn normalization(&self) -> Normalization {
        Normalization::Range
    }
}
