//! What a pod requests, in the variants that upstream computes.
//!
//! All of them follow the same walk over the containers (KEP-753 for sidecars, KEP-2837 for pod-level
//! resources, KEP-1287 for resizing in place); they differ in whether the status counts, whether the pod
//! level counts, and in defaults for containers that request nothing.

use std::collections::BTreeMap;

use smallvec::SmallVec;
use wire::{Container, ContainerStatus, Quantity, ResourceRequirements};

use super::{Compiler, Resources};

/// Counted per container that requests no CPU, where scores are computed: 100m.
const DEFAULT_MILLI_CPU: i64 = 100;
/// Counted per container that requests no memory, where scores are computed: 200 MiB.
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// The requests of one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodRequests {
    /// What must be free on a node: from the spec alone, pod level considered.
    pub fit: Resources,
    /// What a placed pod takes: like `fit`, but never less than what its status says it has.
    pub accounted: Resources,
    /// CPU of `accounted` in millicores, where a container without a request counts as 100m.
    pub non_zero_milli_cpu: i64,
    /// Memory of `accounted` in bytes, where a container without a request counts as 200 MiB.
    pub non_zero_memory: i64,
    /// What scores of NodeResourcesFit assume: containers only, with those defaults.
    pub scored: Resources,
}

impl PodRequests {
    /// Computes every variant.
    pub fn compile(pod: &wire::Pod, compiler: &mut Compiler<'_>) -> PodRequests {
        let plain = Options::default();
        let fit = pod_requests(pod, Options { pod_level: true, ..plain });
        let has_status = pod.status.resources.is_some()
            || pod.status.container_statuses.iter().any(|status| status.resources.is_some())
            || pod.status.init_container_statuses.iter().any(|status| status.resources.is_some());
        let accounted = if has_status {
            pod_requests(pod, Options { pod_level: true, status: true, ..plain })
        } else {
            fit.clone()
        };
        if asks_for_everything(pod) {
            // No default comes in, so all variants are what is asked for.
            let (fit, accounted) = (compile(&fit, compiler), compile(&accounted, compiler));
            return PodRequests {
                non_zero_milli_cpu: accounted.milli_cpu,
                non_zero_memory: accounted.memory,
                scored: fit.clone(),
                fit,
                accounted,
            };
        }
        let missing = if pod_level_requests(pod).is_some() {
            Defaults { cpu: !accounted.contains_key("cpu"), memory: !accounted.contains_key("memory") }
        } else {
            Defaults { cpu: true, memory: true }
        };
        let non_zero = pod_requests(pod, Options { pod_level: true, status: has_status, defaults: missing });
        let scored = pod_requests(pod, Options { defaults: Defaults { cpu: true, memory: true }, ..plain });
        PodRequests {
            fit: compile(&fit, compiler),
            accounted: compile(&accounted, compiler),
            non_zero_milli_cpu: non_zero.get("cpu").map_or(0, |cpu| cpu.milli_value()),
            non_zero_memory: non_zero.get("memory").map_or(0, |memory| memory.value()),
            scored: compile(&scored, compiler),
        }
    }
}

/// Whether every container asks for CPU and memory, and the pod as a whole for nothing.
fn asks_for_everything(pod: &wire::Pod) -> bool {
    let asks = |container: &Container| {
        let requests = &container.resources.requests;
        requests.contains_key("cpu") && requests.contains_key("memory")
    };
    let spec = &pod.spec;
    pod_level_requests(pod).is_none()
        && !spec.containers.is_empty()
        && spec.containers.iter().chain(&spec.init_containers).all(asks)
}

/// Amounts by name. There are few of them, so looking through all is cheaper than any order.
#[derive(Clone, Default)]
struct List<'p>(SmallVec<[(&'p str, Quantity); 3]>);

