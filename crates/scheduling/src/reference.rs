//! The reference evaluator: one decision, straight from the rules, with nothing remembered from the last.
//!
//! It is the truth that anything faster is measured against, and what explanations are made from. It is meant
//! to be read next to upstream's description of a scheduling cycle: PreFilter, the nominated node first, Filter
//! on every node, PostFilter if none is left, PreScore, Score, normalization, weights, and the choice of a host.

mod scoring;
mod search;

use base::{Now, Stream};
use wire::config::ExtensionPoint;

pub use scoring::{PluginScores, Scores};
pub use search::num_feasible_nodes_to_find;

use crate::framework::filters::PreFiltered;
use crate::framework::{
    Code, Cycle, Diagnosis, Filters, Nomination, PostFilterCycle, PostFilterResult, Preemption, Profile,
    Reason, Status,
};
use crate::framework::{extender, post_filter};
use crate::model::Pod;
use crate::plugins::gang_scheduling;
use crate::snapshot::{NodeInfo, Row};

/// What a decision may draw on besides the cluster: random streams, the time, and where the last search ended.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Breaks ties between hosts with equal totals.
    pub ties: Stream,
    /// Offsets and ties of preemption.
    pub preemption: Stream,
    /// The time of the decision.
    pub now: Now,
    /// Where the search for feasible nodes starts; it only matters while the configuration limits the search.
    pub next_start_node: usize,
}

impl Circumstances {
    /// The beginning, for a seed.
    pub fn new(seed: u64, now: Now) -> Circumstances {
        Circumstances {
            ties: Stream::new(seed, "ties"),
            preemption: Stream::new(seed, "preemption"),
            now,
            next_start_node: 0,
        }
    }
}

/// The outcome of one scheduling cycle for one pod.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A host was found.
    Placed(Box<Selection>),
    /// No node will do.
    Unschedulable(Box<Refusal>),
    /// There is no node at all.
    NoNodes,
    /// The attempt failed for a reason that is not the cluster's state.
    Failed(Status),
}

impl Decision {
    /// What the user is told if there is no node at all.
    pub(crate) const NO_NODES: &str = "no nodes available to schedule pods";
}

/// How a host was chosen.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The node.
    pub host: Row,
    /// The nodes on which the pod fits, in the order they were found.
    pub feasible: Vec<Row>,
    /// How they compare; `None` if there was only one.
    pub scores: Option<Scores>,
    /// Those with the highest total. The host is drawn from them.
    pub best: Vec<Row>,
    /// Whether the pod had been promised this node and so no other was looked at.
    pub is_nominated: bool,
    /// Why other nodes were refused, as far as they were looked at.
    pub diagnosis: Diagnosis,
}

/// Why no node will do, and what can be done about it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why each node was refused.
    pub diagnosis: Diagnosis,
    /// What is to happen to the pod's nomination.
    pub nomination: Nomination,
    /// How room can be made.
    pub preemption: Option<Preemption>,
}

/// Decides where a pod goes.
pub fn decide<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    circumstances: &mut Circumstances,
) -> Decision {
    if let Err(status) = gang_scheduling::refuse_group_member(pod) {
        return Decision::Failed(status);
    }
    if cycle.snapshot.is_empty() {
        return Decision::NoNodes;
    }
    let begun = cycle.reading();
    let mut pre = PreFiltered::run(cycle, profile, pod);
    let prepared = cycle.ran(pod, ExtensionPoint::PreFilter, Code::of(&pre.result), begun);
    let mut diagnosis = Diagnosis::new(cycle.snapshot.len());
    if let Err(status) = &pre.result {
        if !status.code.is_rejected() {
            return Decision::Failed(wrap("PreFilter plugin", status, cycle));
        }
        diagnosis.pre_filter_message = status.message(cycle.symbols);
        diagnosis.blame(status);
        diagnosis.unschedulable_plugins.extend(&pre.narrowing_plugins);
        diagnosis.absent = status.clone();
        return post_filter(cycle, profile, pod, &mut pre, diagnosis, circumstances);
    }
    diagnosis.unschedulable_plugins.extend(&pre.narrowing_plugins);

    let nominated = match nominated_node(cycle, pod, &mut pre.filters, &mut diagnosis) {
        None => Vec::new(),
        Some(row) => match extender::filter(cycle, pod, vec![row], &mut diagnosis) {
            Ok(rows) => rows,
            Err(status) => return Decision::Failed(status),
        },
    };
    if let Some(host) = nominated.first().copied() {
        return Decision::Placed(Box::new(Selection {
            host,
            feasible: vec![host],
            scores: None,
            best: vec![host],
            is_nominated: true,
            diagnosis,
        }));
    }
    let candidates = search::candidates(cycle, &pre, &mut diagnosis);
    let found =
        search::feasible(cycle, profile, &candidates, &mut pre.filters, &mut diagnosis, circumstances);
    cycle.ran(pod, ExtensionPoint::Filter, Code::of(&found), prepared);
    let feasible = match found {
        Err(status) => return Decision::Failed(wrap("filter plugin", &status, cycle)),
        Ok(feasible) => match extender::filter(cycle, pod, feasible, &mut diagnosis) {
            Err(status) => return Decision::Failed(status),
            Ok(feasible) => feasible,
        },
    };
    match feasible.as_slice() {
        [] => post_filter(cycle, profile, pod, &mut pre, diagnosis, circumstances),
        [only] => Decision::Placed(Box::new(Selection {
            host: *only,
            scores: None,
            best: vec![*only],
            feasible,
            is_nominated: false,
            diagnosis,
        })),
        _ => select(cycle, profile, pod, feasible, diagnosis, circumstances),
    }
}

