//! Everything about every row for one shape, worked out column by column.
//!
//! This is how a table is filled, and all that is made for a shape that is seen for the first time: many are never
//! seen again.

use base::Map;
use pulp::{Arch, NullaryFnOnce};
use smallvec::SmallVec;

use super::Work;
use super::counts::{Counts, NO_DOMAIN};
use super::plan::{Plan, PlannedRule};
use super::prepared::Prepared;
use super::table::Key;
use super::verdicts::{Rank, Verdict, Verdicts};
use crate::framework::domains::Combination;
use crate::framework::{Cycle, MAX_NODE_SCORE, Normalization, Status};
use crate::snapshot::Row;

/// In a key: the row is in no domain, or lacks the label.
pub(super) const MISSING: i64 = i64::MIN;

/// What is known about every row, by row index.
pub(super) struct Sheet {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) bases: Vec<i64>,
    /// The part of the bases that depends on nothing but the node; empty if that is 0 everywhere.
    pub(super) node_bases: Vec<i64>,
    /// The group of each row, as an index into `keys`.
    pub(super) groups: Vec<u32>,
    pub(super) keys: Vec<Key>,
}

/// Columns of a sheet that is not needed any more, for the next one.
#[derive(Default)]
pub(super) struct Spare {
    verdicts: Vec<Verdict>,
    bases: Vec<i64>,
    node_bases: Vec<i64>,
    groups: Vec<u32>,
    scores: Vec<i64>,
}

/// What a group has to offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// On how many rows the pod fits.
    pub(super) n_fits: usize,
    /// The highest base of these.
    pub(super) best: i64,
    /// How many rows have it.
    pub(super) n_best: usize,
}

fn fresh<T: Copy>(spare: &mut Vec<T>, value: T, n: usize) -> Vec<T> {
    let mut column = std::mem::take(spare);
    column.clear();
    column.resize(n, value);
    column
}

impl Sheet {
    /// Works everything out. `None` if a score is out of range, or there are too many kinds of refusals.
    pub(super) fn new(
        cycle: Cycle<'_>,
        plan: &Plan,
        prepared: &Prepared<'_>,
        verdicts: &mut Verdicts,
        counts: &Counts,
        work: &mut Work,
        spare: &mut Spare,
    ) -> Option<Sheet> {
        let n_rows = cycle.snapshot.n_rows();
        let mut sheet = Sheet {
            verdicts: fresh(&mut spare.verdicts, Verdict::FITS, n_rows),
            bases: fresh(&mut spare.bases, 0, n_rows),
            node_bases: fresh(&mut spare.node_bases, 0, if plan.has_node_bases() { n_rows } else { 0 }),
            groups: fresh(&mut spare.groups, 0, n_rows),
            keys: vec![Key::new()],
        };
        let n_nodes = cycle.snapshot.len() as u64;
        work.rows_visited += n_nodes;
        work.plugin_calls += n_nodes * (plan.filters.len() + plan.scores.len()) as u64;
        prepared.count_all(n_nodes);
        sheet.filter(cycle, plan, prepared, verdicts, counts, work)?;
        spare.scores.resize(n_rows, 0);
        sheet.score(cycle, plan, prepared, counts, &mut spare.scores)?;
        Some(sheet)
    }

    /// Leaves the columns to the next sheet.
    pub(super) fn recycle(self, spare: &mut Spare) {
        let Sheet { verdicts, bases, node_bases, groups, keys: _ } = self;
        spare.verdicts = verdicts;
        spare.bases = bases;
        spare.node_bases = node_bases;
        spare.groups = groups;
    }

    fn filter(
        &mut self,
        cycle: Cycle<'_>,
        plan: &Plan,
        prepared: &Prepared<'_>,
        verdicts: &mut Verdicts,
        counts: &Counts,
        work: &mut Work,
    ) -> Option<()> {
        let mut is_countable = true;
        for (order, filter) in prepared.filters() {
            let mut kinds: SmallVec<[(u64, Verdict); 4]> = SmallVec::new();
            let is_of_one_kind = filter.is_of_one_kind();
            filter.refuse_all(cycle.snapshot, &mut |row, status| {
                if self.verdicts[row.index()] != Verdict::FITS {
                    return;
                }
                if let Some((_, verdict)) = kinds.first().filter(|_| is_of_one_kind) {
                    self.verdicts[row.index()] = *verdict;
                    return;
                }
                let node = cycle.snapshot.node(row);
                let kind = if status.is_none() { filter.kind(node) } else { None };
                let known = kind.and_then(|kind| kinds.iter().find(|(known, _)| *known == kind));
                if let Some((_, verdict)) = known {
                    self.verdicts[row.index()] = *verdict;
                    return;
                }
                let status = status.or_else(|| filter.filter(node).err());
                self.refuse(row, Rank(order, 0), status, verdicts, &mut is_countable);
                if let Some(kind) = kind {
                    kinds.push((kind, self.verdicts[row.index()]));
                }
            });
        }
        // Where pods have been promised a place, they count too.
        for row in cycle.nominator.nodes().filter_map(|name| cycle.snapshot.row(name)) {
            if let Some((rank, status)) = prepared.refusal(cycle.snapshot.node(row), work) {
                self.refuse(row, rank, Some(status), verdicts, &mut is_countable);
            }
        }
        let is_free = plan.is_free_to_start(counts);
        for rule in plan.rules.iter().filter(|rule| rule.wide.is_none()) {
            self.apply(rule, rule.mark(is_free, counts), cycle, verdicts, counts);
        }
        is_countable.then_some(())
    }

