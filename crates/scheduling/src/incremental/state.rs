//! What is kept about one shape, and how it catches up.

use std::sync::Arc;

use base::Symbol;

use super::Work;
use super::counts::{Counts, NO_DOMAIN};
use super::plan::{Plan, PlannedRule, sources};
use super::preemption::Victims;
use super::prepared::{Asked, Prepared};
use super::sheet::{MISSING, Sheet, Spare};
use super::table::{Key, NodeBase, Table};
use super::verdicts::{Rank, Verdict, Verdicts};
use crate::framework::domains::Combination;
use crate::framework::{Cycle, MAX_NODE_SCORE, Nomination, Normalization, Profile};
use crate::model::{Pod, Shape};
use crate::outcome::Summary;
use crate::snapshot::{Change, Row};

/// With more changes than this per row, all rows are looked at instead.
const CHANGES_PER_ROW_MAX: usize = 8;

/// Everything kept about the pods of one shape, apart from their claims, and priority under one profile, as far as
/// their volumes ask for the same.
pub(super) struct State {
    /// Kept so that its address, by which the state is found, stays its own.
    _shape: Arc<Shape>,
    pub(super) priority: i32,
    pub(super) plan: Plan,
    pub(super) verdicts: Verdicts,
    pub(super) table: Table,
    seen: Seen,
    /// What narrow rules depend on besides the domain of a row.
    narrow: Vec<i64>,
    /// What was said when the pod fitted nowhere, as long as nothing changes.
    pub(super) refusal: Option<CachedRefusal>,
    pub(super) victims: Option<Victims>,
    /// When it was used last, for eviction.
    pub(super) used: u64,
}

/// What is worked out about a shape at first.
pub(super) struct First {
    pub(super) plan: Plan,
    verdicts: Verdicts,
    pub(super) sheet: Sheet,
}

impl First {
    /// Works it out; `None` if the pod has to be decided the long way.
    pub(super) fn new(
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &mut Counts,
        work: &mut Work,
        spare: &mut Spare,
    ) -> Option<First> {
        let mut verdicts = Verdicts::default();
        let plan = Plan::new(cycle, profile, pod, counts, &mut verdicts)?;
        let prepared = Prepared::new(cycle, profile, pod, &plan, pod.priority, Asked::All)?;
        let sheet = Sheet::new(cycle, &plan, &prepared, &mut verdicts, counts, work, spare)?;
        Some(First { plan, verdicts, sheet })
    }
}

/// A refusal and when it was made.
pub(super) struct CachedRefusal {
    seen: Seen,
    pub(super) never_preempts: bool,
    pub(super) summary: Arc<Summary>,
    pub(super) nomination: Nomination,
}

/// Up to where changes have been taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    rows: u64,
    nominations: u64,
    counts: u64,
    generation: u64,
    terms: u64,
    cluster: u64,
    nodes: u64,
}

impl Seen {
    pub(super) fn now(cycle: Cycle<'_>, counts: &Counts) -> Seen {
        Seen {
            rows: cycle.snapshot.log().position(),
            nominations: cycle.nominator.log().position(),
            counts: counts.journal().position(),
            generation: counts.generation(),
            terms: counts.terms_version(),
            cluster: cycle.cluster.version(),
            nodes: cycle.snapshot.node_version(),
        }
    }
}

/// Which rows have to be looked at again.
pub(super) enum Dirty {
    All,
    Rows(Vec<DirtyRow>),
}

/// A row that has to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DirtyRow {
    pub(super) row: Row,
    /// Whether its node is the one that has been looked at, and only what runs there or elsewhere has changed. False
    /// comes first.
    pub(super) has_same_node: bool,
}

/// The rows that changed since, by what runs there, by their node, or by who was promised them.
pub(super) fn dirty_rows(cycle: Cycle<'_>, rows: u64, nominations: u64) -> Dirty {
    let (Ok(changes), Ok(promises)) =
        (cycle.snapshot.log().since(rows), cycle.nominator.log().since(nominations))
    else {
        return Dirty::All;
    };
    // Many changes may be of few rows; but beyond this, looking through them costs as much as looking at all rows.
    if changes.len() + promises.len() > CHANGES_PER_ROW_MAX * cycle.snapshot.len() {
        return Dirty::All;
    }
    let changed = changes.filter(|(_, change)| *change != Change::PodReplaced);
    let mut dirty: Vec<DirtyRow> = changed
        .map(|(row, change)| DirtyRow {
            row: *row,
            has_same_node: matches!(change, Change::PodAdded(_) | Change::PodRemoved(_)),
        })
        .collect();
    let promised = promises.filter_map(|name: &Symbol| cycle.snapshot.row(*name));
    dirty.extend(promised.map(|row| DirtyRow { row, has_same_node: true }));
    dirty.sort_unstable();
    dirty.dedup_by_key(|dirty| dirty.row);
    if 2 * dirty.len() > cycle.snapshot.len().max(8) { Dirty::All } else { Dirty::Rows(dirty) }
}

