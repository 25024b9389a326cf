//! Volumes, claims, classes and drivers, and who uses what.
//!
//! Objects are compiled when they arrive. Beside them are the views that plugins need: volumes that are free, by class
//! and size; volumes by the claim that they are reserved for; and what pods on nodes use (`uses`), counted per
//! row and driver, so that nobody has to walk over pods.
//!
//! Two pods must not be given the same volume while the first one's binding is on its way to the API server. So a
//! decision is *assumed*: the volume counts as reserved, the claim as meant for a node, until the object itself is
//! newer than it was when the decision was made, or the decision is taken back.

mod assumed;
pub mod claim;
pub mod class;
pub mod csi;
mod demand;
pub mod find;
mod objects;
pub mod uses;
pub mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Map, Set, Symbol};
use smallvec::SmallVec;
use wire::Quantity;

use assumed::{AssumedClaim, AssumedVolume};
pub use claim::{Claim, ClaimKey};
pub use class::{BindingMode, StorageClass};
pub use csi::{Attachment, CsiDriver, CsiNode, StorageCapacity};
pub use demand::Demand;
pub use objects::{StorageChange, StorageObject};
use uses::Uses;
pub use volume::{ClaimReference, Volume, VolumeAffinity};

use crate::model::PodClaim;
use crate::snapshot::Snapshot;

/// Everything about storage.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    claims: Map<Symbol, Map<Arc<str>, Arc<Claim>>>,
    volumes: Map<Arc<str>, Arc<Volume>>,
    classes: Map<Symbol, Arc<StorageClass>>,
    csi_nodes: Map<Symbol, Arc<CsiNode>>,
    drivers: Map<Symbol, Arc<CsiDriver>>,
    /// By class, then by namespace and name.
    capacities: Map<Symbol, BTreeMap<CapacityKey, Arc<StorageCapacity>>>,
    /// The class of each capacity.
    class_of_capacity: Map<CapacityKey, Symbol>,
    attachments: Map<Arc<str>, Arc<Attachment>>,
    attachments_of_node: Map<Symbol, BTreeSet<Arc<str>>>,
    nodes_of_attached: Map<Arc<str>, SmallVec<[Symbol; 1]>>,
    affinities: Set<Arc<VolumeAffinity>>,
    /// Available volumes that nobody has claimed, by class and then by size.
    free: Map<Symbol, BTreeSet<(Quantity, Arc<str>)>>,
    /// Volumes by the claim that they are reserved for.
    reserved: Map<ClaimKey, SmallVec<[Arc<str>; 1]>>,
    /// Claims by the volume that they name.
    claims_of_volume: Map<Arc<str>, SmallVec<[ClaimKey; 1]>>,
    assumed_volumes: Map<Arc<str>, AssumedVolume>,
    assumed_claims: Map<ClaimKey, AssumedClaim>,
    /// Per class, a number that is another one after what can be had of it has changed.
    stamps: Map<Symbol, u64>,
    n_stamps: u64,
    /// A number that is another one after a driver changed.
    driver_version: u64,
    uses: Uses,
}

/// Namespace and name of a capacity.
type CapacityKey = (Symbol, Box<str>);

impl Storage {
    /// A claim.
    pub fn claim(&self, namespace: Symbol, name: &str) -> Option<&Arc<Claim>> {
        self.claims.get(&namespace)?.get(name)
    }

    /// The claim with this key.
    pub fn claim_at(&self, key: &ClaimKey) -> Option<&Arc<Claim>> {
        self.claim(key.namespace, &key.name)
    }

    /// The claim that a pod in `namespace` mounts.
    pub fn mounted(&self, namespace: Symbol, claim: &PodClaim) -> Option<&Arc<Claim>> {
        self.claim(namespace, &claim.name)
    }

    /// A volume.
    pub fn volume(&self, name: &str) -> Option<&Arc<Volume>> {
        self.volumes.get(name)
    }

    /// The volume that a claim names.
    pub fn volume_of(&self, claim: &Claim) -> Option<&Arc<Volume>> {
        self.volume(claim.volume_name.as_deref()?)
    }

    /// The claim that a volume is reserved for, by its object or by a decision.
    pub fn claim_reference<'s>(&'s self, volume: &'s Volume) -> Option<&'s ClaimReference> {
        let assumed = || self.assumed_volumes.get(&volume.name).map(|assumed| &assumed.claim);
        volume.claim_ref.as_ref().or_else(assumed)
    }