    fn refuse(
        &mut self,
        row: Row,
        rank: Rank,
        status: Option<Status>,
        verdicts: &mut Verdicts,
        is_countable: &mut bool,
    ) {
        match status.and_then(|status| verdicts.number(rank, &status)) {
            Some(verdict) => self.verdicts[row.index()] = verdict,
            None => *is_countable = false,
        }
    }

    /// Applies a rule by narrow domains; what is said earlier stays.
    fn apply(
        &mut self,
        rule: &PlannedRule,
        mark: i64,
        cycle: Cycle<'_>,
        verdicts: &Verdicts,
        counts: &Counts,
    ) {
        let topology = counts.topology(rule.topology);
        let mut look_at = |row: Row, domain: u32| {
            let own = &mut self.verdicts[row.index()];
            let is_earlier = verdicts.refusal(*own).is_none_or(|(rank, _)| rule.rank < *rank);
            if is_earlier && let Some(verdict) = rule.refusal_of(domain, mark, counts) {
                *own = verdict;
            }
        };
        match rule.concerned(counts) {
            Some(domains) => {
                for domain in domains {
                    topology.rows(domain).iter().for_each(|row| look_at(*row, domain));
                }
            }
            None => cycle.snapshot.order().iter().for_each(|row| look_at(*row, topology.domain(*row))),
        }
    }

    fn score(
        &mut self,
        cycle: Cycle<'_>,
        plan: &Plan,
        prepared: &Prepared<'_>,
        counts: &Counts,
        scores: &mut [i64],
    ) -> Option<()> {
        let n_rows = self.verdicts.len();
        for (score, planned) in prepared.all_scores().zip(&plan.scores) {
            scores.fill(0);
            score.score_all(cycle.snapshot, scores);
            if planned.normalization == Normalization::AsIs {
                let bases = if planned.is_of_node { &mut self.node_bases } else { &mut self.bases };
                if !Arch::new().dispatch(AddWeighted { bases, scores, weight: planned.weight }) {
                    return None;
                }
            } else {
                for (score, verdict) in scores.iter_mut().zip(&self.verdicts) {
                    if *verdict != Verdict::FITS {
                        *score = 0;
                    }
                }
                self.divide(scores);
            }
        }
        self.bases.iter_mut().zip(&self.node_bases).for_each(|(base, of_node)| *base += of_node);
        for topology in &plan.wide {
            let topology = counts.topology(*topology);
            self.divide_by_domain(topology.domains(), topology.n_domains());
        }
        for score in &plan.domain_scores {
            let mut sums = matches!(score.combination, Combination::Sum).then(|| vec![0; n_rows]);
            for (i, axis) in score.axes.iter().enumerate().filter(|(_, axis)| axis.wide.is_none()) {
                let topology = counts.topology(axis.topology);
                for row in cycle.snapshot.order() {
                    let number = axis.number(topology.domain(*row), counts);
                    let entry = match (&score.combination, &mut sums) {
                        (Combination::Spread { labels, .. }, _) => {
                            let has_label = cycle.snapshot.node(*row).node.labels.get(labels[i]).is_some();
                            if has_label { number } else { MISSING }
                        }
                        (Combination::Sum, Some(sums)) => {
                            sums[row.index()] += number;
                            continue;
                        }
                        (Combination::Sum, None) => continue,
                    };
                    scores[row.index()] = entry;
                }
                if sums.is_none() {
                    self.divide(scores);
                }
            }
            if let Some(sums) = sums {
                self.divide(&sums);
            }
        }
        Some(())
    }

    /// Divides groups by one more entry of their keys.
    fn divide(&mut self, entries: &[i64]) {
        let first = entries.first().copied().unwrap_or(0);
        if entries.iter().all(|entry| *entry == first) {
            self.keys.iter_mut().for_each(|key| key.push(first));
            return;
        }
        let mut numbers = Numbers::new(entries, self.keys.len());
        let mut keys: Vec<Key> = Vec::new();
        for (group, entry) in self.groups.iter_mut().zip(entries) {
            let number = numbers.entry(*group, *entry);
            if *number == UNNUMBERED {
                let mut key = self.keys[*group as usize].clone();
                key.push(*entry);
                keys.push(key);
                *number = (keys.len() - 1) as u32;
            }
            *group = *number;
        }
        self.keys = keys;
    }

