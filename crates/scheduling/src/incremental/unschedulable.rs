//! What is said and done about a pod that fits nowhere.

use std::sync::Arc;

use wire::config::ExtensionPoint;

use super::Work;
use super::counts::Counts;
use super::preemption::{Victims, room};
use super::state::State;
use super::verdicts::Verdict;
use crate::framework::filters::PreFiltered;
use crate::framework::post_filter;
use crate::framework::{Code, Cycle, Diagnosis, Nomination, PostFilterCycle, Profile, Status};
use crate::model::Pod;
use crate::outcome::{Outcome, Refused, Room, Summary};
use crate::plugins::default_preemption;
use crate::reference::Circumstances;
use crate::snapshot::Row;

/// What PostFilter comes to.
struct Said {
    nomination: Nomination,
    message: String,
    room: Option<Room>,
}

impl State {
    /// Refuses a pod that fits nowhere. `None` if that has to be done the long way.
    pub(super) fn refuse(
        &mut self,
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &Counts,
        circumstances: &mut Circumstances,
        work: &mut Work,
    ) -> Option<Outcome> {
        if let Some(cached) = self.cached_refusal(pod) {
            return Some(Outcome::Unschedulable(Box::new(Refused {
                summary: Arc::clone(&cached.summary),
                nomination: cached.nomination,
                room: None,
            })));
        }
        let histogram = self.histogram(counts);
        let said = |(verdict, n): (Verdict, usize)| Some((self.verdicts.refusal(verdict)?.1.clone(), n));
        let refusals: Vec<(Status, usize)> = histogram.iter().filter_map(said).collect();
        let mut diagnosis = Diagnosis::new(cycle.snapshot.len());
        refusals.iter().for_each(|(status, _)| diagnosis.blame(status));
        let said =
            self.post_filter(cycle, profile, pod, counts, circumstances, &refusals, &diagnosis, work)?;
        let message = Summary::message_for(diagnosis.n_nodes, &refusals, &said.message, cycle.symbols);
        let summary = Arc::new(Summary {
            n_nodes: diagnosis.n_nodes,
            refusals,
            unschedulable_plugins: diagnosis.unschedulable_plugins,
            pending_plugins: diagnosis.pending_plugins,
            message,
        });
        if said.room.is_none() {
            self.cache_refusal(pod, Arc::clone(&summary), said.nomination);
        }
        Some(Outcome::Unschedulable(Box::new(Refused {
            summary,
            nomination: said.nomination,
            room: said.room,
        })))
    }

    #[expect(clippy::too_many_arguments, reason = "all that PostFilter may look at")]
    fn post_filter(
        &mut self,
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &Counts,
        circumstances: &mut Circumstances,
        refusals: &[(Status, usize)],
        diagnosis: &Diagnosis,
        work: &mut Work,
    ) -> Option<Said> {
        let plugins = profile.at(ExtensionPoint::PostFilter);
        if plugins.len() == 0 {
            return Some(Said { nomination: Nomination::Clear, message: String::new(), room: None });
        }
        let reached: Vec<&str> = profile.names_at(ExtensionPoint::PreFilter).collect();
        let mut said = Said { nomination: Nomination::Keep, message: String::new(), room: None };
        let mut reasons: Vec<String> = Vec::new();
        for plugin in plugins {
            let (status, nomination) = if plugin.plugin.is_default_preemption() {
                let found = self.preempt(cycle, profile, pod, counts, circumstances, refusals, work)?;
                match found {
                    Ok(room) => {
                        let nomination = Nomination::Node(room.row);
                        said.room = Some(room);
                        (Ok(()), Some(nomination))
                    }
                    Err((status, nomination)) => (Err(status), nomination),
                }
            } else {
                let mut filters = PreFiltered::nothing(cycle, pod);
                let result = plugin.plugin.post_filter(&mut PostFilterCycle {
                    cycle,
                    profile,
                    pod,
                    diagnosis,
                    filters: &mut filters,
                    reached: &reached,
                    random: &mut circumstances.preemption,
                    now: circumstances.now,
                });
                let Some(result) = result else { continue };
                (result.status, result.nomination)
            };
            said.nomination = nomination.unwrap_or(said.nomination);
            match status {
                Ok(()) => {
                    reasons.clear();
                    break;
                }
                Err(status) => {
                    if post_filter::add_reason(&mut reasons, &status, cycle.symbols) {
                        break;
                    }
                }
            }
        }
        said.message = reasons.join(", ");
        Some(said)
    }

    /// DefaultPreemption from what is kept. The pod has no nomination.
    #[expect(clippy::too_many_arguments, reason = "all that preemption looks at")]
    fn preempt(
        &mut self,
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &Counts,
        circumstances: &mut Circumstances,
        refusals: &[(Status, usize)],
        work: &mut Work,
    ) -> Option<Result<Room, (Status, Option<Nomination>)>> {
        let refuse = |why: String, nomination: Option<Nomination>| {
            let result = default_preemption::refuse(why, nomination);
            result.status.err().map(|status| Err((status, result.nomination)))
        };
        if pod.never_preempts {
            return refuse(default_preemption::NEVER.to_owned(), None);
        }
        let n_nodes = cycle.snapshot.len();
        let helpful = refusals.iter().filter(|(status, _)| status.code == Code::Unschedulable);
        let n_potential: usize = helpful.map(|(_, n)| n).sum();
        let nowhere = |mut refused: Vec<(Status, usize)>| {
            refused.push((
                default_preemption::unhelpful(),
                n_nodes - refused.iter().map(|(_, n)| n).sum::<usize>(),
            ));
            refused.retain(|(_, n)| *n > 0);
            refuse(Summary::message_for(n_nodes, &refused, "", cycle.symbols), Some(Nomination::Clear))
        };
        if n_potential == 0 || !counts.has_lower_priority(pod.priority) {
            return nowhere(vec![(default_preemption::without_victims(), n_potential)]);
        }
        // Removing pods changes counts, so what is found on one node depends on others.
        let is_from_the_future = counts.latest_start() >= Some(circumstances.now.as_nanos());
        if self.has_rules() || is_from_the_future {
            return None;
        }
        let mut pre = PreFiltered::run(cycle, profile, pod);
        let reached: Vec<&str> = Vec::new();
        let mut post = PostFilterCycle {
            cycle,
            profile,
            pod,
            diagnosis: &Diagnosis::new(n_nodes),
            filters: &mut pre.filters,
            reached: &reached,
            random: &mut circumstances.preemption,
            now: circumstances.now,
        };
        let State { table, verdicts, victims, .. } = self;
        let is_potential = |row: Row| {
            let refusal = table.get(row).and_then(|(verdict, ..)| verdicts.refusal(verdict));
            refusal.is_some_and(|(_, status)| status.code == Code::Unschedulable)
        };
        let victims = victims.get_or_insert_with(Victims::new);
        work.rows_visited += victims.catch_up(&mut post, &is_potential);
        let best = victims.best();
        if best.is_empty() {
            if victims.has_errors() {
                return None;
            }
            return nowhere(victims.refused());
        }
        let row = best[post.random.below(best.len())];
        room(&mut post, row).map(Ok)
    }
}