impl State {
    /// Everything about a shape.
    pub(super) fn new(
        first: First,
        pod: &Pod,
        cycle: Cycle<'_>,
        counts: &Counts,
        spare: &mut Spare,
    ) -> State {
        let First { plan, verdicts, sheet } = first;
        let mut state = State {
            _shape: Arc::clone(&pod.kin),
            priority: pod.priority,
            narrow: Vec::new(),
            plan,
            verdicts,
            table: Table::default(),
            seen: Seen::now(cycle, counts),
            refusal: None,
            victims: None,
            used: 0,
        };
        state.narrow = state.narrow_marks(counts);
        state.table.load(&sheet, cycle.snapshot);
        sheet.recycle(spare);
        state
    }

    /// Whether counts decide where the pod fits.
    pub(super) fn has_rules(&self) -> bool {
        !self.plan.rules.is_empty()
    }

    /// Takes in what has changed. `None` if the state is of no use any more.
    pub(super) fn catch_up(
        &mut self,
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &mut Counts,
        work: &mut Work,
        spare: &mut Spare,
    ) -> Option<()> {
        let now = Seen::now(cycle, counts);
        let before = std::mem::replace(&mut self.seen, now);
        if before == now {
            return Some(());
        }
        if before.generation != now.generation {
            return None;
        }
        if (before.terms, before.cluster) != (now.terms, now.cluster)
            && sources(cycle, profile, pod, counts).as_ref() != Some(&self.plan.sources)
        {
            return None;
        }
        if before.nodes != now.nodes && self.plan.is_outgrown(counts, cycle.snapshot.len()) {
            return None;
        }
        let narrow = self.narrow_marks(counts);
        let is_same_everywhere =
            narrow == self.narrow && !(self.plan.depends_on_nodes && before.nodes != now.nodes);
        self.narrow = narrow;
        let dirty = self.dirty(cycle, counts, before);
        if is_same_everywhere && matches!(&dirty, Dirty::Rows(rows) if rows.is_empty()) {
            return Some(());
        }
        match dirty {
            Dirty::Rows(rows) if is_same_everywhere => {
                let mut about_pods = None;
                let mut about_all = None;
                for DirtyRow { row, has_same_node } in rows {
                    // Where the pod fitted, what depends on the node alone is known.
                    let is_known = has_same_node && self.table.of_node(row).is_some();
                    let (prepared, asked) = match is_known {
                        true => (&mut about_pods, Asked::AboutPods),
                        false => (&mut about_all, Asked::All),
                    };
                    if prepared.is_none() {
                        let made = Prepared::new(cycle, profile, pod, &self.plan, self.priority, asked)?;
                        *prepared = Some(made);
                    }
                    self.look_at(row, cycle, counts, prepared.as_ref()?, work)?;
                }
            }
            _ => {
                let prepared = Prepared::new(cycle, profile, pod, &self.plan, self.priority, Asked::All)?;
                let State { plan, verdicts, .. } = self;
                let sheet = Sheet::new(cycle, plan, &prepared, verdicts, counts, work, spare)?;
                self.table = Table::default();
                self.table.load(&sheet, cycle.snapshot);
                sheet.recycle(spare);
            }
        }
        Some(())
    }

    fn dirty(&self, cycle: Cycle<'_>, counts: &Counts, before: Seen) -> Dirty {
        let Dirty::Rows(mut rows) = dirty_rows(cycle, before.rows, before.nominations) else {
            return Dirty::All;
        };
        if self.plan.watched.is_empty() {
            return Dirty::Rows(rows);
        }
        let Ok(journal) = counts.journal().since(before.counts) else { return Dirty::All };
        if journal.len() > CHANGES_PER_ROW_MAX * cycle.snapshot.len().max(64) {
            return Dirty::All;
        }
        let n = rows.len();
        for (counter, domain) in journal {
            if self.plan.watched.binary_search(counter).is_ok() {
                let concerned = counts.topology(counts.counter(*counter).topology).rows(*domain);
                rows.extend(concerned.iter().map(|row| DirtyRow { row: *row, has_same_node: true }));
            }
        }
        if rows.len() > n {
            rows.sort_unstable();
            rows.dedup_by_key(|dirty| dirty.row);
        }
        if 2 * rows.len() > cycle.snapshot.len().max(8) { Dirty::All } else { Dirty::Rows(rows) }
    }

