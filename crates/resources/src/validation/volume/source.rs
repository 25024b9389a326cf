//! What a volume's storage is: exactly one of many sources.

use apimachinery::{ErrorList, Path};
use serde_json::{Map, Value};

use super::super::formats::{self, dns_subdomain};
use super::super::members::Members as _;
use super::super::report::Report as _;
use super::super::semantic;

/// The sources in the order in which upstream looks at them.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// The sources that a spec has.
fn sources(spec: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    SOURCES.into_iter().filter_map(|name| Some((name, spec.object(name)?)))
}

/// A spec of nothing but its sources.
pub(super) fn only(spec: &Value) -> Value {
    sources(spec).map(|(name, source)| (name.to_owned(), source.clone())).collect::<Map<_, _>>().into()
}

pub(super) fn differs(spec: &Value, old: &Value) -> bool {
    !semantic::equal("", "PersistentVolumeSource", Some(&only(spec)), Some(&only(old)))
        && only(spec) != only(old)
}

pub(super) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let mut is_first = true;
    for (name, source) in sources(spec) {
        let source_path = path.child(name);
        if !is_first {
            errors.forbidden(&source_path, "may not specify more than 1 volume type");
            continue;
        }
        is_first = false;
        validate_source(errors, &source_path, name, source);
        if name == "local" && spec.object("nodeAffinity").is_none() {
            errors.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
        }
    }
    if is_first {
        errors.required(path, "must specify a volume type");
    }
}

fn demand(errors: &mut ErrorList, path: &Path, source: &Value, names: &[&str]) {
    for name in names.iter().filter(|name| source.text(name).is_empty()) {
        errors.required(&path.child(name), "");
    }
}

fn validate_source(errors: &mut ErrorList, path: &Path, name: &str, source: &Value) {
    match name {
        "hostPath" => host_path(errors, path, source),
        "nfs" => {
            demand(errors, path, source, &["server", "path"]);
            if !source.text("path").starts_with('/') {
                errors.invalid(&path.child("path"), source.text("path"), "must be an absolute path");
            }
        }
        "local" => {
            if source.text("path").is_empty() {
                errors.required(&path.child("path"), "");
            } else {
                formats::no_backsteps(errors, &path.child("path"), source.text("path"));
            }
        }
        "csi" => csi(errors, path, source),
        "gcePersistentDisk" => demand(errors, path, source, &["pdName"]),
        "awsElasticBlockStore" | "cinder" | "portworxVolume" => demand(errors, path, source, &["volumeID"]),
        "glusterfs" => demand(errors, path, source, &["endpoints", "path"]),
        "rbd" => demand(errors, path, source, &["image"]),
        "quobyte" => demand(errors, path, source, &["registry", "volume"]),
        "iscsi" => demand(errors, path, source, &["targetPortal", "iqn"]),
        "flexVolume" => demand(errors, path, source, &["driver"]),
        "azureFile" => demand(errors, path, source, &["secretName", "shareName"]),
        "vsphereVolume" => demand(errors, path, source, &["volumePath"]),
        "photonPersistentDisk" => demand(errors, path, source, &["pdID"]),
        "azureDisk" => demand(errors, path, source, &["diskName", "diskURI"]),
        "scaleIO" => demand(errors, path, source, &["gateway", "system", "volumeName"]),
        _ => {}
    }
}

fn host_path(errors: &mut ErrorList, path: &Path, source: &Value) {
    let types =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if source.text("path").is_empty() {
        errors.required(&path.child("path"), "");
    } else {
        formats::no_backsteps(errors, &path.child("path"), source.text("path"));
    }
    if !types.contains(&source.text("type")) {
        errors.not_supported(&path.child("type"), source.text("type"), &types);
    }
}

fn csi(errors: &mut ErrorList, path: &Path, source: &Value) {
    formats::csi_driver(errors, &path.child("driver"), source.text("driver"));
    if source.text("volumeHandle").is_empty() {
        errors.required(&path.child("volumeHandle"), "");
    }
    for name in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        let Some(secret) = source.object(name) else { continue };
        let path = path.child(name);
        for name in ["name", "namespace"] {
            match secret.text(name) {
                "" => errors.required(&path.child(name), ""),
                text if name == "namespace" => formats::dns_label(errors, &path.child(name), text),
                text => dns_subdomain(errors, &path.child(name), text),
            }
        }
    }
}