    /// Divides groups by domain, which becomes one more entry of their keys.
    fn divide_by_domain(&mut self, domains: &[u32], n_domains: usize) {
        // The last column is for rows in no domain.
        let width = n_domains + 1;
        let mut numbers = vec![UNNUMBERED; width * self.keys.len()];
        let mut keys: Vec<Key> = Vec::new();
        let without = self.groups.len().saturating_sub(domains.len());
        let domains = domains.iter().copied().chain(std::iter::repeat_n(NO_DOMAIN, without));
        for (group, domain) in self.groups.iter_mut().zip(domains) {
            let number = &mut numbers[*group as usize * width + (domain as usize).min(n_domains)];
            if *number == UNNUMBERED {
                let mut key = self.keys[*group as usize].clone();
                key.push(if domain == NO_DOMAIN { MISSING } else { i64::from(domain) });
                keys.push(key);
                *number = (keys.len() - 1) as u32;
            }
            *group = *number;
        }
        self.keys = keys;
    }

    /// What each group has to offer.
    pub(super) fn offers(&self, cycle: Cycle<'_>) -> Vec<Offer> {
        let mut offers = vec![Offer { n_fits: 0, best: i64::MIN, n_best: 0 }; self.keys.len()];
        for row in cycle.snapshot.order() {
            let i = row.index();
            if self.verdicts[i] == Verdict::FITS {
                offers[self.groups[i] as usize].add(self.bases[i]);
            }
        }
        offers
    }

    /// The `n`th row that a group offers.
    pub(super) fn offered(&self, group: usize, best: i64, n: usize, cycle: Cycle<'_>) -> Option<Row> {
        let is_offered = |row: &&Row| {
            let i = row.index();
            self.groups[i] as usize == group && self.bases[i] == best && self.verdicts[i] == Verdict::FITS
        };
        cycle.snapshot.order().iter().filter(is_offered).nth(n).copied()
    }
}

/// Adds scores to bases, made for the processor at hand; false if one is below 0 or above the maximum.
struct AddWeighted<'s> {
    bases: &'s mut [i64],
    scores: &'s [i64],
    weight: i64,
}

impl NullaryFnOnce for AddWeighted<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        // Some bit stands for a negative number if a score is out of range.
        let mut signs = 0;
        let rows = self.bases.iter_mut().zip(self.scores);
        if self.weight == 1 {
            // By default most weights are 1, and there is no fast way to multiply.
            rows.for_each(|(base, score)| {
                signs |= score | MAX_NODE_SCORE.wrapping_sub(*score);
                *base = base.wrapping_add(*score);
            });
        } else {
            rows.for_each(|(base, score)| {
                signs |= score | MAX_NODE_SCORE.wrapping_sub(*score);
                *base = base.wrapping_add(score.wrapping_mul(self.weight));
            });
        }
        signs >= 0
    }
}

/// Of a pair that has no number yet.
const UNNUMBERED: u32 = u32::MAX;

/// Numbers of pairs of a group and an entry: in a table where entries are close together, which they nearly always
/// are.
enum Numbers {
    Table { numbers: Vec<u32>, first: i64, width: usize },
    Map(Map<(u32, i64), u32>),
}

impl Numbers {
    fn new(entries: &[i64], n_groups: usize) -> Numbers {
        let given = || entries.iter().copied().filter(|entry| *entry != MISSING);
        let (first, last) = (given().min().unwrap_or(0), given().max().unwrap_or(0));
        // One more for entries that are missing.
        let width = usize::try_from(last.saturating_sub(first).saturating_add(2)).unwrap_or(usize::MAX);
        let size = width.saturating_mul(n_groups);
        if size <= 2 * entries.len() + 64 {
            Numbers::Table { numbers: vec![UNNUMBERED; size], first, width }
        } else {
            Numbers::Map(Map::default())
        }
    }

    fn entry(&mut self, group: u32, entry: i64) -> &mut u32 {
        match self {
            Numbers::Table { numbers, first, width } => {
                let position = if entry == MISSING { 0 } else { (entry - *first) as usize + 1 };
                &mut numbers[group as usize * *width + position]
            }
            Numbers::Map(numbers) => numbers.entry((group, entry)).or_insert(UNNUMBERED),
        }
    }
}

impl Offer {
    fn add(&mut self, base: i64) {
        self.n_fits += 1;
        if base > self.best {
            self.best = base;
            self.n_best = 0;
        }
        self.n_best += usize::from(base == self.best);
    }
}
