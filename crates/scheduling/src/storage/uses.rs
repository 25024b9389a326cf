//! Which volumes the pods on nodes use, counted per row and driver.

use std::sync::Arc;

use base::{Map, Symbol};
use smallvec::SmallVec;

use super::Storage;
use super::claim::ClaimKey;
use crate::model::volumes::Owner;
use crate::model::{Attachable, Shape};
use crate::snapshot::{Change, Row, Snapshot};

/// A volume that counts against limits, by what makes it the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VolumeName {
    /// What a driver attaches.
    Attached(Attachable),
    /// What a driver will make for a claim.
    Unbound {
        /// The driver.
        driver: Symbol,
        /// The claim.
        claim: ClaimKey,
    },
}

impl VolumeName {
    /// The driver that attaches it.
    pub fn driver(&self) -> Symbol {
        match self {
            VolumeName::Attached(attachable) => attachable.driver,
            VolumeName::Unbound { driver, .. } => *driver,
        }
    }
}

/// What the pods on one node use.
#[derive(Clone, Debug, Default)]
pub struct RowUses {
    /// Each volume and how often it is used.
    pub(super) volumes: Map<VolumeName, u32>,
    /// How many different ones each driver attaches.
    pub(super) counts: SmallVec<[(Symbol, i64); 2]>,
    /// Claims made for pods here.
    pub(super) made_for: Vec<(ClaimKey, Arc<str>)>,
    /// Inline disks that cannot be translated.
    pub(super) n_errors: u32,
}

impl RowUses {
    /// How many volumes a driver attaches.
    pub fn count(&self, driver: Symbol) -> i64 {
        self.counts.iter().find(|(name, _)| *name == driver).map_or(0, |(_, n)| *n)
    }

    /// Whether a volume is among them.
    pub fn has(&self, volume: &VolumeName) -> bool {
        self.volumes.contains_key(volume)
    }

    /// Whether the pods' volumes can be told at all; if not, a walk over the pods finds out why.
    pub fn is_clear(&self, storage: &Storage) -> bool {
        let is_own = |(key, uid): &(ClaimKey, Arc<str>)| {
            let claim = storage.claim_at(key);
            claim.is_none_or(|claim| claim.controller_uid.as_deref() == Some(&**uid))
        };
        self.n_errors == 0 && self.made_for.iter().all(is_own)
    }

    fn add(&mut self, volume: &VolumeName, n: u32) {
        let known = self.volumes.entry(volume.clone()).or_insert(0);
        *known += n;
        if *known == n {
            self.count_one(volume.driver(), 1);
        }
    }

    fn remove(&mut self, volume: &VolumeName, n: u32) {
        let Some(known) = self.volumes.get_mut(volume) else { return };
        *known = known.saturating_sub(n);
        if *known == 0 {
            self.volumes.remove(volume);
            self.count_one(volume.driver(), -1);
        }
    }

    fn count_one(&mut self, driver: Symbol, n: i64) {
        match self.counts.iter().position(|(name, _)| *name == driver) {
            Some(position) => {
                self.counts[position].1 += n;
                if self.counts[position].1 == 0 {
                    self.counts.swap_remove(position);
                }
            }
            None => self.counts.push((driver, n)),
        }
    }
}

/// Who uses a claim.
#[derive(Clone, Debug, Default)]
pub(super) struct ClaimUses {
    /// How often it is used on which rows.
    pub(super) rows: SmallVec<[(Row, u32); 1]>,
    /// How many of these mount it by its name, not as an ephemeral volume.
    pub(super) n_by_name: u32,
    /// The volume that it stands for, if that counts.
    pub(super) volume: Option<VolumeName>,
}

/// What the pods on all nodes use.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Up to where changes of the snapshot have been taken in.
    position: u64,
    pub(super) rows: Vec<RowUses>,
    pub(super) claims: Map<ClaimKey, ClaimUses>,
    /// On how many rows each volume is used.
    pub(super) volumes: Map<VolumeName, u32>,
}

impl Uses {
    /// What is used on a row, if that is up to date.
    pub fn row(&self, row: Row, snapshot: &Snapshot) -> Option<&RowUses> {
        static NOTHING: std::sync::LazyLock<RowUses> = std::sync::LazyLock::new(RowUses::default);
        self.is_current(snapshot).then(|| self.rows.get(row.index()).unwrap_or(&NOTHING))
    }

    /// Whether some pod on a node mounts a claim by its name.
    pub fn mounts(&self, key: &ClaimKey) -> bool {
        self.claims.get(key).is_some_and(|uses| uses.n_by_name > 0)
    }

    /// Whether some pod on a node uses a volume.
    pub fn has(&self, volume: &VolumeName) -> bool {
        self.volumes.contains_key(volume)
    }

    /// The claims in use.
    pub(super) fn claims(&self) -> impl Iterator<Item = &ClaimKey> {
        self.claims.keys()
    }

    /// Whether it has seen everything.
    pub(super) fn is_current(&self, snapshot: &Snapshot) -> bool {
        self.position == snapshot.log().position()
    }

    pub(super) fn catch_up(&mut self, snapshot: &Snapshot, storage: &Storage) {
        match snapshot.log().since(self.position) {
            Ok(changes) => {
                for (row, change) in changes {
                    match change {
                        Change::PodAdded(pod) => self.add(*row, &pod.shape, storage),
                        Change::PodRemoved(pod) => self.remove(*row, &pod.shape),
                        _ => {}
                    }
                }
            }
            Err(_) => self.recount(snapshot, storage),
        }
        self.position = snapshot.log().position();
    }

