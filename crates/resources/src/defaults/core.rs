//! Kinds of the core group whose defaults are few.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::pod::{same_address_in_both, template};
use super::{quantity, volume};
use crate::document::{Members as _, Object, at_mut, members_of};

/// A PodTemplate.
pub(crate) fn pod_template(object: &mut Value) {
    template(members_of(object), "template");
}

/// A ReplicationController.
pub(crate) fn replication_controller(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("replicas", 1);
    template(spec, "template");
    let Some(labels) = template_labels(spec) else { return };
    spec.fill_empty("selector", labels.clone());
    labels_if_none(object, labels);
}

/// The labels of the template in a spec, if it has some.
pub(super) fn template_labels(spec: &Object) -> Option<Value> {
    let metadata = spec.members("template")?.members("metadata")?;
    metadata
        .get("labels")
        .filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty()))
        .cloned()
}

/// Gives labels to an object that has none.
pub(super) fn labels_if_none(object: &mut Value, labels: Value) {
    members_of(object).members_made("metadata").fill_empty("labels", labels);
}

/// A Secret. What was sent as text is stored as bytes.
pub(crate) fn secret(object: &mut Value) {
    let object = members_of(object);
    object.fill_empty("type", "Opaque");
    if let Some(Value::Object(texts)) = object.remove("stringData")
        && !texts.is_empty()
    {
        let data = object.members_made("data");
        for (key, text) in texts {
            data.put(&key, BASE64_STANDARD.encode(text.as_str().unwrap_or_default()));
        }
    }
}

/// A PersistentVolume.
pub(crate) fn persistent_volume(object: &mut Value) {
    let object = members_of(object);
    if let Some(spec) = object.members_mut("spec") {
        persistent_volume_spec(spec);
    }
    object.members_made("status").fill_empty("phase", "Pending");
}

/// The spec of a PersistentVolume.
pub(crate) fn persistent_volume_spec(spec: &mut Object) {
    spec.fill_empty("persistentVolumeReclaimPolicy", "Retain");
    spec.fill_absent("volumeMode", "Filesystem");
    volume::source(spec);
    quantity::round(spec, "capacity");
}

/// A PersistentVolumeClaim.
pub(crate) fn persistent_volume_claim(object: &mut Value) {
    claim(members_of(object));
}

/// A claim, also one that is a template in something else.
pub(super) fn claim(claim: &mut Object) {
    if let Some(spec) = claim.members_mut("spec") {
        volume::claim_spec(spec);
    }
    let status = claim.members_made("status");
    status.fill_empty("phase", "Pending");
    quantity::round(status, "capacity");
    quantity::round(status, "allocatedResources");
}

/// An Endpoints object.
pub(crate) fn endpoints(object: &mut Value) {
    members_of(object).for_each("subsets", |subset| {
        subset.for_each("ports", |port| port.fill_empty("protocol", "TCP"));
    });
}

/// The label that every namespace has with its name.
pub(crate) const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A Namespace.
pub(crate) fn namespace(object: &mut Value) {
    let object = members_of(object);
    let metadata = object.members_made("metadata");
    let name = metadata.text("name").to_owned();
    if !name.is_empty() {
        metadata.members_made("labels").put(NAMESPACE_NAME_LABEL, name);
    }
    object.members_made("status").fill_empty("phase", "Active");
}

/// A Node.
pub(crate) fn node(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        same_address_in_both(spec, "podCIDR", "podCIDRs");
    }
    let Some(status) = at_mut(object, &["status"]) else { return };
    if let Some(capacity) = status.get("capacity").filter(|capacity| !capacity.is_null()).cloned() {
        status.fill_absent("allocatable", capacity);
    }
    quantity::round(status, "capacity");
    quantity::round(status, "allocatable");
}

/// A LimitRange.
pub(crate) fn limit_range(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.for_each("limits", |item| {
        if item.text("type") == "Container" {
            let fill = |item: &mut Object, from: &str, to: &str| {
                let from = item.members(from).cloned().unwrap_or_default();
                if !from.is_empty() {
                    let to = item.members_made(to);
                    for (resource, amount) in from {
                        to.entry(resource).or_insert(amount);
                    }
                }
            };
            fill(item, "max", "default");
            fill(item, "default", "defaultRequest");
            fill(item, "min", "defaultRequest");
        }
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            quantity::round(item, list);
        }
    });
}

/// A ResourceQuota.
pub(crate) fn resource_quota(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    quantity::round(spec, "hard");
    if let Some(status) = at_mut(object, &["status"]) {
        quantity::round(status, "hard");
        quantity::round(status, "used");
    }
}

/// A RuntimeClass of node.k8s.io.
pub(crate) fn runtime_class(object: &mut Value) {
    if let Some(overhead) = at_mut(object, &["overhead"]) {
        quantity::round(overhead, "podFixed");
    }
}

/// An EndpointSlice of discovery.k8s.io.
pub(crate) fn endpoint_slice(object: &mut Value) {
    members_of(object).for_each("ports", |port| {
        port.fill_absent("name", "");
        port.fill_absent("protocol", "TCP");
    });
}

/// A PriorityClass of scheduling.k8s.io.
pub(crate) fn priority_class(object: &mut Value) {
    members_of(object).fill_absent("preemptionPolicy", json!("PreemptLowerPriority"));
}