impl<'p> List<'p> {
    fn get(&self, name: &str) -> Option<Quantity> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, quantity)| *quantity)
    }

    fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The amount of `name`, which is `first` if it was not there.
    fn or_insert(&mut self, name: &'p str, first: Quantity) -> &mut Quantity {
        let position = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name, first));
            self.0.len() - 1
        });
        &mut self.0[position].1
    }

    fn set(&mut self, name: &'p str, quantity: Quantity) {
        *self.or_insert(name, quantity) = quantity;
    }

    fn iter(&self) -> impl Iterator<Item = (&'p str, Quantity)> + '_ {
        self.0.iter().copied()
    }
}

impl<'p> FromIterator<(&'p str, Quantity)> for List<'p> {
    fn from_iter<I: IntoIterator<Item = (&'p str, Quantity)>>(amounts: I) -> List<'p> {
        List(amounts.into_iter().collect())
    }
}

fn compile(list: &List<'_>, compiler: &mut Compiler<'_>) -> Resources {
    Resources::compile(list.iter(), compiler)
}

#[derive(Clone, Copy, Default)]
struct Options {
    /// Pod-level requests replace the sum over the containers.
    pod_level: bool,
    /// Amounts that the status reports count if they are larger.
    status: bool,
    defaults: Defaults,
}

/// For which resources a container without a request counts with a default.
#[derive(Clone, Copy, Default)]
struct Defaults {
    cpu: bool,
    memory: bool,
}

fn pod_requests(pod: &wire::Pod, options: Options) -> List<'_> {
    let mut conditions = pod.status.conditions.iter();
    let pending = conditions.find(|condition| condition.r#type == "PodResizePending");
    let infeasible = pending.is_some_and(|condition| condition.reason == "Infeasible");
    let own = |container, statuses| container_requests(container, statuses, infeasible, options);

    let mut total = List::default();
    for container in &pod.spec.containers {
        add(&mut total, &own(container, &pod.status.container_statuses));
    }
    let mut sidecars = List::default();
    let mut peak = List::default();
    for container in &pod.spec.init_containers {
        let restarts = container.restart_policy == "Always";
        let statuses: &[_] = if restarts { &pod.status.init_container_statuses } else { &[] };
        let mut running = own(container, statuses);
        if restarts {
            add(&mut total, &running);
            add(&mut sidecars, &running);
            running = sidecars.clone();
        } else {
            add(&mut running, &sidecars);
        }
        raise(&mut peak, &running);
    }
    raise(&mut total, &peak);

    if options.pod_level
        && let Some(requests) = pod_level_requests(pod)
    {
        for (name, quantity) in pod_level_amounts(pod, requests, infeasible, options).iter() {
            total.set(name, quantity);
        }
    }
    for (name, quantity) in &pod.spec.overhead {
        *total.or_insert(name, Quantity::default()) += *quantity;
    }
    total
}

/// What is requested at pod level, per resource that counts there: the spec, or the largest of spec, allocated and
/// actual amounts. A resize that cannot be done leaves the spec out.
fn pod_level_amounts<'p>(
    pod: &'p wire::Pod,
    requests: &'p BTreeMap<String, Quantity>,
    infeasible: bool,
    options: Options,
) -> List<'p> {
    let reported = pod.status.resources.as_ref().filter(|_| options.status);
    let spec = (!(infeasible && reported.is_some())).then_some(requests);
    let status = reported.map(|reported| [&reported.requests, &pod.status.allocated_resources]);
    let mut amounts = List::default();
    for (name, quantity) in spec.into_iter().chain(status.into_iter().flatten()).flatten() {
        if counts_at_pod_level(name) {
            let amount = amounts.or_insert(name, *quantity);
            *amount = (*amount).max(*quantity);
        }
    }
    amounts
}

/// The pod-level requests, if at least one of them is of a kind that counts there.
fn pod_level_requests(pod: &wire::Pod) -> Option<&BTreeMap<String, Quantity>> {
    let requests = &pod.spec.resources.as_ref()?.requests;
    requests.keys().any(|name| counts_at_pod_level(name)).then_some(requests)
}

