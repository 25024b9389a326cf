//! PodResizeValidator: a pod on a node is made no larger than the node.

use apimachinery::Status;
use apimachinery::meta::Meta;
use apimachinery::status::Cause;
use serde_json::Value;
use wire::Quantity;

use super::{Operation, Plugin, Request, at, items, text};

pub(super) struct PodResizeValidator;

impl Plugin for PodResizeValidator {
    fn name(&self) -> &'static str {
        "PodResizeValidator"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let attributes = request.attributes;
        let is_resize = request.operation == Operation::Update
            && attributes.group.is_empty()
            && attributes.resource == "pods"
            && attributes.subresource == "resize";
        let Some((pod, old)) = object.filter(|_| is_resize).zip(request.old) else { return Ok(()) };
        let node_name = text(pod, "/spec/nodeName");
        // A spec that changes counts the generation.
        if node_name.is_empty() || Meta::of(pod).generation() == Meta::of(old).generation() {
            return Ok(());
        }
        let Some(node) = request.get("", "nodes", "", node_name) else {
            return Err(request.forbidden(format!("node {node_name:?} not found")));
        };
        let because = |reason: &str, error: String| {
            let mut status = request.forbidden(error);
            let cause = Cause { reason: reason.to_owned(), ..Cause::default() };
            status.details.get_or_insert_default().causes.push(cause);
            status
        };
        let system = Meta::of(&node).label("kubernetes.io/os");
        if let Some(system) = system.filter(|system| *system != "linux") {
            let error =
                format!("pod resize is only supported on linux nodes, node {node_name:?} is {system:?}");
            return Err(because("UnsupportedPlatform", error));
        }
        check_size(pod, &node).map_err(|error| because("NodeCapacity", error))
    }
}

/// Whether an empty node would have room for the pod.
fn check_size(pod: &Value, node: &Value) -> Result<(), String> {
    let mut lacks = Vec::new();
    type Print = fn(Quantity) -> i64;
    for (resource, print) in [("cpu", Quantity::milli_value as Print), ("memory", Quantity::value)] {
        let requested = requested(pod, resource);
        let allocatable = amount(node, "/status/allocatable", resource).unwrap_or_default();
        if requested > allocatable {
            let (requested, allocatable) = (print(requested), print(allocatable));
            lacks.push(format!("{resource}, requested: {requested}, allocatable: {allocatable}"));
        }
    }
    if lacks.is_empty() {
        return Ok(());
    }
    Err(format!("node didn't have enough allocatable resources: {}", lacks.join("; ")))
}

/// What a pod asks for, by its spec: of its containers that run together, or of one that runs before them.
fn requested(pod: &Value, resource: &str) -> Quantity {
    let own = |container: &Value| amount(container, "/resources/requests", resource).unwrap_or_default();
    let mut running: Quantity = items(pod, "/spec/containers").map(own).sum();
    let (mut sidecars, mut peak) = (Quantity::ZERO, Quantity::ZERO);
    for container in items(pod, "/spec/initContainers") {
        if text(container, "/restartPolicy") == "Always" {
            running += own(container);
            sidecars += own(container);
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(sidecars + own(container));
        }
    }
    let of_pod = amount(pod, "/spec/resources/requests", resource);
    let overhead = amount(pod, "/spec/overhead", resource).unwrap_or_default();
    of_pod.unwrap_or_else(|| running.max(peak)) + overhead
}

/// An amount in a list of resources; what is no quantity is refused by validation.
fn amount(document: &Value, list: &str, resource: &str) -> Option<Quantity> {
    at(document, list)?.get(resource)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    fn pod(node: &str, generation: i64, cpu: &str) -> Value {
        json!({
            "metadata": {"name": "p", "generation": generation},
            "spec": {
                "nodeName": node,
                "containers": [{"resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}],
                "initContainers": [
                    {"resources": {"requests": {"memory": "3Gi"}}},
                    {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
                    {"resources": {"requests": {"cpu": "1"}}},
                ],
                "overhead": {"cpu": "250m"},
            },
        })
    }

    #[test]
    fn pods_stay_smaller_than_their_nodes() {
        let node = |name: &str, system: Option<&str>| {
            let labels = system.map(|system| json!({"kubernetes.io/os": system}));
            let node = json!({
                "metadata": {"name": name, "labels": labels},
                "status": {"allocatable": {"cpu": "2", "memory": "4Gi"}},
            });
            ("nodes", node)
        };
        let start = "pods \"p\" is forbidden: ";
        for (resource, name, generation, cpu, refusal) in [
            ("pods/resize", "linux", 2, "1", None),
            ("pods/resize", "unlabelled", 2, "1", None),
            // One and a quarter would be room for the container, not for the sidecar next to it.
            (
                "pods/resize",
                "linux",
                2,
                "1.3",
                Some(
                    "node didn't have enough allocatable resources: cpu, requested: 2050, allocatable: 2000",
                ),
            ),
            (
                "pods/resize",
                "other",
                2,
                "1",
                Some("pod resize is only supported on linux nodes, node \"other\" is \"plan9\""),
            ),
            ("pods/resize", "gone", 2, "1", Some("node \"gone\" not found")),
            ("pods/resize", "gone", 1, "1", None),
            ("pods/resize", "", 2, "9", None),
            ("pods", "gone", 2, "1", None),
        ] {
            let trial = Trial::new(Operation::Update, resource, "ns")
                .with([node("linux", Some("linux")), node("unlabelled", None), node("other", Some("plan9"))])
                .over(pod(name, 1, "1"));
            let outcome = trial.run(&PodResizeValidator, pod(name, generation, cpu)).map(|_| ());
            let expected = refusal.map_or(Ok(()), |text| Err((403, format!("{start}{text}"))));
            assert_eq!(outcome, expected, "{resource} {name} {generation} {cpu}");
        }
    }

    #[test]
    fn what_runs_at_once_is_requested_at_once() {
        let mut pod = pod("n", 1, "1");
        assert_eq!(requested(&pod, "cpu"), "1750m".parse().unwrap());
        assert_eq!(requested(&pod, "memory"), "3Gi".parse().unwrap());
        pod["spec"]["resources"] = json!({"requests": {"cpu": "4"}});
        assert_eq!(requested(&pod, "cpu"), "4250m".parse().unwrap());
        assert_eq!(requested(&pod, "memory"), "3Gi".parse().unwrap());
    }
}
