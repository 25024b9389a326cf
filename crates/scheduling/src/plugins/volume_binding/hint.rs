//! Which events may let a pod find its volumes.

use super::super::volume_restrictions::mounts;
use crate::framework::{Changed, Cycle};
use crate::model::Pod;
use crate::storage::StorageObject;

/// Whether an event may let a pod fit that had no volumes, or could not reach them.
pub(super) fn may_help(cycle: Cycle<'_>, pod: &Pod, changed: Changed<'_>) -> bool {
    let (old, new) = match changed {
        Changed::Node { .. } => return true,
        Changed::Storage { old, new: Some(new) } => (old, new),
        _ => return false,
    };
    match (old, new) {
        (_, StorageObject::Volume(_)) => true,
        (_, StorageObject::Claim(claim)) => mounts(pod, &claim.key),
        (Some(StorageObject::Class(old)), StorageObject::Class(new)) => old.topologies != new.topologies,
        (Some(StorageObject::CsiNode(old)), StorageObject::CsiNode(new)) => {
            old.migrated_text != new.migrated_text
        }
        (Some(StorageObject::CsiDriver(old)), StorageObject::CsiDriver(new)) => {
            // As upstream: it is inline volumes that are looked at, not what provisions claims.
            let name = cycle.symbols.resolve(new.name);
            let is_used = pod.shape.volumes.csi_drivers.iter().any(|driver| **driver == *name);
            is_used && old.tells_capacity && !new.tells_capacity
        }
        (Some(StorageObject::Capacity(old)), StorageObject::Capacity(new)) => {
            new.max.is_some_and(|new| old.max.is_none_or(|old| new > old))
        }
        (None, StorageObject::Class(_) | StorageObject::CsiNode(_) | StorageObject::Capacity(_)) => true,
        _ => false,
    }
}
