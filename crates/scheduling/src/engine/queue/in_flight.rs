//! Pods that are being decided about, and what happens meanwhile.
//!
//! A pod in flight is in no place where an event could find it. So whatever happens is written down as long as any pod
//! is in flight, and a pod that comes back without a node is asked about everything that happened since it left.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base::Map;

use super::Cause;
use crate::framework::{Changed, ClusterEvent};
use crate::model::{Node, Pod};
use crate::storage::StorageObject;

/// What has become of a pod's object while the pod was decided about, or bound.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Found {
    /// It waits for a node; this is its newest form, with the nomination that it says itself.
    Waiting(Arc<Pod>),
    /// It has got a node.
    Placed,
    /// It is gone.
    Gone,
    /// It is gone, and another has its name.
    Replaced,
}

/// The pods in flight and the events since the first of them left the queue.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    pods: Map<Arc<str>, Flight>,
    log: VecDeque<Entry>,
    /// How many entries have been dropped from the front of the log.
    n_dropped: u64,
}

#[derive(Clone, Debug)]
struct Flight {
    /// Where in the log it left the queue, counted from the beginning of time.
    position: u64,
    object: Found,
}

#[derive(Clone, Debug)]
enum Entry {
    /// A pod left the queue.
    Popped,
    /// A pod left the queue and has come back or is placed.
    Done,
    Happened(Cause, ClusterEvent, Object),
}

/// The object of an event, kept.
#[derive(Clone, Debug)]
enum Object {
    Pod { old: Option<Arc<Pod>>, new: Option<Arc<Pod>> },
    Node { old: Option<Arc<Node>>, new: Option<Arc<Node>> },
    Storage { old: Option<StorageObject>, new: Option<StorageObject> },
}

impl Object {
    fn keep(changed: Changed<'_>) -> Object {
        let pod = |pod: Option<&Pod>| pod.cloned().map(Arc::new);
        let node = |node: Option<&Node>| node.cloned().map(Arc::new);
        match changed {
            Changed::Pod { old, new } => Object::Pod { old: pod(old), new: pod(new) },
            Changed::Node { old, new } => Object::Node { old: node(old), new: node(new) },
            Changed::Storage { old, new } => Object::Storage { old: old.cloned(), new: new.cloned() },
        }
    }

    fn changed(&self) -> Changed<'_> {
        match self {
            Object::Pod { old, new } => Changed::Pod { old: old.as_deref(), new: new.as_deref() },
            Object::Node { old, new } => Changed::Node { old: old.as_deref(), new: new.as_deref() },
            Object::Storage { old, new } => Changed::Storage { old: old.as_ref(), new: new.as_ref() },
        }
    }
}

impl InFlight {
    pub(super) fn len(&self) -> usize {
        self.pods.len()
    }

    pub(super) fn has(&self, uid: &str) -> bool {
        self.pods.contains_key(uid)
    }

    /// A pod leaves the queue.
    pub(super) fn begin(&mut self, pod: Arc<Pod>) {
        let position = self.n_dropped + self.log.len() as u64;
        self.log.push_back(Entry::Popped);
        self.pods.insert(Arc::clone(&pod.uid), Flight { position, object: Found::Waiting(pod) });
    }

    /// A pod is decided about. Drops what no pod needs to hear of any more.
    pub(super) fn done(&mut self, uid: &str) -> Option<Found> {
        let flight = self.pods.remove(uid)?;
        if let Some(entry) = self.entry_mut(flight.position) {
            *entry = Entry::Done;
        }
        while self.log.front().is_some_and(|entry| !matches!(entry, Entry::Popped)) {
            self.log.pop_front();
            self.n_dropped += 1;
        }
        Some(flight.object)
    }

    fn entry_mut(&mut self, position: u64) -> Option<&mut Entry> {
        let index = usize::try_from(position.checked_sub(self.n_dropped)?).ok()?;
        self.log.get_mut(index)
    }

    /// Writes an event down, if there is anybody who will want to know.
    pub(super) fn record(&mut self, cause: Cause, event: ClusterEvent, changed: Changed<'_>) {
        if !self.pods.is_empty() {
            self.log.push_back(Entry::Happened(cause, event, Object::keep(changed)));
        }
    }

    /// What has become of a pod's object.
    pub(super) fn object(&self, uid: &str) -> Option<&Found> {
        self.pods.get(uid).map(|flight| &flight.object)
    }

    /// Takes note of what has become of a pod's object.
    pub(super) fn set_object(&mut self, uid: &str, object: Found) {
        if let Some(flight) = self.pods.get_mut(uid) {
            flight.object = object;
        }
    }

    /// What has happened since a pod left the queue, in order.
    pub(super) fn since(&self, uid: &str) -> impl Iterator<Item = (ClusterEvent, Changed<'_>)> {
        let position = self.pods.get(uid).map_or(u64::MAX, |flight| flight.position);
        let index = usize::try_from(position.saturating_sub(self.n_dropped)).unwrap_or(usize::MAX);
        self.log.iter().skip(index).filter_map(|entry| match entry {
            Entry::Happened(_, event, object) => Some((*event, object.changed())),
            Entry::Popped | Entry::Done => None,
        })
    }

    /// How many events are kept, by their label.
    pub(super) fn n_events(&self) -> BTreeMap<Cause, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.log {
            if let Entry::Happened(cause, _, _) = entry {
                *counts.entry(*cause).or_default() += 1;
            }
        }
        counts
    }
}
