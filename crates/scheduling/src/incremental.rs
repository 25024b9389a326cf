//! The incremental evaluator: decides what [`mod@crate::reference`] decides, and keeps what it knows.
//!
//! Upstream evaluates nodes anew for every pod, and looks at a sample of them to keep up. Between two pods of one
//! workload almost nothing changes: one node has one pod more. So for every *shape* (what decides where a pod may
//! run, shared by the pods of a workload) this keeps a table of all rows, and before a decision brings it up to
//! date by looking only at the rows that changed.
//!
//! ```text
//! snapshot's log ---> counts: pods per (kind, domain) ---------------+
//!        |                                                           |
//!        +----------> state of the shape: rows that changed          |
//!                       plugins that look at one node -> verdict, base, key
//!                       rules by narrow domains ------->     |
//!                                                            v
//!                     table: rows in groups by key, in buckets by base
//!                                                            |
//! decision <--- survey: rules by wide domains, scores that compare, best bucket of the best group
//! ```
//!
//! A row where the pod fitted and on which only pods have come or gone is put to those plugins alone for whom that
//! matters ([`crate::framework::registry::Scope::Occupancy`]); what the others said still holds.
//!
//! Plugins know nothing of this. What they declare is their [`crate::framework::registry::Scope`], and those whose
//! verdict depends on pods elsewhere say it a second time as rules over counts ([`crate::framework::domains`]).
//!
//! Where something is not known in that form, the reference evaluator decides: a configuration that limits the
//! search, pods that name their node or whose affinity names nodes, plugins that reject in PreFilter, a promised
//! node that will not do any more, and rules over counts together with preemption or with nominated pods.
//! [`Work::long_way`] counts how often.
//!
//! That both agree, on verdicts, reasons, scores and best hosts, is a property test over random histories.

mod counts;
mod expand;
mod plan;
mod preemption;
mod prepared;
mod sheet;
mod state;
mod survey;
mod table;
mod unschedulable;
mod verdicts;

use std::sync::Arc;

use base::Map;

use counts::Counts;
pub use expand::{Expanded, ExpandedNode};
use sheet::{Offer, Spare};
use smallvec::SmallVec;
use state::{First, State};
use survey::Survey;
use table::{Group, Key};
use wire::config::ExtensionPoint;

use crate::framework::{Code, Cycle, Profile, extender};
use crate::model::{Pod, Shape};
use crate::outcome::{Outcome, Placement};
use crate::plugins::gang_scheduling;
use crate::reference::{self, Circumstances, num_feasible_nodes_to_find};
use crate::snapshot::Row;
use crate::storage::Demand;

/// How many rows of tables are kept in all, on clusters of common size. A row takes about 28 bytes, and as much again
/// where pods of its shape preempt others.
const ROWS_KEPT: usize = 8 << 20;
/// How many shapes are remembered that have been seen once.
const SHAPES_SEEN: usize = if cfg!(test) { 64 } else { 1 << 16 };
/// How many demands of volumes have numbers. Those that are forgotten get new ones, and their tables go unused.
const DEMANDS_KEPT: usize = if cfg!(test) { 16 } else { 1 << 14 };
/// How many tables are kept at least, on clusters of any size.
const TABLES_KEPT_MIN: usize = 32;
/// How many tables are kept at most, on small clusters: apart from its rows a table takes a few kilobytes.
const TABLES_KEPT_MAX: usize = 4096;

/// What has been done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Decisions made.
    pub decisions: u64,
    /// Of these, those that the reference evaluator had to make.
    pub long_way: u64,
    /// Rows that were looked at, apart from those that the reference evaluator looked at.
    pub rows_visited: u64,
    /// Filters and scores that were asked about a row.
    pub plugin_calls: u64,
    /// Tables that were filled from scratch.
    pub tables_filled: u64,
}

/// Decides, and keeps what it knows.
#[derive(Default)]
pub struct Evaluator {
    counts: Counts,
    states: Map<StateKey, State>,
    /// Shapes that have been seen once, kept so that their addresses stay their own.
    seen_once: Map<StateKey, Arc<Shape>>,
    /// Per profile: see [`plan::is_plain`].
    is_plain: Vec<Option<bool>>,
    demands: Map<Demand, DemandId>,
    n_demands: DemandId,
    spare: Spare,
    work: Work,
    /// What the stopwatch showed when it was known where the pod fits.
    surveyed: u64,
}

/// The profile, the address of a shape without claims that the state keeps alive, the priority, which says which
/// nominated pods take precedence, and what volumes ask for.
type StateKey = (usize, usize, i32, DemandId);

/// Stands for a [`Demand`]; 0 for one of nothing. None is used twice.
type DemandId = u64;