    /// Works out everything about one row. `None` if a score is out of range, which is for the long way to report.
    fn look_at(
        &mut self,
        row: Row,
        cycle: Cycle<'_>,
        counts: &Counts,
        prepared: &Prepared<'_>,
        work: &mut Work,
    ) -> Option<()> {
        let Some(node) = cycle.snapshot.get(row) else {
            self.table.clear(row);
            return Some(());
        };
        work.rows_visited += 1;
        let refusal = prepared.refusal(node, work);
        let by_rule = self.narrow_refusal(row, counts);
        let verdict = match (refusal, by_rule) {
            (None, None) => Verdict::FITS,
            (None, Some((_, verdict))) => verdict,
            (Some((rank, _)), Some((first, verdict))) if first < rank => verdict,
            (Some((rank, status)), _) => self.verdicts.number(rank, &status)?,
        };
        let mut key = Key::new();
        let (mut base, mut node_base) = (0, 0);
        if verdict == Verdict::FITS {
            let known = match prepared.asked() {
                Asked::All => None,
                Asked::AboutPods => Some(self.table.of_node(row)?),
            };
            node_base = known.map_or(0, |(node_base, _)| node_base);
            let mut scores = prepared.scores(node, work);
            for planned in &self.plan.scores {
                let is_compared = planned.normalization != Normalization::AsIs;
                let score = match known {
                    Some((_, key_of_node)) if planned.is_of_node => {
                        if is_compared {
                            let position = key.len();
                            key.push(key_of_node[position]);
                        }
                        continue;
                    }
                    _ => scores.next()?,
                };
                if is_compared {
                    key.push(score);
                    continue;
                }
                if !(0..=MAX_NODE_SCORE).contains(&score) {
                    return None;
                }
                let part = if planned.is_of_node { &mut node_base } else { &mut base };
                *part += planned.weight * score;
            }
            base += node_base;
        } else {
            let compared = self.plan.scores.iter().filter(|score| score.normalization != Normalization::AsIs);
            key.extend(compared.map(|_| 0));
        }
        for topology in &self.plan.wide {
            let domain = counts.topology(*topology).domain(row);
            key.push(if domain == NO_DOMAIN { MISSING } else { i64::from(domain) });
        }
        for score in &self.plan.domain_scores {
            let mut own = 0;
            for (i, axis) in score.axes.iter().enumerate().filter(|(_, axis)| axis.wide.is_none()) {
                let domain = counts.topology(axis.topology).domain(row);
                let number: i64 = axis
                    .counters
                    .iter()
                    .map(|(weight, id)| weight * counts.counter(*id).number(domain))
                    .sum();
                match &score.combination {
                    Combination::Sum => own += number,
                    // Each is rounded into the sum by itself.
                    Combination::Spread { labels, .. } => {
                        let has_label = node.node.labels.get(labels[i]).is_some();
                        key.push(if has_label { number } else { MISSING });
                    }
                }
            }
            if score.combination == Combination::Sum {
                key.push(own);
            }
        }
        self.table.set(row, verdict, base, NodeBase::new(node_base), &key);
        Some(())
    }

    /// Whether the pod fits on a row that it has been promised.
    pub(super) fn fits_on(
        &self,
        row: Row,
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &Counts,
        work: &mut Work,
    ) -> Option<bool> {
        let prepared = Prepared::new(cycle, profile, pod, &self.plan, self.priority, Asked::All)?;
        work.rows_visited += 1;
        if prepared.refusal_but(cycle.snapshot.node(row), Some(&pod.uid), work).is_some() {
            return Some(false);
        }
        let is_free = self.plan.is_free_to_start(counts);
        let refuses = |rule: &PlannedRule| {
            let domain = counts.topology(rule.topology).domain(row);
            rule.refusal_of(domain, rule.mark(is_free, counts), counts).is_some()
        };
        Some(!self.plan.rules.iter().any(refuses))
    }

    /// The first narrow rule that refuses a row.
    fn narrow_refusal(&self, row: Row, counts: &Counts) -> Option<(Rank, Verdict)> {
        let mut narrow = self.plan.rules.iter().zip(&self.narrow).filter(|(rule, _)| rule.wide.is_none());
        narrow.find_map(|(rule, mark)| {
            let domain = counts.topology(rule.topology).domain(row);
            Some((rule.rank, rule.refusal_of(domain, *mark, counts)?))
        })
    }

    /// Per rule: what its test compares with; 0 for rules by wide domains, whose rows do not depend on it.
    fn narrow_marks(&self, counts: &Counts) -> Vec<i64> {
        let is_free = self.plan.is_free_to_start(counts);
        let mark = |rule: &PlannedRule| if rule.wide.is_some() { 0 } else { rule.mark(is_free, counts) };
        self.plan.rules.iter().map(mark).collect()
    }

    /// Whether what is cached about a refusal still holds.
    pub(super) fn cached_refusal(&self, pod: &Pod) -> Option<&CachedRefusal> {
        self.refusal
            .as_ref()
            .filter(|cached| cached.seen == self.seen && cached.never_preempts == pod.never_preempts)
    }

    /// Keeps a refusal until something changes.
    pub(super) fn cache_refusal(&mut self, pod: &Pod, summary: Arc<Summary>, nomination: Nomination) {
        self.refusal =
            Some(CachedRefusal { seen: self.seen, never_preempts: pod.never_preempts, summary, nomination });
    }
}
