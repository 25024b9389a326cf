//! Storage: volumes, claims, classes and what drivers say of themselves.

mod csi;
mod persistent_volume;

pub use csi::{
    CsiDriver, CsiDriverSpec, CsiNode, CsiNodeDriver, CsiNodeSpec, CsiStorageCapacity, VolumeNodeResources,
};
pub use persistent_volume::{
    CsiPersistentVolumeSource, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec,
    PersistentVolumeClaimStatus, PersistentVolumeSpec, PersistentVolumeStatus, VolumeNodeAffinity,
};

use std::collections::BTreeMap;

use crate::ObjectMeta;
use crate::object_macro::wire_struct;

wire_struct! {
    /// How volumes of a class are made.
    pub struct StorageClass {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// Name of the driver that makes them, or `kubernetes.io/no-provisioner`.
        provisioner: String,
        /// `Immediate` or `WaitForFirstConsumer`; absent is refused by the volume binder.
        volume_binding_mode: Option<String>,
        /// Where volumes may be made; empty is anywhere.
        allowed_topologies: Vec<TopologySelectorTerm>,
        /// Parameters for the driver.
        parameters: BTreeMap<String, String>,
        /// Whether volumes may grow.
        allow_volume_expansion: Option<bool>,
    }

    /// A set of topologies.
    pub struct TopologySelectorTerm {
        /// All of these must hold.
        match_label_expressions: Vec<TopologySelectorLabelRequirement>,
    }

    /// A node label and the values it may have.
    pub struct TopologySelectorLabelRequirement {
        /// Key of the label.
        key: String,
        /// Values it may have.
        values: Vec<String>,
    }

    /// A volume that is, or is to be, attached to a node.
    pub struct VolumeAttachment {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: VolumeAttachmentSpec,
        /// What is.
        status: VolumeAttachmentStatus,
    }

    /// Which volume goes to which node.
    pub struct VolumeAttachmentSpec {
        /// Name of the driver that attaches.
        attacher: String,
        /// The node.
        node_name: String,
        /// The volume.
        source: VolumeAttachmentSource,
    }

    /// The volume of an attachment.
    pub struct VolumeAttachmentSource {
        /// A PersistentVolume.
        persistent_volume_name: String,
        /// A volume that a migrated in-tree plugin made up.
        inline_volume_spec: Option<PersistentVolumeSpec>,
    }

    /// Whether the volume is attached.
    pub struct VolumeAttachmentStatus {
        /// Whether the driver has attached it.
        attached: bool,
    }
}