impl Evaluator {
    /// What has been done so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Decides where a pod goes. `profile` is the one at `position` in the configuration.
    pub fn decide(
        &mut self,
        cycle: Cycle<'_>,
        position: usize,
        profile: &Profile,
        pod: &Pod,
        circumstances: &mut Circumstances,
    ) -> Outcome {
        self.work.decisions += 1;
        if cycle.snapshot.is_empty() && gang_scheduling::refuse_group_member(pod).is_ok() {
            return Outcome::NoNodes;
        }
        let begun = cycle.reading();
        self.surveyed = begun;
        let outside = !cycle.around.extenders.is_empty() && extender::is_of_interest(cycle, pod);
        if !outside
            && let Some(outcome) = self.decide_from_tables(cycle, position, profile, pod, circumstances)
        {
            self.report(cycle, pod, &outcome, begun);
            return outcome;
        }
        self.work.long_way += 1;
        let decision = reference::decide(cycle, profile, pod, circumstances);
        Outcome::of(decision, cycle.snapshot.len(), cycle.symbols)
    }

    /// Says how long the parts of a decision took. PreFilter and PreScore are not run: what they say is known.
    fn report(&self, cycle: Cycle<'_>, pod: &Pod, outcome: &Outcome, begun: u64) {
        if cycle.around.stopwatch.is_none() {
            return;
        }
        let now = cycle.reading();
        cycle.took(pod, ExtensionPoint::PreFilter, Code::Success, 0);
        let (searching, rest) = (self.surveyed.saturating_sub(begun), now.saturating_sub(self.surveyed));
        match outcome {
            Outcome::Placed(placement) if placement.is_nominated => {}
            Outcome::Placed(placement) => {
                cycle.took(pod, ExtensionPoint::Filter, Code::Success, searching);
                if placement.n_feasible > 1 {
                    cycle.took(pod, ExtensionPoint::PreScore, Code::Success, 0);
                    cycle.took(pod, ExtensionPoint::Score, Code::Success, rest);
                }
            }
            Outcome::Unschedulable(refused) => {
                cycle.took(pod, ExtensionPoint::Filter, Code::Success, searching);
                let code = if refused.room.is_some() { Code::Success } else { Code::Unschedulable };
                cycle.took(pod, ExtensionPoint::PostFilter, code, rest);
            }
            Outcome::NoNodes | Outcome::Failed(_) => {}
        }
    }

    fn decide_from_tables(
        &mut self,
        cycle: Cycle<'_>,
        position: usize,
        profile: &Profile,
        pod: &Pod,
        circumstances: &mut Circumstances,
    ) -> Option<Outcome> {
        if !self.is_known_form(cycle, position, profile, pod) {
            return None;
        }
        let key = self.key(cycle, position, pod)?;
        if self.catch_up(key, cycle, profile, pod).is_none() {
            let n_counters = self.counts.n_counters();
            let first = First::new(cycle, profile, pod, &mut self.counts, &mut self.work, &mut self.spare)?;
            self.work.tables_filled += 1;
            self.forget_some_shapes();
            let is_new = self.seen_once.insert(key, Arc::clone(&pod.kin)).is_none();
            let is_promised =
                pod.nominated_node_name.is_some() || cycle.nominator.node_of(&pod.uid).is_some();
            if is_new && !is_promised && (first.plan.rules.is_empty() || !is_crowded(cycle, pod)) {
                self.surveyed = cycle.reading();
                let placed = place_at_once(&first, cycle, profile, &self.counts, circumstances)?;
                if let Some(placement) = placed {
                    self.counts.drop_own(n_counters);
                    first.sheet.recycle(&mut self.spare);
                    return Some(Outcome::Placed(placement));
                }
            }
            let state = State::new(first, pod, cycle, &self.counts, &mut self.spare);
            self.keep(key, state, cycle.snapshot.len())?;
        }
        let state = self.states.get_mut(&key)?;
        state.used = self.work.decisions;
        // How nominated pods change counts is for the reference evaluator.
        if state.has_rules() && is_crowded(cycle, pod) {
            return None;
        }
        if let Some(row) = pod.nominated_node_name.and_then(|name| cycle.snapshot.row(name)) {
            let fits = state.fits_on(row, cycle, profile, pod, &self.counts, &mut self.work)?;
            // Why a promised node will not do is said first, before it is looked at again.
            return fits.then_some(Outcome::Placed(Placement {
                host: row,
                score: None,
                n_nodes: cycle.snapshot.len(),
                n_feasible: 1,
                n_best: 1,
                is_nominated: true,
            }));
        }
        if cycle.nominator.node_of(&pod.uid).is_some() {
            return None;
        }
        let groups: SmallVec<[&Group; 8]> = state.table.groups().collect();
        let offers: SmallVec<[(&Key, Offer); 8]> =
            groups.iter().map(|group| (&group.key, group.offer())).collect();
        let survey = state.plan.survey(&offers, &self.counts)?;
        self.surveyed = cycle.reading();
        if survey.n_feasible > 0 {
            let choose = |group: usize, n: usize| groups[group].offered(n);
            let placement = place(&survey, cycle, profile, circumstances, choose)?;
            // The pod is going to be put there, and the next one of its kind will look at that row first.
            state.table.prefetch(placement.host);
            self.counts.prefetch(placement.host);
            cycle.snapshot.prefetch(placement.host);
            return Some(Outcome::Placed(placement));
        }
        drop((offers, groups));
        state.refuse(cycle, profile, pod, &self.counts, circumstances, &mut self.work)
    }

