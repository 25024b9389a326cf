//! Sources of volumes that somebody else's storage provides.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{dns_label, local_descending_path};
use super::super::members::Members as _;
use super::super::report::{Report as _, json_or_null};

const HOST_AND_PORT: &str = "must be a host:port pair or multiple pairs separated by commas";

/// Texts that must not be empty.
pub(super) fn demand(errors: &mut ErrorList, path: &Path, source: &Value, names: &[&str]) {
    for name in names.iter().filter(|name| source.text(name).is_empty()) {
        errors.required(&path.child(name), "");
    }
}

/// What is wrong with a source; `parent` is the volume.
pub(super) fn validate(errors: &mut ErrorList, parent: &Path, name: &str, source: &Value) {
    let path = parent.child(name);
    match name {
        "gcePersistentDisk" => disk(errors, &parent.child("persistentDisk"), source, "pdName"),
        "awsElasticBlockStore" => disk(errors, &path, source, "volumeID"),
        "gitRepo" => {
            demand(errors, &path, source, &["repository"]);
            local_descending_path(errors, &path.child("directory"), source.text("directory"));
        }
        "nfs" => {
            demand(errors, &path, source, &["server", "path"]);
            if !source.text("path").starts_with('/') {
                errors.invalid(&path.child("path"), source.text("path"), "must be an absolute path");
            }
        }
        "iscsi" => iscsi(errors, &path, source),
        "glusterfs" => demand(errors, &path, source, &["endpoints", "path"]),
        "flocker" => flocker(errors, &path, source),
        "rbd" => {
            demand_items(errors, &path, source, "monitors");
            demand(errors, &path, source, &["image"]);
        }
        "cephfs" => demand_items(errors, &path, source, "monitors"),
        "cinder" => {
            demand(errors, &path, source, &["volumeID"]);
            secret_ref(errors, &path, source);
        }
        "quobyte" => quobyte(errors, &path, source),
        "fc" => fibre_channel(errors, &path, source),
        "flexVolume" => flex_volume(errors, &path, source),
        "azureFile" => demand(errors, &path, source, &["secretName", "shareName"]),
        "vsphereVolume" => demand(errors, &path, source, &["volumePath"]),
        "photonPersistentDisk" => demand(errors, &path, source, &["pdID"]),
        "portworxVolume" => demand(errors, &path, source, &["volumeID"]),
        "azureDisk" => azure_disk(errors, &path, source),
        "storageos" => storage_os(errors, &path, source),
        "scaleIO" => demand(errors, &path, source, &["gateway", "system", "volumeName"]),
        _ => {}
    }
}

fn demand_items(errors: &mut ErrorList, path: &Path, source: &Value, name: &str) {
    if source.items(name).is_empty() {
        errors.required(&path.child(name), "");
    }
}

fn secret_ref(errors: &mut ErrorList, path: &Path, source: &Value) {
    if source.object("secretRef").is_some_and(|secret| secret.text("name").is_empty()) {
        errors.required(&path.child("secretRef.name"), "");
    }
}

fn disk(errors: &mut ErrorList, path: &Path, source: &Value, name: &str) {
    demand(errors, path, source, &[name]);
    if !(0..=255).contains(&source.int("partition")) {
        errors.invalid(
            &path.child("partition"),
            source.int("partition"),
            "must be between 1 and 255, inclusive",
        );
    }
}

/// What a name in iSCSI is wrong by: its form is one of three, told by how it begins.
fn iscsi_name_problem(name: &str) -> Option<&'static str> {
    let is_alphanumeric =
        |text: &str, len: usize| text.len() == len && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_right = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => name.get(4..).is_some_and(|rest| is_alphanumeric(rest, 16)),
        Some("naa") => name.get(4..).is_some_and(|rest| is_alphanumeric(rest, 32)),
        _ => return Some("must be valid format starting with iqn, eui, or naa"),
    };
    (!is_right).then_some("must be valid format")
}

/// `iqn.2001-04.com.example:storage`: a month, a domain turned round, and a name.
fn is_iqn(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let Some((date, rest)) = rest.split_at_checked(7) else { return false };
    let is_date =
        date.bytes().enumerate().all(|(i, byte)| if i == 4 { byte == b'-' } else { byte.is_ascii_digit() });
    let Some((authority, name)) = rest.strip_prefix('.').and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let is_authority = !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let is_name =
        !name.is_empty() && !name.contains(|c: char| ",;*&$|".contains(c) || c.is_ascii_whitespace());
    is_date && is_authority && is_name
}

fn iscsi(errors: &mut ErrorList, path: &Path, source: &Value) {
    demand(errors, path, source, &["targetPortal"]);
    let iqn = source.text("iqn");
    if iqn.is_empty() {
        errors.required(&path.child("iqn"), "");
    } else if let Some(problem) = iscsi_name_problem(iqn) {
        errors.invalid(&path.child("iqn"), iqn, problem);
    }
    let lun = source.int("lun");
    if !(0..=255).contains(&lun) {
        errors.invalid(&path.child("lun"), lun, "must be between 0 and 255, inclusive");
    }
    let authenticates = source.flag("chapAuthDiscovery") || source.flag("chapAuthSession");
    if authenticates && source.object("secretRef").is_none() {
        errors.required(&path.child("secretRef"), "");
    }
    if let Some(initiator) = source.optional_text("initiatorName")
        && let Some(problem) = iscsi_name_problem(initiator)
    {
        errors.invalid(&path.child("initiatorname"), initiator, problem);
    }
}

