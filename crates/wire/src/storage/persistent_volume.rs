//! Volumes and the claims to them.

use std::collections::BTreeMap;

use crate::object_macro::wire_struct;
use crate::{
    AwsElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFileVolumeSource, CinderVolumeSource,
    GcePersistentDiskVolumeSource, IscsiVolumeSource, LabelSelector, NodeSelector, ObjectMeta,
    ObjectReference, PortworxVolumeSource, Quantity, RbdVolumeSource, ResourceRequirements,
    VsphereVirtualDiskVolumeSource,
};

wire_struct! {
    /// A volume.
    pub struct PersistentVolume {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What it is.
        spec: PersistentVolumeSpec,
        /// Its state.
        status: PersistentVolumeStatus,
    }

    /// What a volume is. At most one source is set; sources nothing is decided by are not read.
    pub struct PersistentVolumeSpec {
        /// Its size, under `storage`.
        capacity: BTreeMap<String, Quantity>,
        /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
        access_modes: Vec<String>,
        /// The claim it is bound to, or reserved for.
        claim_ref: Option<ObjectReference>,
        /// Its class; empty is none.
        storage_class_name: String,
        /// `Filesystem` (default) or `Block`.
        volume_mode: Option<String>,
        /// Its attributes class.
        volume_attributes_class_name: String,
        /// Which nodes can reach it.
        node_affinity: Option<VolumeNodeAffinity>,
        /// A CSI volume.
        csi: Option<CsiPersistentVolumeSource>,
        /// A disk of Google Compute Engine.
        gce_persistent_disk: Option<GcePersistentDiskVolumeSource>,
        /// A disk of AWS.
        aws_elastic_block_store: Option<AwsElasticBlockStoreVolumeSource>,
        /// An iSCSI disk.
        iscsi: Option<IscsiVolumeSource>,
        /// A Ceph block device.
        rbd: Option<RbdVolumeSource>,
        /// A disk of Azure.
        azure_disk: Option<AzureDiskVolumeSource>,
        /// A file share of Azure.
        azure_file: Option<AzureFileVolumeSource>,
        /// A disk of OpenStack.
        cinder: Option<CinderVolumeSource>,
        /// A disk of vSphere.
        vsphere_volume: Option<VsphereVirtualDiskVolumeSource>,
        /// A disk of Portworx.
        portworx_volume: Option<PortworxVolumeSource>,
    }

    /// Which nodes can reach a volume.
    pub struct VolumeNodeAffinity {
        /// Absent is all of them.
        required: Option<NodeSelector>,
    }

    /// A volume of a CSI driver.
    pub struct CsiPersistentVolumeSource {
        /// Name of the driver.
        driver: String,
        /// What the driver calls the volume.
        volume_handle: String,
    }

    /// The state of a volume.
    pub struct PersistentVolumeStatus {
        /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
        phase: String,
    }

    /// A claim to a volume.
    pub struct PersistentVolumeClaim {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: PersistentVolumeClaimSpec,
        /// What it got.
        status: PersistentVolumeClaimStatus,
    }

    /// What a claim wants.
    pub struct PersistentVolumeClaimSpec {
        /// All of these are needed.
        access_modes: Vec<String>,
        /// Which volumes will do; absent is any.
        selector: Option<LabelSelector>,
        /// The size, under `storage`.
        resources: ResourceRequirements,
        /// The volume it is, or wants to be, bound to.
        volume_name: String,
        /// The class; absent is the default class, empty is none.
        storage_class_name: Option<String>,
        /// `Filesystem` (default) or `Block`.
        volume_mode: Option<String>,
        /// The attributes class.
        volume_attributes_class_name: String,
    }

    /// What a claim got.
    pub struct PersistentVolumeClaimStatus {
        /// `Pending`, `Bound` or `Lost`.
        phase: String,
        /// Size of the volume.
        capacity: BTreeMap<String, Quantity>,
        /// Access modes of the volume.
        access_modes: Vec<String>,
    }
}
