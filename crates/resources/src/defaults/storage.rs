//! Storage.

use serde_json::{Value, json};

use super::core::persistent_volume_spec;
use crate::document::{Members as _, at_mut, members_of};

/// A StorageClass.
pub(crate) fn storage_class(object: &mut Value) {
    let object = members_of(object);
    object.fill_absent("reclaimPolicy", "Delete");
    object.fill_absent("volumeBindingMode", "Immediate");
}

/// A CSIDriver.
pub(crate) fn csi_driver(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("attachRequired", true);
    for name in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        spec.fill_absent(name, false);
    }
    spec.fill_absent("fsGroupPolicy", "ReadWriteOnceWithFSType");
    spec.fill_empty("volumeLifecycleModes", json!(["Persistent"]));
}

/// A VolumeAttachment.
pub(crate) fn volume_attachment(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec", "source", "inlineVolumeSpec"]) {
        persistent_volume_spec(spec);
    }
}
