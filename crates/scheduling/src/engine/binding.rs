//! Pods that have been given a node, until their binding is known to have succeeded or failed.

use std::sync::Arc;

use base::{Map, Symbol};

use super::queue::{Found, QueuedPod};

/// A pod that is being bound.
pub(super) struct Binding {
    pub(super) queued: QueuedPod,
    /// The node that it was given.
    pub(super) node: Symbol,
    /// Whether it takes up room on that node although its object does not say yet that it is there.
    pub(super) is_assumed: bool,
    /// Whether it is known what has become of the command.
    pub(super) is_answered: bool,
    /// What has become of its object meanwhile.
    pub(super) found: Found,
}

/// All pods that are being bound, by UID. One stays until the command is answered and the object has been seen on its
/// node, or has gone.
#[derive(Default)]
pub(super) struct Bindings(Map<Arc<str>, Binding>);

impl Bindings {
    pub(super) fn begin(&mut self, queued: QueuedPod, node: Symbol, found: Found) {
        let uid = Arc::clone(&queued.pod.uid);
        let binding = Binding { queued, node, is_assumed: true, is_answered: false, found };
        self.0.insert(uid, binding);
    }

    pub(super) fn get_mut(&mut self, uid: &str) -> Option<&mut Binding> {
        self.0.get_mut(uid)
    }

    /// Whether a pod takes up room on a node without being known to be there.
    pub(super) fn assumes(&self, uid: &str) -> bool {
        self.0.get(uid).is_some_and(|binding| binding.is_assumed)
    }

    /// How many pods take up room on a node without being known to be there.
    pub(super) fn n_assumed(&self) -> usize {
        self.0.values().filter(|binding| binding.is_assumed).count()
    }

    pub(super) fn remove(&mut self, uid: &str) -> Option<Binding> {
        self.0.remove(uid)
    }

    /// The pod is on its node, or does not need it any more. Returns whether it had been assumed.
    pub(super) fn settle(&mut self, uid: &str, found: Found) -> bool {
        let Some(binding) = self.0.get_mut(uid) else { return false };
        let was_assumed = std::mem::replace(&mut binding.is_assumed, false);
        binding.found = found;
        if binding.is_answered {
            self.0.remove(uid);
        }
        was_assumed
    }
}
