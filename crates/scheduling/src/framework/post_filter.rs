//! What PostFilter works on and returns.

use std::sync::Arc;

use base::{Interner, Stream};

use super::{Code, Cycle, Diagnosis, Filters, Profile, Status};
use crate::model::Pod;
use crate::snapshot::Row;

/// Everything PostFilter may look at.
pub struct PostFilterCycle<'a, 'b> {
    /// The cluster.
    pub cycle: Cycle<'a>,
    /// The profile that decides for the pod.
    pub profile: &'a Profile,
    /// The pod that fits nowhere.
    pub pod: &'a Pod,
    /// Why it does not.
    pub diagnosis: &'b Diagnosis,
    /// Its filters.
    pub filters: &'b mut Filters<'a>,
    /// The plugins whose PreFilter has run.
    pub reached: &'b [&'static str],
    /// For offsets and ties.
    pub random: &'b mut Stream,
    /// When the decision is made: pods without a start time count as started now.
    pub now: base::Now,
}

/// What is to happen to the pod's `status.nominatedNodeName`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nomination {
    /// It stays as it is.
    Keep,
    /// It is cleared.
    Clear,
    /// It becomes this node.
    Node(Row),
}

/// What a PostFilter plugin returns.
#[derive(Clone, Debug)]
pub struct PostFilterResult {
    /// `Ok` if the pod can be scheduled after what was found is done.
    pub status: Result<(), Status>,
    /// What is to happen to the nomination; `None` leaves it to other plugins.
    pub nomination: Option<Nomination>,
    /// How room can be made.
    pub preemption: Option<Preemption>,
}

/// How preemption makes room.
#[derive(Clone, Debug)]
pub struct Preemption {
    /// Every node where it would help, those without budget violations first.
    pub candidates: Vec<PreemptionCandidate>,
    /// Which candidates are equally good.
    pub best: Vec<usize>,
    /// The one that is taken.
    pub chosen: usize,
}

/// A node where preemption makes room.
#[derive(Clone, Debug)]
pub struct PreemptionCandidate {
    /// The node.
    pub row: Row,
    /// Who has to go, most important first. Never empty.
    pub victims: Vec<Arc<Pod>>,
    /// How many of them a disruption budget protects.
    pub n_pdb_violations: usize,
}

impl Preemption {
    /// The candidate that is taken.
    pub fn chosen(&self) -> &PreemptionCandidate {
        &self.candidates[self.chosen]
    }
}

/// Adds what a PostFilter plugin said to the reasons of those before it; returns whether the others are not asked any
/// more, which is so unless it merely had nothing to offer. Then its reason is the only one.
pub(crate) fn add_reason(reasons: &mut Vec<String>, status: &Status, symbols: &Interner) -> bool {
    let stops = !matches!(status.code, Code::Unschedulable | Code::Pending);
    if stops {
        reasons.clear();
    }
    reasons.push(status.message(symbols));
    stops
}
