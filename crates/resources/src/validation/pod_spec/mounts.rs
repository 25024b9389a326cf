//! Volumes in containers, as directories and as devices.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{has_backsteps, local_descending_path};
use super::super::members::Members as _;
use super::super::report::Report as _;
use super::volumes::is_claim;

/// Directories. Upstream reports some mistakes at the list.
pub(super) fn mounts(errors: &mut ErrorList, path: &Path, container: &Value, volumes: &[&Value]) {
    let devices = container.items("volumeDevices");
    let mut places: Vec<&str> = Vec::new();
    for (i, mount) in container.items("volumeMounts").iter().enumerate() {
        let item_path = path.index(i);
        let (name, place) = (mount.text("name"), mount.text("mountPath"));
        let name_path = item_path.child("name");
        let place_path = item_path.child("mountPath");
        if name.is_empty() {
            errors.required(&name_path, "");
        }
        if !volumes.iter().any(|volume| volume.text("name") == name) {
            errors.not_found(&name_path, name);
        }
        if place.is_empty() {
            errors.required(&place_path, "");
        }
        if places.contains(&place) {
            errors.invalid(&place_path, place, "must be unique");
        }
        places.push(place);
        if devices.iter().any(|device| device.text("name") == name) {
            errors.invalid(&name_path, name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device.text("devicePath") == place) {
            errors.invalid(&place_path, place, "must not already exist as a path in volumeDevices");
        }
        parts(errors, path, &item_path, mount);
        propagation(errors, &path.child("mountPropagation"), mount, container);
        recursive_read_only(errors, &path.child("recursiveReadOnly"), mount);
    }
}

/// A part of the volume, which must be below it.
fn parts(errors: &mut ErrorList, path: &Path, item_path: &Path, mount: &Value) {
    let (part, expression) = (mount.text("subPath"), mount.text("subPathExpr"));
    if !part.is_empty() {
        local_descending_path(errors, &path.child("subPath"), part);
    }
    if !expression.is_empty() {
        if !part.is_empty() {
            let message = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&item_path.child("subPathExpr"), expression, message);
        }
        local_descending_path(errors, &path.child("subPathExpr"), expression);
    }
}

fn propagation(errors: &mut ErrorList, path: &Path, mount: &Value, container: &Value) {
    const MODES: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
    let Some(mode) = mount.optional_text("mountPropagation") else { return };
    if !MODES.contains(&mode) {
        errors.not_supported(path, mode, &MODES);
    }
    if mode == "Bidirectional" && !container.member("securityContext").flag("privileged") {
        errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

fn recursive_read_only(errors: &mut ErrorList, path: &Path, mount: &Value) {
    match mount.optional_text("recursiveReadOnly") {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !mount.flag("readOnly") {
                errors.forbidden(path, "may only be specified when readOnly is true");
            }
            if mount.optional_text("mountPropagation").is_some_and(|mode| mode != "None") {
                errors
                    .forbidden(path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        Some(other) => errors.not_supported(path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

/// Devices.
pub(super) fn devices(errors: &mut ErrorList, path: &Path, container: &Value, volumes: &[&Value]) {
    let mounts = container.items("volumeMounts");
    let (mut names, mut places): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (i, device) in container.items("volumeDevices").iter().enumerate() {
        let path = path.index(i);
        let (name_path, place_path) = (path.child("name"), path.child("devicePath"));
        let (name, place) = (device.text("name"), device.text("devicePath"));
        if name.is_empty() {
            errors.required(&name_path, "");
        }
        if names.contains(&name) {
            errors.invalid(&name_path, name, "must be unique");
        }
        match volumes.iter().find(|volume| volume.text("name") == name) {
            None => errors.not_found(&name_path, name),
            Some(volume) if !is_claim(volume) => {
                let message =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name_path, name, message);
            }
            Some(_) => {}
        }
        if place.is_empty() {
            errors.required(&place_path, "");
        }
        if places.contains(&place) {
            errors.invalid(&place_path, place, "must be unique");
        }
        if has_backsteps(place) {
            errors.invalid(&place_path, place, "can not contain backsteps ('..')");
        } else {
            places.push(place);
        }
        if mounts.iter().any(|mount| mount.text("name") == name) {
            errors.invalid(&name_path, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.text("mountPath") == place) {
            errors.invalid(&place_path, place, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}
