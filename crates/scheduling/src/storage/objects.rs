//! How objects change what is known.

use std::sync::Arc;

use base::{Map, Symbol};
use wire::Object;

use super::claim::{Claim, ClaimKey};
use super::class::StorageClass;
use super::csi::{Attachment, CsiDriver, CsiNode, StorageCapacity};
use super::volume::Volume;
use super::{CapacityKey, Storage, remove_from};
use crate::model::Compiler;
use crate::snapshot::{Row, Snapshot};

/// An object that is about storage.
#[derive(Clone, Debug, PartialEq)]
pub enum StorageObject {
    /// A claim.
    Claim(Arc<Claim>),
    /// A volume.
    Volume(Arc<Volume>),
    /// A class.
    Class(Arc<StorageClass>),
    /// The drivers of a node.
    CsiNode(Arc<CsiNode>),
    /// A driver.
    CsiDriver(Arc<CsiDriver>),
    /// Free room.
    Capacity(Arc<StorageCapacity>),
    /// A volume on a node.
    Attachment(Arc<Attachment>),
}

/// What has happened to an object.
#[derive(Clone, Debug)]
pub struct StorageChange {
    /// Before, unless it came.
    pub old: Option<StorageObject>,
    /// After, unless it left.
    pub new: Option<StorageObject>,
    /// The rows of the nodes for which it matters to pods that need no other volumes than before.
    pub rows: Vec<Row>,
}

impl Storage {
    /// Takes in an object, or that it is gone. `None` if it is not about storage, or was not known.
    pub fn apply(
        &mut self,
        object: &Object,
        is_gone: bool,
        snapshot: &Snapshot,
        compiler: &mut Compiler<'_>,
    ) -> Option<StorageChange> {
        // So that whoever uses the object is known.
        self.catch_up(snapshot);
        match object {
            Object::PersistentVolumeClaim(claim) => {
                let claim = Arc::new(Claim::compile(claim, compiler));
                Some(self.put_claim(&claim.key.clone(), Some(claim).filter(|_| !is_gone)))
            }
            Object::PersistentVolume(volume) => {
                let volume = Volume::compile(volume, &mut self.affinities, compiler);
                let name = Arc::clone(&volume.name);
                Some(self.put_volume(&name, Some(Arc::new(volume)).filter(|_| !is_gone), snapshot))
            }
            Object::StorageClass(class) => {
                let class = Arc::new(StorageClass::compile(class, compiler));
                let name = class.name;
                let (old, new) = put(&mut self.classes, name, Some(class).filter(|_| !is_gone));
                self.stamp(name);
                let rows = self.resolve_again_if(|claim| claim.class == name);
                Some(change(old, new, StorageObject::Class, rows))
            }
            Object::CsiNode(node) => {
                let node = Arc::new(CsiNode::compile(node, compiler));
                let name = node.name;
                let (old, new) = put(&mut self.csi_nodes, name, Some(node).filter(|_| !is_gone));
                let rows = snapshot.row(name).into_iter().collect();
                Some(change(old, new, StorageObject::CsiNode, rows))
            }
            Object::CsiDriver(driver) => {
                let driver = Arc::new(CsiDriver::compile(driver, compiler));
                let (old, new) = put(&mut self.drivers, driver.name, Some(driver).filter(|_| !is_gone));
                self.driver_version += 1;
                Some(change(old, new, StorageObject::CsiDriver, Vec::new()))
            }
            Object::CsiStorageCapacity(capacity) => {
                let metadata = &capacity.metadata;
                let key = (compiler.symbol(&metadata.namespace), metadata.name.as_str().into());
                let capacity = Arc::new(StorageCapacity::compile(capacity, compiler));
                Some(self.put_capacity(key, Some(capacity).filter(|_| !is_gone)))
            }
            Object::VolumeAttachment(attachment) => {
                let name = Arc::from(attachment.metadata.name.as_str());
                let attachment = Arc::new(Attachment::compile(attachment, compiler));
                Some(self.put_attachment(&name, Some(attachment).filter(|_| !is_gone), snapshot))
            }
            _ => None,
        }
    }

    fn put_claim(&mut self, key: &ClaimKey, new: Option<Arc<Claim>>) -> StorageChange {
        let claims = self.claims.entry(key.namespace).or_default();
        let old = match &new {
            Some(claim) => claims.insert(Arc::clone(&key.name), Arc::clone(claim)),
            None => claims.remove(&key.name),
        };
        if let Some(name) = old.as_ref().and_then(|old| old.volume_name.as_ref()) {
            remove_from(&mut self.claims_of_volume, name, |known| known != key);
        }
        if let Some(name) = new.as_ref().and_then(|new| new.volume_name.as_ref()) {
            self.claims_of_volume.entry(Arc::clone(name)).or_default().push(key.clone());
        }
        if !is_same_version(
            old.as_ref().map(|old| &old.resource_version),
            new.as_ref().map(|new| &new.resource_version),
        ) {
            self.assumed_claims.remove(key);
        }
        let rows = if old == new { Vec::new() } else { self.resolve_again(std::slice::from_ref(key)) };
        change(old, new, StorageObject::Claim, rows)
    }

