//! Fields that kinds can be selected by, besides name and namespace.

use std::borrow::Cow;

use serde_json::Value;

use crate::kind::SelectableField;

const CORE: Option<(&str, &str)> = Some(("", "v1"));
const EVENTS: Option<(&str, &str)> = Some(("events.k8s.io", "v1"));

const fn field(label: &'static str, value: fn(&Value) -> Cow<'_, str>) -> SelectableField {
    SelectableField { label, value, only_in: None }
}

/// A text at the end of a way of members; empty where there is none.
fn text<'v>(object: &'v Value, way: &[&str]) -> Cow<'v, str> {
    way.iter().fold(object, |value, name| &value[*name]).as_str().unwrap_or_default().into()
}

fn flag<'v>(object: &'v Value, way: &[&str]) -> Cow<'v, str> {
    let value = way.iter().fold(object, |value, name| &value[*name]).as_bool().unwrap_or_default();
    if value { "true".into() } else { "false".into() }
}

fn number<'v>(object: &'v Value, way: &[&str]) -> Cow<'v, str> {
    way.iter().fold(object, |value, name| &value[*name]).as_i64().unwrap_or_default().to_string().into()
}

/// `status.phase`.
pub(super) const PHASE: SelectableField = field("status.phase", |o| text(o, &["status", "phase"]));

/// Those of Pods. `spec.host` is the old name of `spec.nodeName`; no pod has a value of `status.podIPs`.
pub(super) const POD: &[SelectableField] = &[
    field("spec.nodeName", |o| text(o, &["spec", "nodeName"])),
    field("spec.host", |o| text(o, &["spec", "nodeName"])),
    field("spec.restartPolicy", |o| text(o, &["spec", "restartPolicy"])),
    field("spec.schedulerName", |o| text(o, &["spec", "schedulerName"])),
    field("spec.serviceAccountName", |o| text(o, &["spec", "serviceAccountName"])),
    field("spec.hostNetwork", |o| flag(o, &["spec", "hostNetwork"])),
    PHASE,
    field("status.podIP", |o| text(o, &["status", "podIP"])),
    field("status.podIPs", |_| "".into()),
    field("status.nominatedNodeName", |o| text(o, &["status", "nominatedNodeName"])),
];

/// Those of Nodes.
pub(super) const NODE: &[SelectableField] =
    &[field("spec.unschedulable", |o| flag(o, &["spec", "unschedulable"]))];

/// Those of ReplicationControllers.
pub(super) const REPLICATION_CONTROLLER: &[SelectableField] =
    &[field("status.replicas", |o| number(o, &["status", "replicas"]))];

/// Those of Secrets.
pub(super) const SECRET: &[SelectableField] = &[field("type", |o| text(o, &["type"]))];

/// Those of Services.
pub(super) const SERVICE: &[SelectableField] = &[
    field("spec.clusterIP", |o| text(o, &["spec", "clusterIP"])),
    field("spec.type", |o| text(o, &["spec", "type"])),
];

/// Those of Jobs.
pub(super) const JOB: &[SelectableField] =
    &[field("status.successful", |o| number(o, &["status", "succeeded"]))];

/// Those of CertificateSigningRequests.
pub(super) const SIGNING_REQUEST: &[SelectableField] =
    &[field("spec.signerName", |o| text(o, &["spec", "signerName"]))];

/// Those of ResourceSlices.
pub(super) const RESOURCE_SLICE: &[SelectableField] = &[
    field("spec.nodeName", |o| text(o, &["spec", "nodeName"])),
    field("spec.driver", |o| text(o, &["spec", "driver"])),
];

const fn core(label: &'static str, value: fn(&Value) -> Cow<'_, str>) -> SelectableField {
    SelectableField { label, value, only_in: CORE }
}

const fn events(label: &'static str, value: fn(&Value) -> Cow<'_, str>) -> SelectableField {
    SelectableField { label, value, only_in: EVENTS }
}

/// Who reported an event, by the old field or the new one.
fn source(object: &Value) -> Cow<'_, str> {
    let component = text(object, &["source", "component"]);
    if component.is_empty() { text(object, &["reportingComponent"]) } else { component }
}

/// Those of Events, by the names of either group.
pub(super) const EVENT: &[SelectableField] = &[
    core("involvedObject.kind", |o| text(o, &["involvedObject", "kind"])),
    core("involvedObject.namespace", |o| text(o, &["involvedObject", "namespace"])),
    core("involvedObject.name", |o| text(o, &["involvedObject", "name"])),
    core("involvedObject.uid", |o| text(o, &["involvedObject", "uid"])),
    core("involvedObject.apiVersion", |o| text(o, &["involvedObject", "apiVersion"])),
    core("involvedObject.resourceVersion", |o| text(o, &["involvedObject", "resourceVersion"])),
    core("involvedObject.fieldPath", |o| text(o, &["involvedObject", "fieldPath"])),
    core("reportingComponent", |o| text(o, &["reportingComponent"])),
    core("source", source),
    events("regarding.kind", |o| text(o, &["involvedObject", "kind"])),
    events("regarding.namespace", |o| text(o, &["involvedObject", "namespace"])),
    events("regarding.name", |o| text(o, &["involvedObject", "name"])),
    events("regarding.uid", |o| text(o, &["involvedObject", "uid"])),
    events("regarding.apiVersion", |o| text(o, &["involvedObject", "apiVersion"])),
    events("regarding.resourceVersion", |o| text(o, &["involvedObject", "resourceVersion"])),
    events("regarding.fieldPath", |o| text(o, &["involvedObject", "fieldPath"])),
    events("reportingController", |o| text(o, &["reportingComponent"])),
    field("reason", |o| text(o, &["reason"])),
    field("type", |o| text(o, &["type"])),
];
