//! The pod asks for less of a resource.

use base::Interner;
use scheduling::framework::reason::Value;
use scheduling::model::resources::ResourceName;
use wire::quantity::Format;
use wire::{Container, Pod, Quantity};

use super::evidence::{Evidence, Shortage};
use super::{Proposal, list};
use crate::explain::situation::Change;

/// What is free on the nodes where nothing but resources is in the way, the smallest cut first.
pub(super) fn lower_request(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let nodes = evidence.refused_only_by(&["NodeResourcesFit"]);
    let mut cuts: Vec<Vec<Shortage>> = nodes
        .filter(|node| node.missing_pod_slots() == 0)
        .map(|node| node.shortages())
        .filter(|shortages| !shortages.is_empty() && shortages.iter().all(|shortage| shortage.free > 0))
        .collect();
    cuts.sort_by(|a, b| largest_share(a).total_cmp(&largest_share(b)));
    let mut proposals: Vec<Proposal> = Vec::new();
    for cut in cuts {
        let parts: Vec<String> = cut.iter().map(|shortage| describe(evidence, shortage)).collect();
        let description = format!("request {}", list(&parts));
        if proposals.last().is_some_and(|last| last.description == description) {
            continue;
        }
        let mut pod = evidence.pod.clone();
        let is_cut = cut.iter().all(|shortage| {
            let name = shortage.resource.as_str(evidence.situation.scheduler.symbols());
            lower(&mut pod, name, quantity(shortage.resource, shortage.free)).is_some()
        });
        if is_cut {
            proposals.push(Proposal { description, change: Change::EditPod(Box::new(pod)) });
        }
        // One that asks for the least change is enough; the second is there in case the first does not do.
        if proposals.len() == 2 {
            break;
        }
    }
    proposals
}

fn largest_share(cut: &[Shortage]) -> f64 {
    cut.iter().map(Shortage::missing_share).fold(0.0, f64::max)
}

fn describe(evidence: &Evidence<'_>, shortage: &Shortage) -> String {
    let Shortage { resource, requested, free, .. } = *shortage;
    let symbols = evidence.situation.scheduler.symbols();
    format!(
        "at most {} {} instead of {}",
        describe_exactly(resource, free, symbols),
        resource.as_str(symbols),
        describe_exactly(resource, requested, symbols)
    )
}

/// Never rounded: people copy these figures.
pub(super) fn describe_exactly(resource: ResourceName, amount: i64, symbols: &Interner) -> String {
    Value::Amount(resource, amount).describe_exactly(symbols)
}

/// An amount in the scheduler's units, as objects have it.
pub(super) fn quantity(resource: ResourceName, amount: i64) -> Quantity {
    match resource {
        ResourceName::Cpu => Quantity::from_milli(amount),
        ResourceName::Memory | ResourceName::EphemeralStorage => {
            Quantity::from_units(amount).with_format(Format::BinarySi)
        }
        ResourceName::Scalar(_) | ResourceName::Untracked(_) => Quantity::from_units(amount),
    }
}

/// Lowers the requests so that the pod as a whole asks for `limit`: at the pod's level if it has requests
/// there, otherwise of its largest container and of the init containers that need more. `None` if that would
/// leave a container with nothing.
fn lower(pod: &mut Pod, name: &str, limit: Quantity) -> Option<()> {
    let overhead = pod.spec.overhead.get(name).copied().unwrap_or_default();
    let limit = positive(limit - overhead)?;
    let request = |container: &Container| container.resources.requests.get(name).copied().unwrap_or_default();
    let is_sidecar = |container: &&Container| container.restart_policy == "Always";
    let sidecars: Quantity = pod.spec.init_containers.iter().filter(is_sidecar).map(request).sum();
    let running: Quantity = pod.spec.containers.iter().map(request).sum();
    if let Some(request) = pod.spec.resources.as_mut().and_then(|resources| resources.requests.get_mut(name))
    {
        // A pod cannot request less than its containers do.
        positive(limit + Quantity::from_nanos(1) - running - sidecars)?;
        *request = limit.with_format(request.format());
        return Some(());
    }
    if running + sidecars > limit {
        let excess = running + sidecars - limit;
        let largest = pod.spec.containers.iter_mut().max_by_key(|container| request(container))?;
        let lowered = positive(request(largest) - excess)?;
        set_request(largest, name, lowered);
    }
    let mut started = Quantity::ZERO;
    for container in &mut pod.spec.init_containers {
        if container.restart_policy == "Always" {
            started += request(container);
        } else if request(container) + started > limit {
            let lowered = positive(limit - started)?.with_format(request(container).format());
            set_request(container, name, lowered);
        }
    }
    Some(())
}

/// Extended resources and huge pages have a limit equal to their request, if they have one.
fn set_request(container: &mut Container, name: &str, amount: Quantity) {
    container.resources.requests.insert(name.to_owned(), amount);
    let is_never_overcommitted = name.contains('/') || name.starts_with("hugepages-");
    if let Some(limit) = container.resources.limits.get_mut(name).filter(|_| is_never_overcommitted) {
        *limit = amount;
    }
}

fn positive(quantity: Quantity) -> Option<Quantity> {
    (quantity > Quantity::ZERO).then_some(quantity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: &str, limit_milli: i64, expected: Option<&str>) {
        let mut pod: Pod = serde_json::from_str(&format!(r#"{{"spec":{spec}}}"#)).expect("a pod");
        let lowered = lower(&mut pod, "cpu", Quantity::from_milli(limit_milli));
        let requests = pod.spec.init_containers.iter().chain(&pod.spec.containers).map(|container| {
            container.resources.requests.get("cpu").map_or_else(String::new, ToString::to_string)
        });
        let requests: Vec<String> = requests.collect();
        assert_eq!(lowered.map(|()| requests.join(" ")).as_deref(), expected, "{spec}");
    }

    fn container(cpu: &str) -> String {
        format!(r#"{{"resources":{{"requests":{{"cpu":"{cpu}"}}}}}}"#)
    }

    #[test]
    fn the_largest_container_gives_way() {
        let containers = format!(r#"{{"containers":[{},{}]}}"#, container("2"), container("500m"));
        check(&containers, 1500, Some("1 500m"));
        check(&containers, 500, None);
    }

    #[test]
    fn init_containers_give_way_where_they_need_more() {
        let spec = format!(r#"{{"initContainers":[{}],"containers":[{}]}}"#, container("4"), container("1"));
        check(&spec, 2000, Some("2 1"));
    }

    #[test]
    fn overhead_stays() {
        let spec = format!(r#"{{"overhead":{{"cpu":"250m"}},"containers":[{}]}}"#, container("2"));
        check(&spec, 1000, Some("750m"));
    }
}
