//! `matchLabelKeys` and `mismatchLabelKeys` of pod affinity terms, which an API server writes into the selector
//! when it creates a pod (KEP-3633). The scheduler only reads the selector.

use std::collections::BTreeMap;

use wire::{LabelSelectorRequirement, Pod, PodAffinityTerm};

/// Writes them into the selectors of a pod's terms.
pub(super) fn merge_label_keys(pod: &mut Pod) {
    let Some(affinity) = &mut pod.spec.affinity else { return };
    let labels = &pod.metadata.labels;
    if let Some(towards) = &mut affinity.pod_affinity {
        let required = towards.required_during_scheduling_ignored_during_execution.iter_mut();
        let preferred = towards.preferred_during_scheduling_ignored_during_execution.iter_mut();
        required.chain(preferred.map(|it| &mut it.pod_affinity_term)).for_each(|term| merge(term, labels));
    }
    if let Some(away) = &mut affinity.pod_anti_affinity {
        let required = away.required_during_scheduling_ignored_during_execution.iter_mut();
        let preferred = away.preferred_during_scheduling_ignored_during_execution.iter_mut();
        required.chain(preferred.map(|it| &mut it.pod_affinity_term)).for_each(|term| merge(term, labels));
    }
}

fn merge(term: &mut PodAffinityTerm, labels: &BTreeMap<String, String>) {
    let Some(selector) = &mut term.label_selector else { return };
    for (keys, operator) in [(&term.match_label_keys, "In"), (&term.mismatch_label_keys, "NotIn")] {
        for key in keys {
            let Some(value) = labels.get(key) else { continue };
            let requirement = LabelSelectorRequirement {
                key: key.clone(),
                operator: operator.to_owned(),
                values: vec![value.clone()],
            };
            // There already if somebody removed uid and resourceVersion from a pod of a cluster.
            if !selector.match_expressions.contains(&requirement) {
                selector.match_expressions.push(requirement);
            }
        }
    }
}
