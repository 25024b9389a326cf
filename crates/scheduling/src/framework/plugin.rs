//! What a plugin is.

use std::cmp::Reverse;

use base::{Now, Symbol};

use super::domains::{DomainScore, ExistingTerms, Rule};
use super::{
    Changed, ClusterEvent, Code, Cycle, Hint, Normalization, PostFilterCycle, PostFilterResult, Status,
};
use crate::model::Pod;
use crate::snapshot::{NodeInfo, Row, Snapshot};

/// A plugin of one profile. Which of these methods are called, and in which order, is decided by the profile;
/// a plugin implements those of the extension points that its registration lists.
pub trait Plugin: Send + Sync {
    /// PreEnqueue: whether the pod may enter the queue.
    fn pre_enqueue(&self, _cycle: Cycle<'_>, _pod: &Pod) -> Result<(), Status> {
        Ok(())
    }

    /// QueueSort: the place of a pod in the queue, which it has been in since `since`.
    fn sort_key(&self, _pod: &Pod, since: Now) -> SortKey {
        SortKey { priority: Reverse(0), since }
    }

    /// PreFilter and Filter: what there is to check for this pod.
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, _pod: &'a Pod) -> FilterPlan<'a> {
        FilterPlan::skip()
    }

    /// The same verdicts as [`Plugin::filter`]'s, as rules over counts of pods per domain; none if there is
    /// nothing to check. `None` if they cannot be said so. For plugins of [`super::registry::Scope::Cluster`].
    fn filter_rules(
        &self,
        _cycle: Cycle<'_>,
        _pod: &Pod,
        _existing: &dyn ExistingTerms,
    ) -> Option<Vec<Rule>> {
        None
    }

    /// The same scores as [`Plugin::score`]'s, over counts of pods per domain; no axes if there is nothing to
    /// score. `None` if they cannot be said so. For plugins of [`super::registry::Scope::Cluster`].
    fn score_rules(
        &self,
        _cycle: Cycle<'_>,
        _pod: &Pod,
        _existing: &dyn ExistingTerms,
    ) -> Option<DomainScore> {
        None
    }

    /// Whether an event for which the plugin is registered may let a pod fit that it refused. `cycle` is the
    /// state after the event.
    ///
    /// Contract: if the changed object is not `pod` itself ([`Changed::is_pod`]), the answer depends on nothing of
    /// `pod` but its shape. The queue asks once for all pods that have a shape in common and were refused by the
    /// same plugins. Only about a change of the pod itself is each pod asked for.
    fn hint(&self, _cycle: Cycle<'_>, _pod: &Pod, _event: ClusterEvent, _changed: Changed<'_>) -> Hint {
        Hint::Queue
    }

    /// PostFilter: what can be done for a pod that fits nowhere.
    fn post_filter(&self, _cycle: &mut PostFilterCycle<'_, '_>) -> Option<PostFilterResult> {
        None
    }

    /// Whether PostFilter of this plugin is upstream's default preemption and nothing else.
    fn is_default_preemption(&self) -> bool {
        false
    }

    /// PreBind: how many seconds it may take; `None` if the plugin does nothing there.
    fn bind_timeout_seconds(&self) -> Option<i64> {
        None
    }

    /// PreScore and Score: how the feasible nodes compare for this pod.
    fn score<'a>(&'a self, _cycle: Cycle<'a>, _pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        ScorePlan::skip()
    }
}

/// The order of pods in the queue: smaller comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// Higher priority first.
    pub priority: Reverse<i32>,
    /// Then who has waited longer.
    pub since: Now,
}

/// What PreFilter says about a pod.
#[derive(Clone, Debug, PartialEq)]
pub enum PreFilter {
    /// Nothing to check: the plugin's Filter passes everywhere.
    Skip,
    /// Go on to the nodes.
    Proceed,
    /// No node will do.
    Reject(Status),
}

impl PreFilter {
    /// The code of the verdict.
    pub fn code(&self) -> Code {
        match self {
            PreFilter::Skip => Code::Skip,
            PreFilter::Proceed => Code::Success,
            PreFilter::Reject(status) => status.code,
        }
    }
}

