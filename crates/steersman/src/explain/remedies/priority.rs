//! The pod may preempt others.

use scheduling::model;
use wire::Pod;

use super::Proposal;
use super::evidence::Evidence;
use crate::explain::situation::{Change, preempt};

/// The highest priority that users may give.
const PRIORITY_MAX: i32 = 1_000_000_000;
/// The policy that keeps a pod from preempting others.
const NEVER: &str = "Never";

/// The lowest priority at which room is made on some node.
pub(super) fn raise(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let pod = evidence.compiled;
    if evidence.is_about_one_node || evidence.can_preempt || !evidence.has_refusals() {
        return Vec::new();
    }
    let highest =
        model::Pod { priority: PRIORITY_MAX.max(pod.priority), never_preempts: false, ..pod.clone() };
    let Some(preemption) = preempt(&evidence.situation.scheduler, &highest) else { return Vec::new() };
    // On each node the most important victim decides; the node whose victim matters least is the best.
    let needed = preemption.candidates.iter().filter_map(|candidate| {
        candidate.victims.iter().map(|victim| victim.priority.saturating_add(1)).max()
    });
    let Some(needed) = needed.min() else { return Vec::new() };
    let raised = (needed > pod.priority).then(|| format!("raise the priority to {needed}"));
    let allowed = pod
        .never_preempts
        .then(|| "let it preempt other pods (preemptionPolicy: PreemptLowerPriority)".to_owned());
    let parts: Vec<String> = raised.into_iter().chain(allowed).collect();
    let mut changed: Pod = evidence.pod.clone();
    changed.spec.priority = Some(needed.max(pod.priority));
    if changed.spec.preemption_policy.as_deref() == Some(NEVER) {
        changed.spec.preemption_policy = None;
    }
    vec![Proposal { description: super::list(&parts), change: Change::Preempt(Box::new(changed)) }]
}
