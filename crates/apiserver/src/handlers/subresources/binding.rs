//! Binding of pods to nodes.

mod stored;

use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::WriteOptions;
use apimachinery::{GroupResource, Status};
use serde_json::{Map, Value, json};

use super::super::body::{self, Expected};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Transforms};
use crate::registry::{Target, Update};
use crate::reply::{Reply, success};
use crate::server::Server;

/// Labels of nodes that pods get when they are bound (PodTopologyLabelsAdmission).
const TOPOLOGY_LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let format = negotiation::body_format(&call.headers)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_create(call.query())?;
    let expected = Expected::named("", "v1", "Binding")?;
    let mut binding = body::decode(&expected, &bytes, format, options.field_validation, &mut call.warnings)?;
    body::check_namespace(target, &mut binding)?;
    bind(server, request, target, &binding, options.is_dry_run, &mut call.warnings).await?;
    Ok(Reply::document(201, &accepted, &success()))
}

/// Binds a pod to the node that a binding names.
///
/// # Errors
/// The pod is bound, is ending, or is not to be scheduled yet; the binding is for another pod.
pub(crate) async fn bind(
    server: &Server,
    request: &Authorized,
    target: &Target,
    binding: &Value,
    is_dry_run: bool,
    warnings: &mut Vec<String>,
) -> Result<(), Box<Status>> {
    let meta = Meta::of(binding);
    if !meta.name().is_empty() && meta.name() != target.name {
        return Err(Box::new(Status::bad_request("name in URL does not match name in Binding object")));
    }
    validate(binding, &target.name)?;
    let node = binding["target"]["name"].as_str().unwrap_or_default();
    let labels = node_labels(server, node);
    if !is_dry_run && bind_stored(server, request, target, binding, node, &labels).await? {
        return Ok(());
    }
    let mut change = |old: Option<&Value>| {
        let mut pod = old.cloned().unwrap_or_default();
        check(target, binding, &pod)?;
        assign(&mut pod, node, binding, &labels);
        Ok(pod)
    };
    let update = Update {
        change: &mut change,
        uid: meta.uid().to_owned(),
        may_create: false,
        is_dry_run,
        is_internal: true,
    };
    server.registry.update(request, target, update, warnings).await?;
    Ok(())
}

/// Binds a pod without reading more of it than that takes. Returns false if it is not so simple, and nothing is done.
async fn bind_stored(
    server: &Server,
    request: &Authorized,
    target: &Target,
    binding: &Value,
    node: &str,
    labels: &[(&'static str, String)],
) -> Result<bool, Box<Status>> {
    let meta = Meta::of(binding);
    if !meta.resource_version().is_empty() {
        return Ok(false);
    }
    let now = crate::clock::print(crate::clock::now());
    let wanted = stored::Wanted {
        uid: meta.uid(),
        node,
        labels: meta
            .labels()
            .into_iter()
            .flatten()
            .map(words)
            .chain(labels.iter().map(|(key, value)| (*key, value.as_str())))
            .collect(),
        annotations: meta.annotations().into_iter().flatten().map(words).collect(),
        now: &now,
    };
    server.registry.edit(request, target, |entry| stored::bound(&entry.value, &wanted)).await
}

/// A label or annotation.
fn words<'b>((key, value): (&'b String, &'b Value)) -> (&'b str, &'b str) {
    (key.as_str(), value.as_str().unwrap_or_default())
}

fn validate(binding: &Value, name: &str) -> Result<(), Box<Status>> {
    use apimachinery::field::{FieldError, Path};
    let mut errors = apimachinery::ErrorList::new();
    let target = &binding["target"];
    let kind = target["kind"].as_str().unwrap_or_default();
    let path = Path::new("target");
    if !matches!(kind, "" | "Node") {
        errors.push(FieldError::not_supported(&path.child("kind"), kind, &["Node", "<empty>"]));
    }
    if target["name"].as_str().unwrap_or_default().is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Box::new(Status::invalid(&apimachinery::GroupKind::new("", "Binding"), name, &errors)))
}

fn node_labels(server: &Server, node: &str) -> Vec<(&'static str, String)> {
    let registry = &server.registry;
    let node = registry.kinds.stored("", "nodes").and_then(|nodes| registry.cache(nodes).get("", node));
    let label = |key: &'static str| Some((key, node.as_ref()?.labels().get(key)?.to_string()));
    TOPOLOGY_LABELS.into_iter().filter_map(label).collect()
}

fn check(target: &Target, binding: &Value, pod: &Value) -> Result<(), Box<Status>> {
    let name = &target.name;
    let resource = GroupResource::new("", "pods/binding");
    let refused = |error: String| Err(Box::new(Status::conflict(&resource, name, error)));
    let wanted = Meta::of(binding).resource_version();
    if !wanted.is_empty() && wanted != Meta::of(pod).resource_version() {
        return Err(Box::new(Status::modified(&GroupResource::new("", "pods"), name)));
    }
    if Meta::of(pod).deletion_timestamp().is_some() {
        return refused(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if !node.is_empty() {
        return refused(format!("pod {name} is already assigned to node {node:?}"));
    }
    if pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
        return refused(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    Ok(())
}

fn assign(pod: &mut Value, node: &str, binding: &Value, labels: &[(&'static str, String)]) {
    let now = crate::clock::print(crate::clock::now());
    let members = pod.as_object_mut();
    let spec = members.and_then(|pod| pod.get_mut("spec")).and_then(Value::as_object_mut);
    if let Some(spec) = spec {
        spec.insert("nodeName".to_owned(), node.into());
    }
    let mut meta = MetaMut::of(pod);
    for (key, value) in Meta::of(binding).annotations().into_iter().flatten() {
        meta.set_annotation(key, value.as_str().unwrap_or_default());
    }
    let own_labels = Meta::of(binding).labels().into_iter().flatten();
    let own_labels = own_labels.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
    for (key, value) in own_labels.chain(labels.iter().map(|(key, value)| (*key, value.as_str()))) {
        meta.set_label(key, value);
    }
    let Some(status) = pod
        .as_object_mut()
        .map(|pod| pod.entry("status").or_insert_with(|| Map::new().into()))
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    set_bound(status, &now);
}

/// Says in a status that the pod has its node.
fn set_bound(status: &mut Map<String, Value>, now: &str) {
    status.remove("nominatedNodeName");
    let condition = json!({
        "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
    });
    set_condition(status, condition);
}

/// Sets a condition; the time of the last transition stays where the status does.
pub(super) fn set_condition(status: &mut Map<String, Value>, mut condition: Value) {
    let conditions = status.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
    if !conditions.is_array() {
        *conditions = Value::Array(Vec::new());
    }
    let Some(conditions) = conditions.as_array_mut() else { return };
    match conditions.iter_mut().find(|known| known["type"] == condition["type"]) {
        Some(known) => {
            if known["status"] == condition["status"] {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => conditions.push(condition),
    }
}
