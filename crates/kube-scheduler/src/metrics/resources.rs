//! `/metrics/resources`: what every pod asks for and may have at most.
//!
//! The core does not keep that, so pods are listed when somebody asks, from the API server's cache.

use std::collections::BTreeMap;

use client::{Connection, Error, Resource};
use component::metrics::{Registry, Text, Type};
use wire::{Container, Kind, Object, Pod, Quantity, ResourceRequirements};

const REQUEST: &str = "kube_pod_resource_request";
const REQUEST_HELP: &str = "[STABLE] How much of a resource a pod asks for, as the scheduler counts it. What there has to be \
     for it on its node.";
const LIMIT: &str = "kube_pod_resource_limit";
const LIMIT_HELP: &str = "[STABLE] How much of a resource a pod may have at most, as the scheduler counts it. Without an entry there is no limit.";

/// As of now or a little earlier, and without pods that have run to their end.
const SELECTION: &str =
    "resourceVersion=0&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";

/// Amounts by resource.
type Amounts = BTreeMap<String, Quantity>;

/// Lists the pods and returns metrics about them.
///
/// # Errors
/// Those of the request.
pub async fn look(connection: &Connection) -> Result<Registry, Error> {
    let listed = client::list(connection, Resource::of(Kind::Pod), SELECTION).await?;
    let pods: Vec<Pod> = listed
        .objects
        .into_iter()
        .filter_map(|object| match object {
            Object::Pod(pod) => Some(*pod),
            _ => None,
        })
        .collect();
    let registry = Registry::new();
    registry.collect_with(move |text| {
        write(text, REQUEST, REQUEST_HELP, &pods, requests);
        write(text, LIMIT, LIMIT_HELP, &pods, limits);
    });
    Ok(registry)
}

fn write(text: &mut Text, name: &str, help: &str, pods: &[Pod], amounts: fn(&Pod) -> Amounts) {
    let mut lines = text.family(name, Type::Gauge, help);
    for pod in pods {
        let is_over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if is_over && !pod.spec.node_name.is_empty() {
            continue;
        }
        let priority = pod.spec.priority.map(|priority| priority.to_string()).unwrap_or_default();
        for (resource, quantity) in amounts(pod).iter().filter(|(_, quantity)| !quantity.is_zero()) {
            let labels = [
                ("namespace", pod.metadata.namespace.as_str()),
                ("pod", &pod.metadata.name),
                ("node", &pod.spec.node_name),
                ("scheduler", &pod.spec.scheduler_name),
                ("priority", &priority),
                ("resource", resource),
                ("unit", unit(resource)),
            ];
            lines.value(name, &labels, quantity.as_nanos() as f64 / 1e9);
        }
    }
}

fn unit(resource: &str) -> &'static str {
    match resource {
        "cpu" => "cores",
        "memory" | "storage" | "ephemeral-storage" => "bytes",
        name if name.starts_with("hugepages-") => "bytes",
        name if name.starts_with("attachable-volumes-") => "integer",
        _ => "",
    }
}

fn requests(pod: &Pod) -> Amounts {
    let mut total = total(pod, |resources| &resources.requests);
    for (resource, quantity) in &pod.spec.overhead {
        add(&mut total, resource, *quantity);
    }
    total
}

/// What the sandbox needs is added to limits only where there are any.
fn limits(pod: &Pod) -> Amounts {
    let mut total = total(pod, |resources| &resources.limits);
    for (resource, quantity) in &pod.spec.overhead {
        if total.get(resource).is_some_and(|limit| !limit.is_zero()) {
            add(&mut total, resource, *quantity);
        }
    }
    total
}

/// Containers side by side, or what runs before them if that is more; what the pod says as a whole goes first.
fn total(pod: &Pod, amounts: fn(&ResourceRequirements) -> &Amounts) -> Amounts {
    let (mut total, mut sidecars, mut before) = (Amounts::new(), Amounts::new(), Amounts::new());
    let all = |container: &Container| amounts(&container.resources).clone();
    for container in &pod.spec.containers {
        all(container).iter().for_each(|(resource, quantity)| add(&mut total, resource, *quantity));
    }
    for container in &pod.spec.init_containers {
        let mut own = all(container);
        if container.restart_policy == "Always" {
            for (resource, quantity) in &own {
                add(&mut total, resource, *quantity);
                add(&mut sidecars, resource, *quantity);
            }
            own = sidecars.clone();
        } else {
            sidecars.iter().for_each(|(resource, quantity)| add(&mut own, resource, *quantity));
        }
        own.iter().for_each(|(resource, quantity)| raise(&mut before, resource, *quantity));
    }
    before.iter().for_each(|(resource, quantity)| raise(&mut total, resource, *quantity));
    for (resource, quantity) in pod.spec.resources.iter().flat_map(amounts) {
        total.insert(resource.clone(), *quantity);
    }
    total
}

fn add(amounts: &mut Amounts, resource: &str, more: Quantity) {
    let known = amounts.get(resource).copied().unwrap_or(Quantity::ZERO);
    let sum = Quantity::from_nanos(known.as_nanos().saturating_add(more.as_nanos()));
    amounts.insert(resource.to_owned(), sum);
}

fn raise(amounts: &mut Amounts, resource: &str, to: Quantity) {
    let known = amounts.get(resource).copied().unwrap_or(Quantity::ZERO);
    if to.as_nanos() > known.as_nanos() {
        amounts.insert(resource.to_owned(), to);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::double::{Double, Reply};

    #[tokio::test]
    async fn pods_are_counted_as_the_scheduler_counts_them() {
        let double = Double::new(|_| {
            Reply::Ok(json!({"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": [
                {"metadata": {"name": "a", "namespace": "n"}, "spec": {
                    "nodeName": "n1", "schedulerName": "s", "priority": 5, "overhead": {"cpu": "10m", "memory": "1Mi"},
                    "containers": [{"name": "c", "resources": {
                        "requests": {"cpu": "250m", "example.com/gpu": "1", "memory": "0"}, "limits": {"cpu": "1"},
                    }}],
                    "initContainers": [
                        {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
                        {"name": "i", "resources": {"requests": {"cpu": "1500m"}}},
                    ],
                }},
                {"metadata": {"name": "b", "namespace": "n"}, "spec": {
                    "resources": {"requests": {"cpu": "3"}},
                    "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}],
                }},
                {"metadata": {"name": "over", "namespace": "n"}, "status": {"phase": "Failed"}, "spec": {
                    "nodeName": "n1", "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}],
                }},
            ]}))
        });
        let text = look(&double.connection()).await.unwrap().render();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let of_a = r#"namespace="n",pod="a",node="n1",scheduler="s",priority="5""#;
        let of_b = r#"namespace="n",pod="b",node="",scheduler="",priority="""#;
        let expected = [
            format!(r#"kube_pod_resource_limit{{{of_a},resource="cpu",unit="cores"}} 1.01"#),
            format!(r#"kube_pod_resource_request{{{of_a},resource="cpu",unit="cores"}} 2.51"#),
            format!(r#"kube_pod_resource_request{{{of_a},resource="example.com/gpu",unit=""}} 1"#),
            format!(r#"kube_pod_resource_request{{{of_a},resource="memory",unit="bytes"}} 1.048576e+06"#),
            format!(r#"kube_pod_resource_request{{{of_b},resource="cpu",unit="cores"}} 3"#),
        ];
        assert_eq!(lines, expected);
        assert!(double.asked()[0].path.contains("resourceVersion=0&fieldSelector="));
    }
}