fn select<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    feasible: Vec<Row>,
    diagnosis: Diagnosis,
    circumstances: &mut Circumstances,
) -> Decision {
    let nodes: Vec<&NodeInfo> = feasible.iter().map(|row| cycle.snapshot.node(*row)).collect();
    match Scores::compute(cycle, profile, pod, &nodes) {
        Err(status) => Decision::Failed(status),
        Ok(mut scores) => {
            let is_scored = extender::prioritize(cycle, pod, &feasible, &mut scores.total);
            let best = scores.best_and_scored(&feasible, &is_scored);
            let host = best[circumstances.ties.below(best.len())];
            let scores = Some(scores);
            Decision::Placed(Box::new(Selection {
                host,
                feasible,
                scores,
                best,
                is_nominated: false,
                diagnosis,
            }))
        }
    }
}

/// A pod that has been promised a node takes it if it still fits there.
fn nominated_node(
    cycle: Cycle<'_>,
    pod: &Pod,
    filters: &mut Filters<'_>,
    diagnosis: &mut Diagnosis,
) -> Option<Row> {
    let row = cycle.snapshot.row(pod.nominated_node_name?)?;
    match filters.check_with_nominated(cycle.snapshot.node(row)) {
        Ok(()) => Some(row),
        Err(status) => {
            if status.code.is_rejected() {
                diagnosis.blame(&status);
                diagnosis.nodes.push((row, status));
            }
            None
        }
    }
}

fn post_filter<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    pre: &mut PreFiltered<'a>,
    mut diagnosis: Diagnosis,
    circumstances: &mut Circumstances,
) -> Decision {
    let begun = cycle.reading();
    let mut plugins = profile.at(ExtensionPoint::PostFilter).peekable();
    if plugins.peek().is_none() {
        let refusal = Refusal { diagnosis, nomination: Nomination::Clear, preemption: None };
        return Decision::Unschedulable(Box::new(refusal));
    }
    let reached: Vec<_> = pre.reports.iter().map(|report| report.plugin).collect();
    let mut nomination = Nomination::Keep;
    let mut reasons: Vec<String> = Vec::new();
    let mut preemption = None;
    for plugin in plugins {
        let mut post = PostFilterCycle {
            cycle,
            profile,
            pod,
            diagnosis: &diagnosis,
            filters: &mut pre.filters,
            reached: &reached,
            random: &mut circumstances.preemption,
            now: circumstances.now,
        };
        let ask = || plugin.plugin.post_filter(&mut post);
        let code = |result: &Option<PostFilterResult>| {
            result.as_ref().map_or(Code::Unschedulable, |result| Code::of(&result.status))
        };
        let name = plugin.registration.name;
        let Some(result) = cycle.call(pod, name, ExtensionPoint::PostFilter, ask, code) else { continue };
        nomination = result.nomination.unwrap_or(nomination);
        match result.status {
            Ok(()) => {
                preemption = result.preemption;
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
    let code = if preemption.is_some() { Code::Success } else { Code::Unschedulable };
    cycle.ran(pod, ExtensionPoint::PostFilter, code, begun);
    diagnosis.post_filter_message = reasons.join(", ");
    Decision::Unschedulable(Box::new(Refusal { diagnosis, nomination, preemption }))
}

/// Puts upstream's words around what a plugin said when it failed.
fn wrap(kind: &str, status: &Status, cycle: Cycle<'_>) -> Status {
    let message = status.message(cycle.symbols);
    let text = if kind == "PreFilter plugin" {
        format!("running PreFilter plugin {:?}: {message}", status.plugin)
    } else {
        format!("running {:?} {kind}: {message}", status.plugin)
    };
    Status { reasons: vec![Reason::text(text)], ..status.clone() }
}
