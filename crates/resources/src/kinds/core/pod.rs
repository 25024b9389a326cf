//! What Pods need besides what all kinds do.

mod app_armor;
mod label_keys;
mod qos;

use apimachinery::meta::Meta;
use serde_json::{Value, json};

use crate::defaults;
use crate::document::{Members as _, Object, at, at_mut, members_of, print_time, take_from};
use crate::kind::{Context, Hooks, Reset};
use crate::kinds::{name_warnings, status_update};

pub(in crate::kinds) use qos::qos_class;

/// The strategy of pods.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::pod::pod,
    prepare_for_create,
    prepare_for_update,
    warnings,
    canonicalize,
    ..Hooks::NONE
};

fn prepare_for_create(context: Context<'_>, object: &mut Value) {
    let spec = &object["spec"];
    let mut status = json!({ "phase": "Pending", "qosClass": qos_class(spec) });
    if spec["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
        status["conditions"] = json!([{
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": null,
            "lastTransitionTime": print_time(context.now),
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
        }]);
    }
    members_of(object).put("status", status);
    label_keys::select_own_labels(object);
}

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    match context.subresource {
        "status" => prepare_status(object, old),
        "ephemeralcontainers" => {
            let sent = object["spec"].get("ephemeralContainers").cloned();
            keep_all_but_spec(object, old);
            let spec = members_of(object).members_made("spec");
            match sent {
                Some(containers) => spec.put("ephemeralContainers", containers),
                None => {
                    spec.remove("ephemeralContainers");
                }
            }
        }
        "resize" => keep_all_but_sizes(object, old),
        _ => {}
    }
}

/// What cannot be owned by whoever writes the status. Upstream means to say that through `resize` and
/// `ephemeralcontainers` only what they change can be owned, but its server does not ask.
pub(super) const RESET_FIELDS: &[(&str, Reset)] =
    &[("status", &[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]])];

/// The status of a pod says nothing about its end and its owners, and what it leaves out of what the server found out
/// stays.
fn prepare_status(object: &mut Value, old: &Value) {
    status_update::keep(object, old, &["deletionTimestamp", "ownerReferences"]);
    let old_status = &old["status"];
    let Some(status) = at_mut(object, &["status"]) else { return };
    for name in ["qosClass", "observedGeneration"] {
        if let Some(kept) = old_status.get(name) {
            status.fill_empty(name, kept.clone());
        }
    }
    status.for_each("conditions", |condition| {
        let before = old_status["conditions"].as_array().into_iter().flatten();
        let kept = before
            .filter(|before| before["type"] == condition["type"])
            .find_map(|before| before.get("observedGeneration"));
        if let Some(kept) = kept {
            condition.fill_empty("observedGeneration", kept.clone());
        }
    });
}

/// The stored pod, with the sent identity: the caller puts into it what may change.
fn keep_all_but_spec(object: &mut Value, old: &Value) {
    let sent = Meta::of(object);
    let kept: Vec<(&str, Value)> = ["name", "namespace", "uid", "resourceVersion", "managedFields"]
        .into_iter()
        .filter_map(|name| Some((name, sent.get(name)?.clone())))
        .collect();
    for member in ["metadata", "spec", "status"] {
        take_from(object, old, member);
    }
    let metadata = members_of(object).members_made("metadata");
    for (name, value) in kept {
        metadata.put(name, value);
    }
}

/// Only sizes of containers, how they are changed, and the size of the pod.
fn keep_all_but_sizes(object: &mut Value, old: &Value) {
    const LISTS: [&str; 2] = ["containers", "initContainers"];
    let names = |pod: &Value| {
        LISTS.map(|list| {
            let containers = pod["spec"][list].as_array().into_iter().flatten();
            containers.map(|container| container["name"].clone()).collect::<Vec<_>>()
        })
    };
    // Other containers are what validation will refuse.
    if names(object) != names(old) {
        return;
    }
    let sent = object["spec"].clone();
    keep_all_but_spec(object, old);
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    copy(spec, &sent, "resources");
    for list in LISTS {
        let mut sent = sent[list].as_array().into_iter().flatten();
        spec.for_each(list, |container| {
            if let Some(sent) = sent.next() {
                copy(container, sent, "resources");
                copy(container, sent, "resizePolicy");
            }
        });
    }
}

fn copy(to: &mut Object, from: &Value, member: &str) {
    match from.get(member) {
        Some(value) => to.put(member, value.clone()),
        None => {
            to.remove(member);
        }
    }
}

fn warnings(context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    let mut warnings = Vec::new();
    if old.is_none() {
        warnings.extend(app_armor::warnings(object));
    }
    if context.subresource.is_empty() {
        warnings.extend(name_warnings::of_pod(object, old));
    }
    warnings
}

fn canonicalize(object: &mut Value) {
    // Only of a new pod: what an old one says cannot change any more.
    if Meta::of(object).resource_version().is_empty() && at(object, &["spec"]).is_some() {
        app_armor::same_in_annotations_and_fields(object);
    }
}
