//! InterPodAffinity: pods near or far from other pods.
//!
//! Filter reads three tables of counts per (topology key, value), kept up to date when pods are added or
//! removed: pods that the incoming pod's required affinity asks for, pods that its required anti-affinity
//! forbids, and pods whose own required anti-affinity forbids the incoming pod. Score reads one table of sums.

mod filter;
mod hint;
mod rules;
mod score;

use base::{Map, Symbol};
use wire::config::{ExtensionPoint, InterPodAffinityArgs, PluginArgs};

use crate::framework::domains::{DomainScore, ExistingTerms, Namespaces, PodTerm, Rule};
use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, FilterPlan, Hint, Plugin, Reason, Registration, Resource, Scope,
    ScorePlan, Status,
};
use crate::model::{AffinityTerm, Labels, Pod};
use crate::snapshot::NodeInfo;

const NAME: &str = "InterPodAffinity";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PreScore,
        ExtensionPoint::Score,
    ],
    events: &[
        ClusterEvent::new(Resource::Pod, Actions::ADD.or(Actions::DELETE).or(Actions::UPDATE_POD_LABEL)),
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_LABEL)),
    ],
    filter_scope: Some(Scope::Cluster),
    score_scope: Some(Scope::Cluster),
    filter_without_pre_filter: Some("error reading \"PreFilterInterPodAffinity\" from cycleState: not found"),
    score_without_pre_score: Some("failed to read \"PreScoreInterPodAffinity\" from cycleState: not found"),
    ..Registration::named(NAME, |build| {
        let args = match build.args {
            Some(PluginArgs::InterPodAffinity(args)) => args.clone(),
            _ => InterPodAffinityArgs::default(),
        };
        Ok(Box::new(InterPodAffinity {
            hard_pod_affinity_weight: i64::from(args.hard_pod_affinity_weight),
            ignores_preferences_of_existing_pods: args.ignore_preferred_terms_of_existing_pods,
        }))
    })
};

struct InterPodAffinity {
    /// What a required affinity term of an existing pod is worth where it would be met.
    hard_pod_affinity_weight: i64,
    ignores_preferences_of_existing_pods: bool,
}

impl Plugin for InterPodAffinity {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        let errors = &pod.shape.pod_affinity.errors;
        if !errors.is_empty() {
            let reason = Reason::text(format!("parsing pod: {}", errors.join(", ")));
            return FilterPlan::reject(Status::unresolvable(NAME, reason));
        }
        filter::prepare(cycle, pod)
    }

    fn filter_rules(&self, cycle: Cycle<'_>, pod: &Pod, existing: &dyn ExistingTerms) -> Option<Vec<Rule>> {
        let has_errors = !pod.shape.pod_affinity.errors.is_empty();
        (!has_errors).then(|| rules::filter(cycle, pod, existing))
    }

    fn score_rules(&self, cycle: Cycle<'_>, pod: &Pod, existing: &dyn ExistingTerms) -> Option<DomainScore> {
        Some(rules::score(self, cycle, pod, existing))
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        Hint::queue_if(match changed {
            Changed::Pod { old, new } => changed.is_pod(pod) || hint::pod_may_help(pod, old, new),
            Changed::Node { old, new } => new.is_some_and(|new| hint::node_may_help(pod, old, new)),
            Changed::Storage { .. } => false,
        })
    }

    fn score<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        score::prepare(self, cycle, pod)
    }
}

/// A term of the incoming pod with the namespaces that its selector chooses.
///
/// Upstream looks these namespaces up and then still applies the selector, to an empty set of labels. A
/// selector made of negative requirements only therefore matches pods of every namespace.
struct IncomingTerm<'a> {
    term: &'a AffinityTerm,
    chosen_namespaces: Vec<Symbol>,
    matches_any_namespace: bool,
}

impl<'a> IncomingTerm<'a> {
    fn new(term: &'a AffinityTerm, cycle: Cycle<'a>) -> IncomingTerm<'a> {
        let matches_any_namespace = term.namespace_selector.matches(&Labels::default());
        let chosen = cycle.cluster.namespaces_matching(&term.namespace_selector);
        IncomingTerm {
            term,
            chosen_namespaces: if matches_any_namespace { Vec::new() } else { chosen.collect() },
            matches_any_namespace,
        }
    }

    fn all(terms: &'a [AffinityTerm], cycle: Cycle<'a>) -> Vec<IncomingTerm<'a>> {
        terms.iter().map(|term| IncomingTerm::new(term, cycle)).collect()
    }

    /// The same as data.
    fn selection(&self) -> PodTerm {
        let namespaces = if self.matches_any_namespace {
            Namespaces::Any
        } else {
            let mut listed: Vec<Symbol> =
                self.term.namespaces.iter().chain(&self.chosen_namespaces).copied().collect();
            listed.sort_unstable();
            listed.dedup();
            Namespaces::Of(listed.into_boxed_slice())
        };
        PodTerm { namespaces, selector: self.term.selector.clone() }
    }

    fn matches(&self, pod: &Pod) -> bool {
        let namespace = pod.shape.namespace;
        (self.matches_any_namespace
            || self.term.namespaces.contains(&namespace)
            || self.chosen_namespaces.contains(&namespace))
            && self.term.selector.matches(&pod.shape.labels)
    }
}

/// A number per (topology key, value).
#[derive(Default)]
struct Tally(Map<(Symbol, Symbol), i64>);

impl Tally {
    /// Adds `by` to the place of `key` in which the node is. Entries that reach 0 vanish if `drops_zero`.
    fn add(&mut self, node: &NodeInfo, key: Symbol, by: i64, drops_zero: bool) {
        let Some(value) = node.node.labels.get(key) else { return };
        let entry = self.0.entry((key, value)).or_default();
        *entry += by;
        if drops_zero && *entry == 0 {
            self.0.remove(&(key, value));
        }
    }

    fn at(&self, key: Symbol, value: Symbol) -> i64 {
        self.0.get(&(key, value)).copied().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
