//! PersistentVolume, PersistentVolumeClaim.

mod claim;
mod source;

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::formats::{self, dns_subdomain};
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null, named};
use super::unified_diff::unified_diff;
use super::{internal, node_selector, resources, semantic};

pub(crate) use claim::{validate_claim, validate_claim_status, validate_claim_update};

pub(super) const ACCESS_MODES: [&str; 4] =
    ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// What is wrong with a PersistentVolume.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_spec(&mut errors, &Path::new("spec"), object.part("spec"));
    errors
}

fn validate_spec(errors: &mut ErrorList, path: &Path, spec: &Value) {
    access_modes(errors, &path.child("accessModes"), &spec.texts("accessModes"));
    capacity(errors, &path.child("capacity"), spec);
    let policy = spec.text("persistentVolumeReclaimPolicy");
    let policy_path = path.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() && !matches!(policy, "Delete" | "Recycle" | "Retain") {
        errors.not_supported(&policy_path, policy, &["Delete", "Recycle", "Retain"]);
    }
    if let Some(affinity) = spec.object("nodeAffinity") {
        let path = path.child("nodeAffinity").child("required");
        match affinity.object("required") {
            None => errors.required(&path, "must specify required node constraints"),
            Some(required) => node_selector::validate(errors, &path, required),
        }
    }
    source::validate(errors, path, spec);
    let host_path = spec.part("hostPath").text("path");
    if policy == "Recycle" && is_root(host_path) {
        errors.forbidden(&policy_path, "may not be 'recycle' for a hostPath mount of '/'");
    }
    let class = spec.text("storageClassName");
    if !class.is_empty() {
        dns_subdomain(errors, &path.child("storageClassName"), class);
    }
    volume_mode(errors, &path.child("volumeMode"), spec);
    if let Some(class) = spec.optional_text("volumeAttributesClassName") {
        let class_path = path.child("volumeAttributesClassName");
        if class.is_empty() {
            errors.required(&class_path, "an empty string is disallowed");
        } else {
            dns_subdomain(errors, &class_path, class);
        }
        if spec.object("csi").is_none() {
            errors.required(&path.child("csi"), "has to be specified when using volumeAttributesClassName");
        }
    }
}

fn access_modes(errors: &mut ErrorList, path: &Path, modes: &[&str]) {
    if modes.is_empty() {
        errors.required(path, "");
    }
    for mode in modes.iter().filter(|mode| !ACCESS_MODES.contains(mode)) {
        errors.not_supported(path, mode, &ACCESS_MODES);
    }
    let is_other = |mode: &&str| *mode != "ReadWriteOncePod" && ACCESS_MODES.contains(mode);
    if modes.contains(&"ReadWriteOncePod") && modes.iter().any(is_other) {
        errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn capacity(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let amounts = spec.map("capacity");
    if amounts.is_none() {
        errors.required(path, "");
    }
    let is_storage_only =
        amounts.is_some_and(|amounts| amounts.len() == 1 && amounts.contains_key("storage"));
    if !is_storage_only {
        errors.push(FieldError::not_supported(path, json_or_null(spec.member("capacity")), &["storage"]));
    }
    for (name, amount) in spec.amounts("capacity") {
        let path = path.key(name);
        if amount.value() < 0 {
            errors.invalid(&path, amount.value(), "must be a valid resource quantity");
        }
        resources::positive_amount(errors, &path, amount);
    }
}

fn is_root(path: &str) -> bool {
    let mut depth = 0i64;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = (depth - 1).max(0),
            _ => depth += 1,
        }
    }
    path.starts_with('/') && depth == 0
}

fn volume_mode(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let mode = spec.optional_text("volumeMode");
    if let Some(mode) = mode.filter(|mode| !matches!(*mode, "Block" | "Filesystem")) {
        errors.not_supported(path, mode, &["Block", "Filesystem"]);
    }
}

/// What is wrong with a changed PersistentVolume.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate(object);
    let (spec, old_spec) = (object.part("spec"), old.part("spec"));
    let path = Path::new("spec");
    if source::differs(spec, old_spec) {
        let shown = |spec: &Value| {
            let sources = source::only(spec);
            internal::indented("", "PersistentVolumeSource", &sources)
        };
        let message = format!(
            "spec.persistentvolumesource is immutable after creation\n{}",
            unified_diff(&shown(old_spec), &shown(spec))
        );
        errors.forbidden(&path.child("persistentvolumesource"), message);
    }
    mode_stays(&mut errors, spec, old_spec);
    let affinity = old_spec.object("nodeAffinity");
    if affinity.is_some()
        && !semantic::equal(
            "",
            "VolumeNodeAffinity",
            spec.member("nodeAffinity"),
            old_spec.member("nodeAffinity"),
        )
    {
        let value = spec.object("nodeAffinity").map_or(FieldValue::Plain("null".to_owned()), |affinity| {
            internal::compact("", "VolumeNodeAffinity", affinity)
        });
        errors.invalid(&path.child("nodeAffinity"), value, formats::IMMUTABLE);
    }
    let class = spec.optional_text("volumeAttributesClassName");
    let old_class = old_spec.optional_text("volumeAttributesClassName");
    if class != old_class && old_class.is_some() && class.is_none_or(str::is_empty) {
        let message = "update from non-nil value to nil is forbidden";
        let message = if class.is_none() {
            message
        } else {
            "update from non-nil value to an empty string is forbidden"
        };
        errors.forbidden(&path.child("volumeAttributesClassName"), message);
    }
    errors
}

/// Upstream's path lacks its root here.
fn mode_stays(errors: &mut ErrorList, spec: &Value, old_spec: &Value) {
    let (mode, old_mode) = (spec.optional_text("volumeMode"), old_spec.optional_text("volumeMode"));
    if mode != old_mode {
        let value = mode.map_or(FieldValue::Plain("null".to_owned()), named);
        errors.invalid(&Path::new("volumeMode"), value, formats::IMMUTABLE);
    }
}
