//! What has become of a pending pod so far. Kept for every pod, so only figures and the last sentence are.

use scheduling::engine::Scheduler;
use scheduling::framework::Diagnosis;
use scheduling::model::PodKey;
use scheduling::reference::{Decision, Selection};

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
    pub(super) fn of(selection: &Selection, scheduler: &Scheduler) -> Placement {
        let position = selection.feasible.iter().position(|row| *row == selection.host);
        let score =
            selection.scores.as_ref().zip(position).and_then(|(scores, i)| scores.total.get(i).copied());
        let name = scheduler.snapshot().node(selection.host).node.name;
        Placement {
            node: scheduler.symbols().resolve(name).to_owned(),
            score,
            n_feasible: selection.feasible.len(),
            n_nodes: selection.diagnosis.n_nodes,
            n_ties: selection.best.len(),
            is_nominated: selection.is_nominated,
        }
    }
}

impl Refusal {
    pub(super) fn of(decision: &Decision, message: String, scheduler: &Scheduler) -> Refusal {
        let (reason, blame) = match decision {
            Decision::Unschedulable(refusal) => ("Unschedulable", blame(&refusal.diagnosis, scheduler)),
            Decision::NoNodes | Decision::Placed(_) => ("Unschedulable", Vec::new()),
            Decision::Failed(status) if !status.plugin.is_empty() => {
                let nodes = scheduler.snapshot().len();
                let blame = Blame { plugin: status.plugin, n_nodes: nodes, reasons: Vec::new() };
                ("SchedulerError", vec![blame])
            }
            Decision::Failed(_) => ("SchedulerError", Vec::new()),
        };
        Refusal { reason, message, blame }
    }
}

/// How many nodes each plugin refused, and with which sentences; most nodes first.
fn blame(diagnosis: &Diagnosis, scheduler: &Scheduler) -> Vec<Blame> {
    let mut blamed: Vec<Blame> = Vec::new();
    let n_absent = diagnosis.n_nodes.saturating_sub(diagnosis.nodes.len());
    let known = diagnosis.nodes.iter().map(|(_, status)| (status, 1));
    for (status, n) in known.chain(std::iter::once((&diagnosis.absent, n_absent))) {
        if n == 0 || status.plugin.is_empty() {
            continue;
        }
        let at = blamed.iter().position(|blame| blame.plugin == status.plugin).unwrap_or_else(|| {
            blamed.push(Blame { plugin: status.plugin, n_nodes: 0, reasons: Vec::new() });
            blamed.len() - 1
        });
        let blame = &mut blamed[at];
        blame.n_nodes += n;
        for reason in &status.reasons {
            let sentence = reason.sentence(scheduler.symbols());
            match blame.reasons.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, count)) => *count += n,
                None => blame.reasons.push((sentence, n)),
            }
        }
    }
    // Plugins that only narrowed the search down refused no node by name.
    for plugin in &diagnosis.unschedulable_plugins {
        if !blamed.iter().any(|blame| blame.plugin == *plugin) {
            blamed.push(Blame { plugin, n_nodes: 0, reasons: Vec::new() });
        }
    }
    blamed.sort_by(|a, b| (b.n_nodes, a.plugin).cmp(&(a.n_nodes, b.plugin)));
    blamed.iter_mut().for_each(|blame| blame.reasons.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0))));
    blamed
}
