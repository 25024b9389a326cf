//! What is known about every row for one shape, and the rows in groups.
//!
//! A row has a verdict and, if the pod fits, a *base*: the sum of those scores that need no comparison with other
//! nodes. What does need one (scores in proportion to the greatest, scores by domain) is the same for many rows:
//! rows that agree in all of it are a group. Then the best node of a group is one with the highest base, and a
//! decision compares groups.
//!
//! In a group, rows on which the pod fits are in buckets by base.

use std::collections::BTreeMap;

use base::Map;
use smallvec::SmallVec;

use super::sheet::{Offer, Sheet};
use super::verdicts::Verdict;
use crate::snapshot::{Row, Snapshot};

/// What rows of a group have in common, in the order that the plan says.
pub(super) type Key = SmallVec<[i64; 4]>;

/// The group of rows that belong to none.
const NO_GROUP: u32 = u32::MAX;

/// What is known about one row.
#[derive(Clone, Copy)]
struct Cell {
    group: u32,
    /// Its position in its bucket.
    slot: u32,
    verdict: Verdict,
    node_base: NodeBase,
    base: i64,
}

/// The part of a base that depends on nothing but the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeBase(i32);

impl NodeBase {
    /// One that is not known.
    pub(super) const UNKNOWN: NodeBase = NodeBase(i32::MIN);

    /// As a small number, which it nearly always is.
    pub(super) fn new(base: i64) -> NodeBase {
        i32::try_from(base).map_or(NodeBase::UNKNOWN, NodeBase)
    }

    /// The number, if it is known.
    pub(super) fn get(self) -> Option<i64> {
        (self != NodeBase::UNKNOWN).then_some(i64::from(self.0))
    }
}

impl Cell {
    const NONE: Cell =
        Cell { group: NO_GROUP, slot: 0, verdict: Verdict::FITS, node_base: NodeBase::UNKNOWN, base: 0 };
}

/// Rows with the same key.
#[derive(Default)]
pub(super) struct Group {
    pub(super) key: Key,
    n_rows: u32,
    /// On how many rows the pod fits.
    n_fits: u32,
    /// How many rows were refused for what.
    refused: SmallVec<[(Verdict, u32); 2]>,
    buckets: BTreeMap<i64, Vec<Row>>,
}

/// All rows.
#[derive(Default)]
pub(super) struct Table {
    cells: Vec<Cell>,
    groups: Vec<Group>,
    by_key: Map<Key, u32>,
    /// Groups without rows, to be used again.
    free: Vec<u32>,
}

impl Group {
    /// On how many rows the pod fits.
    pub(super) fn n_fits(&self) -> usize {
        self.n_fits as usize
    }

    /// How many rows were refused for what.
    pub(super) fn refused(&self) -> impl Iterator<Item = (Verdict, usize)> + '_ {
        self.refused.iter().map(|(verdict, n)| (*verdict, *n as usize))
    }

    /// What it has to offer.
    pub(super) fn offer(&self) -> Offer {
        let (best, n_best) =
            self.buckets.last_key_value().map_or((i64::MIN, 0), |(base, rows)| (*base, rows.len()));
        Offer { n_fits: self.n_fits(), best, n_best }
    }

    /// The `n`th row that it offers.
    pub(super) fn offered(&self, n: usize) -> Option<Row> {
        self.buckets.last_key_value()?.1.get(n).copied()
    }
}

impl Table {
    /// Reads what will be needed of a row: see [`Snapshot::prefetch`].
    pub(super) fn prefetch(&self, row: Row) {
        std::hint::black_box(self.cells.get(row.index()).map(|cell| cell.slot));
    }

