//! PersistentVolumeClaim.

use apimachinery::{ErrorList, Path};
use serde_json::Value;
use wire::Quantity;

use super::super::members::{Members as _, quantity};
use super::super::parts::Parts as _;
use super::super::report::Report as _;
use super::super::unified_diff::unified_diff;
use super::super::{claim_spec, internal, resources, semantic};
use super::{access_modes, mode_stays};

/// From before there was a field.
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// What is wrong with a PersistentVolumeClaim.
pub(crate) fn validate_claim(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    claim_spec::validate(&mut errors, &Path::new("spec"), object.part("spec"));
    errors
}

/// What is wrong with a changed PersistentVolumeClaim. Of its spec only the size and the class of attributes may change,
/// and what is set once: the volume by whoever binds it, the class by whoever knows the default.
pub(crate) fn validate_claim_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_claim(object);
    let mut spec = object["spec"].clone();
    let mut old_spec = old["spec"].clone();
    if old_spec.text("volumeName").is_empty() {
        copy(&spec, &mut old_spec, "volumeName");
    }
    let class_was = |object: &Value| object.part("metadata").part("annotations").text(CLASS).to_owned();
    let old_class = old_spec.optional_text("storageClassName").map(str::to_owned);
    match (old_class, class_was(old)) {
        // The field takes over what the annotation said.
        (None, class) if !class.is_empty() => {
            if spec.optional_text("storageClassName").is_some_and(|new| new == class) {
                copy(&spec, &mut old_spec, "storageClassName");
            } else if class_was(object) != class {
                let path = Path::new("metadata").child("annotations").child(CLASS);
                errors.invalid(&path, class_was(object), super::formats::IMMUTABLE);
            }
        }
        (None, _) if class_was(object).is_empty() => copy(&spec, &mut old_spec, "storageClassName"),
        _ if class_was(object) != class_was(old) => {
            let path = Path::new("metadata").child("annotations").child(CLASS);
            errors.invalid(&path, class_was(object), super::formats::IMMUTABLE);
        }
        _ => {}
    }
    let size = |spec: &Value| spec.part("resources").member("requests").member("storage").map(quantity);
    let (new_size, old_size) =
        (size(&spec).unwrap_or(Quantity::ZERO), size(&old_spec).unwrap_or(Quantity::ZERO));
    if object.part("status").text("phase") == "Bound" && spec.part("resources").object("requests").is_some() {
        spec["resources"]["requests"]["storage"] = old_spec["resources"]["requests"]["storage"].clone();
    }
    copy(&spec, &mut old_spec, "volumeAttributesClassName");
    if !semantic::equal("", "PersistentVolumeClaimSpec", Some(&spec), Some(&old_spec)) {
        let shown = |spec: &Value| internal::indented("", "PersistentVolumeClaimSpec", spec);
        let message = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
             claims\n{}",
            unified_diff(&shown(&old_spec), &shown(&spec))
        );
        errors.forbidden(&Path::new("spec"), message);
    }
    let reached = old.part("status").member("capacity").member("storage").map_or(Quantity::ZERO, quantity);
    if new_size < old_size && new_size <= reached {
        let path = Path::new("spec").child("resources").child("requests").child("storage");
        errors.forbidden(&path, "field can not be less than status.capacity");
    }
    mode_stays(&mut errors, &object["spec"], &old["spec"]);
    attributes_class(&mut errors, object, old);
    errors
}

fn copy(from: &Value, to: &mut Value, name: &str) {
    if let Some(to) = to.as_object_mut() {
        match from.member(name) {
            Some(value) => to.insert(name.to_owned(), value.clone()),
            None => to.remove(name),
        };
    }
}

/// A class that the volume has cannot be taken back.
fn attributes_class(errors: &mut ErrorList, object: &Value, old: &Value) {
    let class =
        |object: &Value| object.part("spec").optional_text("volumeAttributesClassName").map(str::to_owned);
    if old.part("status").optional_text("currentVolumeAttributesClassName").is_none()
        || class(object) == class(old)
    {
        return;
    }
    let what = match class(object).as_deref() {
        None => "nil",
        Some("") => "empty string",
        Some(_) => return,
    };
    let message =
        format!("update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil");
    errors.forbidden(&Path::new("spec").child("volumeAttributesClassName"), message);
}

/// What is wrong with a PersistentVolumeClaim whose status is changed.
pub(crate) fn validate_claim_status(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    let status = object.part("status");
    if !object.part("spec").items("accessModes").is_empty() && !status.items("accessModes").is_empty() {
        access_modes(&mut errors, &path.child("accessModes"), &status.texts("accessModes"));
    }
    for (name, amount) in status.amounts("capacity") {
        resources::resource_amount(&mut errors, &path.child("capacity").key(name), name, amount);
    }
    let states = [
        "ControllerResizeInProgress",
        "ControllerResizeInfeasible",
        "NodeResizeInProgress",
        "NodeResizeInfeasible",
        "NodeResizePending",
    ];
    for (name, state) in status.entries("allocatedResourceStatuses") {
        let state = state.as_str().unwrap_or_default();
        if !states.contains(&state) {
            errors.not_supported(&path.child("allocatedResourceStatus").key(name), state, &states);
        }
    }
    for (name, amount) in status.amounts("allocatedResources") {
        resources::resource_amount(&mut errors, &path.child("allocatedResources").key(name), name, amount);
    }
    errors
}
