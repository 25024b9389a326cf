//! When a pod that would have broken a hard constraint may fit.

use std::borrow::Cow;

use crate::model::{Node, Pod, SpreadConstraint};

/// Whether a change of a pod, possibly of the waiting one itself, may help.
pub(super) fn pod_may_help(
    pod: &Pod,
    constraints: &[Cow<'_, SpreadConstraint>],
    old: Option<&Pod>,
    new: Option<&Pod>,
) -> bool {
    let is_concerned = |other: &Pod| {
        other.uid == pod.uid || other.has_place() && other.shape.namespace == pod.shape.namespace
    };
    if !old.into_iter().chain(new).all(is_concerned) {
        return false;
    }
    let counts =
        |other: &Pod, constraint: &SpreadConstraint| constraint.selector.matches(&other.shape.labels);
    match (old, new) {
        (Some(old), Some(new)) => {
            let tolerates_otherwise = new.uid == pod.uid && old.shape.tolerations != new.shape.tolerations;
            tolerates_otherwise && constraints.iter().any(|constraint| constraint.honors_node_taints)
                || constraints.iter().any(|constraint| counts(old, constraint) != counts(new, constraint))
        }
        (Some(other), None) | (None, Some(other)) => {
            constraints.iter().any(|constraint| counts(other, constraint))
        }
        (None, None) => false,
    }
}

/// Whether a node that came, left or changed may help.
pub(super) fn node_may_help(
    constraints: &[Cow<'_, SpreadConstraint>],
    old: Option<&Node>,
    new: Option<&Node>,
) -> bool {
    let domain = |node: &Node, constraint: &SpreadConstraint| node.labels.get(constraint.topology_key);
    let has_all = |node: &Node| constraints.iter().all(|constraint| domain(node, constraint).is_some());
    match (old, new) {
        (Some(old), Some(new)) => {
            let has_all_now = has_all(new);
            has_all(old) != has_all_now
                || has_all_now
                    && (old.taints != new.taints
                        || constraints
                            .iter()
                            .any(|constraint| domain(old, constraint) != domain(new, constraint)))
        }
        (Some(node), None) | (None, Some(node)) => has_all(node),
        (None, None) => false,
    }
}