/// The outcome of preparing a plugin's Filter for one pod.
pub struct FilterPlan<'a> {
    /// PreFilter's verdict; not looked at if the profile has disabled this plugin's PreFilter.
    pub verdict: PreFilter,
    /// The only nodes that can pass, if the plugin knows them.
    pub nodes: Option<Vec<Symbol>>,
    /// The prepared Filter; `None` passes everywhere.
    pub filter: Option<Box<dyn Filter + 'a>>,
}

impl<'a> FilterPlan<'a> {
    /// There is nothing to check for this pod.
    pub fn skip() -> FilterPlan<'a> {
        FilterPlan { verdict: PreFilter::Skip, nodes: None, filter: None }
    }

    /// No node will do.
    pub fn reject(status: Status) -> FilterPlan<'a> {
        FilterPlan { verdict: PreFilter::Reject(status), nodes: None, filter: None }
    }

    /// Each node is to be checked.
    pub fn check(filter: impl Filter + 'a) -> FilterPlan<'a> {
        FilterPlan { verdict: PreFilter::Proceed, nodes: None, filter: Some(Box::new(filter)) }
    }
}

/// A Filter prepared for one pod.
pub trait Filter {
    /// Whether the pod can run on the node.
    fn filter(&self, node: &NodeInfo) -> Result<(), Status>;

    /// A number for what [`Filter::filter`] says about a node that it refuses: the same number, the same code and
    /// sentences. `None` if the filter does not number what it says.
    fn kind(&self, _node: &NodeInfo) -> Option<u64> {
        None
    }

    /// Whether [`Filter::kind`] is the same for all nodes that it refuses, so that it is enough to ask about one.
    fn is_of_one_kind(&self) -> bool {
        false
    }

    /// Tells of every node on which the pod cannot run, and why if that has been worked out. The same as asking
    /// [`Filter::filter`] about each node, for filters that can do better than that.
    fn refuse_all(&self, snapshot: &Snapshot, refuse: &mut dyn FnMut(Row, Option<Status>)) {
        for node in snapshot.nodes() {
            if let Err(status) = self.filter(node) {
                refuse(node.row, Some(status));
            }
        }
    }

    /// Takes into account that `pod` is on `node` as well (PreFilterExtensions.AddPod). The node already
    /// has it. Filters that look at nothing but the node they are asked about need not do anything.
    fn add_pod(&mut self, _pod: &Pod, _node: &NodeInfo) {}

    /// Undoes [`Filter::add_pod`]: the exact inverse. The node no longer has the pod.
    fn remove_pod(&mut self, _pod: &Pod, _node: &NodeInfo) {}
}

/// The outcome of preparing a plugin's Score for one pod.
pub struct ScorePlan<'a> {
    /// Whether PreScore asks to leave this plugin out; not looked at if the profile has disabled this
    /// plugin's PreScore.
    pub skip: bool,
    /// The prepared Score, or why it could not be prepared; `None` scores 0 everywhere.
    pub score: Result<Option<Box<dyn Score + 'a>>, Status>,
}

impl<'a> ScorePlan<'a> {
    /// The plugin asks to be left out.
    pub fn skip() -> ScorePlan<'a> {
        ScorePlan { skip: true, score: Ok(None) }
    }

    /// The plugin could not be prepared.
    pub fn fail(status: Status) -> ScorePlan<'a> {
        ScorePlan { skip: false, score: Err(status) }
    }

    /// Each feasible node is to be scored.
    pub fn with(score: impl Score + 'a) -> ScorePlan<'a> {
        ScorePlan { skip: false, score: Ok(Some(Box::new(score))) }
    }

    /// The same, but asks to be left out where that is possible.
    pub fn skipped_but(score: impl Score + 'a) -> ScorePlan<'a> {
        ScorePlan { skip: true, score: Ok(Some(Box::new(score))) }
    }
}

/// A Score prepared for one pod.
pub trait Score {
    /// The raw score of a feasible node.
    fn score(&self, node: &NodeInfo) -> i64;

    /// The raw scores of all nodes, by row index: `scores` has one entry per row, all 0. The same as
    /// [`Score::score`] of each node, for scores that can do better than that.
    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        for node in snapshot.nodes() {
            scores[node.row.index()] = self.score(node);
        }
    }

    /// How raw scores are brought into 0..=100.
    fn normalization(&self) -> Normalization {
        Normalization::AsIs
    }

    /// Whether the node is compared with others. One that is not scores 0 and does not affect how others are
    /// normalized.
    fn takes_part(&self, _node: &NodeInfo) -> bool {
        true
    }
}
