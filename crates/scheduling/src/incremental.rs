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
mod state;
mod survey;
mod table;
mod unschedulable;
mod verdicts;

use std::sync::Arc;

use base::Map;

use counts::Counts;
pub use expand::{Expanded, ExpandedNode};
use state::State;

use crate::framework::{Cycle, Profile};
use crate::model::Pod;
use crate::outcome::{Outcome, Placement};
use crate::plugins::gang_scheduling;
use crate::reference::{self, Circumstances, num_feasible_nodes_to_find};
use crate::snapshot::Row;

/// How many rows of tables are kept in all, on clusters that are small in comparison. A row takes about 28 bytes.
const ROWS_KEPT: usize = 8 << 20;
/// How many tables are kept at least, on clusters of any size.
const TABLES_KEPT: usize = 32;

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
    /// Per profile: see [`plan::is_plain`].
    is_plain: Vec<Option<bool>>,
    work: Work,
}

/// The profile, the address of a shape that the state keeps alive, and the priority, which says which nominated
/// pods take precedence.
type StateKey = (usize, usize, i32);

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
        if let Some(outcome) = self.decide_from_tables(cycle, position, profile, pod, circumstances) {
            return outcome;
        }
        self.work.long_way += 1;
        let decision = reference::decide(cycle, profile, pod, circumstances);
        Outcome::of(decision, cycle.snapshot.len(), cycle.symbols)
    }

    fn decide_from_tables(
        &mut self,
        cycle: Cycle<'_>,
        position: usize,
        profile: &Profile,
        pod: &Pod,
        circumstances: &mut Circumstances,
    ) -> Option<Outcome> {
        let key = self.up_to_date(cycle, position, profile, pod)?;
        let state = self.states.get_mut(&key)?;
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
        let survey = state.survey(&self.counts)?;
        if survey.n_feasible > 0 {
            let n_best: usize = survey.ties.iter().map(|rows| rows.len()).sum();
            let (host, score) = match survey.only {
                Some(only) => (only, None),
                None => {
                    let score = if profile.scores().len() == 0 { 1 } else { survey.best };
                    (pick(&survey.ties, circumstances.ties.below(n_best))?, Some(score))
                }
            };
            return Some(Outcome::Placed(Placement {
                host,
                score,
                n_nodes: cycle.snapshot.len(),
                n_feasible: survey.n_feasible,
                n_best: n_best.max(1),
                is_nominated: false,
            }));
        }
        drop(survey);
        state.refuse(cycle, profile, pod, &self.counts, circumstances, &mut self.work)
    }

    /// The state of the pod's shape, up to date; `None` if it has to be decided the long way.
    fn up_to_date(
        &mut self,
        cycle: Cycle<'_>,
        position: usize,
        profile: &Profile,
        pod: &Pod,
    ) -> Option<StateKey> {
        if !self.is_plain(position, profile)
            || pod.node_name.is_some()
            || gang_scheduling::refuse_group_member(pod).is_err()
        {
            return None;
        }
        let n_nodes = cycle.snapshot.len();
        let limit = profile.percentage_of_nodes_to_score;
        if limit.is_some_and(|percentage| num_feasible_nodes_to_find(percentage, n_nodes) < n_nodes) {
            return None;
        }
        self.counts.catch_up(cycle.snapshot);
        self.counts.limit();
        let key = (position, Arc::as_ptr(&pod.shape) as usize, pod.priority);
        let Evaluator { counts, states, work, .. } = self;
        let is_current = match states.get_mut(&key) {
            Some(state) => state.catch_up(cycle, profile, pod, counts, work).is_some(),
            None => false,
        };
        if !is_current {
            states.remove(&key);
            work.tables_filled += 1;
            let state = State::new(cycle, profile, pod, counts, work)?;
            states.insert(key, state);
            self.evict(n_nodes);
        }
        let state = self.states.get_mut(&key)?;
        state.used = self.work.decisions;
        // How nominated pods change counts is for the reference evaluator.
        let own = usize::from(cycle.nominator.node_of(&pod.uid).is_some());
        let is_crowded = cycle.nominator.n_from_priority(pod.priority) > own;
        (!(state.has_rules() && is_crowded)).then_some(key)
    }

    fn is_plain(&mut self, position: usize, profile: &Profile) -> bool {
        if self.is_plain.len() <= position {
            self.is_plain.resize(position + 1, None);
        }
        *self.is_plain[position].get_or_insert_with(|| plan::is_plain(profile))
    }

    /// Drops the half of the tables that was not used for longest, if there are too many rows in them.
    fn evict(&mut self, n_nodes: usize) {
        let limit = ROWS_KEPT.max(TABLES_KEPT * n_nodes);
        let size: usize = self.states.values().map(|state| state.table.size()).sum();
        if size <= limit {
            return;
        }
        let mut uses: Vec<u64> = self.states.values().map(|state| state.used).collect();
        uses.sort_unstable();
        let median = uses[uses.len() / 2];
        self.states.retain(|_, state| state.used >= median || state.used == 0);
    }
}

/// The `n`th of all rows.
fn pick(ties: &[&[Row]], n: usize) -> Option<Row> {
    let mut left = n;
    for rows in ties {
        match rows.get(left) {
            Some(row) => return Some(*row),
            None => left -= rows.len(),
        }
    }
    None
}
