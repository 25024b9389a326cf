//! Affinity towards nodes and pods.

use wire::{Affinity, NodeAffinity, PodAffinityTerm, WeightedPodAffinityTerm};

use super::fault::{Checked, Within, between, fault};
use super::{Author, labels, names};

const WEIGHT_MAX: i32 = 100;
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Checks all three sorts.
pub(super) fn check(affinity: &Affinity, author: Author) -> Checked {
    if let Some(nodes) = &affinity.node_affinity {
        check_nodes(nodes, author).within("nodeAffinity")?;
    }
    if let Some(towards) = &affinity.pod_affinity {
        let required = &towards.required_during_scheduling_ignored_during_execution;
        let preferred = &towards.preferred_during_scheduling_ignored_during_execution;
        check_terms(required, preferred, author).within("podAffinity")?;
    }
    if let Some(away) = &affinity.pod_anti_affinity {
        let required = &away.required_during_scheduling_ignored_during_execution;
        let preferred = &away.preferred_during_scheduling_ignored_during_execution;
        check_terms(required, preferred, author).within("podAntiAffinity")?;
    }
    Ok(())
}

fn check_nodes(affinity: &NodeAffinity, author: Author) -> Checked {
    if let Some(required) = &affinity.required_during_scheduling_ignored_during_execution {
        labels::node_selector(required, REQUIRED, author)?;
    }
    for (i, term) in affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
        check_weight(term.weight, author).within_item(PREFERRED, i)?;
        labels::node_selector_term(&term.preference, "preference", author).within_item(PREFERRED, i)?;
    }
    Ok(())
}

fn check_weight(weight: i32, author: Author) -> Checked {
    if author == Author::ApiServer { Ok(()) } else { between("weight", weight, 1, WEIGHT_MAX) }
}

fn check_terms(
    required: &[PodAffinityTerm],
    preferred: &[WeightedPodAffinityTerm],
    author: Author,
) -> Checked {
    for (i, term) in required.iter().enumerate() {
        check_term(term, author).within_item(REQUIRED, i)?;
    }
    for (i, weighted) in preferred.iter().enumerate() {
        check_weight(weighted.weight, author).within_item(PREFERRED, i)?;
        check_term(&weighted.pod_affinity_term, author)
            .within("podAffinityTerm")
            .within_item(PREFERRED, i)?;
    }
    Ok(())
}

fn check_term(term: &PodAffinityTerm, author: Author) -> Checked {
    labels::selector(term.label_selector.as_ref(), "labelSelector", author)?;
    labels::selector(term.namespace_selector.as_ref(), "namespaceSelector", author)?;
    if author == Author::ApiServer {
        return Ok(());
    }
    check_topology_key(&term.topology_key)?;
    for (i, namespace) in term.namespaces.iter().enumerate() {
        names::dns_label("", namespace).within_item("namespaces", i)?;
    }
    let has_keys = !term.match_label_keys.is_empty() || !term.mismatch_label_keys.is_empty();
    if has_keys && term.label_selector.is_none() {
        return fault("labelSelector", "is missing: matchLabelKeys and mismatchLabelKeys add to it");
    }
    Ok(())
}

/// Checks the label whose values make domains.
pub(super) fn check_topology_key(key: &str) -> Checked {
    if key.is_empty() {
        let problem = "is missing: name the node label whose equal values make one domain, such as \
                       kubernetes.io/hostname or topology.kubernetes.io/zone";
        return fault("topologyKey", problem);
    }
    names::label_key("topologyKey", key)
}
