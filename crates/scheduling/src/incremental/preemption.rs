//! Where preemption would make room, kept from one attempt to the next.
//!
//! What a dry run on a node finds depends on that node alone, as long as no rule over counts concerns the shape.
//! So it is kept per row, with how much harm it does, until the row changes.

use std::collections::BTreeMap;

use base::Now;

use super::state::{Dirty, dirty_rows};
use super::verdicts::{Histogram, Rank, Verdict, Verdicts};
use crate::framework::{Code, PostFilterCycle, Status};
use crate::outcome::Room;
use crate::plugins::default_preemption::choice::{Harm, harm};
use crate::plugins::default_preemption::dry_run;
use crate::snapshot::Row;

/// What dry runs found for one shape and priority.
pub(super) struct Victims {
    entries: Vec<Entry>,
    by_harm: BTreeMap<Harm, Vec<Row>>,
    verdicts: Verdicts,
    /// How many rows were refused for what.
    refused: Vec<usize>,
    n_errors: usize,
    rows: u64,
    nominations: u64,
    budgets: u64,
}

#[derive(Clone, Copy)]
enum Entry {
    /// Preemption cannot help here.
    Unhelpful,
    /// Even without its less important pods the node will not do.
    Refused(Verdict),
    /// The dry run failed.
    Failed,
    /// It would help.
    Candidate { harm: Harm, slot: usize },
}

impl Victims {
    /// Nothing is known yet.
    pub(super) fn new() -> Victims {
        Victims {
            entries: Vec::new(),
            by_harm: BTreeMap::new(),
            verdicts: Verdicts::default(),
            refused: Vec::new(),
            n_errors: 0,
            rows: u64::MAX,
            nominations: 0,
            budgets: 0,
        }
    }

    /// Takes in what has changed; returns how many rows that were. `is_potential` says where preemption can help.
    pub(super) fn catch_up(
        &mut self,
        post: &mut PostFilterCycle<'_, '_>,
        is_potential: &dyn Fn(Row) -> bool,
    ) -> u64 {
        let cycle = post.cycle;
        let budgets = cycle.cluster.budget_version();
        let dirty = if self.rows == u64::MAX || self.budgets != budgets {
            Dirty::All
        } else {
            dirty_rows(cycle, self.rows, self.nominations)
        };
        let rows = match dirty {
            Dirty::Rows(rows) => rows.into_iter().map(|dirty| dirty.row).collect(),
            Dirty::All => {
                *self = Victims::new();
                cycle.snapshot.order().to_vec()
            }
        };
        let n_rows = rows.len() as u64;
        for row in rows {
            self.forget(row);
            if cycle.snapshot.get(row).is_some() && is_potential(row) {
                let found = dry_run::on_node(post, row);
                self.note(row, found);
            }
        }
        self.rows = cycle.snapshot.log().position();
        self.nominations = cycle.nominator.log().position();
        self.budgets = budgets;
        n_rows
    }

    fn note(&mut self, row: Row, found: Result<crate::framework::PreemptionCandidate, Status>) {
        let entry = match found {
            Ok(candidate) if candidate.victims.is_empty() => Entry::Failed,
            Err(status) if status.code == Code::Error => Entry::Failed,
            Ok(candidate) => {
                // Pods without a start time count as started now, which is later than any that has one.
                let harm = harm(&candidate, Now::from_nanos(i64::MAX));
                let bucket = self.by_harm.entry(harm).or_default();
                bucket.push(row);
                Entry::Candidate { harm, slot: bucket.len() - 1 }
            }
            Err(status) => match self.verdicts.number(Rank(0, 0), &status) {
                None => Entry::Failed,
                Some(verdict) => {
                    self.refused.resize(self.verdicts.len(), 0);
                    self.refused[verdict.index()] += 1;
                    Entry::Refused(verdict)
                }
            },
        };
        if matches!(entry, Entry::Failed) {
            self.n_errors += 1;
        }
        if self.entries.len() <= row.index() {
            self.entries.resize(row.index() + 1, Entry::Unhelpful);
        }
        self.entries[row.index()] = entry;
    }

    fn forget(&mut self, row: Row) {
        let Some(entry) = self.entries.get_mut(row.index()) else { return };
        match std::mem::replace(entry, Entry::Unhelpful) {
            Entry::Unhelpful => {}
            Entry::Failed => self.n_errors -= 1,
            Entry::Refused(verdict) => self.refused[verdict.index()] -= 1,
            Entry::Candidate { harm, slot } => {
                let Some(bucket) = self.by_harm.get_mut(&harm) else { return };
                bucket.swap_remove(slot);
                if let Some(moved) = bucket.get(slot) {
                    if let Entry::Candidate { slot: own, .. } = &mut self.entries[moved.index()] {
                        *own = slot;
                    }
                } else if bucket.is_empty() {
                    self.by_harm.remove(&harm);
                }
            }
        }
    }

    /// The nodes where the least harm is done; empty if preemption helps nowhere.
    pub(super) fn best(&self) -> &[Row] {
        self.by_harm.first_key_value().map_or(&[], |(_, rows)| rows)
    }

    /// Whether some dry run failed.
    pub(super) fn has_errors(&self) -> bool {
        self.n_errors > 0
    }

    /// How many rows were refused for what.
    pub(super) fn refused(&self) -> Vec<(Status, usize)> {
        let mut histogram = Histogram::default();
        for (i, n) in self.refused.iter().enumerate().skip(1) {
            histogram.add(Verdict::at(i), *n);
        }
        let said = |(verdict, n)| Some((self.verdicts.refusal(verdict)?.1.clone(), n));
        histogram.iter().filter_map(said).collect()
    }
}

/// Who has to leave a node where room can be made.
pub(super) fn room(post: &mut PostFilterCycle<'_, '_>, row: Row) -> Option<Room> {
    let candidate = dry_run::on_node(post, row).ok()?;
    Some(Room { row, victims: candidate.victims })
}
