//! Storage: `storage.k8s.io`.

use crate::kind::{Deletion, Generation, Kind, Subresource, Versions};

const VERSIONS: Versions = &[("storage.k8s.io", "v1")];

/// `CSIDriver`.
pub(super) static CSI_DRIVER: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::OfSpecLater,
    deletion: Deletion::WITH_OBJECT,
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
    ..Kind::named("storage.k8s.io", "StorageClass", "storageclass", "storageclasses")
};

/// `VolumeAttachment`.
pub(super) static VOLUME_ATTACHMENT: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    subresources: &[Subresource::status("VolumeAttachment")],
    allows_unconditional_update: false,
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
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