    /// The node that a claim's volume is to be made for, by its object or by a decision.
    pub fn selected_node<'s>(&'s self, claim: &'s Claim) -> Option<&'s Arc<str>> {
        let assumed = self.assumed_claims.get(&claim.key).map(|assumed| &assumed.node);
        assumed.or(claim.selected_node.as_ref())
    }

    /// A storage class.
    pub fn class(&self, name: Symbol) -> Option<&Arc<StorageClass>> {
        self.classes.get(&name)
    }

    /// The drivers of a node.
    pub fn csi_node(&self, name: Symbol) -> Option<&Arc<CsiNode>> {
        self.csi_nodes.get(&name)
    }

    /// A driver.
    pub fn driver(&self, name: Symbol) -> Option<&Arc<CsiDriver>> {
        self.drivers.get(&name)
    }

    /// The free room that is told for a class.
    pub fn capacities(&self, class: Symbol) -> impl Iterator<Item = &Arc<StorageCapacity>> {
        self.capacities.get(&class).into_iter().flat_map(BTreeMap::values)
    }

    /// What is, or is to be, attached to a node.
    pub fn attachments(&self, node: Symbol) -> impl Iterator<Item = &Arc<Attachment>> {
        let names = self.attachments_of_node.get(&node).into_iter().flatten();
        names.filter_map(|name| self.attachments.get(name))
    }

    /// Available volumes of a class that nobody has claimed, from this size on, smallest first.
    pub fn free(&self, class: Symbol, from: Quantity) -> impl Iterator<Item = &Arc<Volume>> {
        let first: (Quantity, Arc<str>) = (from, Arc::from(""));
        let names = self.free.get(&class).into_iter().flat_map(move |free| free.range(first.clone()..));
        names.filter_map(|(_, name)| self.volumes.get(name))
    }

    /// Volumes that are reserved for the claim with this key, or were for one before it.
    pub fn reserved(&self, key: &ClaimKey) -> impl Iterator<Item = &Arc<Volume>> {
        self.reserved.get(key).into_iter().flatten().filter_map(|name| self.volumes.get(name))
    }

    /// What pods use.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Takes in which pods have come to nodes and left them.
    pub fn catch_up(&mut self, snapshot: &Snapshot) {
        if self.uses.is_current(snapshot) {
            return;
        }
        let mut uses = std::mem::take(&mut self.uses);
        uses.catch_up(snapshot, self);
        self.uses = uses;
    }

    fn stamp(&mut self, class: Symbol) {
        self.n_stamps += 1;
        self.stamps.insert(class, self.n_stamps);
    }

    /// Enters a volume into the views of what it is reserved for.
    fn index(&mut self, volume: &Arc<Volume>) {
        match self.claim_reference(volume).map(|claim| claim.key.clone()) {
            Some(key) => self.reserved.entry(key).or_default().push(Arc::clone(&volume.name)),
            None if volume.is_available && !volume.is_terminating => {
                let entry = (volume.capacity, Arc::clone(&volume.name));
                self.free.entry(volume.class).or_default().insert(entry);
                self.stamp(volume.class);
            }
            None => {}
        }
    }

    /// The inverse.
    fn unindex(&mut self, volume: &Arc<Volume>) {
        match self.claim_reference(volume).map(|claim| claim.key.clone()) {
            Some(key) => remove_from(&mut self.reserved, &key, |name| **name != *volume.name),
            None => {
                let entry = (volume.capacity, Arc::clone(&volume.name));
                let Some(free) = self.free.get_mut(&volume.class) else { return };
                if free.remove(&entry) {
                    if free.is_empty() {
                        self.free.remove(&volume.class);
                    }
                    self.stamp(volume.class);
                }
            }
        }
    }
}

/// Keeps some entries of a list in a map, and drops the list if none is left.
fn remove_from<K: Eq + std::hash::Hash, V>(
    map: &mut Map<K, SmallVec<[V; 1]>>,
    key: &K,
    keep: impl Fn(&V) -> bool,
) where
    [V; 1]: smallvec::Array<Item = V>,
{
    if let Some(list) = map.get_mut(key) {
        list.retain(|entry| keep(entry));
        if list.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
