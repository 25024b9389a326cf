//! What a pod needs of storage, devices and pod groups.
//!
//! The plugins that decide about these are registered under their names, and pass pods that need nothing of
//! them as upstream's do; a pod that does need something is refused by name, because to ignore the need
//! would place it wrongly.

/// Needs of a pod that go beyond its node's own resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    /// Volumes backed by a claim (persistentVolumeClaim or ephemeral), by volume name.
    pub claimed_volumes: Box<[Box<str>]>,
    /// Volumes of in-tree types that VolumeRestrictions compares between pods, by volume name.
    pub exclusive_disks: Box<[Box<str>]>,
    /// Volumes of in-tree types that count against attach limits, by volume name.
    pub attached_disks: Box<[Box<str>]>,
    /// `spec.resourceClaims`, by name.
    pub resource_claims: Box<[Box<str>]>,
    /// `spec.schedulingGroup.podGroupName`.
    pub pod_group: Option<Box<str>>,
}

impl Needs {
    /// Reads a pod spec.
    pub fn compile(spec: &wire::PodSpec) -> Needs {
        let named = |has: fn(&wire::Volume) -> bool| {
            spec.volumes.iter().filter(|v| has(v)).map(|v| v.name.as_str().into()).collect()
        };
        Needs {
            claimed_volumes: named(|v| v.persistent_volume_claim.is_some() || v.ephemeral.is_some()),
            exclusive_disks: named(|v| {
                v.gce_persistent_disk.is_some()
                    || v.aws_elastic_block_store.is_some()
                    || v.iscsi.is_some()
                    || v.rbd.is_some()
            }),
            attached_disks: named(|v| {
                v.gce_persistent_disk.is_some()
                    || v.aws_elastic_block_store.is_some()
                    || v.azure_disk.is_some()
                    || v.azure_file.is_some()
                    || v.cinder.is_some()
                    || v.vsphere_volume.is_some()
                    || v.portworx_volume.is_some()
            }),
            resource_claims: spec.resource_claims.iter().map(|claim| claim.name.as_str().into()).collect(),
            pod_group: spec
                .scheduling_group
                .as_ref()
                .filter(|group| !group.pod_group_name.is_empty())
                .map(|group| group.pod_group_name.as_str().into()),
        }
    }
}
