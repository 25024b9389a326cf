//! What is done at a start with objects that are there already.

use serde_json::{Map, Value};

use super::flow_control::MANDATORY;
use crate::authorization::rbac::{Rule, covers};

/// What to write so that a cluster has `desired`: the object itself if there is none, the existing one with what is
/// missing, or nothing.
///
/// Of roles and bindings, missing rules and subjects are added and extra ones are kept; nothing is done to those whose
/// annotation `rbac.authorization.kubernetes.io/autoupdate` says `false`. A binding whose role is another one has to be
/// deleted first, since roles of bindings cannot change: the desired one is returned, without a resourceVersion. Flow
/// control objects get their specification back while `apf.kubernetes.io/autoupdate-spec` says `true`, the mandatory ones
/// always. Endpoints follow the advertised address, the Service `kubernetes` the port. Everything else is left alone.
pub fn reconcile(existing: Option<&Value>, desired: &Value) -> Option<Value> {
    let Some(existing) = existing else { return Some(desired.clone()) };
    match desired["kind"].as_str().unwrap_or_default() {
        "ClusterRole" | "Role" => role(existing, desired),
        "ClusterRoleBinding" | "RoleBinding" => binding(existing, desired),
        "FlowSchema" | "PriorityLevelConfiguration" => flow_control(existing, desired),
        "Endpoints" => with(existing, desired, &["subsets"]),
        "EndpointSlice" => with(existing, desired, &["addressType", "endpoints", "ports"]),
        "Service" => {
            let mut changed = existing.clone();
            changed["spec"]["ports"] = desired["spec"]["ports"].clone();
            (changed != *existing).then_some(changed)
        }
        _ => None,
    }
}

fn is_protected(existing: &Value) -> bool {
    existing["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] == "false"
}

fn role(existing: &Value, desired: &Value) -> Option<Value> {
    if is_protected(existing) {
        return None;
    }
    let mut changed = with_metadata(existing, desired);
    let missing = covers(&Rule::list(&existing["rules"]), &Rule::list(&desired["rules"]));
    append(&mut changed, "rules", missing.iter().map(Rule::to_value).collect());
    match desired.get("aggregationRule").filter(|rule| !rule.is_null()) {
        None => {
            if let Some(members) = changed.as_object_mut() {
                members.remove("aggregationRule");
            }
        }
        Some(rule) => {
            let selectors = |of: &Value| of["clusterRoleSelectors"].as_array().cloned().unwrap_or_default();
            let own = selectors(&existing["aggregationRule"]);
            let missing: Vec<Value> =
                selectors(rule).into_iter().filter(|selector| !own.contains(selector)).collect();
            if !missing.is_empty() {
                let all: Vec<Value> = own.into_iter().chain(missing).collect();
                changed["aggregationRule"]["clusterRoleSelectors"] = all.into();
            }
        }
    }
    (changed != *existing).then_some(changed)
}

fn binding(existing: &Value, desired: &Value) -> Option<Value> {
    if is_protected(existing) {
        return None;
    }
    if existing["roleRef"] != desired["roleRef"] {
        return Some(desired.clone());
    }
    let mut changed = with_metadata(existing, desired);
    let own = existing["subjects"].as_array().cloned().unwrap_or_default();
    let is_missing = |subject: &Value| {
        let members = ["kind", "name", "namespace"];
        !own.iter().any(|own| members.iter().all(|member| own.get(member) == subject.get(member)))
    };
    let wanted = desired["subjects"].as_array().into_iter().flatten();
    append(&mut changed, "subjects", wanted.filter(|subject| is_missing(subject)).cloned().collect());
    (changed != *existing).then_some(changed)
}

fn flow_control(existing: &Value, desired: &Value) -> Option<Value> {
    let name = desired["metadata"]["name"].as_str().unwrap_or_default();
    let annotation = &existing["metadata"]["annotations"]["apf.kubernetes.io/autoupdate-spec"];
    // Without the annotation, an object that nobody has changed yet is still ours.
    let is_ours = annotation == "true" || (annotation.is_null() && existing["metadata"]["generation"] == 1);
    if !MANDATORY.contains(&name) && !is_ours {
        return None;
    }
    with(&with_metadata(existing, desired), desired, &["spec"])
        .or_else(|| Some(with_metadata(existing, desired)))
        .filter(|changed| changed != existing)
}

/// The existing object with some members of the desired one, if they differ.
fn with(existing: &Value, desired: &Value, members: &[&str]) -> Option<Value> {
    let mut changed = existing.clone();
    for member in members {
        changed[*member] = desired[*member].clone();
    }
    (changed != *existing).then_some(changed)
}

/// The existing object with labels and annotations that it lacks. What somebody has set stays.
fn with_metadata(existing: &Value, desired: &Value) -> Value {
    let mut changed = existing.clone();
    for member in ["labels", "annotations"] {
        let own = existing["metadata"][member].as_object().cloned().unwrap_or_default();
        let mut all: Map<String, Value> =
            desired["metadata"][member].as_object().cloned().unwrap_or_default();
        all.extend(own.clone());
        if all != own {
            changed["metadata"][member] = all.into();
        }
    }
    changed
}

fn append(object: &mut Value, list: &str, items: Vec<Value>) {
    if items.is_empty() {
        return;
    }
    match &mut object[list] {
        Value::Array(own) => own.extend(items),
        none => *none = items.into(),
    }
}
