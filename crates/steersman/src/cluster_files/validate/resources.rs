//! Amounts of resources, and the names of resources.

use std::collections::BTreeMap;

use wire::selector::is_qualified_name;
use wire::{Quantity, ResourceRequirements};

use super::fault::{Checked, Within, fault};
use crate::cluster_files::spelling::closest;

const NANOS_PER_UNIT: i128 = 1_000_000_000;

/// What containers can ask for without a domain; `hugepages-` and a size is the fourth.
const CONTAINER_RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const HUGE_PAGES: &str = "hugepages-";

/// What nodes can have without a domain, apart from huge pages and limits of volumes.
const NODE_RESOURCES: [&str; 5] = ["cpu", "memory", "ephemeral-storage", "pods", "storage"];

/// Words for resources that are nothing like their names.
const OTHER_WORDS: [(&str, &str); 11] = [
    ("mem", "memory"),
    ("ram", "memory"),
    ("core", "cpu"),
    ("cores", "cpu"),
    ("vcpu", "cpu"),
    ("vcpus", "cpu"),
    ("disk", "ephemeral-storage"),
    ("storage", "ephemeral-storage"),
    ("gpu", "nvidia.com/gpu"),
    ("gpus", "nvidia.com/gpu"),
    ("hugepages", "hugepages-2Mi"),
];

/// Checks what a container or a pod asks for.
pub(super) fn requirements(resources: &ResourceRequirements) -> Checked {
    amounts(&resources.limits).within("limits")?;
    amounts(&resources.requests).within("requests")?;
    for (name, request) in &resources.requests {
        let Some(limit) = resources.limits.get(name) else { continue };
        let (field, may_differ) = (format!("requests.{name}"), may_be_overcommitted(name));
        if may_differ && request > limit {
            return fault(field, format!("{request} must be less than or equal to {name} limit of {limit}"));
        }
        if !may_differ && request != limit {
            return fault(field, format!("{request} must be equal to {name} limit of {limit}"));
        }
    }
    Ok(())
}

/// Checks amounts of what containers use.
pub(super) fn amounts(amounts: &BTreeMap<String, Quantity>) -> Checked {
    for (name, amount) in amounts {
        let is_standard = CONTAINER_RESOURCES.contains(&name.as_str()) || name.starts_with(HUGE_PAGES);
        let is_with_domain = name.contains('/') && is_qualified_name(name);
        if !is_standard && !is_with_domain {
            let hint = suggestion(name, &CONTAINER_RESOURCES);
            return fault(
                name,
                format!(
                    "there is no resource {name:?}: containers have cpu, memory, ephemeral-storage, hugepages-SIZE, \
                     and resources with a domain such as example.com/gpu{hint}"
                ),
            );
        }
        amount_of(name, *amount)?;
    }
    Ok(())
}

/// Checks amounts of what a node has.
pub(super) fn node_amounts(amounts: &BTreeMap<String, Quantity>) -> Checked {
    for (name, amount) in amounts {
        // An API server takes any name here. One that looks like another is a mistake all the same.
        if !name.contains('/') && !NODE_RESOURCES.contains(&name.as_str()) {
            let hint = suggestion(name, &NODE_RESOURCES);
            if !hint.is_empty() {
                return fault(name, format!("there is no resource {name:?}{hint}"));
            }
        }
        amount_of(name, *amount)?;
    }
    Ok(())
}

fn amount_of(name: &str, amount: Quantity) -> Checked {
    if amount < Quantity::ZERO {
        return fault(name, format!("{amount} must be greater than or equal to 0"));
    }
    if is_extended(name) && amount.as_nanos() % NANOS_PER_UNIT != 0 {
        return fault(name, format!("{amount} must be an integer"));
    }
    Ok(())
}

fn suggestion(name: &str, known: &[&str]) -> String {
    let folded = name.to_ascii_lowercase();
    let other = OTHER_WORDS.iter().find(|(word, _)| *word == folded).map(|(_, resource)| *resource);
    let meant = other.or_else(|| closest(name, known));
    meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

/// Whether Kubernetes itself defines the resource.
fn is_native(name: &str) -> bool {
    name.split_once('/').is_none_or(|(domain, _)| domain.contains("kubernetes.io"))
}

fn is_extended(name: &str) -> bool {
    !is_native(name)
}

/// Whether more may be allowed than is requested.
fn may_be_overcommitted(name: &str) -> bool {
    is_native(name) && !name.starts_with(HUGE_PAGES)
}
