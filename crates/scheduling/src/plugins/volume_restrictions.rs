//! VolumeRestrictions: keeps pods apart that cannot share a volume.
//!
//! Disks of some in-tree plugins cannot be attached twice to one node; a claim with access mode ReadWriteOncePod can
//! be used by one pod in the cluster at a time (KEP-2485).

use std::sync::Arc;

use smallvec::SmallVec;
use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status, Value,
};
use crate::model::{Disk, Pod};
use crate::snapshot::NodeInfo;
use crate::storage::{ClaimKey, StorageObject};

const NAME: &str = "VolumeRestrictions";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::Pod, Actions::DELETE),
        ClusterEvent::new(Resource::Node, Actions::ADD),
        ClusterEvent::new(Resource::PersistentVolumeClaim, Actions::ADD),
    ],
    filter_scope: Some(Scope::Occupancy),
    filter_without_pre_filter: Some("cannot read \"PreFilterVolumeRestrictions\" from cycleState"),
    ..Registration::named(NAME, |_| Ok(Box::new(VolumeRestrictions)))
};

struct VolumeRestrictions;

/// What a pod cannot share.
struct Exclusive<'a> {
    pod: &'a Pod,
    /// The names of its claims that only one pod can use.
    claims: SmallVec<[Arc<str>; 1]>,
    /// How many of them are in use.
    n_conflicts: i64,
}

impl Plugin for VolumeRestrictions {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        let storage = cycle.cluster.storage();
        let mut exclusive = Exclusive { pod, claims: SmallVec::new(), n_conflicts: 0 };
        for mounted in pod.shape.claims.iter().filter(|claim| claim.made_for.is_none()) {
            let Some(claim) = storage.mounted(pod.shape.namespace, mounted) else {
                return FilterPlan::reject(Status::unresolvable(NAME, claim_not_found(&mounted.name)));
            };
            if claim.is_for_one_pod() && !exclusive.claims.contains(&mounted.name) {
                exclusive.claims.push(Arc::clone(&mounted.name));
                let key = ClaimKey { namespace: pod.shape.namespace, name: Arc::clone(&mounted.name) };
                exclusive.n_conflicts += i64::from(storage.uses().mounts(&key));
            }
        }
        if pod.shape.volumes.disks.is_empty() && exclusive.n_conflicts == 0 {
            return FilterPlan::skip();
        }
        FilterPlan::check(exclusive)
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Node { .. } => Hint::Queue,
            Changed::Pod { old: Some(gone), new: None } if gone.shape.namespace == pod.shape.namespace => {
                let frees = disk_in_common(pod, gone).is_some() || mounts_one_of(pod, gone);
                Hint::queue_if(frees)
            }
            Changed::Storage { new: Some(StorageObject::Claim(claim)), .. } => {
                Hint::queue_if(mounts_by_name(pod, &claim.key))
            }
            _ => Hint::Skip,
        }
    }
}

/// Upstream's words for a claim that does not exist.
pub(super) fn claim_not_found(name: &str) -> Reason {
    Reason::text(format!("persistentvolumeclaim {name:?} not found"))
}

/// Whether a pod mounts a claim by its name, not as an ephemeral volume.
pub(super) fn mounts_by_name(pod: &Pod, claim: &ClaimKey) -> bool {
    pod.shape.namespace == claim.namespace
        && pod.shape.claims.iter().any(|own| own.made_for.is_none() && own.name == claim.name)
}

/// Whether a pod mounts a claim, by its name or as an ephemeral volume.
pub(super) fn mounts(pod: &Pod, claim: &ClaimKey) -> bool {
    pod.shape.namespace == claim.namespace && pod.shape.claims.iter().any(|own| own.name == claim.name)
}

fn mounts_one_of(pod: &Pod, other: &Pod) -> bool {
    let mut by_name = other.shape.claims.iter().filter(|claim| claim.made_for.is_none());
    by_name.any(|claim| pod.shape.claims.iter().any(|own| own.made_for.is_none() && own.name == claim.name))
}

fn disk_in_common<'p>(pod: &'p Pod, other: &Pod) -> Option<&'p Disk> {
    let others = &other.shape.volumes.disks;
    pod.shape.volumes.disks.iter().find(|disk| others.iter().any(|other| disk.conflicts(other)))
}

impl Filter for Exclusive<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if !self.pod.shape.volumes.disks.is_empty() && node.has_pods_with_disks() {
            let conflict = node.pods().iter().find(|other| disk_in_common(self.pod, other).is_some());
            if let Some(other) = conflict {
                let reason = Reason::fixed("node(s) had no available disk")
                    .with("used by", Value::Text(other.key.to_string().into()));
                return Err(Status::unschedulable(NAME, reason));
            }
        }
        if self.n_conflicts > 0 {
            let text = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already \
                        in-use by another pod";
            let claims = Value::Text(self.claims.join(", ").into());
            return Err(Status::unschedulable(NAME, Reason::fixed(text).with("claim", claims)));
        }
        Ok(())
    }

    fn add_pod(&mut self, pod: &Pod, _node: &NodeInfo) {
        self.n_conflicts += self.in_common(pod);
    }

    fn remove_pod(&mut self, pod: &Pod, _node: &NodeInfo) {
        self.n_conflicts -= self.in_common(pod);
    }
}

impl Exclusive<'_> {
    /// How many volumes of another pod are claims that this pod needs for itself.
    fn in_common(&self, other: &Pod) -> i64 {
        if other.shape.namespace != self.pod.shape.namespace {
            return 0;
        }
        let by_name = other.shape.claims.iter().filter(|claim| claim.made_for.is_none());
        by_name.filter(|claim| self.claims.contains(&claim.name)).count() as i64
    }
}