    /// Counts everything anew.
    pub(super) fn recount(&mut self, snapshot: &Snapshot, storage: &Storage) {
        *self = Uses::default();
        for node in snapshot.nodes() {
            node.pods().iter().for_each(|pod| self.add(node.row, &pod.shape, storage));
        }
    }

    fn add(&mut self, row: Row, shape: &Shape, storage: &Storage) {
        if shape.claims.is_empty() && shape.volumes.inline.is_empty() {
            return;
        }
        if self.rows.len() <= row.index() {
            self.rows.resize_with(row.index() + 1, RowUses::default);
        }
        for claim in &shape.claims {
            let key = ClaimKey { namespace: shape.namespace, name: Arc::clone(&claim.name) };
            let uses = self.claims.entry(key.clone()).or_default();
            if uses.rows.is_empty() {
                uses.volume = storage.resolve(&key);
            }
            match uses.rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, n)) => *n += 1,
                None => uses.rows.push((row, 1)),
            }
            match &claim.made_for {
                None => uses.n_by_name += 1,
                Some(owner) => {
                    let Owner { uid, .. } = &**owner;
                    self.rows[row.index()].made_for.push((key, Arc::clone(uid)));
                }
            }
            if let Some(volume) = &uses.volume {
                enter(&mut self.rows[row.index()], &mut self.volumes, volume, 1);
            }
        }
        for disk in &shape.volumes.inline {
            match &disk.translation {
                Some(Ok(attachable)) => {
                    let volume = VolumeName::Attached(attachable.clone());
                    enter(&mut self.rows[row.index()], &mut self.volumes, &volume, 1);
                }
                Some(Err(_)) => self.rows[row.index()].n_errors += 1,
                None => {}
            }
        }
    }

    fn remove(&mut self, row: Row, shape: &Shape) {
        if self.rows.len() <= row.index() {
            return;
        }
        for claim in &shape.claims {
            let key = ClaimKey { namespace: shape.namespace, name: Arc::clone(&claim.name) };
            let Some(uses) = self.claims.get_mut(&key) else { continue };
            if let Some(position) = uses.rows.iter().position(|(known, _)| *known == row) {
                uses.rows[position].1 -= 1;
                if uses.rows[position].1 == 0 {
                    uses.rows.swap_remove(position);
                }
            }
            match &claim.made_for {
                None => uses.n_by_name = uses.n_by_name.saturating_sub(1),
                Some(owner) => {
                    let made_for = &mut self.rows[row.index()].made_for;
                    let own = made_for.iter().position(|(known, uid)| *known == key && *uid == owner.uid);
                    if let Some(position) = own {
                        made_for.swap_remove(position);
                    }
                }
            }
            if let Some(volume) = &uses.volume {
                leave(&mut self.rows[row.index()], &mut self.volumes, volume, 1);
            }
            if uses.rows.is_empty() {
                self.claims.remove(&key);
            }
        }
        for disk in &shape.volumes.inline {
            match &disk.translation {
                Some(Ok(attachable)) => {
                    let volume = VolumeName::Attached(attachable.clone());
                    leave(&mut self.rows[row.index()], &mut self.volumes, &volume, 1);
                }
                Some(Err(_)) => {
                    let n_errors = &mut self.rows[row.index()].n_errors;
                    *n_errors = n_errors.saturating_sub(1);
                }
                None => {}
            }
        }
    }

    /// Works out again which volume a claim stands for; returns the rows where it is used.
    pub(super) fn resolve_again(&mut self, key: &ClaimKey, storage: &Storage) -> Vec<Row> {
        let Some(uses) = self.claims.get_mut(key) else { return Vec::new() };
        let new = storage.resolve(key);
        let old = std::mem::replace(&mut uses.volume, new.clone());
        if old != new {
            for (row, n) in &uses.rows {
                let own = &mut self.rows[row.index()];
                if let Some(volume) = &old {
                    leave(own, &mut self.volumes, volume, *n);
                }
                if let Some(volume) = &new {
                    enter(own, &mut self.volumes, volume, *n);
                }
            }
        }
        uses.rows.iter().map(|(row, _)| *row).collect()
    }
}

fn enter(row: &mut RowUses, volumes: &mut Map<VolumeName, u32>, volume: &VolumeName, n: u32) {
    let was_there = row.has(volume);
    row.add(volume, n);
    if !was_there {
        *volumes.entry(volume.clone()).or_insert(0) += 1;
    }
}

fn leave(row: &mut RowUses, volumes: &mut Map<VolumeName, u32>, volume: &VolumeName, n: u32) {
    let was_there = row.has(volume);
    row.remove(volume, n);
    if was_there && !row.has(volume) {
        let n_rows = volumes.get_mut(volume).map_or(0, |n_rows| {
            *n_rows -= 1;
            *n_rows
        });
        if n_rows == 0 {
            volumes.remove(volume);
        }
    }
}

impl Storage {
    /// The volume that a claim stands for, if it counts against limits: the one that it is bound to, or the one that
    /// will be made for it.
    pub fn resolve(&self, key: &ClaimKey) -> Option<VolumeName> {
        let claim = self.claim_at(key)?;
        if let Some(volume) = self.volume_of(claim) {
            return volume.attachable.clone().map(VolumeName::Attached);
        }
        let driver = self.class(claim.class)?.driver?;
        Some(VolumeName::Unbound { driver, claim: key.clone() })
    }
}
