//! Pods: new ones, changed ones, and what is below a pod's path.

mod binding;
mod ephemeral_containers;
mod gated;
mod log_options;
mod quality_of_service;
mod resize;
mod status;
#[cfg(test)]
mod tests;
mod update;

use apimachinery::{ErrorList, Path};
use serde_json::{Map, Value};

pub use binding::validate_binding;
pub use log_options::{LogOptions, validate_log_options};

use super::members::Members as _;
use super::pod_spec::{self, Kept, Setting};
use super::report::Report as _;
use crate::kind::Context;

/// What is wrong with a new pod.
pub fn validate(_context: Context<'_>, pod: &Value) -> ErrorList {
    let mut errors = metadata_and_spec(pod, Kept::default());
    let path = Path::new("spec");
    let spec = &pod["spec"];
    if !spec.items("ephemeralContainers").is_empty() {
        errors.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.text("nodeName").is_empty() && !spec.items("schedulingGates").is_empty() {
        let message = "cannot be set until all schedulingGates have been cleared";
        errors.forbidden(&path.child("nodeName"), message);
    }
    pod_spec::profiles_match(&mut errors, &path, pod.member("metadata").member("annotations"), spec);
    errors
}

/// What is wrong with a changed pod: `context.subresource` is empty, `status`, `ephemeralcontainers` or `resize`.
pub fn validate_update(context: Context<'_>, pod: &Value, old: &Value) -> ErrorList {
    match context.subresource {
        "status" => status::validate(pod, old),
        "ephemeralcontainers" => ephemeral_containers::validate(pod, old),
        "resize" => resize::validate(pod, old),
        _ => update::validate(pod, old),
    }
}

/// What upstream checks of every pod that is written, apart from the metadata that all objects have.
fn metadata_and_spec(pod: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let spec = &pod["spec"];
    let metadata = pod.member("metadata");
    pod_spec::annotations(
        &mut errors,
        &Path::new("metadata.annotations"),
        metadata.and_then(|metadata| metadata.object("annotations")),
        spec,
        kept.deletion_cost,
    );
    let path = Path::new("spec");
    let setting = Setting { is_pod: true, pod_name: metadata.text("name"), kept };
    pod_spec::validate(&mut errors, &path, spec, setting);
    tokens_have_an_account(&mut errors, &path.child("volumes"), spec);
    for name in ["containers", "initContainers"] {
        pod_spec::padded_images(&mut errors, &path.child(name), spec.items(name));
    }
    errors
}

fn tokens_have_an_account(errors: &mut ErrorList, path: &Path, spec: &Value) {
    if !spec.text("serviceAccountName").is_empty() {
        return;
    }
    for (i, volume) in spec.items("volumes").iter().enumerate() {
        for (j, source) in volume.member("projected").items("sources").iter().enumerate() {
            if source.member("serviceAccountToken").is_some() {
                let path = path.index(i).child("projected.sources").index(j).child("serviceAccountToken");
                errors.forbidden(&path, "must not be specified when serviceAccountName is not set");
            }
        }
    }
}

/// Whether a pod is the image of one that a kubelet runs by itself.
fn is_mirror(pod: &Value) -> bool {
    pod.member("metadata").member("annotations").member(pod_spec::MIRROR).is_some()
}

/// What the stored pod breaks already.
fn kept_of(old: &Value) -> Kept {
    Kept::of(old.member("spec"), old.member("metadata"))
}

/// Annotations that cannot be changed, and those that mean something.
fn annotation_updates(errors: &mut ErrorList, pod: &Value, old: &Value, kept: Kept) {
    let path = Path::new("metadata.annotations");
    let none = Map::new();
    let new_annotations = pod.member("metadata").and_then(|metadata| metadata.object("annotations"));
    let new_entries = new_annotations.and_then(Value::as_object).unwrap_or(&none);
    let old_entries = old["metadata"].map("annotations").unwrap_or(&none);
    let is_changed = |(key, value): &(&String, &Value)| new_entries.get(*key) != Some(*value);
    for (key, _) in old_entries.iter().filter(is_changed) {
        if key.starts_with(pod_spec::APP_ARMOR) {
            errors.forbidden(&path.key(key), "may not remove or update AppArmor annotations");
        }
        if key == pod_spec::MIRROR {
            errors.forbidden(&path.key(key), "may not remove or update mirror pod annotation");
        }
    }
    for key in new_entries.keys().filter(|key| !old_entries.contains_key(*key)) {
        if key.starts_with(pod_spec::APP_ARMOR) {
            errors.forbidden(&path.key(key), "may not add AppArmor annotations");
        }
        if key == pod_spec::MIRROR {
            errors.forbidden(&path.key(key), "may not add mirror pod annotation");
        }
    }
    let spec = &pod["spec"];
    pod_spec::annotations(errors, &path, new_annotations, spec, kept.deletion_cost);
}
