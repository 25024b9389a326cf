//! How the groups of a shape compare: one decision.

use smallvec::SmallVec;

use super::counts::Counts;
use super::plan::{Plan, PlannedAxis, PlannedDomainScore, domain_in};
use super::sheet::{MISSING, Offer};
use super::state::State;
use super::table::Key;
use super::verdicts::{Histogram, Rank, Verdict};
use crate::framework::domains::Combination;
use crate::framework::{MAX_NODE_SCORE, Normalization};
use crate::snapshot::Row;

/// What a look at all groups found.
#[derive(Debug)]
pub(super) struct Survey {
    /// On how many nodes the pod fits.
    pub(super) n_feasible: usize,
    /// The highest total.
    pub(super) best: i64,
    /// How many rows have it.
    pub(super) n_best: usize,
    /// The groups that offer them, with how many each.
    ties: SmallVec<[(usize, usize); 4]>,
}

impl Survey {
    /// The group that offers the `n`th of the best rows, and its position there.
    pub(super) fn locate(&self, n: usize) -> Option<(usize, usize)> {
        let mut left = n;
        for (group, n_best) in &self.ties {
            if left < *n_best {
                return Some((*group, left));
            }
            left -= n_best;
        }
        None
    }
}

/// What is compared about the feasible groups.
pub(super) struct Comparison {
    /// Per comparing score, in order of the key and then of domain scores: its raw value per feasible group,
    /// `None` for groups that take no part.
    columns: SmallVec<[Column; 3]>,
}

/// A raw score per group.
type Raw = SmallVec<[Option<i64>; 8]>;

struct Column {
    weight: i64,
    normalization: Normalization,
    /// The position among the profile's scores.
    position: usize,
    raw: Raw,
    min: i64,
    max: i64,
}

impl Column {
    fn new(weight: i64, normalization: Normalization, position: usize, raw: Raw) -> Column {
        let min = raw.iter().flatten().min().copied().unwrap_or(0);
        let max = raw.iter().flatten().max().copied().unwrap_or(0);
        Column { weight, normalization, position, raw, min, max }
    }

    fn normalized(&self, group: usize) -> i64 {
        self.raw[group].map_or(0, |raw| self.normalization.apply(raw, self.min, self.max))
    }
}

impl Comparison {
    /// What is added to the base of a feasible group's rows; `None` if a score is out of range.
    pub(super) fn offset(&self, group: usize) -> Option<i64> {
        self.columns.iter().try_fold(0, |sum, column| {
            let normalized = column.normalized(group);
            (0..=MAX_NODE_SCORE).contains(&normalized).then_some(sum + column.weight * normalized)
        })
    }

    /// Raw and normalized score of each comparing plugin, by position among the profile's scores.
    pub(super) fn scores(&self, group: usize) -> impl Iterator<Item = (usize, i64, i64)> + '_ {
        self.columns
            .iter()
            .map(move |column| (column.position, column.raw[group].unwrap_or(0), column.normalized(group)))
    }
}

impl Plan {
    /// The positions of the groups with nodes on which the pod fits.
    pub(super) fn feasible(&self, groups: &[(&Key, Offer)], counts: &Counts) -> SmallVec<[usize; 8]> {
        let marks = self.marks(counts);
        let fits = |(key, offer): &(&Key, Offer)| {
            offer.n_fits > 0 && self.wide_refusal(key, &marks, counts).is_none()
        };
        groups.iter().enumerate().filter(|(_, group)| fits(group)).map(|(i, _)| i).collect()
    }

    /// Compares feasible groups.
    pub(super) fn compare(&self, groups: &[(&Key, Offer)], counts: &Counts) -> Comparison {
        let mut columns = SmallVec::new();
        let compared = self.scores.iter().filter(|score| score.normalization != Normalization::AsIs);
        for (i, score) in compared.enumerate() {
            let raw = groups.iter().map(|(key, _)| Some(key[i])).collect();
            columns.push(Column::new(score.weight, score.normalization, score.position, raw));
        }
        let first_wide = self.n_compared();
        let mut own = first_wide + self.wide.len();
        for score in &self.domain_scores {
            let raw = score.raw(groups, first_wide, own, counts);
            columns.push(Column::new(score.weight, score.normalization, score.position, raw));
            own += score.n_own();
        }
        Comparison { columns }
    }

    /// Finds the best of all groups; `None` if a score is out of range or ambiguous.
    pub(super) fn survey(&self, groups: &[(&Key, Offer)], counts: &Counts) -> Option<Survey> {
        if self.domain_scores.iter().any(|score| score.is_ambiguous(counts)) {
            return None;
        }
        let positions = self.feasible(groups, counts);
        let feasible: SmallVec<[(&Key, Offer); 8]> = positions.iter().map(|i| groups[*i]).collect();
        let n_feasible = feasible.iter().map(|(_, offer)| offer.n_fits).sum();
        let mut survey = Survey { n_feasible, best: i64::MIN, n_best: 0, ties: SmallVec::new() };
        // A single node needs no score, and is not asked for one.
        let comparison = (n_feasible > 1).then(|| self.compare(&feasible, counts));
        for (i, (_, offer)) in feasible.iter().enumerate() {
            let total = match &comparison {
                Some(comparison) => offer.best + comparison.offset(i)?,
                None => offer.best,
            };
            if total > survey.best {
                survey.best = total;
                survey.n_best = 0;
                survey.ties.clear();
            }
            if total == survey.best {
                survey.n_best += offer.n_best;
                survey.ties.push((positions[i], offer.n_best));
            }
        }
        Some(survey)
    }
}

