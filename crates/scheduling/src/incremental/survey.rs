//! How the groups of a shape compare: one decision.

use smallvec::SmallVec;

use super::counts::{Counts, NO_DOMAIN};
use super::plan::PlannedDomainScore;
use super::state::{MISSING, State, is_free_to_start};
use super::table::{Group, Key};
use super::verdicts::{Histogram, Rank, Verdict};
use crate::framework::domains::Combination;
use crate::framework::{MAX_NODE_SCORE, Normalization};
use crate::snapshot::Row;

/// What a look at all groups found.
pub(super) struct Survey<'t> {
    /// On how many nodes the pod fits.
    pub(super) n_feasible: usize,
    /// The highest total.
    pub(super) best: i64,
    /// The rows that have it, group by group.
    pub(super) ties: SmallVec<[&'t [Row]; 4]>,
    /// Whether the pod fits on one node only, which then needs no score.
    pub(super) only: Option<Row>,
}

/// What is compared about the feasible groups.
pub(super) struct Comparison {
    /// Per comparing score, in order of the key and then of domain scores: its raw value per feasible group,
    /// `None` for groups that take no part.
    columns: Vec<Column>,
}

struct Column {
    weight: i64,
    normalization: Normalization,
    /// The position among the profile's scores.
    position: usize,
    raw: Vec<Option<i64>>,
    min: i64,
    max: i64,
}