/// The kubelet makes one name of two, which must not be too long.
pub(super) fn iscsi_names_fit(errors: &mut ErrorList, parent: &Path, source: &Value, volume_name: &str) {
    let len = volume_name.len() + 1 + source.text("targetPortal").len();
    if source.member("initiatorName").is_some() && len > 64 {
        let message = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if \
                       iscsi.initiatorName is specified.";
        errors.invalid(&parent.child("name"), volume_name, message);
    }
}

fn flocker(errors: &mut ErrorList, path: &Path, source: &Value) {
    let (name, uuid) = (source.text("datasetName"), source.text("datasetUUID"));
    if name.is_empty() && uuid.is_empty() {
        errors.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !uuid.is_empty() {
        errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
    }
    if name.contains('/') {
        errors.invalid(&path.child("datasetName"), name, "must not contain '/'");
    }
}

fn quobyte(errors: &mut ErrorList, path: &Path, source: &Value) {
    let registry = source.text("registry");
    if registry.is_empty() {
        errors.required(&path.child("registry"), HOST_AND_PORT);
    } else if source.text("tenant").len() >= 65 {
        let message = "must be a UUID and may not exceed a length of 64 characters";
        errors.required(&path.child("tenant"), message);
    } else {
        for _ in registry.split(',').filter(|pair| !is_host_and_port(pair)) {
            errors.invalid(&path.child("registry"), registry, HOST_AND_PORT);
        }
    }
    demand(errors, path, source, &["volume"]);
}

fn is_host_and_port(pair: &str) -> bool {
    match pair.strip_prefix('[') {
        Some(rest) => rest
            .split_once("]:")
            .is_some_and(|(host, port)| !host.contains(['[', ']']) && !port.contains(':')),
        None => pair.split(':').count() == 2 && !pair.contains(['[', ']']),
    }
}

fn fibre_channel(errors: &mut ErrorList, path: &Path, source: &Value) {
    let targets = source.items("targetWWNs");
    let names = source.items("wwids");
    let targets_path = path.child("targetWWNs");
    if targets.is_empty() && names.is_empty() {
        errors.required(&targets_path, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !names.is_empty() {
        let message = "targetWWNs and wwids can not be specified simultaneously";
        errors.invalid(&targets_path, json_or_null(source.member("targetWWNs")), message);
    }
    if !targets.is_empty() {
        match source.optional_int("lun") {
            None => errors.required(&path.child("lun"), "lun is required if targetWWNs is specified"),
            Some(lun) if !(0..=255).contains(&lun) => {
                errors.invalid(&path.child("lun"), lun, "must be between 0 and 255, inclusive");
            }
            Some(_) => {}
        }
    }
}

fn flex_volume(errors: &mut ErrorList, path: &Path, source: &Value) {
    demand(errors, path, source, &["driver"]);
    for (key, _) in source.entries("options") {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace);
        let namespace = format!(".{}", namespace.to_lowercase());
        if namespace.ends_with(".kubernetes.io") || namespace.ends_with(".k8s.io") {
            errors.invalid(
                &path.child("options").key(key),
                key,
                "kubernetes.io and k8s.io namespaces are reserved",
            );
        }
    }
}

fn azure_disk(errors: &mut ErrorList, path: &Path, source: &Value) {
    const CACHING: [&str; 3] = ["None", "ReadOnly", "ReadWrite"];
    const KINDS: [&str; 3] = ["Dedicated", "Managed", "Shared"];
    const MANAGED: &str =
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    demand(errors, path, source, &["diskName", "diskURI"]);
    if let Some(mode) = source.optional_text("cachingMode").filter(|mode| !CACHING.contains(mode)) {
        errors.not_supported(&path.child("cachingMode"), mode, &CACHING);
    }
    let uri = source.text("diskURI");
    let Some(kind) = source.optional_text("kind") else { return };
    if !KINDS.contains(&kind) {
        errors.not_supported(&path.child("kind"), kind, &KINDS);
    }
    if kind == "Managed" && !uri.starts_with("/subscriptions/") {
        errors.not_supported(&path.child("diskURI"), uri, &[MANAGED]);
    }
    if kind != "Managed" && !uri.starts_with("https://") {
        errors.not_supported(&path.child("diskURI"), uri, &[BLOB]);
    }
}

fn storage_os(errors: &mut ErrorList, path: &Path, source: &Value) {
    let name = source.text("volumeName");
    if name.is_empty() {
        errors.required(&path.child("volumeName"), "");
    } else {
        dns_label(errors, &path.child("volumeName"), name);
    }
    let namespace = source.text("volumeNamespace");
    if !namespace.is_empty() {
        dns_label(errors, &path.child("volumeNamespace"), namespace);
    }
    secret_ref(errors, path, source);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_three_forms_of_iscsi_names() {
        for (name, expected) in [
            ("iqn.2015-02.example.com:test", None),
            ("iqn.2015-02.example.com", Some("must be valid format")),
            ("iqn.2015-2.example.com:test", Some("must be valid format")),
            ("eui.0123456789ABCDEF", None),
            ("eui.0123", Some("must be valid format")),
            ("naa.60014051234567890123456789012345", None),
            ("x", Some("must be valid format starting with iqn, eui, or naa")),
            ("iqn", Some("must be valid format")),
        ] {
            assert_eq!(iscsi_name_problem(name), expected, "{name}");
        }
    }

    #[test]
    fn tells_pairs_of_host_and_port() {
        assert!(is_host_and_port("a:1") && is_host_and_port("[::1]:1"));
        assert!(!is_host_and_port("a") && !is_host_and_port("::1:1"));
    }
}
