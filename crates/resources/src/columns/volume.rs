//! PersistentVolume, PersistentVolumeClaim.

use serde_json::Value;

use super::cell::{age, annotation, at, is_being_deleted, joined, name, quantity, text, text_or, texts};
use super::{AGE, NAME, string, wide};
use crate::kind::Columns;

/// PersistentVolume.
pub const PERSISTENT_VOLUME: Columns = Columns {
    columns: &[
        NAME,
        string("Capacity", "D:PersistentVolumeSpec.capacity"),
        string("Access Modes", "D:PersistentVolumeSpec.accessModes"),
        string("Reclaim Policy", "D:PersistentVolumeSpec.persistentVolumeReclaimPolicy"),
        string("Status", "D:PersistentVolumeStatus.phase"),
        string("Claim", "D:PersistentVolumeSpec.claimRef"),
        string("StorageClass", "StorageClass of the pv"),
        string("VolumeAttributesClass", "VolumeAttributesClass of the pv"),
        string("Reason", "D:PersistentVolumeStatus.reason"),
        AGE,
        wide("VolumeMode", "D:PersistentVolumeSpec.volumeMode"),
    ],
    cells: |object, now| {
        let claim = at(object, "/spec/claimRef")
            .map_or(String::new(), |claim| format!("{}/{}", text(claim, "/namespace"), text(claim, "/name")));
        vec![
            name(object),
            quantity(object, "/spec/capacity", "storage").into(),
            access_modes(object, "/spec/accessModes").into(),
            text(object, "/spec/persistentVolumeReclaimPolicy").into(),
            phase(object).into(),
            claim.into(),
            storage_class(object).into(),
            unless_unset(object, "/spec/volumeAttributesClassName").into(),
            text(object, "/status/reason").into(),
            age(object, now),
            unless_unset(object, "/spec/volumeMode").into(),
        ]
    },
};

/// PersistentVolumeClaim.
pub const PERSISTENT_VOLUME_CLAIM: Columns = Columns {
    columns: &[
        NAME,
        string("Status", "D:PersistentVolumeClaimStatus.phase"),
        string("Volume", "D:PersistentVolumeClaimSpec.volumeName"),
        string("Capacity", "D:PersistentVolumeClaimStatus.capacity"),
        string("Access Modes", "D:PersistentVolumeClaimStatus.accessModes"),
        string("StorageClass", "StorageClass of the pvc"),
        string("VolumeAttributesClass", "VolumeAttributesClass of the pvc"),
        AGE,
        wide("VolumeMode", "D:PersistentVolumeClaimSpec.volumeMode"),
    ],
    cells: |object, now| {
        let volume = text(object, "/spec/volumeName");
        let (capacity, modes) = match volume {
            "" => ("", String::new()),
            _ => {
                (quantity(object, "/status/capacity", "storage"), access_modes(object, "/status/accessModes"))
            }
        };
        vec![
            name(object),
            phase(object).into(),
            volume.into(),
            capacity.into(),
            modes.into(),
            storage_class(object).into(),
            unless_unset(object, "/spec/volumeAttributesClassName").into(),
            age(object, now),
            unless_unset(object, "/spec/volumeMode").into(),
        ]
    },
};

fn phase(object: &Value) -> &str {
    if is_being_deleted(object) { "Terminating" } else { text(object, "/status/phase") }
}

fn unless_unset<'d>(object: &'d Value, pointer: &str) -> &'d str {
    at(object, pointer).and_then(Value::as_str).unwrap_or("<unset>")
}

/// The annotation is from before the field; it counts where it is there.
fn storage_class(object: &Value) -> &str {
    match at(object, "/metadata/annotations")
        .and_then(|all| all.get("volume.beta.kubernetes.io/storage-class"))
    {
        Some(_) => annotation(object, "volume.beta.kubernetes.io/storage-class"),
        None => text_or(object, "/spec/storageClassName", ""),
    }
}

fn access_modes(object: &Value, pointer: &str) -> String {
    let modes: Vec<&str> = texts(object, pointer).collect();
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    joined(short.iter().filter(|(mode, _)| modes.contains(mode)).map(|(_, short)| *short), ",")
}
