//! What goes into the state machine and what comes out.

use std::fmt;
use std::sync::Arc;

use base::Now;
use smallvec::SmallVec;
use wire::Object;

use crate::framework::ClusterEvent;
use crate::model::{Pod, PodKey};
use crate::outcome::Outcome;

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An object is there, or is there in another form.
    Upsert(&'a Object),
    /// An object is gone.
    Delete(&'a Object),
    /// There is time to decide about the next pod.
    Schedule,
    /// A bind command has been carried out, or not.
    BindFinished {
        /// Which pod.
        uid: &'a str,
        /// Why not.
        result: Result<(), String>,
    },
    /// A [`Command::BindVolume`] or [`Command::ProvisionClaim`] has been carried out, or not.
    VolumeFinished {
        /// The UID of the pod.
        uid: &'a str,
        /// What was to be written: the name of the volume, or `namespace/name` of the claim ([`ClaimName`]'s
        /// `Display`).
        object: &'a str,
        /// Why it was not written.
        result: Result<(), String>,
    },
    /// An evict command has been carried out, or not. A pod that was gone already counts as evicted.
    EvictFinished {
        /// The UID of the pod that was to get room.
        preemptor: &'a str,
        /// The UID of the pod that was to leave.
        victim: &'a str,
        /// Why it was not evicted.
        result: Result<(), String>,
    },
    /// Time has passed. To be sent when a [`Command::WakeAt`] says so, and at least every 30 seconds if pods are to be
    /// tried that have waited too long for something to happen.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Bind the pod to the node.
    ///
    /// Every one has to be answered with an [`Input::BindFinished`], however late: until then the pod is remembered,
    /// even if its object is gone. A driver that cannot learn what came of it reports a failure.
    Bind {
        /// Which pod.
        pod: PodKey,
        /// Its UID: a pod of the same name that came later must not be bound.
        uid: Arc<str>,
        /// The node's name.
        node: Arc<str>,
    },
    /// Reserve a volume for a claim of a pod: update the PersistentVolume with a `spec.claimRef` to the claim, and with
    /// the annotation `pv.kubernetes.io/bound-by-controller: yes` unless it names the claim already.
    ///
    /// Has to be answered with an [`Input::VolumeFinished`]. The pod is bound when all its volumes are written and the
    /// PersistentVolume controller has bound its claims.
    BindVolume {
        /// For which pod.
        pod: PodKey,
        /// Its UID.
        uid: Arc<str>,
        /// The volume's name.
        volume: Arc<str>,
        /// The `metadata.resourceVersion` that the volume must still have; empty is any.
        resource_version: Arc<str>,
        /// The node that the pod was given.
        node: Arc<str>,
        /// Whether the volume names the claim already.
        names_claim: bool,
        /// The claim.
        claim: ClaimName,
    },
    /// Have a volume made for a claim of a pod: update the PersistentVolumeClaim with the annotation
    /// `volume.kubernetes.io/selected-node: <node>`.
    ///
    /// Has to be answered with an [`Input::VolumeFinished`].
    ProvisionClaim {
        /// For which pod.
        pod: PodKey,
        /// Its UID.
        uid: Arc<str>,
        /// The claim.
        claim: ClaimName,
        /// The node's name.
        node: Arc<str>,
    },
    /// Write into the pod's status. Not sent if nothing would change.
    PatchStatus {
        /// Which pod.
        pod: PodKey,
        /// Its UID.
        uid: Arc<str>,
        /// Its PodScheduled condition, which becomes False; `None` leaves it as it is.
        condition: Option<Condition>,
        /// What `nominatedNodeName` becomes, if it changes; empty clears it.
        nominated_node_name: Option<Arc<str>>,
    },
    /// Remove a pod to make room: mark it with the condition DisruptionTarget, then delete it. Answered by
    /// [`Input::EvictFinished`].
    Evict {
        /// Which pod.
        pod: PodKey,
        /// Its UID.
        uid: Arc<str>,
        /// The UID of the pod that it makes room for.
        preemptor: Arc<str>,
        /// The name of the node where it makes room, which the pod's object may not say yet.
        node: Arc<str>,
        /// The message of the condition.
        message: String,
        /// The generation of the pod that is to leave, for the condition.
        generation: i64,
    },
    /// Record an event about a pod.
    Event {
        /// About which pod.
        pod: PodKey,
        /// Its UID.
        uid: Arc<str>,
        /// Another pod that has to do with it, with its UID: the one that a victim makes room for.
        related: Option<(PodKey, Arc<str>)>,
        /// The name of the scheduler that says so.
        reporter: Arc<str>,
        /// Which event.
        kind: EventKind,
        /// The note, cut to what an event can hold.
        note: String,
    },
    /// Send [`Input::Tick`] at this time or later.
    WakeAt(Now),
}

/// A claim, as it was when something was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimName {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its UID: a claim of the same name that came later is not meant.
    pub uid: Arc<str>,
    /// Its `metadata.resourceVersion`, which it must still have where it is itself written; empty is any.
    pub resource_version: Arc<str>,
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The PodScheduled condition of a pod that was not placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `Unschedulable` or `SchedulerError`.
    pub reason: &'static str,
    /// The whole message.
    pub message: String,
    /// The generation of the pod that this is about.
    pub observed_generation: i64,
    /// Whether the condition was not False before, so that its lastTransitionTime is now.
    pub is_transition: bool,
}

impl Condition {
    /// No node will do.
    pub const UNSCHEDULABLE: &'static str = "Unschedulable";
    /// The attempt failed for a reason that is not the cluster's state.
    pub const SCHEDULER_ERROR: &'static str = "SchedulerError";
}

/// The events that the scheduler records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Normal, action Binding.
    Scheduled,
    /// Warning, action Scheduling.
    FailedScheduling,
    /// Normal, action Preempting.
    Preempted,
}

/// The outcome of one input.
#[derive(Debug, Default)]
pub struct Step {
    /// What is to be done, in order.
    pub commands: Vec<Command>,
    /// The attempt that was made, if the input was [`Input::Schedule`] and a pod was waiting.
    pub tried: Option<Tried>,
    /// What has happened in the cluster, as far as waiting pods hear of it.
    pub events: SmallVec<[ClusterEvent; 2]>,
}

/// An attempt to place a pod.
#[derive(Debug)]
pub struct Tried {
    /// Which pod.
    pub pod: Arc<Pod>,
    /// What came of it.
    pub outcome: Outcome,
    /// What the user is told if the pod was not placed.
    pub message: String,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// When it first waited for an attempt.
    pub first_active: Option<Now>,
}

impl Tried {
    /// The reason of the condition of a pod that was not placed.
    pub fn reason(&self) -> &'static str {
        match self.outcome {
            Outcome::Failed(_) => Condition::SCHEDULER_ERROR,
            Outcome::Placed(_) | Outcome::Unschedulable(_) | Outcome::NoNodes => Condition::UNSCHEDULABLE,
        }
    }
}
