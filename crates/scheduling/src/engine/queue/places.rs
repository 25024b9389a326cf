//! Where each waiting pod is. A pod is in one place, or in none.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Map, Now, Symbol};

use super::groups::{GroupId, Groups};
use super::{QueuedPod, nominated};
use crate::framework::SortKey;

/// The place of a pod, with the key under which it is found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To be tried next.
    Active(SortKey),
    /// Refused, and waits until then. Among pods whose wait ends at the same time the order of the queue counts,
    /// unless that is turned off.
    Backoff(Now, Option<SortKey>),
    /// Failed for a reason that is not the cluster's, and waits until then.
    ErrorBackoff(Now),
    /// Waits for something to happen.
    Unschedulable(GroupId),
}

/// All waiting pods.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Boxed, so that the table stays small and growing it copies little.
    pods: Map<Arc<str>, Box<(QueuedPod, Place)>>,
    active: BTreeMap<(SortKey, u64), Arc<str>>,
    backoff: BTreeMap<(Now, Option<SortKey>, u64), Arc<str>>,
    error_backoff: BTreeMap<(Now, u64), Arc<str>>,
    unschedulable: Groups,
}

impl Places {
    pub(super) fn get(&self, uid: &str) -> Option<&QueuedPod> {
        self.pods.get(uid).map(|entry| &entry.0)
    }

    pub(super) fn place_of(&self, uid: &str) -> Option<Place> {
        self.pods.get(uid).map(|entry| entry.1)
    }

    pub(super) fn n_active(&self) -> usize {
        self.active.len()
    }

    pub(super) fn n_backoff(&self) -> usize {
        self.backoff.len()
    }

    pub(super) fn n_error_backoff(&self) -> usize {
        self.error_backoff.len()
    }

    pub(super) fn unschedulable(&self) -> &Groups {
        &self.unschedulable
    }

    /// All pods: active ones in order, then those that back off, then the others.
    pub(super) fn iter(&self) -> impl Iterator<Item = &QueuedPod> {
        let backing_off = self.backoff.values().chain(self.error_backoff.values());
        let others = self.unschedulable.iter().flat_map(|group| group.members());
        self.active.values().chain(backing_off).chain(others).filter_map(|uid| self.get(uid))
    }

    /// Takes out the active pod that is next.
    pub(super) fn pop_active(&mut self) -> Option<QueuedPod> {
        let (_, uid) = self.active.pop_first()?;
        self.pods.remove(&uid).map(|entry| entry.0)
    }

    /// The pod among the refused ones whose wait ends first, and when.
    pub(super) fn first_backoff(&self) -> Option<(Now, Arc<str>)> {
        self.backoff.first_key_value().map(|((end, _, _), uid)| (*end, Arc::clone(uid)))
    }

    /// The pod among the failed ones whose wait ends first, and when.
    pub(super) fn first_error_backoff(&self) -> Option<(Now, Arc<str>)> {
        self.error_backoff.first_key_value().map(|((end, _), uid)| (*end, Arc::clone(uid)))
    }

    pub(super) fn insert_active(&mut self, queued: QueuedPod, key: SortKey) {
        self.active.insert((key, queued.arrival), Arc::clone(&queued.pod.uid));
        self.note(queued, Place::Active(key));
    }

    pub(super) fn insert_backoff(&mut self, queued: QueuedPod, end: Now, key: Option<SortKey>) {
        self.backoff.insert((end, key, queued.arrival), Arc::clone(&queued.pod.uid));
        self.note(queued, Place::Backoff(end, key));
    }

    pub(super) fn insert_error_backoff(&mut self, queued: QueuedPod, end: Now) {
        self.error_backoff.insert((end, queued.arrival), Arc::clone(&queued.pod.uid));
        self.note(queued, Place::ErrorBackoff(end));
    }

    pub(super) fn insert_unschedulable(&mut self, queued: QueuedPod) {
        let group = self.unschedulable.insert(&queued);
        self.note(queued, Place::Unschedulable(group));
    }

    fn note(&mut self, queued: QueuedPod, place: Place) {
        self.pods.insert(Arc::clone(&queued.pod.uid), Box::new((queued, place)));
    }

    /// Sets the node that a pod is nominated to. Its place does not depend on that.
    pub(super) fn set_nomination(&mut self, uid: &str, nomination: Option<Symbol>) {
        if let Some(entry) = self.pods.get_mut(uid) {
            let queued = &mut entry.0;
            queued.pod = nominated(Arc::clone(&queued.pod), nomination);
        }
    }

    pub(super) fn remove(&mut self, uid: &str) -> Option<(QueuedPod, Place)> {
        let (queued, place) = *self.pods.remove(uid)?;
        match place {
            Place::Active(key) => {
                self.active.remove(&(key, queued.arrival));
            }
            Place::Backoff(end, key) => {
                self.backoff.remove(&(end, key, queued.arrival));
            }
            Place::ErrorBackoff(end) => {
                self.error_backoff.remove(&(end, queued.arrival));
            }
            Place::Unschedulable(group) => self.unschedulable.remove(&queued, group),
        }
        Some((queued, place))
    }
}
