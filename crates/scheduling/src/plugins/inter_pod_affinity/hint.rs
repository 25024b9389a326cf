//! When a pod whose affinity was not met may fit.

use crate::model::{AffinityTerm, Labels, Node, Pod};

/// Whether a change of another pod may help `pod`.
pub(super) fn pod_may_help(pod: &Pod, old: Option<&Pod>, new: Option<&Pod>) -> bool {
    if !new.or(old).is_some_and(Pod::has_place) {
        return false;
    }
    let affinity = &pod.shape.pod_affinity;
    match (old, new) {
        (Some(old), Some(new)) => {
            let comes_near = matches_all(&affinity.affinity, new) && !matches_all(&affinity.affinity, old);
            let goes_away =
                matches_all(&affinity.anti_affinity, old) && !matches_all(&affinity.anti_affinity, new);
            comes_near || goes_away
        }
        (None, Some(new)) => matches_all(&affinity.affinity, new),
        (Some(gone), None) => {
            matches_all(&affinity.anti_affinity, gone)
                || matches_all(&gone.shape.pod_affinity.anti_affinity, pod)
        }
        (None, None) => false,
    }
}

/// Whether a node that came or changed may help `pod`.
pub(super) fn node_may_help(pod: &Pod, old: Option<&Node>, new: &Node) -> bool {
    let affinity = &pod.shape.pod_affinity;
    let place = |node: &Node, term: &AffinityTerm| node.labels.get(term.topology_key);
    let gains = |term: &AffinityTerm| {
        let now = place(new, term);
        now.is_some() && old.is_none_or(|old| place(old, term) != now)
    };
    let loses = |term: &AffinityTerm| {
        old.is_none_or(|old| {
            let before = place(old, term);
            before.is_some() && before != place(new, term)
        })
    };
    affinity.affinity.iter().any(gains) || affinity.anti_affinity.iter().any(loses)
}

/// Whether a pod matches all of some terms, and there are any. Upstream looks up no namespace labels here, so a
/// namespace selector sees an empty set of labels.
fn matches_all(terms: &[AffinityTerm], other: &Pod) -> bool {
    let no_labels = Labels::default();
    let shape = &other.shape;
    !terms.is_empty() && terms.iter().all(|term| term.matches(shape.namespace, &no_labels, &shape.labels))
}
