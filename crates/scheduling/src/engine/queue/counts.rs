//! What the queue counts, in the shape of upstream's metrics.

use std::collections::BTreeMap;
use std::fmt;

use base::Symbol;

use super::QueuedPod;
use crate::framework::ClusterEvent;

/// Why a pod came to where it is. Printed as upstream's label `event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Something happened in the cluster, or to the pod itself.
    Event(ClusterEvent),
    /// An attempt to place it failed.
    ScheduleAttemptFailure,
    /// Its backoff is over.
    BackoffComplete,
    /// It was tried although it backed off, because there was nothing else to do.
    PopFromBackoffQ,
    /// It was to be tried whatever had happened.
    ForceActivate,
    /// It had waited for too long.
    UnschedulableTimeout,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Event(event) => return event.fmt(f),
            Cause::ScheduleAttemptFailure => "ScheduleAttemptFailure",
            Cause::BackoffComplete => "BackoffComplete",
            Cause::PopFromBackoffQ => "PopFromBackoffQ",
            Cause::ForceActivate => "ForceActivate",
            Cause::UnschedulableTimeout => "UnschedulableTimeout",
        })
    }
}

/// A part of the queue. Printed as upstream's label `queue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueName {
    /// Pods that are tried next.
    Active,
    /// Pods that wait for their time.
    Backoff,
    /// Pods that wait for something to happen, gated ones included.
    Unschedulable,
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QueueName::Active => "active",
            QueueName::Backoff => "backoff",
            QueueName::Unschedulable => "unschedulable",
        })
    }
}

/// How many pods came where and why, and whom plugins keep from being placed.
#[derive(Clone, Debug, Default)]
pub struct QueueCounts {
    incoming: BTreeMap<(QueueName, Cause), u64>,
    blamed: BTreeMap<(&'static str, Symbol), u64>,
}

impl QueueCounts {
    /// How many pods have come to a part of the queue for a cause (`queue_incoming_pods_total`).
    pub fn incoming(&self) -> impl Iterator<Item = (QueueName, Cause, u64)> {
        self.incoming.iter().map(|((queue, cause), n)| (*queue, *cause, *n))
    }

    /// How many waiting pods a plugin has refused or gates, by plugin and scheduler name (`unschedulable_pods`). A
    /// pod counts once for every plugin that is to blame.
    pub fn blamed(&self) -> impl Iterator<Item = (&'static str, Symbol, u64)> {
        self.blamed.iter().map(|((plugin, profile), n)| (*plugin, *profile, *n))
    }

    pub(super) fn note_incoming(&mut self, queue: QueueName, cause: Cause) {
        *self.incoming.entry((queue, cause)).or_default() += 1;
    }

    pub(super) fn blame(&mut self, plugin: &'static str, profile: Symbol) {
        *self.blamed.entry((plugin, profile)).or_default() += 1;
    }

    /// A pod comes into the queue.
    pub(super) fn enters(&mut self, queued: &QueuedPod) {
        for plugin in &queued.refused_by {
            self.blame(plugin, queued.pod.shape.scheduler_name);
        }
    }

    /// A pod leaves the queue.
    pub(super) fn leaves(&mut self, queued: &QueuedPod) {
        for plugin in &queued.refused_by {
            if let Some(n) = self.blamed.get_mut(&(*plugin, queued.pod.shape.scheduler_name)) {
                *n = n.saturating_sub(1);
            }
        }
    }
}

/// What moving pods has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueWork {
    /// How often a plugin was asked whether an event may help a pod.
    pub hint_calls: u64,
    /// How many pods left the unschedulable ones because something happened.
    pub pods_moved: u64,
}