    fn put_volume(
        &mut self,
        name: &Arc<str>,
        new: Option<Arc<Volume>>,
        snapshot: &Snapshot,
    ) -> StorageChange {
        let old = self.volumes.get(name).cloned();
        if let Some(old) = &old {
            self.unindex(old);
        }
        match &new {
            Some(volume) => self.volumes.insert(Arc::clone(name), Arc::clone(volume)),
            None => self.volumes.remove(name),
        };
        if !is_same_version(
            old.as_ref().map(|old| &old.resource_version),
            new.as_ref().map(|new| &new.resource_version),
        ) {
            self.assumed_volumes.remove(name);
        }
        if let Some(new) = &new {
            self.index(new);
        }
        let attaches = |volume: &Option<Arc<Volume>>| volume.as_ref().and_then(|v| v.attachable.clone());
        let mut rows = Vec::new();
        if attaches(&old) != attaches(&new) || old.is_none() != new.is_none() {
            let claims = self.claims_of_volume.get(name).cloned().unwrap_or_default();
            rows = self.resolve_again(&claims);
            let nodes = self.nodes_of_attached.get(name).into_iter().flatten();
            rows.extend(nodes.filter_map(|node| snapshot.row(*node)));
        }
        change(old, new, StorageObject::Volume, rows)
    }

    fn put_capacity(&mut self, key: CapacityKey, new: Option<Arc<StorageCapacity>>) -> StorageChange {
        let mut old = None;
        if let Some(class) = self.class_of_capacity.remove(&key) {
            old = self.capacities.get_mut(&class).and_then(|known| known.remove(&key));
            self.stamp(class);
        }
        if let Some(capacity) = &new {
            self.capacities.entry(capacity.class).or_default().insert(key.clone(), Arc::clone(capacity));
            self.class_of_capacity.insert(key, capacity.class);
            self.stamp(capacity.class);
        }
        change(old, new, StorageObject::Capacity, Vec::new())
    }

    fn put_attachment(
        &mut self,
        name: &Arc<str>,
        new: Option<Arc<Attachment>>,
        snapshot: &Snapshot,
    ) -> StorageChange {
        let old = self.attachments.remove(name);
        if let Some(old) = &old {
            if let Some(names) = self.attachments_of_node.get_mut(&old.node) {
                names.remove(name);
                if names.is_empty() {
                    self.attachments_of_node.remove(&old.node);
                }
            }
            if let Some(volume) = &old.volume
                && let Some(nodes) = self.nodes_of_attached.get_mut(volume)
            {
                if let Some(position) = nodes.iter().position(|node| *node == old.node) {
                    nodes.swap_remove(position);
                }
                if nodes.is_empty() {
                    self.nodes_of_attached.remove(volume);
                }
            }
        }
        if let Some(new) = &new {
            self.attachments.insert(Arc::clone(name), Arc::clone(new));
            self.attachments_of_node.entry(new.node).or_default().insert(Arc::clone(name));
            if let Some(volume) = &new.volume {
                self.nodes_of_attached.entry(Arc::clone(volume)).or_default().push(new.node);
            }
        }
        let nodes = old.iter().chain(&new).map(|attachment| attachment.node);
        let rows =
            if old == new { Vec::new() } else { nodes.filter_map(|node| snapshot.row(node)).collect() };
        change(old, new, StorageObject::Attachment, rows)
    }

    /// Works out again which volumes claims stand for; returns the rows where they are used.
    fn resolve_again(&mut self, claims: &[ClaimKey]) -> Vec<Row> {
        let mut uses = std::mem::take(&mut self.uses);
        let rows = claims.iter().flat_map(|claim| uses.resolve_again(claim, self)).collect();
        self.uses = uses;
        rows
    }

    fn resolve_again_if(&mut self, is_meant: impl Fn(&Claim) -> bool) -> Vec<Row> {
        let keys: Vec<ClaimKey> = self
            .uses
            .claims()
            .filter(|key| self.claim_at(key).is_some_and(|claim| is_meant(claim)))
            .cloned()
            .collect();
        self.resolve_again(&keys)
    }
}

/// Whether two forms of an object are one. Objects without versions, from files, are not.
fn is_same_version(old: Option<&Arc<str>>, new: Option<&Arc<str>>) -> bool {
    old.is_some_and(|old| !old.is_empty()) && old == new
}

fn put<T>(
    map: &mut Map<Symbol, Arc<T>>,
    name: Symbol,
    new: Option<Arc<T>>,
) -> (Option<Arc<T>>, Option<Arc<T>>) {
    let old = match &new {
        Some(new) => map.insert(name, Arc::clone(new)),
        None => map.remove(&name),
    };
    (old, new)
}

fn change<T>(
    old: Option<Arc<T>>,
    new: Option<Arc<T>>,
    object: fn(Arc<T>) -> StorageObject,
    rows: Vec<Row>,
) -> StorageChange {
    StorageChange { old: old.map(object), new: new.map(object), rows }
}
