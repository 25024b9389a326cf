//! Pods that have been given a node, until their binding is known to have succeeded or failed.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Map, Now, Symbol};
use smallvec::SmallVec;

use super::queue::{Found, QueuedPod};
use super::volumes::{Awaited, VolumeStage};

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
    /// What has to be done about its volumes before the command is given.
    pub(super) volumes: Option<VolumeStage>,
}

/// All pods that are being bound, by UID. One stays until the command is answered and the object has been seen on its
/// node, or has gone.
#[derive(Default)]
pub(super) struct Bindings {
    all: Map<Arc<str>, Binding>,
    /// Pods by the objects that they wait for.
    awaited: Map<Awaited, SmallVec<[Arc<str>; 1]>>,
    /// When to give up waiting for volumes.
    deadlines: BTreeSet<(Now, Arc<str>)>,
}

impl Bindings {
    pub(super) fn begin(&mut self, queued: QueuedPod, node: Symbol, found: Found) {
        let uid = Arc::clone(&queued.pod.uid);
        let (is_assumed, is_answered, volumes) = (true, false, None);
        self.all.insert(uid, Binding { queued, node, is_assumed, is_answered, found, volumes });
    }

    pub(super) fn get_mut(&mut self, uid: &str) -> Option<&mut Binding> {
        self.all.get_mut(uid)
    }

    /// Whether a pod takes up room on a node without being known to be there.
    pub(super) fn assumes(&self, uid: &str) -> bool {
        self.all.get(uid).is_some_and(|binding| binding.is_assumed)
    }

    /// How many pods take up room on a node without being known to be there.
    pub(super) fn n_assumed(&self) -> usize {
        self.all.values().filter(|binding| binding.is_assumed).count()
    }

    pub(super) fn remove(&mut self, uid: &str) -> Option<Binding> {
        self.take_volumes(uid);
        self.all.remove(uid)
    }

    /// The pod is on its node, or does not need it any more. Returns whether it had been assumed.
    pub(super) fn settle(&mut self, uid: &str, found: Found) -> bool {
        let Some(binding) = self.all.get_mut(uid) else { return false };
        let was_assumed = std::mem::replace(&mut binding.is_assumed, false);
        binding.found = found;
        if binding.is_answered {
            self.remove(uid);
        }
        was_assumed
    }

    /// Something has to be done about a pod's volumes first.
    pub(super) fn set_volumes(&mut self, uid: &Arc<str>, stage: VolumeStage) {
        let Some(binding) = self.all.get_mut(uid) else { return };
        for awaited in stage.awaited() {
            self.awaited.entry(awaited).or_default().push(Arc::clone(uid));
        }
        self.deadlines.insert((stage.deadline, Arc::clone(uid)));
        binding.volumes = Some(stage);
    }

    pub(super) fn volumes(&self, uid: &str) -> Option<&VolumeStage> {
        self.all.get(uid)?.volumes.as_ref()
    }

    pub(super) fn volumes_mut(&mut self, uid: &str) -> Option<&mut VolumeStage> {
        self.all.get_mut(uid)?.volumes.as_mut()
    }

    /// Nothing has to be done about a pod's volumes any more.
    pub(super) fn take_volumes(&mut self, uid: &str) -> Option<VolumeStage> {
        let stage = self.all.get_mut(uid)?.volumes.take()?;
        for awaited in stage.awaited() {
            if let Some(pods) = self.awaited.get_mut(&awaited) {
                pods.retain(|pod| **pod != *uid);
                if pods.is_empty() {
                    self.awaited.remove(&awaited);
                }
            }
        }
        self.deadlines.remove(&(stage.deadline, Arc::from(uid)));
        Some(stage)
    }

    /// The same, when everything has been done.
    pub(super) fn end_volumes(&mut self, uid: &str) -> Option<&Binding> {
        self.take_volumes(uid)?;
        self.all.get(uid)
    }

    /// Whether any pod waits for its volumes.
    pub(super) fn await_volumes(&self) -> bool {
        !self.deadlines.is_empty()
    }

    /// The pods that wait for one of these objects, each once.
    pub(super) fn awaiting(&self, objects: &[Awaited]) -> Vec<Arc<str>> {
        let mut pods: Vec<Arc<str>> = Vec::new();
        for uid in objects.iter().filter_map(|object| self.awaited.get(object)).flatten() {
            if !pods.contains(uid) {
                pods.push(Arc::clone(uid));
            }
        }
        pods
    }

    /// The pods on a node that wait for their volumes.
    pub(super) fn with_volumes_on(&self, node: Symbol) -> Vec<Arc<str>> {
        let waiting = self.deadlines.iter().map(|(_, uid)| uid);
        let is_there = |uid: &&Arc<str>| self.all.get(*uid).is_some_and(|binding| binding.node == node);
        waiting.filter(is_there).cloned().collect()
    }

    /// The pods that have waited too long for their volumes.
    pub(super) fn with_volumes_overdue(&self, now: Now) -> Vec<Arc<str>> {
        self.deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .map(|(_, uid)| Arc::clone(uid))
            .collect()
    }

    /// The pods that wait for their volumes and have their places, with their nodes.
    #[cfg(test)]
    pub(super) fn with_volumes(&self) -> impl Iterator<Item = (Arc<str>, Symbol)> {
        let waiting = self.deadlines.iter().filter_map(|(_, uid)| Some((uid, self.all.get(uid)?)));
        waiting
            .filter(|(_, binding)| binding.is_assumed)
            .map(|(uid, binding)| (Arc::clone(uid), binding.node))
    }

    /// When the first pod will have waited too long for its volumes.
    pub(super) fn next_deadline(&self) -> Option<Now> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}