    /// Whether a pod can be decided without the reference evaluator, as far as that is seen before its shape is
    /// looked at.
    fn is_known_form(&mut self, cycle: Cycle<'_>, position: usize, profile: &Profile, pod: &Pod) -> bool {
        let n_nodes = cycle.snapshot.len();
        let limit = profile.percentage_of_nodes_to_score;
        self.is_plain(position, profile)
            && pod.node_name.is_none()
            && gang_scheduling::refuse_group_member(pod).is_ok()
            && limit.is_none_or(|percentage| num_feasible_nodes_to_find(percentage, n_nodes) >= n_nodes)
    }

    /// What a state is found by; `None` if the pod has to be decided the long way, because something is amiss with its
    /// volumes.
    fn key(&mut self, cycle: Cycle<'_>, position: usize, pod: &Pod) -> Option<StateKey> {
        let demand = cycle.cluster.storage().demand(pod, cycle.symbols)?;
        Some((position, Arc::as_ptr(&pod.kin) as usize, pod.priority, self.number(demand)))
    }

    fn number(&mut self, demand: Demand) -> DemandId {
        if demand.is_nothing() {
            return 0;
        }
        if let Some(known) = self.demands.get(&demand) {
            return *known;
        }
        if self.demands.len() >= DEMANDS_KEPT {
            self.demands.clear();
        }
        self.n_demands += 1;
        self.demands.insert(demand, self.n_demands);
        self.n_demands
    }

    /// Brings the state of a shape up to date; `None` if there is none, or none that could be.
    fn catch_up(&mut self, key: StateKey, cycle: Cycle<'_>, profile: &Profile, pod: &Pod) -> Option<()> {
        self.counts.catch_up(cycle.snapshot);
        self.counts.limit();
        let Evaluator { counts, states, work, spare, .. } = self;
        let state = states.get_mut(&key)?;
        if state.catch_up(cycle, profile, pod, counts, work, spare).is_none() {
            states.remove(&key);
            return None;
        }
        Some(())
    }

    fn keep(&mut self, key: StateKey, state: State, n_nodes: usize) -> Option<()> {
        self.seen_once.remove(&key);
        self.evict(n_nodes);
        self.states.insert(key, state);
        Some(())
    }

    fn forget_some_shapes(&mut self) {
        if self.seen_once.len() > SHAPES_SEEN {
            self.seen_once.clear();
        }
    }

    fn is_plain(&mut self, position: usize, profile: &Profile) -> bool {
        if self.is_plain.len() <= position {
            self.is_plain.resize(position + 1, None);
        }
        *self.is_plain[position].get_or_insert_with(|| plan::is_plain(profile))
    }

    /// Drops the half of the tables that was not used for longest, if there are too many.
    fn evict(&mut self, n_nodes: usize) {
        let limit = (ROWS_KEPT / n_nodes.max(1)).clamp(TABLES_KEPT_MIN, TABLES_KEPT_MAX);
        if self.states.len() < limit {
            return;
        }
        let mut uses: Vec<u64> = self.states.values().map(|state| state.used).collect();
        uses.sort_unstable();
        let median = uses[uses.len() / 2];
        self.states.retain(|_, state| state.used > median);
    }
}

/// Whether other pods that take precedence have been promised a place somewhere.
fn is_crowded(cycle: Cycle<'_>, pod: &Pod) -> bool {
    let own = usize::from(cycle.nominator.node_of(&pod.uid).is_some());
    cycle.nominator.n_from_priority(pod.priority) > own
}

/// Decides about a shape that is seen for the first time, without making a table. `Some(None)` if it fits nowhere.
fn place_at_once(
    first: &First,
    cycle: Cycle<'_>,
    profile: &Profile,
    counts: &Counts,
    circumstances: &mut Circumstances,
) -> Option<Option<Placement>> {
    let offers = first.sheet.offers(cycle);
    let groups: SmallVec<[(&Key, Offer); 8]> = first.sheet.keys.iter().zip(offers).collect();
    let survey = first.plan.survey(&groups, counts)?;
    if survey.n_feasible == 0 {
        return Some(None);
    }
    let choose = |group: usize, n: usize| first.sheet.offered(group, groups[group].1.best, n, cycle);
    place(&survey, cycle, profile, circumstances, choose).map(Some)
}

/// Draws a host from the best.
fn place(
    survey: &Survey,
    cycle: Cycle<'_>,
    profile: &Profile,
    circumstances: &mut Circumstances,
    choose: impl FnOnce(usize, usize) -> Option<Row>,
) -> Option<Placement> {
    let is_compared = survey.n_feasible > 1;
    let n = if is_compared { circumstances.ties.below(survey.n_best) } else { 0 };
    let (group, n) = survey.locate(n)?;
    let score = if profile.scores().len() == 0 { 1 } else { survey.best };
    Some(Placement {
        host: choose(group, n)?,
        score: is_compared.then_some(score),
        n_nodes: cycle.snapshot.len(),
        n_feasible: survey.n_feasible,
        n_best: survey.n_best,
        is_nominated: false,
    })
}

#[cfg(test)]
mod tests;
