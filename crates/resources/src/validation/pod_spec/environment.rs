//! Environment variables and where their values come from.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::{dns_label, dns_subdomain, local_path, qualified_name};
use super::super::members::{Members as _, quantity};
use super::super::report::Report as _;
use super::all_containers;
use super::volume_plugins::demand;

const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const FILE_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// What a field of a pod is called; others are not fields at all.
const POD_FIELDS: [&str; 15] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "spec.host",
];

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// What a field of the pod becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldUse {
    /// An environment variable.
    Variable,
    /// A file in a volume.
    File,
}

/// Single variables.
pub(super) fn variables(errors: &mut ErrorList, path: &Path, variables: &[Value]) {
    for (i, variable) in variables.iter().enumerate() {
        let path = path.index(i);
        let name = variable.text("name");
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            errors.invalid_each(&path.child("name"), name, names::env_var_name(name));
        }
        if let Some(from) = variable.object("valueFrom") {
            value_from(errors, &path.child("valueFrom"), from, variable.text("value"));
        }
    }
}

fn value_from(errors: &mut ErrorList, path: &Path, from: &Value, value: &str) {
    let mut n_sources = 0;
    for name in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] {
        let Some(source) = from.object(name) else { continue };
        n_sources += 1;
        let path = path.child(name);
        match name {
            "fieldRef" => field_ref(errors, &path, source, FieldUse::Variable),
            "resourceFieldRef" => resource_field_ref(errors, &path, source, FieldUse::Variable),
            "fileKeyRef" => file_key(errors, &path, source),
            _ => key_of_object(errors, &path, source),
        }
    }
    if n_sources == 0 {
        let message = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
                       `fileKeyRef`";
        errors.invalid(path, "", message);
    } else if !value.is_empty() {
        errors.invalid(path, "", "may not be specified when `value` is not empty");
    } else if n_sources > 1 {
        errors.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// An entry of a config map or a secret.
fn key_of_object(errors: &mut ErrorList, path: &Path, source: &Value) {
    dns_subdomain(errors, &path.child("name"), source.text("name"));
    let key = source.text("key");
    if key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        errors.invalid_each(&path.child("key"), key, names::config_map_key(key));
    }
}

/// An entry of a file that a container before this one has written (KEP-3721).
fn file_key(errors: &mut ErrorList, path: &Path, source: &Value) {
    let volume = source.text("volumeName");
    if volume.is_empty() {
        errors.required(&path.child("volumeName"), "");
    } else {
        dns_label(errors, &path.child("volumeName"), volume);
    }
    demand(errors, path, source, &["path"]);
    local_path(errors, &path.child("path"), source.text("path"));
    let key = source.text("key");
    if key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        errors.invalid_each(&path.child("key"), key, names::env_var_name(key));
    }
}

/// Files of variables are in volumes that begin empty.
pub(super) fn files_in_volumes(errors: &mut ErrorList, path: &Path, spec: &Value) {
    for (path, container) in all_containers(path, spec) {
        for (i, variable) in container.items("env").iter().enumerate() {
            let Some(source) = variable.member("valueFrom").and_then(|from| from.object("fileKeyRef")) else {
                continue;
            };
            let name = source.text("volumeName");
            let path = path.child("env").index(i).child("valueFrom.fileKeyRef.volumeName");
            match spec.items("volumes").iter().find(|volume| volume.text("name") == name) {
                None => errors.not_found(&path, name),
                Some(volume) if volume.object("emptyDir").is_none() => {
                    errors.invalid(&path, name, "referenced volume must be of type emptyDir");
                }
                Some(_) => {}
            }
        }
    }
}

/// Label or annotation of `metadata.labels['key']`: the path and the key.
fn subscripted(field: &str) -> Option<(&str, &str)> {
    let (path, key) = field.strip_suffix("']")?.split_once("['")?;
    (!path.is_empty()).then_some((path, key))
}

