//! What an API server fills in when an object is created.
//!
//! Objects that come from an API server have all of it, so that nothing here changes them; what the model takes
//! for its default anyway, such as the fields of a spread constraint, is left to it.

mod affinity;
mod budget;

use std::collections::BTreeMap;

use wire::decode::Sourced;
use wire::{Container, Node, Object, ObjectMeta, PodSpec, Quantity, ResourceRequirements, StorageClass};

/// The label by which selectors of namespaces find one by its name.
const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

const DEFAULT_SCHEDULER: &str = "default-scheduler";
const DEFAULT_PROTOCOL: &str = "TCP";
const DEFAULT_BINDING_MODE: &str = "Immediate";

/// Completes all objects, and computes the statuses of budgets.
pub(super) fn fill_in(objects: &mut [Sourced]) {
    objects.iter_mut().for_each(|sourced| complete(&mut sourced.object));
    budget::compute_statuses(objects);
}

/// Completes one object.
pub(crate) fn complete(object: &mut Object) {
    match object {
        Object::Pod(pod) => {
            fill_in_spec(&mut pod.spec);
            if is_typed_by_hand(&pod.metadata) {
                affinity::merge_label_keys(pod);
            }
        }
        Object::Node(node) => fill_in_node(node),
        Object::Namespace(namespace) => {
            let name = namespace.metadata.name.clone();
            namespace.metadata.labels.entry(NAMESPACE_NAME_LABEL.to_owned()).or_insert(name);
        }
        Object::StorageClass(class) => fill_in_storage_class(class),
        // Templates are completed like pods, except for what depends on the pod's own labels.
        Object::ReplicaSet(set) => fill_in_spec(&mut set.spec.template.spec),
        Object::StatefulSet(set) => fill_in_spec(&mut set.spec.template.spec),
        Object::ReplicationController(controller) => {
            if let Some(template) = &mut controller.spec.template {
                fill_in_spec(&mut template.spec);
            }
        }
        _ => {}
    }
}

/// Whether no API server has seen the object.
fn is_typed_by_hand(metadata: &ObjectMeta) -> bool {
    metadata.uid.is_empty() && metadata.resource_version.is_empty()
}

fn fill_in_spec(spec: &mut PodSpec) {
    if spec.scheduler_name.is_empty() {
        DEFAULT_SCHEDULER.clone_into(&mut spec.scheduler_name);
    }
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        fill_in_requests(&mut container.resources);
        fill_in_ports(container, spec.host_network);
    }
    let containers = || spec.containers.iter().chain(&spec.init_containers);
    if let Some(resources) = &mut spec.resources {
        // What containers request of a resource is what their pod requests of it.
        let is_requested =
            |name: &String| containers().any(|container| container.resources.requests.contains_key(name));
        let limits: Vec<(String, Quantity)> = resources
            .limits
            .iter()
            .filter(|(name, _)| !is_requested(name))
            .map(|(name, limit)| (name.clone(), *limit))
            .collect();
        limits.into_iter().for_each(|(name, limit)| add_request(&mut resources.requests, name, limit));
    }
}

/// A limit without a request is a request.
fn fill_in_requests(resources: &mut ResourceRequirements) {
    let ResourceRequirements { requests, limits, .. } = resources;
    for (name, limit) in limits {
        add_request(requests, name.clone(), *limit);
    }
}

fn add_request(requests: &mut BTreeMap<String, Quantity>, name: String, limit: Quantity) {
    requests.entry(name).or_insert(limit);
}

fn fill_in_ports(container: &mut Container, is_on_host_network: bool) {
    for port in &mut container.ports {
        if port.protocol.is_empty() {
            DEFAULT_PROTOCOL.clone_into(&mut port.protocol);
        }
        if is_on_host_network && port.host_port == 0 {
            port.host_port = port.container_port;
        }
    }
}

fn fill_in_node(node: &mut Node) {
    if node.status.allocatable.is_empty() {
        node.status.allocatable.clone_from(&node.status.capacity);
    }
}

fn fill_in_storage_class(class: &mut StorageClass) {
    if is_typed_by_hand(&class.metadata) && class.volume_binding_mode.is_none() {
        class.volume_binding_mode = Some(DEFAULT_BINDING_MODE.to_owned());
    }
}
