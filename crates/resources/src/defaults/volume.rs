//! Volumes of pods, and the sources of persistent volumes.

use serde_json::{Value, json};

use super::image;
use super::quantity;
use crate::document::{Members as _, Object};

/// Permission bits of files: 0644.
const FILE_MODE: i32 = 0o644;

/// A volume of a pod.
pub(super) fn volume(of: &mut Object) {
    if of.iter().all(|(name, value)| name == "name" || value.is_null()) {
        of.put("emptyDir", json!({}));
    }
    for name in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = of.members_mut(name) {
            source.fill_absent("defaultMode", FILE_MODE);
        }
    }
    if let Some(downward) = of.members_mut("downwardAPI") {
        set_downward_items(downward);
    }
    if let Some(projected) = of.members_mut("projected") {
        projected.for_each("sources", |source| {
            if let Some(token) = source.members_mut("serviceAccountToken") {
                token.fill_absent("expirationSeconds", 3600);
            }
            if let Some(downward) = source.members_mut("downwardAPI") {
                set_downward_items(downward);
            }
        });
    }
    if let Some(spec) = of
        .members_mut("ephemeral")
        .and_then(|ephemeral| ephemeral.members_mut("volumeClaimTemplate")?.members_mut("spec"))
    {
        claim_spec(spec);
    }
    if let Some(source) = of.members_mut("image") {
        let policy = image::pull_policy(source.text("reference"));
        source.fill_empty("pullPolicy", policy);
    }
    source(of);
}

/// What volumes of pods and persistent volumes share.
pub(super) fn source(of: &mut Object) {
    fn each(of: &mut Object, name: &str, fields: &[(&str, Value)]) {
        let Some(source) = of.members_mut(name) else { return };
        for (field, value) in fields {
            source.fill_empty(field, value.clone());
        }
    }
    if let Some(path) = of.members_mut("hostPath") {
        path.fill_absent("type", "");
    }
    each(of, "iscsi", &[("iscsiInterface", "default".into())]);
    each(
        of,
        "rbd",
        &[("pool", "rbd".into()), ("user", "admin".into()), ("keyring", "/etc/ceph/keyring".into())],
    );
    each(of, "scaleIO", &[("storageMode", "ThinProvisioned".into()), ("fsType", "xfs".into())]);
    if let Some(disk) = of.members_mut("azureDisk") {
        disk.fill_absent("cachingMode", "ReadWrite");
        disk.fill_absent("kind", "Shared");
        disk.fill_absent("fsType", "ext4");
        disk.fill_absent("readOnly", false);
    }
}

fn set_downward_items(downward: &mut Object) {
    downward.for_each("items", |item| {
        if let Some(field) = item.members_mut("fieldRef") {
            field.fill_empty("apiVersion", "v1");
        }
    });
}

/// The spec of a claim, also where it is part of something else.
pub(super) fn claim_spec(spec: &mut Object) {
    spec.fill_absent("volumeMode", "Filesystem");
    quantity::round_resources(spec);
}
