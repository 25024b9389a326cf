//! VolumeZone: keeps pods in the zones of their bound volumes, as the volumes' labels tell them.

use smallvec::SmallVec;
use wire::config::ExtensionPoint;

use super::volume_restrictions::{claim_not_found, mounts_by_name};
use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status, Value,
};
use crate::model::Pod;
use crate::snapshot::NodeInfo;
use crate::storage::volume::{ZONE_LABELS, Zone};
use crate::storage::{BindingMode, StorageObject};

const NAME: &str = "VolumeZone";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::StorageClass, Actions::ADD),
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_LABEL)),
        ClusterEvent::new(Resource::PersistentVolumeClaim, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::PersistentVolume, Actions::ADD.or(Actions::UPDATE)),
    ],
    filter_scope: Some(Scope::Node),
    ..Registration::named(NAME, |build| {
        Ok(Box::new(VolumeZone { labels: ZONE_LABELS.map(|(label, _)| build.compiler.symbol(label)) }))
    })
};

struct VolumeZone {
    labels: [base::Symbol; ZONE_LABELS.len()],
}

struct InZones<'a> {
    zones: SmallVec<[&'a Zone; 4]>,
    labels: &'a [base::Symbol],
}

impl Plugin for VolumeZone {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match zones(cycle, pod) {
            Err(status) => FilterPlan::reject(status),
            Ok(zones) if zones.is_empty() => FilterPlan::skip(),
            Ok(zones) => FilterPlan::check(InZones { zones, labels: &self.labels }),
        }
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Node { .. } => Hint::Queue,
            Changed::Storage { new: Some(StorageObject::Class(class)), .. } => {
                Hint::queue_if(class.mode == Some(BindingMode::WaitForFirstConsumer))
            }
            Changed::Storage { new: Some(StorageObject::Claim(claim)), .. } => {
                Hint::queue_if(mounts_by_name(pod, &claim.key))
            }
            Changed::Storage { old, new: Some(StorageObject::Volume(new)) } => match old {
                Some(StorageObject::Volume(old)) => Hint::queue_if(old.zones != new.zones),
                _ => Hint::Queue,
            },
            _ => Hint::Skip,
        }
    }
}

/// Where the volumes of a pod are, or upstream's words for what is wrong with them.
fn zones<'a>(cycle: Cycle<'a>, pod: &Pod) -> Result<SmallVec<[&'a Zone; 4]>, Status> {
    let refusal = |reason| Status::unresolvable(NAME, reason);
    let storage = cycle.cluster.storage();
    let mut zones = SmallVec::new();
    for mounted in pod.shape.claims.iter().filter(|claim| claim.made_for.is_none()) {
        if mounted.name.is_empty() {
            return Err(refusal(Reason::fixed("PersistentVolumeClaim had no name")));
        }
        let claim = storage.mounted(pod.shape.namespace, mounted);
        let claim = claim.ok_or_else(|| refusal(claim_not_found(&mounted.name)))?;
        let Some(name) = &claim.volume_name else {
            if claim.class == base::Symbol::EMPTY {
                return Err(refusal(Reason::fixed(
                    "PersistentVolumeClaim had no pv name and storageClass name",
                )));
            }
            let class_name = cycle.symbols.resolve(claim.class);
            let class = storage.class(claim.class).ok_or_else(|| {
                refusal(Reason::text(format!("storageclass.storage.k8s.io {class_name:?} not found")))
            })?;
            match class.mode {
                None => {
                    let text = format!("VolumeBindingMode not set for StorageClass {class_name:?}");
                    return Err(refusal(Reason::text(text)));
                }
                Some(BindingMode::WaitForFirstConsumer) => continue,
                Some(BindingMode::Immediate) => {
                    return Err(refusal(Reason::fixed("PersistentVolume had no name")));
                }
            }
        };
        let volume = storage.volume(name);
        let volume = volume
            .ok_or_else(|| refusal(Reason::text(format!("persistentvolume {:?} not found", &**name))))?;
        zones.extend(volume.zones.iter());
    }
    Ok(zones)
}

impl Filter for InZones<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let labels = &node.node.labels;
        if !self.labels.iter().any(|label| labels.get(*label).is_some()) {
            return Ok(());
        }
        let is_elsewhere = |zone: &&&Zone| {
            let own = labels.get(zone.key).or_else(|| labels.get(zone.general_key));
            own.is_none_or(|own| !zone.values.contains(&own))
        };
        match self.zones.iter().find(is_elsewhere) {
            None => Ok(()),
            Some(zone) => {
                let reason = Reason::fixed("node(s) had no available volume zone")
                    .with("label", Value::Name(zone.key));
                let reason = match zone.values.first() {
                    Some(value) => reason.with("volume is in", Value::Name(*value)),
                    None => reason,
                };
                Err(Status::unresolvable(NAME, reason))
            }
        }
    }

    fn is_of_one_kind(&self) -> bool {
        true
    }
}
