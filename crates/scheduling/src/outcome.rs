//! What came of an attempt to place a pod, without the nodes it was not placed on.
//!
//! A [`crate::reference::Decision`] says everything about every node. An outcome says what there is to do, and
//! as much of the why as people are told: it costs the same whether the cluster has ten nodes or a million.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Interner;

use crate::framework::{Diagnosis, Nomination, Status, diagnosis};
use crate::model::Pod;
use crate::reference::{Decision, Selection};
use crate::snapshot::Row;

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A host was found.
    Placed(Placement),
    /// No node will do.
    Unschedulable(Box<Refused>),
    /// There is no node at all.
    NoNodes,
    /// The attempt failed for a reason that is not the cluster's state.
    Failed(Status),
}

/// How a host was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The node.
    pub host: Row,
    /// Its total score; `None` if there was nothing to compare it with.
    pub score: Option<i64>,
    /// How many nodes there are.
    pub n_nodes: usize,
    /// On how many nodes the pod fits.
    pub n_feasible: usize,
    /// How many of them have the highest score. The host is drawn from them.
    pub n_best: usize,
    /// Whether the pod had been promised this node and so no other was looked at.
    pub is_nominated: bool,
}

/// Why no node will do, and what can be done about it.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why.
    pub summary: Arc<Summary>,
    /// What is to happen to the pod's nomination.
    pub nomination: Nomination,
    /// How room can be made.
    pub room: Option<Room>,
}

/// A node where preemption makes room.
#[derive(Clone, Debug)]
pub struct Room {
    /// The node.
    pub row: Row,
    /// Who has to go, most important first. Never empty.
    pub victims: Vec<Arc<Pod>>,
}

/// How many nodes were refused for what.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many nodes there are.
    pub n_nodes: usize,
    /// Each kind of refusal and how many nodes it met, without operands.
    pub refusals: Vec<(Status, usize)>,
    /// The plugins that are to blame.
    pub unschedulable_plugins: BTreeSet<&'static str>,
    /// Those among them that wait for something outside.
    pub pending_plugins: BTreeSet<&'static str>,
    /// `0/N nodes are available: …`
    pub message: String,
}

impl Summary {
    /// Sums a diagnosis up.
    pub fn of(diagnosis: &Diagnosis, symbols: &Interner) -> Summary {
        let mut refusals: Vec<(Status, usize)> = Vec::new();
        let n_absent = diagnosis.n_nodes.saturating_sub(diagnosis.nodes.len());
        let known = diagnosis.nodes.iter().map(|(_, status)| (status, 1));
        for (status, n) in known.chain(std::iter::once((&diagnosis.absent, n_absent))).filter(|(_, n)| *n > 0)
        {
            match refusals.iter_mut().find(|(known, _)| known.reads_like(status)) {
                Some((_, count)) => *count += n,
                None => refusals.push((status.without_operands(), n)),
            }
        }
        Summary {
            n_nodes: diagnosis.n_nodes,
            refusals,
            unschedulable_plugins: diagnosis.unschedulable_plugins.clone(),
            pending_plugins: diagnosis.pending_plugins.clone(),
            message: diagnosis.message(symbols),
        }
    }

    /// Makes the sentence for refusals that were counted: `0/N nodes are available: …`
    pub fn message_for(
        n_nodes: usize,
        refusals: &[(Status, usize)],
        post_filter_message: &str,
        symbols: &Interner,
    ) -> String {
        let counted =
            refusals.iter().flat_map(|(status, n)| status.reasons.iter().map(|reason| (reason, *n)));
        diagnosis::message(n_nodes, "", &diagnosis::histogram(counted, symbols), post_filter_message)
    }
}

impl Outcome {
    /// The outcome that a decision amounts to.
    pub fn of(decision: Decision, n_nodes: usize, symbols: &Interner) -> Outcome {
        match decision {
            Decision::Placed(selection) => Outcome::Placed(Placement::of(&selection, n_nodes)),
            Decision::NoNodes => Outcome::NoNodes,
            Decision::Failed(status) => Outcome::Failed(status),
            Decision::Unschedulable(refusal) => {
                let room = refusal.preemption.map(|preemption| {
                    let chosen = preemption.chosen();
                    Room { row: chosen.row, victims: chosen.victims.clone() }
                });
                Outcome::Unschedulable(Box::new(Refused {
                    summary: Arc::new(Summary::of(&refusal.diagnosis, symbols)),
                    nomination: refusal.nomination,
                    room,
                }))
            }
        }
    }

    /// What the user is told about a pod that was not placed; empty if it was.
    pub fn message(&self, symbols: &Interner) -> String {
        match self {
            Outcome::Placed(_) => String::new(),
            Outcome::Unschedulable(refused) => refused.summary.message.clone(),
            Outcome::NoNodes => Decision::NO_NODES.to_owned(),
            Outcome::Failed(status) => status.message(symbols),
        }
    }
}

impl Placement {
    fn of(selection: &Selection, n_nodes: usize) -> Placement {
        let position = selection.feasible.iter().position(|row| *row == selection.host);
        let scores = selection.scores.as_ref().zip(position);
        Placement {
            host: selection.host,
            score: scores.and_then(|(scores, i)| scores.total.get(i).copied()),
            n_nodes,
            n_feasible: selection.feasible.len(),
            n_best: selection.best.len(),
            is_nominated: selection.is_nominated,
        }
    }
}