impl State {
    /// How many nodes are refused for what.
    pub(super) fn histogram(&self, counts: &Counts) -> Histogram {
        let marks = self.plan.marks(counts);
        let mut histogram = Histogram::default();
        for group in self.table.groups() {
            let by_rule = self.plan.wide_refusal(&group.key, &marks, counts);
            histogram.add(by_rule.map_or(Verdict::FITS, |(_, verdict)| verdict), group.n_fits());
            for (verdict, n) in group.refused() {
                histogram.add(self.first_of(verdict, by_rule), n);
            }
        }
        histogram
    }

    /// What is said about a row.
    pub(super) fn verdict(&self, row: Row, counts: &Counts) -> Option<Verdict> {
        let (verdict, _, key) = self.table.get(row)?;
        Some(self.first_of(verdict, self.plan.wide_refusal(key, &self.plan.marks(counts), counts)))
    }

    /// Of a row's own verdict and that of a rule about its group, the one that is said first.
    fn first_of(&self, own: Verdict, by_rule: Option<(Rank, Verdict)>) -> Verdict {
        match (self.verdicts.refusal(own), by_rule) {
            (Some((rank, _)), Some((first, verdict))) if first < *rank => verdict,
            (None, Some((_, verdict))) => verdict,
            _ => own,
        }
    }
}

impl PlannedDomainScore {
    /// How many entries of a key are numbers of rows.
    fn n_own(&self) -> usize {
        match self.combination {
            Combination::Sum => 1,
            Combination::Spread { .. } => self.axes.iter().filter(|axis| axis.wide.is_none()).count(),
        }
    }

    /// Whether nodes without a label share a domain with nodes where it is empty.
    fn is_ambiguous(&self, counts: &Counts) -> bool {
        matches!(self.combination, Combination::Spread { requires_all_labels: false, .. })
            && self.axes.iter().any(|axis| counts.topology(axis.topology).has_unnamed_domain())
    }

    /// The raw score of each group; `None` where nodes take no part.
    fn raw(&self, groups: &[(&Key, Offer)], first_wide: usize, own: usize, counts: &Counts) -> Raw {
        match &self.combination {
            Combination::Sum => {
                groups.iter().map(|(key, _)| Some(self.sum(key, first_wide, own, counts))).collect()
            }
            Combination::Spread { bonuses, requires_all_labels, .. } => {
                self.spread(groups, first_wide, own, counts, bonuses, *requires_all_labels)
            }
        }
    }

    fn sum(&self, key: &Key, first_wide: usize, own: usize, counts: &Counts) -> i64 {
        let wide = self.axes.iter().filter_map(|axis| Some((axis, axis.wide?)));
        let by_domain =
            wide.map(|(axis, position)| axis.number(domain_in(key, first_wide + position), counts));
        by_domain.sum::<i64>() + key[own]
    }

    fn spread(
        &self,
        groups: &[(&Key, Offer)],
        first_wide: usize,
        own: usize,
        counts: &Counts,
        bonuses: &[i64],
        requires_all_labels: bool,
    ) -> Raw {
        // Where each axis is read in a key.
        let mut next = own;
        let position = |axis: &PlannedAxis| match axis.wide {
            Some(position) => first_wide + position,
            None => {
                next += 1;
                next - 1
            }
        };
        let positions: SmallVec<[usize; 4]> = self.axes.iter().map(position).collect();
        let takes_part =
            |key: &Key| !requires_all_labels || positions.iter().all(|position| key[*position] != MISSING);
        let counted = groups.iter().filter(|(key, _)| takes_part(key));
        let n_counted: usize = counted.clone().map(|(_, offer)| offer.n_fits).sum();
        let weight = |(axis, position): (&PlannedAxis, &usize)| {
            let n_domains = if axis.wide.is_some() {
                let mut domains: SmallVec<[i64; 16]> =
                    counted.clone().map(|(key, _)| key[*position]).collect();
                domains.sort_unstable();
                domains.dedup();
                domains.len()
            } else {
                n_counted
            };
            ((n_domains + 2) as f64).ln()
        };
        let weights: SmallVec<[f64; 4]> = self.axes.iter().zip(&positions).map(weight).collect();
        let raw = |(key, _): &(&Key, Offer)| {
            let mut sum = 0.0;
            for (i, axis) in self.axes.iter().enumerate() {
                let entry = key[positions[i]];
                if entry == MISSING {
                    continue;
                }
                let number = if axis.wide.is_some() { axis.number(entry as u32, counts) } else { entry };
                sum += number as f64 * weights[i] + bonuses[i] as f64;
            }
            takes_part(key).then_some(sum.round() as i64)
        };
        groups.iter().map(raw).collect()
    }
}
