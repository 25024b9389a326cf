//! Pods, and templates of pods.

use std::collections::BTreeSet;

use wire::{Pod, PodSpec, PodTemplateSpec, Quantity};

use super::fault::{Checked, Within, fault, one_of_or_none};
use super::{Author, affinity, container, names, resources, spread, toleration};

const PHASES: [&str; 5] = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];

/// `preemptionPolicy` of pods and of priority classes.
pub(super) const PREEMPTION_POLICIES: [&str; 2] = ["Never", "PreemptLowerPriority"];

/// Checks a pod.
pub(super) fn check(pod: &Pod, author: Author) -> Checked {
    check_spec(&pod.spec, author).within("spec")?;
    one_of_or_none("status.phase", &pod.status.phase, &PHASES)
}

/// Checks what a controller makes copies of. A file about scheduling may leave out the template, because the
/// pods are there.
pub(super) fn check_template(template: &PodTemplateSpec, author: Author) -> Checked {
    if template.spec == PodSpec::default() {
        Ok(())
    } else {
        check_spec(&template.spec, author).within("spec")
    }
}

fn check_spec(spec: &PodSpec, author: Author) -> Checked {
    if author == Author::Hand {
        check_containers(spec)?;
        names::labels(&spec.node_selector).within("nodeSelector")?;
    }
    if let Some(policy) = &spec.preemption_policy {
        one_of_or_none("preemptionPolicy", policy, &PREEMPTION_POLICIES)?;
    }
    for (i, toleration) in spec.tolerations.iter().enumerate() {
        toleration::check(toleration, author).within_item("tolerations", i)?;
    }
    if let Some(affinity) = &spec.affinity {
        affinity::check(affinity, author).within("affinity")?;
    }
    spread::check_all(&spec.topology_spread_constraints, author)
}

fn check_containers(spec: &PodSpec) -> Checked {
    if spec.containers.is_empty() {
        return fault("containers", "there is none. A pod needs at least one container");
    }
    let mut taken = BTreeSet::new();
    container::check_all(&spec.containers, "containers", spec.host_network, &mut taken)?;
    container::check_all(&spec.init_containers, "initContainers", spec.host_network, &mut taken)?;
    one_of_or_none("restartPolicy", &spec.restart_policy, &container::RESTART_POLICIES)?;
    resources::amounts(&spec.overhead).within("overhead")?;
    let Some(of_pod) = &spec.resources else { return Ok(()) };
    resources::requirements(of_pod).within("resources")?;
    for (name, request) in &of_pod.requests {
        let of_containers: Quantity =
            spec.containers.iter().filter_map(|container| container.resources.requests.get(name)).sum();
        if *request < of_containers {
            let problem = format!(
                "{request} must be greater than or equal to aggregate container requests of {of_containers}"
            );
            return fault(format!("resources.requests.{name}"), problem);
        }
    }
    Ok(())
}
