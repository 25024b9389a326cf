//! What the volumes of a pod ask of nodes, in a form that pods with claims of their own have in common.

use std::sync::Arc;

use base::{Interner, Symbol};
use smallvec::SmallVec;
use wire::Quantity;

use super::Storage;
use super::claim::AccessModes;
use super::find::Selected;
use super::uses::VolumeName;
use super::volume::{VolumeAffinity, Zone};
use crate::model::Pod;

/// What decides, together with a pod's shape without claims and with what is on a node, what the plugins for volumes
/// say about the pod on that node. Two pods for which it is equal get the same answer everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Demand {
    /// How many volumes that no pod uses yet each driver would attach.
    limits: SmallVec<[(Symbol, u32); 2]>,
    /// The other volumes, which pods use somewhere.
    shared: SmallVec<[VolumeName; 1]>,
    /// The affinities of the volumes that claims are bound to.
    affinities: SmallVec<[Arc<VolumeAffinity>; 1]>,
    /// Where these volumes are.
    zones: Box<[Zone]>,
    /// The claims that wait for a pod.
    delayed: Box<[DelayedDemand]>,
    driver_version: u64,
    has_volumes: bool,
}

impl Demand {
    /// Whether there are no volumes that the plugins look at.
    pub fn is_nothing(&self) -> bool {
        !self.has_volumes
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct DelayedDemand {
    class: Symbol,
    /// Another number whenever what can be had of the class has changed.
    stamp: u64,
    request: Option<Quantity>,
    access_modes: AccessModes,
    is_block: bool,
    attributes_class: Symbol,
    selected: Option<Selected>,
}

/// The volumes of a pod that have been counted.
type Seen = SmallVec<[VolumeName; 2]>;

impl Storage {
    /// What a pod's volumes ask for; `None` if that cannot be said so, because something is amiss with them or because
    /// it is about claims by name.
    pub fn demand(&self, pod: &Pod, symbols: &Interner) -> Option<Demand> {
        let shape = &pod.shape;
        let mut demand = Demand::default();
        if shape.claims.is_empty() && shape.volumes.inline.is_empty() {
            return Some(demand);
        }
        demand.has_volumes = true;
        demand.driver_version = self.driver_version;
        let mut zones: Vec<Zone> = Vec::new();
        let mut seen = Seen::new();
        for mounted in &shape.claims {
            let claim = self.mounted(shape.namespace, mounted)?;
            if claim.is_lost || claim.is_terminating || mounted.name.is_empty() || !claim.is_for(mounted) {
                return None;
            }
            let is_exclusive = claim.is_for_one_pod() && mounted.made_for.is_none();
            if is_exclusive && (!shape.volumes.disks.is_empty() || self.uses.mounts(&claim.key)) {
                return None;
            }
            if claim.is_fully_bound() {
                let volume = self.volume_of(claim)?;
                demand.affinities.extend(volume.affinity.clone());
                if mounted.made_for.is_none() {
                    zones.extend(volume.zones.iter().cloned());
                }
            }
            self.add_volume(&mut demand, &mut seen, self.resolve(&claim.key));
        }
        for disk in &shape.volumes.inline {
            match &disk.translation {
                None => {}
                Some(Err(_)) => return None,
                Some(Ok(attachable)) => {
                    self.add_volume(&mut demand, &mut seen, Some(VolumeName::Attached(attachable.clone())));
                }
            }
        }
        self.add_delayed(&mut demand, pod, symbols)?;
        demand.zones = zones.into_boxed_slice();
        demand.limits.sort_unstable();
        Some(demand)
    }

    /// Adds a volume, unless it has been seen already.
    fn add_volume(&self, demand: &mut Demand, seen: &mut Seen, volume: Option<VolumeName>) {
        let Some(volume) = volume.filter(|volume| !seen.contains(volume)) else { return };
        seen.push(volume.clone());
        if self.uses.has(&volume) {
            demand.shared.push(volume);
            return;
        }
        match demand.limits.iter_mut().find(|(driver, _)| *driver == volume.driver()) {
            Some((_, n)) => *n += 1,
            None => demand.limits.push((volume.driver(), 1)),
        }
    }

    fn add_delayed(&self, demand: &mut Demand, pod: &Pod, symbols: &Interner) -> Option<()> {
        let claims = self.pod_claims(pod, symbols).ok()?;
        if claims.has_immediate {
            return None;
        }
        let delayed = |delayed: &super::find::Delayed<'_>| {
            let claim = delayed.claim;
            let has_own = self.reserved(&claim.key).next().is_some();
            // Without a class, or one that exists, provisioning fails.
            let is_usual = claim.selector.is_none() && !has_own && self.class(claim.class).is_some();
            is_usual.then(|| DelayedDemand {
                class: claim.class,
                stamp: self.stamps.get(&claim.class).copied().unwrap_or(0),
                request: claim.request,
                access_modes: claim.access_modes,
                is_block: claim.is_block,
                attributes_class: claim.attributes_class,
                selected: delayed.selected,
            })
        };
        demand.delayed = claims.delayed.iter().map(delayed).collect::<Option<_>>()?;
        Some(())
    }
}
