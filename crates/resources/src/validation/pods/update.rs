//! Changes of a pod itself: little of a pod that exists can be changed.

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::pod_spec::tolerations_only_added;
use super::super::report::Report as _;
use super::super::unified_diff::unified_diff;
use super::super::{internal, semantic};
use super::{annotation_updates, gated, kept_of, metadata_and_spec};

const CHANGEABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                          `spec.tolerations` (only additions to existing tolerations),\
                          `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// What is wrong with a changed pod.
pub(super) fn validate(pod: &Value, old: &Value) -> ErrorList {
    let kept = kept_of(old);
    let mut errors = metadata_and_spec(pod, kept);
    annotation_updates(&mut errors, pod, old, kept);
    let path = Path::new("spec");
    let (new_spec, old_spec) = (&pod["spec"], &old["spec"]);
    for name in ["containers", "initContainers"] {
        if !images(&mut errors, &path.child(name), new_spec.items(name), old_spec.items(name)) {
            return errors;
        }
    }
    if !deadline(&mut errors, &path.child("activeDeadlineSeconds"), new_spec, old_spec) {
        return errors;
    }
    let lists = |name: &str| (path.child(name), new_spec.items(name), old_spec.items(name));
    let (tolerations_path, new, old) = lists("tolerations");
    tolerations_only_added(&mut errors, &tolerations_path, new, old);
    let (gates_path, new, old) = lists("schedulingGates");
    gated::gates_only_removed(&mut errors, &gates_path, new, old);
    if semantic::equal("", "PodSpec", Some(new_spec), Some(old_spec)) {
        return errors;
    }
    let mut munged = new_spec.clone();
    put_back(&mut munged, old_spec);
    if !old_spec.items("schedulingGates").is_empty() {
        gated::placement(&mut errors, &path, &mut munged, old_spec);
    }
    if !semantic::equal("", "PodSpec", Some(&munged), Some(old_spec)) {
        let diff = unified_diff(
            &internal::indented("", "PodSpec", old_spec),
            &internal::indented("", "PodSpec", &munged),
        );
        errors.forbidden(&path, format!("pod updates may not change fields other than {CHANGEABLE}\n{diff}"));
    }
    errors
}

/// Containers stay, and each has an image. Returns false if there are more or fewer of them.
fn images(errors: &mut ErrorList, path: &Path, new: &[Value], old: &[Value]) -> bool {
    if new.len() != old.len() {
        errors.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (i, container) in new.iter().enumerate() {
        let image = container.text("image");
        let path = path.index(i).child("image");
        if image.is_empty() {
            errors.required(&path, "");
        }
        if image.trim() != image {
            errors.invalid(&path, image, "must not have leading or trailing whitespace");
        }
    }
    true
}

/// A deadline can be set, and come nearer. Returns false if nothing else is to be looked at.
fn deadline(errors: &mut ErrorList, path: &Path, new_spec: &Value, old_spec: &Value) -> bool {
    let old = old_spec.optional_int("activeDeadlineSeconds");
    match new_spec.optional_int("activeDeadlineSeconds") {
        Some(new) if !(0..=i64::from(i32::MAX)).contains(&new) => {
            errors.invalid(path, new, "must be between 0 and 2147483647, inclusive");
            false
        }
        Some(new) if old.is_some_and(|old| old < new) => {
            errors.invalid(path, new, "must be less than or equal to previous value");
            false
        }
        None if old.is_some() => {
            let none = FieldValue::Plain("null".to_owned());
            errors.invalid(path, none, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

/// Sets what can be changed to what it was, so that the rest can be compared.
fn put_back(spec: &mut Value, old_spec: &Value) {
    for name in ["containers", "initContainers"] {
        let Some(containers) = spec.get_mut(name).and_then(Value::as_array_mut) else { continue };
        for (container, old) in containers.iter_mut().zip(old_spec.items(name)) {
            set(container, "image", old.get("image"));
        }
    }
    for name in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        set(spec, name, old_spec.get(name));
    }
    let grace = "terminationGracePeriodSeconds";
    if old_spec.optional_int(grace).is_some_and(|seconds| seconds < 0) && spec.optional_int(grace) == Some(1)
    {
        set(spec, grace, old_spec.get(grace));
    }
}

/// Sets a member, or removes it.
pub(super) fn set(object: &mut Value, name: &str, value: Option<&Value>) {
    let Some(members) = object.as_object_mut() else { return };
    match value {
        Some(value) => {
            members.insert(name.to_owned(), value.clone());
        }
        None => {
            members.remove(name);
        }
    }
}
