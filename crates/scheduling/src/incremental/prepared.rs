//! The filters and scores that look at one node only, prepared for a pod.

use std::sync::Arc;

use smallvec::SmallVec;
use wire::config::ExtensionPoint;

use super::Work;
use super::plan::Plan;
use super::verdicts::Rank;
use crate::framework::{Code, Cycle, Filter, Profile, Score, Status};
use crate::model::Pod;
use crate::snapshot::NodeInfo;

/// Which of the plan's filters and scores are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of them.
    All,
    /// Those to whom it matters what runs on a node. What the others say about it is known.
    AboutPods,
}

/// What is asked about a row.
pub(super) struct Prepared<'a> {
    asked: Asked,
    cycle: Cycle<'a>,
    priority: i32,
    filters: SmallVec<[(usize, Box<dyn Filter + 'a>); 8]>,
    scores: SmallVec<[Box<dyn Score + 'a>; 8]>,
    /// Whose filters and scores they are, and of which scheduler; only kept if somebody counts calls.
    names: Option<Box<Names<'a>>>,
}

struct Names<'a> {
    scheduler: &'a str,
    filters: Vec<&'static str>,
    scores: Vec<&'static str>,
}

impl<'a> Prepared<'a> {
    /// Prepares what the plan says. `None` if a plugin says otherwise now than when the plan was made.
    pub(super) fn new(
        cycle: Cycle<'a>,
        profile: &'a Profile,
        pod: &'a Pod,
        plan: &Plan,
        priority: i32,
        asked: Asked,
    ) -> Option<Prepared<'a>> {
        let mut prepared = Prepared {
            asked,
            cycle,
            priority,
            filters: SmallVec::new(),
            scores: SmallVec::new(),
            names: None,
        };
        let mut names = cycle.around.stopwatch.map(|_| Names {
            scheduler: cycle.symbols.resolve(pod.shape.scheduler_name),
            filters: Vec::new(),
            scores: Vec::new(),
        });
        let is_asked = |is_of_node: bool| asked == Asked::All || !is_of_node;
        let mut wanted =
            plan.filters.iter().filter(|filter| is_asked(filter.is_of_node)).map(|f| f.order).peekable();
        for (order, plugin) in profile.at(ExtensionPoint::Filter).enumerate() {
            if wanted.next_if_eq(&order).is_some() {
                if let Some(names) = &mut names {
                    names.filters.push(plugin.registration.name);
                }
                prepared.filters.push((order, plugin.plugin.filter(cycle, pod).filter?));
            }
        }
        let mut wanted =
            plan.scores.iter().filter(|score| is_asked(score.is_of_node)).map(|s| s.position).peekable();
        for (position, (plugin, _)) in profile.scores().enumerate() {
            if wanted.next_if_eq(&position).is_some() {
                if let Some(names) = &mut names {
                    names.scores.push(plugin.registration.name);
                }
                prepared.scores.push(plugin.plugin.score(cycle, pod, &[]).score.ok()??);
            }
        }
        prepared.names = names.map(Box::new);
        Some(prepared)
    }

    /// Says that all filters and scores were called `n` times.
    pub(super) fn count_all(&self, n: u64) {
        let (Some(stopwatch), Some(names)) = (self.cycle.around.stopwatch, &self.names) else { return };
        for (plugins, point) in
            [(&names.filters, ExtensionPoint::Filter), (&names.scores, ExtensionPoint::Score)]
        {
            for plugin in plugins {
                stopwatch.called(names.scheduler, plugin, point, n);
            }
        }
    }

    /// Which filters and scores there are.
    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    /// Why the pod does not fit on the node: both with the pods nominated to it that take precedence, and without.
    pub(super) fn refusal(&self, node: &NodeInfo, work: &mut Work) -> Option<(Rank, Status)> {
        self.refusal_but(node, None, work)
    }

    /// The same, but the nominated pod with this UID, the pod itself, is left out.
    pub(super) fn refusal_but(
        &self,
        node: &NodeInfo,
        uid: Option<&str>,
        work: &mut Work,
    ) -> Option<(Rank, Status)> {
        let nominated = self.cycle.nominator.pods_on(node.node.name).iter();
        let mut ahead = nominated
            .filter(|pod| pod.priority >= self.priority && uid.is_none_or(|uid| *pod.uid != *uid))
            .peekable();
        if ahead.peek().is_some() {
            let mut crowded = node.clone();
            ahead.for_each(|pod| crowded.add_pod(Arc::clone(pod)));
            let refusal = self.first_refusal(&crowded, work);
            if refusal.is_some() {
                return refusal;
            }
        }
        self.first_refusal(node, work)
    }

    /// The filters with their positions.
    pub(super) fn filters(&self) -> impl Iterator<Item = (usize, &(dyn Filter + 'a))> {
        self.filters.iter().map(|(order, filter)| (*order, filter.as_ref()))
    }

    /// The scores, in the plan's order.
    pub(super) fn all_scores(&self) -> impl Iterator<Item = &(dyn Score + 'a)> {
        self.scores.iter().map(AsRef::as_ref)
    }

    /// The raw scores of a node, in the plan's order, as far as they are asked.
    pub(super) fn scores<'s>(
        &'s self,
        node: &'s NodeInfo,
        work: &mut Work,
    ) -> impl Iterator<Item = i64> + use<'s, 'a> {
        work.plugin_calls += self.scores.len() as u64;
        if let (Some(stopwatch), Some(names)) = (self.cycle.around.stopwatch, &self.names) {
            for plugin in &names.scores {
                stopwatch.called(names.scheduler, plugin, ExtensionPoint::Score, 1);
            }
        }
        self.scores.iter().map(|score| score.score(node))
    }

    /// Calls a filter for somebody who counts.
    fn measured(
        &self,
        names: &Names<'_>,
        position: usize,
        call: impl FnOnce() -> Result<(), Status>,
    ) -> Result<(), Status> {
        let (Some(stopwatch), Some(plugin)) = (self.cycle.around.stopwatch, names.filters.get(position))
        else {
            return call();
        };
        stopwatch.called(names.scheduler, plugin, ExtensionPoint::Filter, 1);
        if !stopwatch.is_sampling() {
            return call();
        }
        let begun = stopwatch.reading();
        let verdict = call();
        let took = stopwatch.reading().saturating_sub(begun);
        stopwatch.plugin(plugin, ExtensionPoint::Filter, Code::of(&verdict), took);
        verdict
    }

    fn first_refusal(&self, node: &NodeInfo, work: &mut Work) -> Option<(Rank, Status)> {
        for (position, (order, filter)) in self.filters.iter().enumerate() {
            work.plugin_calls += 1;
            let verdict = match &self.names {
                None => filter.filter(node),
                Some(names) => self.measured(names, position, || filter.filter(node)),
            };
            if let Err(status) = verdict {
                return Some((Rank(*order, 0), status));
            }
        }
        None
    }
}
