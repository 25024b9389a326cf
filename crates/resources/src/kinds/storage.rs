//! Storage: `storage.k8s.io`.

use serde_json::Value;

use crate::defaults;
use crate::kind::{Context, Deletion, Generation, Hooks, Kind, SPEC_AND_METADATA, Subresource, Versions};
use crate::kinds::status_update;

const VERSIONS: Versions = &[("storage.k8s.io", "v1")];

/// `CSIDriver`.
pub(super) static CSI_DRIVER: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::OfSpecLater,
    deletion: Deletion::WITH_OBJECT,
    strategy: &Hooks {
        set_defaults: defaults::storage::csi_driver,
        warnings: driver_warnings,
        ..Hooks::NONE
    },
    ..Kind::named("storage.k8s.io", "CSIDriver", "csidriver", "csidrivers")
};

/// `CSINode`.
pub(super) static CSI_NODE: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    allows_unconditional_update: false,
    deletion: Deletion::WITH_OBJECT,
    ..Kind::named("storage.k8s.io", "CSINode", "csinode", "csinodes")
};

/// `CSIStorageCapacity`.
pub(super) static CSI_STORAGE_CAPACITY: Kind = Kind {
    versions: VERSIONS,
    allows_unconditional_update: false,
    ..Kind::named("storage.k8s.io", "CSIStorageCapacity", "csistoragecapacity", "csistoragecapacities")
};

/// `StorageClass`.
pub(super) static STORAGE_CLASS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["sc"],
    is_namespaced: false,
    deletion: Deletion::WITH_OBJECT,
    strategy: &Hooks { set_defaults: defaults::storage::storage_class, ..Hooks::NONE },
    ..Kind::named("storage.k8s.io", "StorageClass", "storageclass", "storageclasses")
};

/// `VolumeAttachment`.
pub(super) static VOLUME_ATTACHMENT: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    subresources: &[Subresource::status("VolumeAttachment")],
    allows_unconditional_update: false,
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    deletion: Deletion::WITH_OBJECT,
    strategy: &Hooks {
        set_defaults: defaults::storage::volume_attachment,
        prepare_for_update: status_update::keeps_metadata,
        ..Hooks::NONE
    },
    ..Kind::named("storage.k8s.io", "VolumeAttachment", "volumeattachment", "volumeattachments")
};

/// `VolumeAttributesClass`.
pub(super) static VOLUME_ATTRIBUTES_CLASS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["vac"],
    is_namespaced: false,
    deletion: Deletion::WITH_OBJECT,
    ..Kind::named(
        "storage.k8s.io",
        "VolumeAttributesClass",
        "volumeattributesclass",
        "volumeattributesclasses",
    )
};

fn driver_warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    let spec = &object["spec"];
    let has_tokens = spec["tokenRequests"].as_array().is_some_and(|requests| !requests.is_empty());
    if !has_tokens || spec.get("serviceAccountTokenInSecrets").is_some_and(|set| !set.is_null()) {
        return Vec::new();
    }
    vec![
        "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible \
         logging of tokens in volume attributes"
            .to_owned(),
    ]
}
