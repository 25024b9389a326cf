//! What a claim for a volume asks for (`PersistentVolumeClaimSpec`), wherever it stands.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::formats::dns_subdomain;
use super::label_selector;
use super::members::{Members as _, quantity};
use super::report::{Report as _, named};
use super::{internal, resources};

const ACCESS_MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// What is wrong with it.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let modes_path = path.child("accessModes");
    let modes = spec.texts("accessModes");
    if modes.is_empty() {
        errors.required(&modes_path, "at least 1 access mode is required");
    }
    if let Some(selector) = spec.object("selector") {
        errors.extend(label_selector::validate(selector, &path.child("selector"), true));
    }
    for mode in modes.iter().filter(|mode| !ACCESS_MODES.contains(mode)) {
        errors.not_supported(&modes_path, mode, &ACCESS_MODES);
    }
    let is_other = |mode: &&str| *mode != "ReadWriteOncePod" && ACCESS_MODES.contains(mode);
    if modes.contains(&"ReadWriteOncePod") && modes.iter().any(is_other) {
        errors.forbidden(&modes_path, "may not use ReadWriteOncePod with other access modes");
    }
    let storage_path = path.child("resources").key("storage");
    match spec.member("resources").member("requests").member("storage") {
        None => errors.required(&storage_path, ""),
        Some(amount) => resources::positive_amount(errors, &storage_path, quantity(amount)),
    }
    if let Some(class) = spec.optional_text("storageClassName").filter(|class| !class.is_empty()) {
        dns_subdomain(errors, &path.child("storageClassName"), class);
    }
    if let Some(mode) =
        spec.optional_text("volumeMode").filter(|mode| !matches!(*mode, "Block" | "Filesystem"))
    {
        errors.not_supported(&path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
    for name in ["dataSource", "dataSourceRef"] {
        if let Some(source) = spec.object(name) {
            data_source(errors, &path.child(name), source, name == "dataSourceRef");
        }
    }
    sources_agree(errors, path, spec);
    if let Some(class) = spec.optional_text("volumeAttributesClassName").filter(|class| !class.is_empty()) {
        dns_subdomain(errors, &path.child("volumeAttributesClassName"), class);
    }
}

fn data_source(errors: &mut ErrorList, path: &Path, source: &Value, is_ref: bool) {
    for name in ["name", "kind"] {
        if source.text(name).is_empty() {
            errors.required(&path.child(name), "");
        }
    }
    let (group, kind) = (source.text("apiGroup"), source.text("kind"));
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
    if !group.is_empty() {
        dns_subdomain(errors, &path.child("apiGroup"), group);
    }
    if is_ref && let Some(namespace) = source.optional_text("namespace").filter(|name| !name.is_empty()) {
        for message in apimachinery::names::namespace_name(namespace) {
            errors.invalid(&path.child("namespace"), named(namespace), message);
        }
    }
}

/// Both fields say the same, unless only the newer one can say it: a source in another namespace.
fn sources_agree(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let (source, reference) = (spec.object("dataSource"), spec.object("dataSourceRef"));
    let is_elsewhere = reference.is_some_and(|reference| !reference.text("namespace").is_empty());
    if is_elsewhere {
        if source.is_some() {
            let value = source.map_or_else(
                || "".into(),
                |source| internal::compact("", "TypedLocalObjectReference", source),
            );
            errors.invalid(
                &path.child("dataSource"),
                value,
                "may not be specified when dataSourceRef.namespace is specified",
            );
        }
        return;
    }
    let (Some(source), Some(reference)) = (source, reference) else { return };
    let is_same = ["apiGroup", "kind", "name"].iter().all(|name| source.text(name) == reference.text(name));
    if !is_same {
        let value = internal::compact("", "TypedLocalObjectReference", source);
        errors.invalid(&path.child("dataSource"), value, "must match dataSourceRef");
    }
}
