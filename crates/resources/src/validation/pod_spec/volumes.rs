//! Volumes of pods, and the sources that are Kubernetes' own.

use apimachinery::members::is_same;
use apimachinery::{ErrorList, Path, go, names};
use serde_json::Value;
use smallvec::SmallVec;

use super::super::formats::{csi_driver, dns_label, dns_subdomain, file_mode, local_path, no_backsteps};
use super::super::members::{Members as _, quantity};
use super::super::report::Report as _;
use super::super::{claim_spec, semantic};
use super::{Setting, projected, volume_plugins};

const MORE_THAN_ONE: &str = "may not specify more than 1 volume type";

/// The sources in the order in which upstream looks at them, each with the name that upstream's error has when it is
/// one too many.
const SOURCES: [(&str, &str); 30] = [
    ("emptyDir", "emptyDir"),
    ("hostPath", "hostPath"),
    ("gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("configMap", "configMap"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
];

/// What is wrong with volumes. Returns those that are right, for mounts to refer to.
pub(super) fn volumes<'v>(
    errors: &mut ErrorList,
    path: &Path,
    volumes: &'v [Value],
    setting: Setting<'_>,
) -> Vec<&'v Value> {
    let created = |claim: &str| {
        let mut ephemeral = volumes.iter().filter(|volume| volume.member("ephemeral").is_some());
        !setting.pod_name.is_empty()
            && ephemeral.any(|volume| claim == format!("{}-{}", setting.pod_name, volume.text("name")))
    };
    let mut valid: Vec<&Value> = Vec::new();
    for (i, volume) in volumes.iter().enumerate() {
        let path = path.index(i);
        let name_path = path.child("name");
        let name = volume.text("name");
        let mut found = ErrorList::new();
        sources(&mut found, &path, volume, setting);
        if name.is_empty() {
            found.required(&name_path, "");
        } else {
            dns_label(&mut found, &name_path, name);
        }
        if valid.iter().any(|other| other.text("name") == name) {
            found.duplicate(&name_path, name);
        }
        if found.is_empty() {
            valid.push(volume);
        }
        errors.extend(found);
        if let Some(claim) = volume.object("persistentVolumeClaim").map(|claim| claim.text("claimName"))
            && created(claim)
        {
            let message = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid(&path.child("persistentVolumeClaim.claimName"), claim, message);
        }
    }
    valid
}

fn sources(errors: &mut ErrorList, path: &Path, volume: &Value, setting: Setting<'_>) {
    let mut has_source = false;
    // A volume has few members, so it is asked for what they are, not for each of thirty.
    let place = |name: &str| SOURCES.iter().position(|(source, _)| is_same(source, name));
    let members = volume.as_object().into_iter().flatten().filter(|(_, value)| value.is_object());
    let mut own: SmallVec<[(usize, &Value); 4]> =
        members.filter_map(|(name, value)| Some((place(name)?, value))).collect();
    own.sort_unstable_by_key(|(place, _)| *place);
    for (place, source) in own {
        let (name, name_in_error) = SOURCES[place];
        if has_source {
            errors.forbidden(&path.child(name_in_error), MORE_THAN_ONE);
        } else {
            has_source = true;
            source_of(errors, path, name, source, volume, setting);
        }
        if name == "iscsi" {
            volume_plugins::iscsi_names_fit(errors, path, source, volume.text("name"));
        }
    }
    if !has_source {
        errors.required(path, "must specify a volume type");
    }
}

fn source_of(
    errors: &mut ErrorList,
    parent: &Path,
    name: &str,
    source: &Value,
    volume: &Value,
    setting: Setting<'_>,
) {
    let path = parent.child(name);
    match name {
        "emptyDir" => empty_dir(errors, &path, source),
        "hostPath" => host_path(errors, &path, source),
        "secret" => files(errors, &path, source, "secretName"),
        "configMap" => files(errors, &path, source, "name"),
        "persistentVolumeClaim" => volume_plugins::demand(errors, &path, source, &["claimName"]),
        "downwardAPI" => {
            file_mode(errors, &path.child("defaultMode"), source.optional_int("defaultMode"));
            for file in source.items("items") {
                projected::downward_api_file(errors, &path, file);
            }
        }
        "projected" => projected::validate(errors, &path, source, setting.kept.token_paths),
        "csi" => csi(errors, &path, source),
        "ephemeral" => ephemeral(errors, parent, source, volume.text("name"), setting.pod_name),
        "image" => image(errors, &path, source, setting.is_pod),
        name => volume_plugins::validate(errors, parent, name, source),
    }
}