fn counts_at_pod_level(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

fn container_requests<'p>(
    container: &'p Container,
    statuses: &'p [ContainerStatus],
    infeasible: bool,
    options: Options,
) -> List<'p> {
    let mut list: List<'_> =
        container.resources.requests.iter().map(|(name, quantity)| (name.as_str(), *quantity)).collect();
    if options.status
        && let Some(status) = statuses.iter().find(|status| status.name == container.name)
        && let Some(ResourceRequirements { requests, .. }) = &status.resources
    {
        if infeasible {
            list = List::default();
        }
        for reported in [requests, &status.allocated_resources] {
            for (name, quantity) in reported {
                let entry = list.or_insert(name, Quantity::default());
                *entry = (*entry).max(*quantity);
            }
        }
    }
    if options.defaults.cpu {
        list.or_insert("cpu", Quantity::from_milli(DEFAULT_MILLI_CPU));
    }
    if options.defaults.memory {
        list.or_insert("memory", Quantity::from_units(DEFAULT_MEMORY));
    }
    list
}

fn add<'p>(total: &mut List<'p>, other: &List<'p>) {
    for (name, quantity) in other.iter() {
        *total.or_insert(name, Quantity::default()) += quantity;
    }
}

fn raise<'p>(total: &mut List<'p>, other: &List<'p>) {
    for (name, quantity) in other.iter() {
        let peak = total.or_insert(name, Quantity::default());
        *peak = (*peak).max(quantity);
    }
}

#[cfg(test)]
mod tests {
    use base::Interner;
    use wire::config::FeatureGates;

    use super::*;

    fn requests(pod: &str) -> PodRequests {
        let (mut symbols, gates) = (Interner::default(), FeatureGates::default());
        let pod: wire::Pod = serde_json::from_str(pod).expect("a pod");
        PodRequests::compile(&pod, &mut Compiler { symbols: &mut symbols, gates: &gates })
    }

    #[test]
    fn sidecars_add_up_and_init_containers_only_raise_the_peak() {
        let requests = requests(
            r#"{"spec":{
                "containers":[{"name":"a","resources":{"requests":{"cpu":"500m"}}}],
                "initContainers":[
                    {"name":"i1","resources":{"requests":{"cpu":"2"}}},
                    {"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"300m"}}},
                    {"name":"i2","resources":{"requests":{"cpu":"1"}}}],
                "overhead":{"cpu":"10m"}}}"#,
        );
        assert_eq!(requests.fit.milli_cpu, 2010);
    }

    #[test]
    fn containers_without_requests_count_with_defaults_in_scores_only() {
        let requests = requests(
            r#"{"spec":{"containers":[
                {"name":"a","resources":{"requests":{"cpu":"500m"}}},
                {"name":"b","resources":{"requests":{"cpu":"0"}}},
                {"name":"c"}]}}"#,
        );
        assert_eq!(requests.fit.milli_cpu, 500);
        assert_eq!(requests.non_zero_milli_cpu, 600);
        assert_eq!(requests.non_zero_memory, 3 * DEFAULT_MEMORY);
        assert_eq!(requests.scored.milli_cpu, 600);
    }

    #[test]
    fn pod_level_requests_replace_the_sum_except_in_scores() {
        let requests = requests(
            r#"{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"500m","memory":"1Gi"}}}],
                "resources":{"requests":{"cpu":"2"}}}}"#,
        );
        assert_eq!(requests.fit.milli_cpu, 2000);
        assert_eq!(requests.fit.memory, 1 << 30);
        assert_eq!(requests.scored.milli_cpu, 500);
    }

    #[test]
    fn a_pod_being_resized_takes_the_larger_of_desired_and_actual() {
        let requests = requests(
            r#"{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"500m"}}}]},
                "status":{"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2"}},
                    "allocatedResources":{"cpu":"1"}}]}}"#,
        );
        assert_eq!(requests.fit.milli_cpu, 500);
        assert_eq!(requests.accounted.milli_cpu, 2000);
        let infeasible = requests_with_infeasible_resize();
        assert_eq!(infeasible.accounted.milli_cpu, 1000);
    }

    fn requests_with_infeasible_resize() -> PodRequests {
        requests(
            r#"{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"64"}}}]},
                "status":{"conditions":[{"type":"PodResizePending","status":"True","reason":"Infeasible"}],
                    "containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]}}"#,
        )
    }
}
