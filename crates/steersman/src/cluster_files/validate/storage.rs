//! Volumes and their classes.

use wire::{PersistentVolume, StorageClass};

use super::fault::{Checked, one_of_or_none};
use super::{Author, labels};

const BINDING_MODES: [&str; 2] = ["Immediate", "WaitForFirstConsumer"];

/// Checks where a volume can be used.
pub(super) fn check_volume(volume: &PersistentVolume, author: Author) -> Checked {
    let affinity = volume.spec.node_affinity.as_ref();
    match affinity.and_then(|affinity| affinity.required.as_ref()) {
        Some(required) => labels::node_selector(required, "spec.nodeAffinity.required", author),
        None => Ok(()),
    }
}

/// Checks when volumes of a class are bound.
pub(super) fn check_class(class: &StorageClass) -> Checked {
    let mode = class.volume_binding_mode.as_deref().unwrap_or_default();
    one_of_or_none("volumeBindingMode", mode, &BINDING_MODES)
}
