//! Namespace.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, named};

/// What is wrong with a Namespace.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    for finalizer in object.part("spec").texts("finalizers") {
        validate_finalizer(&mut errors, &Path::new("spec").child("finalizers"), finalizer);
    }
    errors
}

/// Who must agree before something goes: a name of Kubernetes' own, or one with a prefix.
pub(crate) fn validate_finalizer(errors: &mut ErrorList, path: &Path, name: &str) {
    errors.invalid_each(path, name, names::qualified_name(name));
    if !name.contains('/') && !names::standard_finalizer(name) {
        errors.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}

/// What is wrong with a Namespace whose finalizers are changed.
pub(crate) fn validate_finalize(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec").child("finalizers");
    for (i, finalizer) in object.part("spec").texts("finalizers").into_iter().enumerate() {
        validate_finalizer(&mut errors, &path.index(i), finalizer);
    }
    errors
}

/// What is wrong with a Namespace whose status is changed.
pub(crate) fn validate_status(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("status").child("Phase");
    let phase = object.part("status").text("phase");
    if object.part("metadata").member("deletionTimestamp").is_none() {
        if phase != "Active" {
            errors.invalid(&path, named(phase), "may only be 'Active' if `deletionTimestamp` is empty");
        }
    } else if phase != "Terminating" {
        errors.invalid(&path, named(phase), "may only be 'Terminating' if `deletionTimestamp` is not empty");
    }
    errors
}
