//! Volumes of pods, as far as scheduling looks at their sources.

use crate::object_macro::wire_struct;
use crate::{ObjectMeta, PersistentVolumeClaimSpec};

wire_struct! {
    /// A volume of a pod. At most one source is set; sources nothing is decided by are not read.
    pub struct Volume {
        /// Name containers refer to.
        name: String,
        /// A claim.
        persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
        /// A claim that lives and dies with the pod.
        ephemeral: Option<EphemeralVolumeSource>,
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
        /// An inline volume of a CSI driver.
        csi: Option<CsiVolumeSource>,
        /// An image mounted as a volume.
        image: Option<ImageVolumeSource>,
    }

    /// A volume that is a claim.
    pub struct PersistentVolumeClaimVolumeSource {
        /// A PersistentVolumeClaim in the pod's namespace.
        claim_name: String,
        /// Whether it is mounted read-only.
        read_only: bool,
    }

    /// A volume whose claim is made for the pod, named `<pod>-<volume>`.
    pub struct EphemeralVolumeSource {
        /// What claim to make.
        volume_claim_template: Option<PersistentVolumeClaimTemplate>,
    }

    /// The claim to make for an ephemeral volume.
    pub struct PersistentVolumeClaimTemplate {
        /// Labels and annotations.
        metadata: ObjectMeta,
        /// Spec of the claim.
        spec: PersistentVolumeClaimSpec,
    }

    /// A disk of Google Compute Engine.
    pub struct GcePersistentDiskVolumeSource {
        /// Name of the disk.
        pd_name: String,
        /// Whether it is attached read-only.
        read_only: bool,
    }

    /// A disk of AWS.
    pub struct AwsElasticBlockStoreVolumeSource {
        /// Id of the disk.
        #[serde(rename = "volumeID")]
        volume_id: String,
        /// Whether it is attached read-only.
        read_only: bool,
    }

    /// An iSCSI disk.
    pub struct IscsiVolumeSource {
        /// Address of the portal.
        target_portal: String,
        /// Qualified name of the target.
        iqn: String,
        /// Number of the unit.
        lun: i32,
        /// Whether it is attached read-only.
        read_only: bool,
    }

    /// A Ceph block device.
    pub struct RbdVolumeSource {
        /// Addresses of the monitors.
        monitors: Vec<String>,
        /// Name of the image.
        image: String,
        /// Pool; empty is `rbd`.
        pool: String,
        /// Whether it is attached read-only.
        read_only: bool,
    }

    /// A disk of Azure.
    pub struct AzureDiskVolumeSource {
        /// Name of the disk.
        disk_name: String,
        /// Address of the disk.
        #[serde(rename = "diskURI")]
        disk_uri: String,
        /// `Shared`, `Dedicated` or `Managed`.
        kind: String,
    }

    /// A file share of Azure.
    pub struct AzureFileVolumeSource {
        /// Name of the share.
        share_name: String,
        /// Secret with the account.
        secret_name: String,
        /// Namespace of the secret, when a persistent volume names one.
        secret_namespace: String,
    }

    /// A disk of OpenStack.
    pub struct CinderVolumeSource {
        /// Id of the disk.
        #[serde(rename = "volumeID")]
        volume_id: String,
    }

    /// A disk of vSphere.
    pub struct VsphereVirtualDiskVolumeSource {
        /// Path of the disk.
        volume_path: String,
    }

    /// A disk of Portworx.
    pub struct PortworxVolumeSource {
        /// Id of the disk.
        #[serde(rename = "volumeID")]
        volume_id: String,
    }

    /// An inline volume of a CSI driver.
    pub struct CsiVolumeSource {
        /// Name of the driver.
        driver: String,
    }

    /// An image mounted as a volume.
    pub struct ImageVolumeSource {
        /// Reference of the image.
        reference: String,
    }
}
