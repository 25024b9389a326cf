//! Required affinity and anti-affinity.

use base::Symbol;

use super::{IncomingTerm, NAME, Tally};
use crate::framework::{Cycle, Filter, FilterPlan, Reason, Status, Value};
use crate::model::{Labels, Pod};
use crate::snapshot::NodeInfo;

pub(super) const AFFINITY: &str = "node(s) didn't match pod affinity rules";
pub(super) const ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";
pub(super) const EXISTING_ANTI_AFFINITY: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

struct RequiredTerms<'a> {
    pod: &'a Pod,
    namespace_labels: &'a Labels,
    affinity_terms: Vec<IncomingTerm<'a>>,
    anti_affinity_terms: Vec<IncomingTerm<'a>>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    /// Pods that match all of the incoming pod's affinity terms, per place of each term.
    affinity: Tally,
    /// Pods that match an anti-affinity term of the incoming pod, per place of that term.
    anti_affinity: Tally,
    /// Anti-affinity terms of pods that match the incoming pod, per place.
    existing_anti_affinity: Tally,
}

pub(super) fn prepare<'a>(cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
    let affinity = &pod.shape.pod_affinity;
    let mut filter = RequiredTerms {
        pod,
        namespace_labels: cycle.cluster.namespace_labels(pod.shape.namespace),
        affinity_terms: IncomingTerm::all(&affinity.affinity, cycle),
        anti_affinity_terms: IncomingTerm::all(&affinity.anti_affinity, cycle),
        counts: Counts::default(),
    };
    let has_terms = !filter.affinity_terms.is_empty() || !filter.anti_affinity_terms.is_empty();
    if has_terms {
        for node in cycle.snapshot.nodes() {
            node.pods().iter().for_each(|existing| filter.count_incoming(existing, node, 1));
        }
    }
    for node in
        cycle.snapshot.nodes_with_affinity().filter(|node| node.has_pods_with_required_anti_affinity())
    {
        node.pods().iter().for_each(|existing| filter.count_existing(existing, node, 1));
    }
    if !has_terms && filter.counts.existing_anti_affinity.is_empty() {
        return FilterPlan::skip();
    }
    FilterPlan::check(filter)
}

impl RequiredTerms<'_> {
    /// Counts `other` as one that the incoming pod's terms may mean.
    fn count_incoming(&mut self, other: &Pod, node: &NodeInfo, by: i64) {
        if !self.affinity_terms.is_empty() && self.affinity_terms.iter().all(|term| term.matches(other)) {
            for term in &self.affinity_terms {
                self.counts.affinity.add(node, term.term.topology_key, by, true);
            }
        }
        for term in self.anti_affinity_terms.iter().filter(|term| term.matches(other)) {
            self.counts.anti_affinity.add(node, term.term.topology_key, by, true);
        }
    }

    /// Counts the terms of `other` that mean the incoming pod.
    fn count_existing(&mut self, other: &Pod, node: &NodeInfo, by: i64) {
        let shape = &self.pod.shape;
        for term in &other.shape.pod_affinity.anti_affinity {
            if term.matches(shape.namespace, self.namespace_labels, &shape.labels) {
                self.counts.existing_anti_affinity.add(node, term.topology_key, by, true);
            }
        }
    }

    /// What the affinity terms lack on a node.
    fn affinity_refusal(&self, node: &NodeInfo) -> Option<Status> {
        let mut lonely = None;
        for term in &self.affinity_terms {
            let key = term.term.topology_key;
            let Some(value) = node.node.labels.get(key) else {
                return Some(Status::unresolvable(
                    NAME,
                    Reason::fixed(AFFINITY).with("missingLabel", Value::Name(key)),
                ));
            };
            if lonely.is_none() && self.counts.affinity.at(key, value) <= 0 {
                lonely = Some(key);
            }
        }
        let key = lonely?;
        // The first pods of a group that wants to be together must be able to start somewhere.
        if self.counts.affinity.is_empty() && self.affinity_terms.iter().all(|term| term.matches(self.pod)) {
            return None;
        }
        let reason = Reason::fixed(AFFINITY).with("topologyKey", Value::Name(key));
        Some(Status::unresolvable(NAME, reason.with("matchingPods", Value::Count(0))))
    }
}

fn refusal(text: &'static str, key: Symbol) -> Status {
    Status::unschedulable(NAME, Reason::fixed(text).with("topologyKey", Value::Name(key)))
}

impl Filter for RequiredTerms<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if let Some(refusal) = self.affinity_refusal(node) {
            return Err(refusal);
        }
        let labels = &node.node.labels;
        for term in &self.anti_affinity_terms {
            let key = term.term.topology_key;
            if labels.get(key).is_some_and(|value| self.counts.anti_affinity.at(key, value) > 0) {
                return Err(refusal(ANTI_AFFINITY, key));
            }
        }
        if !self.counts.existing_anti_affinity.is_empty() {
            let forbidden =
                labels.iter().find(|(key, value)| self.counts.existing_anti_affinity.at(*key, *value) > 0);
            if let Some((key, _)) = forbidden {
                return Err(refusal(EXISTING_ANTI_AFFINITY, key));
            }
        }
        Ok(())
    }

    fn add_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        self.count_incoming(pod, node, 1);
        self.count_existing(pod, node, 1);
    }

    fn remove_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        self.count_incoming(pod, node, -1);
        self.count_existing(pod, node, -1);
    }
}
