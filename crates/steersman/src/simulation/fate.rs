//! What has become of a pending pod so far. Kept for every pod, so only figures and the last sentence are.

use scheduling::engine::Scheduler;
use scheduling::model::PodKey;
use scheduling::outcome::{self, Outcome, Summary};

use super::Blame;

/// What has become of a pending pod.
pub(super) enum Fate {
    /// It has not been tried.
    Untried,
    /// It has a node.
    Placed(Placement),
    /// It was refused, the last time it was tried.
    Refused(Refusal),
    /// It had a node, had to leave it for another pod, and nobody made a new one.
    Preempted {
        /// The node.
        node: String,
        /// The other pod.
        by: PodKey,
        /// Whether there would have been a new one, once more.
        is_given_up: bool,
    },
    /// It had a node, had to leave it, and its replacement now waits in its stead.
    Replaced,
}

/// How a node was chosen.
pub(super) struct Placement {
    pub(super) node: String,
    pub(super) score: Option<i64>,
    pub(super) n_feasible: usize,
    pub(super) n_nodes: usize,
    pub(super) n_ties: usize,
    pub(super) is_nominated: bool,
}

/// Why a pod was refused.
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) blame: Vec<Blame>,
}

impl Placement {
    pub(super) fn of(placement: &outcome::Placement, scheduler: &Scheduler) -> Placement {
        let name = scheduler.snapshot().node(placement.host).node.name;
        Placement {
            node: scheduler.symbols().resolve(name).to_owned(),
            score: placement.score,
            n_feasible: placement.n_feasible,
            n_nodes: placement.n_nodes,
            n_ties: placement.n_best,
            is_nominated: placement.is_nominated,
        }
    }
}

impl Refusal {
    pub(super) fn of(outcome: &Outcome, message: String, scheduler: &Scheduler) -> Refusal {
        let (reason, blame) = match outcome {
            Outcome::Unschedulable(refused) => ("Unschedulable", blame(&refused.summary, scheduler)),
            Outcome::NoNodes | Outcome::Placed(_) => ("Unschedulable", Vec::new()),
            Outcome::Failed(status) if !status.plugin.is_empty() => {
                let nodes = scheduler.snapshot().len();
                let blame = Blame { plugin: status.plugin, n_nodes: nodes, reasons: Vec::new() };
                ("SchedulerError", vec![blame])
            }
            Outcome::Failed(_) => ("SchedulerError", Vec::new()),
        };
        Refusal { reason, message, blame }
    }
}

/// How many nodes each plugin refused, and with which sentences; most nodes first.
fn blame(summary: &Summary, scheduler: &Scheduler) -> Vec<Blame> {
    let mut blamed: Vec<Blame> = Vec::new();
    for (status, n) in summary.refusals.iter().filter(|(status, _)| !status.plugin.is_empty()) {
        let at = blamed.iter().position(|blame| blame.plugin == status.plugin).unwrap_or_else(|| {
            blamed.push(Blame { plugin: status.plugin, n_nodes: 0, reasons: Vec::new() });
            blamed.len() - 1
        });
        let blame = &mut blamed[at];
        blame.n_nodes += n;
        for reason in &status.reasons {
            let sentence = reason.sentence(scheduler.symbols());
            match blame.reasons.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, count)) => *count += *n,
                None => blame.reasons.push((sentence, *n)),
            }
        }
    }
    // Plugins that only narrowed the search down refused no node by name.
    for plugin in &summary.unschedulable_plugins {
        if !blamed.iter().any(|blame| blame.plugin == *plugin) {
            blamed.push(Blame { plugin, n_nodes: 0, reasons: Vec::new() });
        }
    }
    blamed.sort_by(|a, b| (b.n_nodes, a.plugin).cmp(&(a.n_nodes, b.plugin)));
    blamed.iter_mut().for_each(|blame| blame.reasons.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0))));
    blamed
}
