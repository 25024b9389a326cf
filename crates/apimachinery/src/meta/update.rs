//! Metadata of changed objects.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Meta;
use super::validate::{
    validate_annotations, validate_labels, validate_managed_fields, validate_owner_references,
};
use crate::field::{ErrorList, FieldError, Path};
use crate::go;

/// The members that no update changes.
const IMMUTABLE: [&str; 6] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// What is wrong with the metadata of a changed object. What the server keeps must have been put in already.
pub fn validate_object_meta_update(document: &Value, stored: &Value, path: &Path) -> ErrorList {
    let (new, old) = (Meta::of(document), Meta::of(stored));
    let mut errors = ErrorList::new();
    if old.deletion_timestamp().is_some() {
        let known: BTreeSet<&str> = old.finalizers().collect();
        let added: BTreeSet<&str> = new.finalizers().filter(|name| !known.contains(name)).collect();
        if !added.is_empty() {
            let added: Vec<String> = added.into_iter().map(go::quote).collect();
            let message = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden(&path.child("finalizers"), message));
        }
    }
    if new.resource_version().is_empty() {
        let message = "must be specified for an update";
        errors.push(FieldError::invalid(&path.child("resourceVersion"), "", message));
    }
    if new.generation() < old.generation() {
        let message = "must not be decremented";
        errors.push(FieldError::invalid(&path.child("generation"), new.generation(), message));
    }
    for name in IMMUTABLE {
        let (new, old) = (new.get(name), old.get(name));
        if new != old {
            // Names, namespaces and uids are never missing in upstream's types, only empty.
            let missing =
                if matches!(name, "name" | "namespace" | "uid") { Value::from("") } else { Value::Null };
            errors.push(FieldError::invalid(
                &path.child(name),
                new.unwrap_or(&missing),
                "field is immutable",
            ));
        }
    }
    errors.extend(validate_labels(new.labels(), &path.child("labels")));
    errors.extend(validate_annotations(new.annotations(), &path.child("annotations")));
    errors.extend(validate_owner_references(new, &path.child("ownerReferences")));
    errors.extend(validate_managed_fields(new, &path.child("managedFields")));
    errors
}

/// The error of an update without resource version, of a kind that demands one.
pub fn validate_resource_version_for_update(document: &Value, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    if Meta::of(document).resource_version().is_empty() {
        let message = "must be specified for an update";
        errors.push(FieldError::invalid(&path.child("resourceVersion"), 0, message));
    }
    errors
}