/// A field of the pod.
pub(super) fn field_ref(errors: &mut ErrorList, path: &Path, source: &Value, field_use: FieldUse) {
    let (version, field) = (source.text("apiVersion"), source.text("fieldPath"));
    if version.is_empty() {
        errors.required(&path.child("apiVersion"), "");
        return;
    }
    let field_path = path.child("fieldPath");
    if field.is_empty() {
        errors.required(&field_path, "");
        return;
    }
    if let Some(problem) = conversion_problem(version, field) {
        errors.invalid(&field_path, field, format!("error converting fieldPath: {problem}"));
        return;
    }
    let supported: &[&str] = match field_use {
        FieldUse::Variable => &ENV_FIELDS,
        FieldUse::File => &FILE_FIELDS,
    };
    match subscripted(field) {
        Some(("metadata.annotations", key)) => qualified_name(errors, path, &key.to_lowercase()),
        Some((_, key)) => qualified_name(errors, path, key),
        None => {
            // The name that the node's name had in the first version.
            let field = if field == "spec.host" { "spec.nodeName" } else { field };
            if !supported.contains(&field) {
                errors.add(apimachinery::FieldError::not_supported(&field_path, field, supported));
            }
        }
    }
}

/// Why a field of a version is none of pods.
fn conversion_problem(version: &str, field: &str) -> Option<String> {
    if version != "v1" {
        return Some(format!("unsupported pod version: {version}"));
    }
    match subscripted(field) {
        Some(("metadata.annotations" | "metadata.labels", _)) => None,
        Some((path, _)) => Some(format!("field label does not support subscript: {path}")),
        None if POD_FIELDS.contains(&field) => None,
        None => Some(format!("field label not supported: {field}")),
    }
}

/// A resource of a container.
pub(super) fn resource_field_ref(errors: &mut ErrorList, path: &Path, source: &Value, field_use: FieldUse) {
    let resource = source.text("resource");
    let is_huge_pages =
        resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if field_use == FieldUse::File && source.text("containerName").is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !RESOURCES.contains(&resource) && !is_huge_pages {
        errors.add(apimachinery::FieldError::not_supported(&path.child("resource"), resource, &RESOURCES));
    }
    let divisor = source.member("divisor").map(quantity).unwrap_or_default();
    if divisor.is_zero() {
        return;
    }
    const SIZES: &str = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";
    let text = divisor.to_string();
    let is_size = SIZES.split(", ").any(|size| size == text);
    let (is_right, message) = match resource {
        "limits.cpu" | "requests.cpu" => (
            matches!(text.as_str(), "1" | "1m"),
            "only divisor's values 1m and 1 are supported with the cpu resource".to_owned(),
        ),
        "limits.memory" | "requests.memory" => {
            (is_size, format!("only divisor's values {SIZES} are supported with the memory resource"))
        }
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => (
            is_size,
            format!("only divisor's values {SIZES} are supported with the local ephemeral storage resource"),
        ),
        _ if is_huge_pages => {
            (is_size, format!("only divisor's values {SIZES} are supported with the hugepages resource"))
        }
        _ => return,
    };
    if !is_right {
        errors.invalid(&path.child("divisor"), resource, message);
    }
}

/// All entries of config maps and secrets as variables. What is wrong with the choice is reported at the list.
pub(super) fn sources(errors: &mut ErrorList, path: &Path, sources: &[Value]) {
    for (i, source) in sources.iter().enumerate() {
        let item_path = path.index(i);
        let prefix = source.text("prefix");
        if !prefix.is_empty() {
            errors.invalid_each(&item_path.child("prefix"), prefix, names::env_var_name(prefix));
        }
        let mut n_sources = 0;
        for name in ["configMapRef", "secretRef"] {
            let Some(reference) = source.object(name) else { continue };
            n_sources += 1;
            let path = item_path.child(name).child("name");
            match reference.text("name") {
                "" => errors.required(&path, ""),
                name => dns_subdomain(errors, &path, name),
            }
        }
        if n_sources == 0 {
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if n_sources > 1 {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
}