    /// The groups with rows in them.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.n_rows > 0)
    }

    /// The verdict, base and key of a row, if it belongs to a group.
    pub(super) fn get(&self, row: Row) -> Option<(Verdict, i64, &Key)> {
        let cell = self.cells.get(row.index()).filter(|cell| cell.group != NO_GROUP)?;
        Some((cell.verdict, cell.base, &self.groups[cell.group as usize].key))
    }

    /// What is known about a row because of its node, if the pod fits there: part of the base, and the key.
    pub(super) fn of_node(&self, row: Row) -> Option<(i64, &Key)> {
        let cell = self.cells.get(row.index()).filter(|cell| cell.group != NO_GROUP)?;
        let is_known = cell.verdict == Verdict::FITS;
        Some((cell.node_base.get().filter(|_| is_known)?, &self.groups[cell.group as usize].key))
    }

    /// Takes over a sheet. The table is empty before.
    pub(super) fn load(&mut self, sheet: &Sheet, snapshot: &Snapshot) {
        self.cells.resize(snapshot.n_rows(), Cell::NONE);
        let groups: Vec<u32> = sheet.keys.iter().map(|key| self.group(key)).collect();
        for row in snapshot.order() {
            let i = row.index();
            let node_base = NodeBase::new(sheet.node_bases.get(i).copied().unwrap_or(0));
            let (verdict, base) = (sheet.verdicts[i], sheet.bases[i]);
            self.enter(*row, groups[sheet.groups[i] as usize], verdict, base, node_base);
        }
        for group in groups {
            self.drop_if_empty(group);
        }
    }

    /// Sets what is known about a row. The bases count only where the pod fits.
    pub(super) fn set(&mut self, row: Row, verdict: Verdict, base: i64, node_base: NodeBase, key: &Key) {
        if self.cells.len() <= row.index() {
            self.cells.resize(row.index() + 1, Cell::NONE);
        }
        let cell = self.cells[row.index()];
        if cell.group != NO_GROUP && self.groups[cell.group as usize].key == *key {
            let is_same = cell.base == base && cell.node_base == node_base;
            if cell.verdict == verdict && (verdict != Verdict::FITS || is_same) {
                return;
            }
            self.leave(row, cell);
            self.enter(row, cell.group, verdict, base, node_base);
            return;
        }
        if cell.group != NO_GROUP {
            self.leave(row, cell);
            self.drop_if_empty(cell.group);
        }
        let group = self.group(key);
        self.enter(row, group, verdict, base, node_base);
    }

    /// Forgets a row.
    pub(super) fn clear(&mut self, row: Row) {
        let Some(cell) = self.cells.get(row.index()).copied() else { return };
        if cell.group != NO_GROUP {
            self.leave(row, cell);
            self.drop_if_empty(cell.group);
            self.cells[row.index()] = Cell::NONE;
        }
    }

    fn group(&mut self, key: &Key) -> u32 {
        if let Some(known) = self.by_key.get(key) {
            return *known;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.groups.push(Group::default());
            (self.groups.len() - 1) as u32
        });
        self.groups[id as usize].key = key.clone();
        self.by_key.insert(key.clone(), id);
        id
    }

    fn drop_if_empty(&mut self, id: u32) {
        if self.groups[id as usize].n_rows == 0 {
            let group = std::mem::take(&mut self.groups[id as usize]);
            self.by_key.remove(&group.key);
            self.free.push(id);
        }
    }

    fn enter(&mut self, row: Row, id: u32, verdict: Verdict, base: i64, node_base: NodeBase) {
        let group = &mut self.groups[id as usize];
        group.n_rows += 1;
        let mut slot = 0;
        if verdict == Verdict::FITS {
            group.n_fits += 1;
            let bucket = group.buckets.entry(base).or_default();
            slot = bucket.len() as u32;
            bucket.push(row);
        } else {
            match group.refused.iter_mut().find(|(known, _)| *known == verdict) {
                Some((_, n)) => *n += 1,
                None => group.refused.push((verdict, 1)),
            }
        }
        self.cells[row.index()] = Cell { group: id, slot, verdict, node_base, base };
    }

    fn leave(&mut self, row: Row, cell: Cell) {
        let group = &mut self.groups[cell.group as usize];
        group.n_rows -= 1;
        if cell.verdict != Verdict::FITS {
            if let Some(position) = group.refused.iter().position(|(known, _)| *known == cell.verdict) {
                group.refused[position].1 -= 1;
                if group.refused[position].1 == 0 {
                    group.refused.remove(position);
                }
            }
            return;
        }
        group.n_fits -= 1;
        let Some(bucket) = group.buckets.get_mut(&cell.base) else { return };
        debug_assert_eq!(bucket.get(cell.slot as usize), Some(&row), "slots are kept");
        bucket.swap_remove(cell.slot as usize);
        if let Some(moved) = bucket.get(cell.slot as usize) {
            self.cells[moved.index()].slot = cell.slot;
        } else if bucket.is_empty() {
            group.buckets.remove(&cell.base);
        }
    }
}