fn empty_dir(errors: &mut ErrorList, path: &Path, source: &Value) {
    let limit = source.member("sizeLimit").map(quantity);
    if limit.is_some_and(|limit| limit < wire::Quantity::ZERO) {
        errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
    }
}

fn host_path(errors: &mut ErrorList, path: &Path, source: &Value) {
    const TYPES: [&str; 8] =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    let text = source.text("path");
    if text.is_empty() {
        errors.required(&path.child("path"), "");
        return;
    }
    no_backsteps(errors, &path.child("path"), text);
    if let Some(of) = source.optional_text("type").filter(|of| !TYPES.contains(of)) {
        errors.not_supported(&path.child("type"), of, &TYPES);
    }
}

/// Files that are made of entries of a secret or a config map.
fn files(errors: &mut ErrorList, path: &Path, source: &Value, name: &str) {
    volume_plugins::demand(errors, path, source, &[name]);
    file_mode(errors, &path.child("defaultMode"), source.optional_int("defaultMode"));
    for (i, item) in source.items("items").iter().enumerate() {
        key_to_path(errors, &path.child("items").index(i), item);
    }
}

/// An entry and the file that it becomes.
pub(super) fn key_to_path(errors: &mut ErrorList, path: &Path, item: &Value) {
    volume_plugins::demand(errors, path, item, &["key", "path"]);
    local_path(errors, &path.child("path"), item.text("path"));
    file_mode(errors, &path.child("mode"), item.optional_int("mode"));
}

fn csi(errors: &mut ErrorList, path: &Path, source: &Value) {
    csi_driver(errors, &path.child("driver"), source.text("driver"));
    if let Some(secret) = source.object("nodePublishSecretRef") {
        let name = secret.text("name");
        if name.is_empty() {
            errors.required(&path.child("nodePublishSecretRef.name"), "");
        } else {
            dns_subdomain(errors, &path.child("name"), name);
        }
    }
}

/// A claim that is made for the pod and named after it.
fn ephemeral(errors: &mut ErrorList, parent: &Path, source: &Value, volume_name: &str, pod_name: &str) {
    let path = parent.child("ephemeral.volumeClaimTemplate");
    match source.object("volumeClaimTemplate") {
        None => errors.required(&path, ""),
        Some(template) => {
            template_metadata(errors, &path.child("metadata"), template.object("metadata"));
            let none = Value::Null;
            claim_spec::validate(errors, &path.child("spec"), template.member("spec").unwrap_or(&none));
        }
    }
    if pod_name.is_empty() || volume_name.is_empty() {
        return;
    }
    let claim = format!("{pod_name}-{volume_name}");
    for message in names::dns1123_subdomain(&claim) {
        let message = format!("PVC name {}: {message}", go::quote(&claim));
        errors.invalid(&parent.child("name"), volume_name, message);
    }
}

/// Metadata of something that is made later: only labels and annotations.
fn template_metadata(errors: &mut ErrorList, path: &Path, metadata: Option<&Value>) {
    const OTHERS: [&str; 13] = [
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "ownerReferences",
        "finalizers",
        "managedFields",
    ];
    let Some(metadata) = metadata else { return };
    let annotations =
        apimachinery::meta::validate_annotations(metadata.map("annotations"), &path.child("annotations"));
    errors.extend(annotations);
    errors.extend(apimachinery::meta::validate_labels(metadata.map("labels"), &path.child("labels")));
    let empty = serde_json::json!({});
    for name in OTHERS {
        let only = |value: &Value| serde_json::json!({ name: value });
        let is_set = metadata.member(name).is_some_and(|value| {
            !semantic::equal("meta.k8s.io", "ObjectMeta", Some(&only(value)), Some(&empty))
        });
        if is_set {
            let shown = match name {
                "uid" => "uID",
                name => name,
            };
            errors.forbidden(&path.child(shown), "cannot be set");
        }
    }
}

fn image(errors: &mut ErrorList, path: &Path, source: &Value, is_pod: bool) {
    if is_pod && source.text("reference").is_empty() {
        errors.required(&path.child("reference"), "");
    }
    errors.one_of(&path.child("pullPolicy"), source.text("pullPolicy"), &super::containers::PULL_POLICIES);
}

/// Whether a volume is a device when it is mounted as such.
pub(super) fn is_claim(volume: &Value) -> bool {
    volume.member("persistentVolumeClaim").is_some() || volume.member("ephemeral").is_some()
}
