//! Metadata of new objects, and what is the same on update.

use serde_json::{Map, Value};

use super::Meta;
use crate::field::{ErrorList, FieldError, FieldValue, Path};
use crate::go;
use crate::group::GroupVersion;
use crate::names::{self, NameRule};
use crate::options::validate_field_manager;

/// How many bytes all annotations of an object may have, keys and values.
const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

const SUBRESOURCE_LEN_MAX: usize = 256;

/// How many controllers too many are reported one by one: each error quotes all references, and a body of 3 MiB
/// has room for tens of thousands.
const CONTROLLER_ERRORS_MAX: usize = 10;

/// What differs between kinds.
#[derive(Clone, Copy, Debug)]
pub struct MetaRules {
    /// Whether objects are in a namespace.
    pub is_namespaced: bool,
    /// The format of names.
    pub name: NameRule,
}

/// What is wrong with the metadata of a new object. Its name must have been generated already.
pub fn validate_object_meta(document: &Value, rules: MetaRules, path: &Path) -> ErrorList {
    let meta = Meta::of(document);
    let mut errors = ErrorList::new();
    let generate_name = meta.generate_name();
    if !generate_name.is_empty() {
        let messages = rules.name.check_prefix(generate_name);
        errors.invalid_each(&path.child("generateName"), generate_name, messages);
    }
    if meta.name().is_empty() {
        errors.push(FieldError::required(&path.child("name"), "name or generateName is required"));
    } else {
        errors.invalid_each(&path.child("name"), meta.name(), rules.name.check(meta.name()));
    }
    let namespace = path.child("namespace");
    match (rules.is_namespaced, meta.namespace()) {
        (true, "") => errors.push(FieldError::required(&namespace, "")),
        (true, name) => errors.invalid_each(&namespace, name, names::namespace_name(name)),
        (false, "") => {}
        (false, _) => errors.push(FieldError::forbidden(&namespace, "not allowed on this type")),
    }
    if meta.generation() < 0 {
        let message = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(&path.child("generation"), meta.generation(), message));
    }
    errors.extend(validate_labels(meta.labels(), &path.child("labels")));
    errors.extend(validate_annotations(meta.annotations(), &path.child("annotations")));
    errors.extend(validate_owner_references(meta, &path.child("ownerReferences")));
    errors.extend(validate_finalizers(meta, &path.child("finalizers")));
    errors.extend(validate_managed_fields(meta, &path.child("managedFields")));
    errors
}

/// What is wrong with labels. All errors are at the path of the map.
pub fn validate_labels(labels: Option<&Map<String, Value>>, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    for (key, value) in labels.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        errors.invalid_each(path, key, names::qualified_name(key));
        errors.invalid_each(path, value, names::label_value(value));
    }
    errors
}

/// What is wrong with annotations: keys are checked in lower case, values only for their total size.
pub fn validate_annotations(annotations: Option<&Map<String, Value>>, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    let mut n_bytes = 0;
    for (key, value) in annotations.into_iter().flatten() {
        errors.invalid_each(path, key, names::qualified_name(&key.to_lowercase()));
        n_bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if n_bytes > ANNOTATIONS_BYTES_MAX {
        errors.push(FieldError::too_long(path, ANNOTATIONS_BYTES_MAX));
    }
    errors
}

/// A reference as upstream's type prints: its members in the order of the type, not of their names.
fn reference_json(reference: &Value) -> String {
    let text = |name: &str| go::compact_json(&reference[name].as_str().unwrap_or_default().into());
    let mut json = format!(
        r#"{{"apiVersion":{},"kind":{},"name":{},"uid":{}"#,
        text("apiVersion"),
        text("kind"),
        text("name"),
        text("uid")
    );
    for name in ["controller", "blockOwnerDeletion"] {
        if let Some(value) = reference[name].as_bool() {
            json.push_str(&format!(r#","{name}":{value}"#));
        }
    }
    json + "}"
}

pub(super) fn validate_owner_references(meta: Meta<'_>, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    let mut controller = None;
    let mut n_controllers_too_many = 0;
    for reference in meta.owner_references() {
        let text = |name: &str| reference[name].as_str().unwrap_or_default();
        let version = GroupVersion::parse(text("apiVersion")).unwrap_or_default();
        if version.version.is_empty() {
            let message = "version must not be empty";
            errors.push(FieldError::invalid(&path.child("apiVersion"), text("apiVersion"), message));
        }
        for name in ["kind", "name", "uid"] {
            if text(name).is_empty() {
                errors.push(FieldError::invalid(&path.child(name), "", "must not be empty"));
            }
        }
        let is_event = matches!(version.group.as_str(), "" | "events.k8s.io") && version.version == "v1";
        if is_event && text("kind") == "Event" {
            let message = format!("{}/v1, Kind=Event is disallowed from being an owner", version.group);
            errors.push(FieldError::invalid(path, FieldValue::Plain(reference_json(reference)), message));
        }
        if reference["controller"] == true {
            let name = format!("{}/{}", text("kind"), text("name"));
            match &controller {
                None => controller = Some(name),
                Some(_) if n_controllers_too_many == CONTROLLER_ERRORS_MAX => {}
                Some(first) => {
                    n_controllers_too_many += 1;
                    let all: Vec<String> = meta.owner_references().iter().map(reference_json).collect();
                    let message = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} \
                         and {name}"
                    );
                    let value = FieldValue::Plain(format!("[{}]", all.join(",")));
                    errors.push(FieldError::invalid(path, value, message));
                }
            }
        }
    }
    errors
}

fn validate_finalizers(meta: Meta<'_>, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    for finalizer in meta.finalizers() {
        errors.invalid_each(path, finalizer, names::qualified_name(finalizer));
    }
    let has = |name: &str| meta.finalizers().any(|finalizer| finalizer == name);
    if has("orphan") && has("foregroundDeletion") {
        let all: Vec<&str> = meta.finalizers().collect();
        let message = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(path, FieldValue::list(&all), message));
    }
    errors
}

/// What the kinds that come with Kubernetes demand of finalizers besides, when created and when updated: a name
/// without prefix must be one of the few that the system itself uses.
pub fn validate_finalizers_of_core_kinds(document: &Value, path: &Path) -> ErrorList {
    let finalizers = path.child("finalizers");
    let message = "name is neither a standard finalizer name nor is it fully qualified";
    let named = Meta::of(document).finalizers().enumerate();
    named
        .filter(|(_, finalizer)| !finalizer.contains('/') && !names::standard_finalizer(finalizer))
        .map(|(i, finalizer)| FieldError::invalid(&finalizers.index(i), finalizer, message))
        .collect()
}

pub(super) fn validate_managed_fields(meta: Meta<'_>, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    for (i, entry) in meta.managed_fields().iter().enumerate() {
        let path = path.index(i);
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        if !matches!(text("operation"), "Apply" | "Update") {
            let message = "must be `Apply` or `Update`";
            errors.push(FieldError::invalid(&path.child("operation"), text("operation"), message));
        }
        if !matches!(text("fieldsType"), "" | "FieldsV1") {
            let message = "must be `FieldsV1`";
            errors.push(FieldError::invalid(&path.child("fieldsType"), text("fieldsType"), message));
        }
        errors.extend(validate_field_manager(text("manager"), &path.child("manager")));
        if text("subresource").len() > SUBRESOURCE_LEN_MAX {
            errors.push(FieldError::too_long(&path.child("subresource"), SUBRESOURCE_LEN_MAX));
        }
    }
    errors
}
