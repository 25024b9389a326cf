//! What the queue knows about a pod.

use std::sync::Arc;

use base::{Now, Symbol};

use crate::model::Pod;

/// A pod with what the queue knows about it.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// The pod. Its nominated node is what the scheduler goes by, which its object may not say yet.
    pub pod: Arc<Pod>,
    /// The node that the object itself says the pod is nominated to.
    pub told_nomination: Option<Symbol>,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it first became active.
    pub first_active: Option<Now>,
    /// How often it was refused.
    pub n_refusals: u32,
    /// How often in a row its attempts failed without a refusal.
    pub n_errors_in_a_row: u32,
    /// Since when it has been waiting for its next attempt.
    pub since: Now,
    /// Which plugins refused it last, or keep it back, in order of their names; none if there was no node, or the
    /// attempt failed.
    pub refused_by: Vec<&'static str>,
    /// Those among them that wait for something outside.
    pub waits_for: Vec<&'static str>,
    /// The PreEnqueue plugin that keeps it from being tried.
    pub gated_by: Option<&'static str>,
    /// Whether it is to be tried only because it has waited for so long.
    pub was_flushed: bool,
    /// Breaks ties in order of arrival; like `since`, it is new after every attempt.
    pub(super) arrival: u64,
}

impl QueuedPod {
    /// A pod that the queue has not seen before.
    pub(in crate::engine) fn new(pod: Arc<Pod>, now: Now) -> QueuedPod {
        let told_nomination = pod.nominated_node_name;
        QueuedPod {
            pod,
            told_nomination,
            attempts: 0,
            first_active: None,
            n_refusals: 0,
            n_errors_in_a_row: 0,
            since: now,
            refused_by: Vec::new(),
            waits_for: Vec::new(),
            gated_by: None,
            was_flushed: false,
            arrival: 0,
        }
    }

    /// Adds a plugin to those that keep the pod from being placed. Returns false if it is one already.
    pub(super) fn blame(&mut self, plugin: &'static str) -> bool {
        match self.refused_by.binary_search(&plugin) {
            Ok(_) => false,
            Err(position) => {
                self.refused_by.insert(position, plugin);
                true
            }
        }
    }
}