impl Column {
    fn new(weight: i64, normalization: Normalization, position: usize, raw: Vec<Option<i64>>) -> Column {
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

impl State {
    /// The first wide rule that refuses a group.
    fn wide_refusal(&self, key: &Key, marks: &[i64], counts: &Counts) -> Option<(Rank, Verdict)> {
        let first_wide = self.n_compared();
        self.plan.rules.iter().zip(marks).find_map(|(rule, mark)| {
            let domain = domain_in(key, first_wide + rule.wide?);
            Some((rule.rank, rule.refusal_of(domain, *mark, counts)?))
        })
    }

    /// How many entries at the front of a key are raw scores of one node.
    fn n_compared(&self) -> usize {
        self.plan.scores.iter().filter(|score| score.normalization != Normalization::AsIs).count()
    }

    fn marks(&self, counts: &Counts) -> SmallVec<[i64; 4]> {
        let is_free = is_free_to_start(&self.plan, counts);
        self.plan.rules.iter().map(|rule| rule.mark(is_free, counts)).collect()
    }

    /// The groups with nodes on which the pod fits.
    pub(super) fn feasible_groups(&self, counts: &Counts) -> Vec<&Group> {
        let marks = self.marks(counts);
        let fits =
            |group: &&Group| group.n_fits() > 0 && self.wide_refusal(&group.key, &marks, counts).is_none();
        self.table.groups().filter(fits).collect()
    }

    /// Compares feasible groups.
    pub(super) fn compare(&self, groups: &[&Group], counts: &Counts) -> Comparison {
        let mut columns = Vec::new();
        let compared = self.plan.scores.iter().filter(|score| score.normalization != Normalization::AsIs);
        for (i, score) in compared.enumerate() {
            let raw = groups.iter().map(|group| Some(group.key[i])).collect();
            columns.push(Column::new(score.weight, score.normalization, score.position, raw));
        }
        let first_wide = self.n_compared();
        let mut own = first_wide + self.plan.wide.len();
        for score in &self.plan.domain_scores {
            let raw = score.raw(groups, first_wide, own, counts);
            columns.push(Column::new(score.weight, score.normalization, score.position, raw));
            own += score.n_own();
        }
        Comparison { columns }
    }

    /// Finds the best nodes; `None` if a score is out of range.
    pub(super) fn survey(&self, counts: &Counts) -> Option<Survey<'_>> {
        if self.plan.domain_scores.iter().any(|score| score.is_ambiguous(counts)) {
            return None;
        }
        let groups = self.feasible_groups(counts);
        let n_feasible = groups.iter().map(|group| group.n_fits()).sum();
        let mut survey = Survey { n_feasible, best: i64::MIN, ties: SmallVec::new(), only: None };
        if n_feasible <= 1 {
            survey.only = groups.first().and_then(|group| group.best()).map(|(_, rows)| rows[0]);
            return Some(survey);
        }
        let comparison = self.compare(&groups, counts);
        for (i, group) in groups.iter().enumerate() {
            let Some((base, rows)) = group.best() else { continue };
            let total = base + comparison.offset(i)?;
            if total > survey.best {
                survey.best = total;
                survey.ties.clear();
            }
            if total == survey.best {
                survey.ties.push(rows);
            }
        }
        Some(survey)
    }

    /// How many nodes are refused for what.
    pub(super) fn histogram(&self, counts: &Counts) -> Histogram {
        let marks = self.marks(counts);
        let mut histogram = Histogram::default();
        for group in self.table.groups() {
            let by_rule = self.wide_refusal(&group.key, &marks, counts);
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
        Some(self.first_of(verdict, self.wide_refusal(key, &self.marks(counts), counts)))
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

fn domain_in(key: &Key, position: usize) -> u32 {
    u32::try_from(key[position]).unwrap_or(NO_DOMAIN)
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
    fn raw(&self, groups: &[&Group], first_wide: usize, own: usize, counts: &Counts) -> Vec<Option<i64>> {
        match &self.combination {
            Combination::Sum => {
                groups.iter().map(|group| Some(self.sum(&group.key, first_wide, own, counts))).collect()
            }
            Combination::Spread { bonuses, requires_all_labels, .. } => {
                self.spread(groups, first_wide, own, counts, bonuses, *requires_all_labels)
            }
        }
    }

    fn sum(&self, key: &Key, first_wide: usize, own: usize, counts: &Counts) -> i64 {
        let wide = self.axes.iter().filter_map(|axis| Some((axis, axis.wide?)));
        let by_domain = wide.map(|(axis, position)| {
            let domain = domain_in(key, first_wide + position);
            axis.counters.iter().map(|(weight, id)| weight * counts.counter(*id).number(domain)).sum::<i64>()
        });
        by_domain.sum::<i64>() + key[own]
    }

    fn spread(
        &self,
        groups: &[&Group],
        first_wide: usize,
        own: usize,
        counts: &Counts,
        bonuses: &[i64],
        requires_all_labels: bool,
    ) -> Vec<Option<i64>> {
        // Where each axis is read in a key.
        let mut next = own;
        let positions: SmallVec<[usize; 4]> = self
            .axes
            .iter()
            .map(|axis| match axis.wide {
                Some(position) => first_wide + position,
                None => {
                    next += 1;
                    next - 1
                }
            })
            .collect();
        let takes_part = |group: &Group| {
            !requires_all_labels || positions.iter().all(|position| group.key[*position] != MISSING)
        };
        let n_counted: usize =
            groups.iter().filter(|group| takes_part(group)).map(|group| group.n_fits()).sum();
        let weight = |(axis, position): (&super::plan::PlannedAxis, &usize)| {
            let n_domains = if axis.wide.is_some() {
                let domains =
                    groups.iter().filter(|group| takes_part(group)).map(|group| group.key[*position]);
                let mut domains: SmallVec<[i64; 16]> = domains.collect();
                domains.sort_unstable();
                domains.dedup();
                domains.len()
            } else {
                n_counted
            };
            ((n_domains + 2) as f64).ln()
        };
        let weights: SmallVec<[f64; 4]> = self.axes.iter().zip(&positions).map(weight).collect();
        let raw = |group: &&Group| {
            let mut sum = 0.0;
            for (i, axis) in self.axes.iter().enumerate() {
                let entry = group.key[positions[i]];
                if entry == MISSING {
                    continue;
                }
                let number: i64 = match axis.wide {
                    None => entry,
                    Some(_) => {
                        let domain = entry as u32;
                        axis.counters
                            .iter()
                            .map(|(weight, id)| weight * counts.counter(*id).number(domain))
                            .sum()
                    }
                };
                sum += number as f64 * weights[i] + bonuses[i] as f64;
            }
            takes_part(group).then_some(sum.round() as i64)
        };
        groups.iter().map(raw).collect()
    }
}
