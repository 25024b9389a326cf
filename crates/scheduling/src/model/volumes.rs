//! The volumes of a pod, as far as it matters which they are.

use std::sync::Arc;

use super::Compiler;
use super::in_tree::{Attachable, InTreePlugin, Translation};

/// Volumes of a pod that belong to it and its siblings alike. Claims, which each pod may have of its own, are in
/// [`super::Shape::claims`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Volumes {
    /// Disks that not every pod can share.
    pub disks: Box<[Disk]>,
    /// Disks of in-tree plugins that a CSI driver attaches now, and that are written into the pod itself.
    pub inline: Box<[InlineDisk]>,
    /// Drivers of inline CSI volumes.
    pub csi_drivers: Box<[Box<str>]>,
}

/// A disk that VolumeRestrictions compares between pods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Disk {
    /// Google Compute Engine: name, and whether it is attached read-only.
    Gce(Box<str>, bool),
    /// AWS: id.
    Ebs(Box<str>),
    /// iSCSI: qualified name, and whether it is attached read-only.
    Iscsi(Box<str>, bool),
    /// Ceph.
    Rbd {
        /// Addresses of the monitors.
        monitors: Box<[Box<str>]>,
        /// Pool.
        pool: Box<str>,
        /// Image.
        image: Box<str>,
        /// Whether it is attached read-only.
        is_read_only: bool,
    },
}

impl Disk {
    /// Whether two pods on one node cannot both have it.
    pub fn conflicts(&self, other: &Disk) -> bool {
        match (self, other) {
            (Disk::Gce(own, own_reads), Disk::Gce(other, reads))
            | (Disk::Iscsi(own, own_reads), Disk::Iscsi(other, reads)) => {
                own == other && !(*own_reads && *reads)
            }
            (Disk::Ebs(own), Disk::Ebs(other)) => own == other,
            (
                Disk::Rbd { monitors, pool, image, is_read_only },
                Disk::Rbd { monitors: others, pool: its_pool, image: its_image, is_read_only: reads },
            ) => {
                pool == its_pool
                    && image == its_image
                    && monitors.iter().any(|monitor| others.contains(monitor))
                    && !(*is_read_only && *reads)
            }
            _ => false,
        }
    }

    fn of(volume: &wire::Volume) -> Option<Disk> {
        if let Some(disk) = &volume.gce_persistent_disk {
            return Some(Disk::Gce(disk.pd_name.as_str().into(), disk.read_only));
        }
        if let Some(disk) = &volume.aws_elastic_block_store {
            return Some(Disk::Ebs(disk.volume_id.as_str().into()));
        }
        if let Some(disk) = &volume.iscsi {
            return Some(Disk::Iscsi(disk.iqn.as_str().into(), disk.read_only));
        }
        let disk = volume.rbd.as_ref()?;
        Some(Disk::Rbd {
            monitors: disk.monitors.iter().map(|monitor| monitor.as_str().into()).collect(),
            pool: disk.pool.as_str().into(),
            image: disk.image.as_str().into(),
            is_read_only: disk.read_only,
        })
    }
}

/// A disk of an in-tree plugin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InlineDisk {
    /// Which plugin.
    pub plugin: InTreePlugin,
    /// The volume that a CSI driver makes of it; `None` if none does.
    pub translation: Option<Result<Attachable, Box<str>>>,
}

/// A claim that a pod mounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodClaim {
    /// Name of the claim, in the pod's namespace.
    pub name: Arc<str>,
    /// The pod that it was made for; `None` if it is a claim like any other.
    pub made_for: Option<Box<Owner>>,
}

/// The pod of a generic ephemeral volume (KEP-1698).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Its name.
    pub name: Arc<str>,
    /// Its UID.
    pub uid: Arc<str>,
}

impl Volumes {
    /// Reads a pod spec.
    pub fn compile(spec: &wire::PodSpec, compiler: &mut Compiler<'_>) -> Volumes {
        let inline = spec.volumes.iter().filter(|volume| !is_claim(volume)).filter_map(|volume| {
            let Translation { plugin, attachable } = Translation::of_inline(volume, compiler)?;
            let text = |error| format!("converting volume({}) from inline to csi: {error}", volume.name);
            let translation = attachable.map(|attachable| attachable.map_err(|e| text(e).into()));
            Some(InlineDisk { plugin, translation })
        });
        let inline = inline.collect();
        Volumes {
            disks: spec.volumes.iter().filter_map(Disk::of).collect(),
            inline,
            csi_drivers: spec
                .volumes
                .iter()
                .filter_map(|volume| Some(volume.csi.as_ref()?.driver.as_str().into()))
                .collect(),
        }
    }
}

fn is_claim(volume: &wire::Volume) -> bool {
    volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some()
}

/// The claims of a pod, in the order of its volumes.
pub fn claims(pod: &wire::Pod, uid: &Arc<str>) -> Box<[PodClaim]> {
    let claim = |volume: &wire::Volume| {
        if let Some(claim) = &volume.persistent_volume_claim {
            return Some(PodClaim { name: claim.claim_name.as_str().into(), made_for: None });
        }
        volume.ephemeral.as_ref()?;
        let owner = Owner { name: pod.metadata.name.as_str().into(), uid: Arc::clone(uid) };
        Some(PodClaim {
            name: format!("{}-{}", pod.metadata.name, volume.name).into(),
            made_for: Some(Box::new(owner)),
        })
    };
    pod.spec.volumes.iter().filter_map(claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_can_be_shared_by_readers_except_those_of_aws() {
        let gce = |name: &str, reads| Disk::Gce(name.into(), reads);
        assert!(gce("a", false).conflicts(&gce("a", true)));
        assert!(!gce("a", true).conflicts(&gce("a", true)));
        assert!(!gce("a", false).conflicts(&gce("b", false)));
        assert!(!gce("a", false).conflicts(&Disk::Iscsi("a".into(), false)));
        assert!(Disk::Ebs("v".into()).conflicts(&Disk::Ebs("v".into())));
        let rbd = |monitors: &[&str], pool: &str| Disk::Rbd {
            monitors: monitors.iter().map(|monitor| (*monitor).into()).collect(),
            pool: pool.into(),
            image: "i".into(),
            is_read_only: false,
        };
        assert!(rbd(&["m1", "m2"], "p").conflicts(&rbd(&["m2"], "p")));
        assert!(!rbd(&["m1"], "p").conflicts(&rbd(&["m2"], "p")));
        assert!(!rbd(&["m1"], "p").conflicts(&rbd(&["m1"], "q")));
    }
}
