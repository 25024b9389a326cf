//! The pods that wait for a node.
//!
//! A pod is active (to be tried next), backing off (to be tried when its time has come), unschedulable (to be
//! tried when something changes that may help) or gated (not to be tried). What may help is read coarsely here,
//! from the plugins that refused the pod: a pod may be tried in vain, but is never left waiting for something
//! that has happened.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Map, Now};
use wire::config::SchedulerConfiguration;

use crate::framework::SortKey;
use crate::model::Pod;

/// A pod with what the queue knows about it.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// The pod.
    pub pod: Arc<Pod>,
    /// How often it has been tried.
    pub attempts: u32,
    /// How often it was refused or failed: its backoff grows with it.
    pub failures: u32,
    /// Since when it has been waiting for its next attempt.
    pub since: Now,
    /// Which plugins refused it last; none if there was no node, or the attempt failed.
    pub refused_by: Vec<&'static str>,
    /// Whether the object itself has said that the pod is nominated to a node.
    pub object_nominates: bool,
}

/// Something that may let refused pods fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A node came or changed.
    Node,
    /// A pod was placed, or a placed pod's labels changed.
    PodPlaced,
    /// A placed pod left, or asks for less.
    PodRemoved,
    /// Anything else that plugins read.
    Other,
}

/// Plugins whose verdict can turn when a pod is placed somewhere.
const HELPED_BY_PLACED_PODS: [&str; 2] = ["InterPodAffinity", "PodTopologySpread"];
/// Plugins whose verdict can turn when a placed pod leaves.
const HELPED_BY_REMOVED_PODS: [&str; 6] = [
    "InterPodAffinity",
    "PodTopologySpread",
    "NodeResourcesFit",
    "NodePorts",
    "VolumeRestrictions",
    "NodeVolumeLimits",
];

impl Change {
    fn may_help(self, queued: &QueuedPod) -> bool {
        let is_blamed = |plugins: &[&str]| queued.refused_by.iter().any(|plugin| plugins.contains(plugin));
        match self {
            Change::Node | Change::Other => true,
            Change::PodPlaced => is_blamed(&HELPED_BY_PLACED_PODS),
            Change::PodRemoved => is_blamed(&HELPED_BY_REMOVED_PODS),
        }
    }
}

/// The scheduling queue.
#[derive(Clone, Debug)]
pub struct Queue {
    active: BTreeMap<(SortKey, u64), QueuedPod>,
    backoff: BTreeMap<(Now, u64), QueuedPod>,
    unschedulable: BTreeMap<u64, QueuedPod>,
    gated: BTreeMap<u64, QueuedPod>,
    /// Where each pod is, by UID.
    places: Map<Arc<str>, Place>,
    /// Breaks ties between pods in order of arrival.
    arrivals: u64,
    backoff_initial: Duration,
    backoff_max: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Active(SortKey, u64),
    Backoff(Now, u64),
    Unschedulable(u64),
    Gated(u64),
}

impl Queue {
    pub(super) fn new(configuration: &SchedulerConfiguration) -> Queue {
        let seconds = |n: i64| Duration::from_secs(u64::try_from(n).unwrap_or(0));
        Queue {
            active: BTreeMap::new(),
            backoff: BTreeMap::new(),
            unschedulable: BTreeMap::new(),
            gated: BTreeMap::new(),
            places: Map::default(),
            arrivals: 0,
            backoff_initial: seconds(configuration.pod_initial_backoff_seconds),
            backoff_max: seconds(configuration.pod_max_backoff_seconds),
        }
    }

    /// How many pods are to be tried next.
    pub fn n_active(&self) -> usize {
        self.active.len()
    }

    /// How many pods wait for their backoff to end.
    pub fn n_backing_off(&self) -> usize {
        self.backoff.len()
    }

    /// When the first backoff ends.
    pub fn next_wake(&self) -> Option<Now> {
        self.backoff.first_key_value().map(|((at, _), _)| *at)
    }

    /// All waiting pods: active ones in order, then the others.
    pub fn pods(&self) -> impl Iterator<Item = &QueuedPod> {
        let others = self.backoff.values().chain(self.unschedulable.values()).chain(self.gated.values());
        self.active.values().chain(others)
    }

    /// The waiting pod with this UID.
    pub fn get(&self, uid: &str) -> Option<&QueuedPod> {
        match self.places.get(uid)? {
            Place::Active(key, n) => self.active.get(&(*key, *n)),
            Place::Backoff(at, n) => self.backoff.get(&(*at, *n)),
            Place::Unschedulable(n) => self.unschedulable.get(n),
            Place::Gated(n) => self.gated.get(n),
        }
    }

    fn arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    pub(super) fn push_active(&mut self, queued: QueuedPod, key: SortKey) {
        let n = self.arrival();
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Active(key, n));
        self.active.insert((key, n), queued);
    }

    pub(super) fn push_gated(&mut self, queued: QueuedPod) {
        let n = self.arrival();
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Gated(n));
        self.gated.insert(n, queued);
    }

    /// Puts a pod back that was refused: it waits for a change.
    pub(super) fn push_unschedulable(&mut self, queued: QueuedPod) {
        let n = self.arrival();
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Unschedulable(n));
        self.unschedulable.insert(n, queued);
    }

    /// Puts a pod back that failed or may fit now: it waits for its backoff to end.
    pub(super) fn push_backoff(&mut self, queued: QueuedPod) {
        let n = self.arrival();
        let at = queued.since.after(self.backoff_of(queued.failures));
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Backoff(at, n));
        self.backoff.insert((at, n), queued);
    }

    fn backoff_of(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.backoff_initial.saturating_mul(1 << doublings).min(self.backoff_max)
    }

    pub(super) fn pop(&mut self) -> Option<QueuedPod> {
        let (_, queued) = self.active.pop_first()?;
        self.places.remove(&queued.pod.uid);
        Some(queued)
    }

    pub(super) fn remove(&mut self, uid: &str) -> Option<QueuedPod> {
        match self.places.remove(uid)? {
            Place::Active(key, n) => self.active.remove(&(key, n)),
            Place::Backoff(at, n) => self.backoff.remove(&(at, n)),
            Place::Unschedulable(n) => self.unschedulable.remove(&n),
            Place::Gated(n) => self.gated.remove(&n),
        }
    }

    /// Replaces the object of a waiting pod where it is, if nothing in it has changed that decides when and
    /// where it is placed: what this scheduler writes into a pod's status comes back as such an update.
    pub(super) fn replace_alike(&mut self, pod: &Arc<Pod>, object_nominates: bool) -> bool {
        let Some(place) = self.places.get(&pod.uid) else { return false };
        let queued = match place {
            Place::Active(key, n) => self.active.get_mut(&(*key, *n)),
            Place::Backoff(at, n) => self.backoff.get_mut(&(*at, *n)),
            Place::Unschedulable(n) => self.unschedulable.get_mut(n),
            Place::Gated(n) => self.gated.get_mut(n),
        };
        let Some(queued) = queued else { return false };
        let known = &queued.pod;
        let is_alike = Arc::ptr_eq(&known.shape, &pod.shape)
            && known.priority == pod.priority
            && known.never_preempts == pod.never_preempts
            && known.is_terminating == pod.is_terminating;
        if is_alike {
            queued.object_nominates = object_nominates;
            queued.pod = Arc::clone(pod);
        }
        is_alike
    }

    /// Moves pods that may fit after a change to where they are tried again.
    pub(super) fn move_for(&mut self, change: Change) {
        let moved: Vec<_> = self.unschedulable.extract_if(.., |_, queued| change.may_help(queued)).collect();
        for (_, queued) in moved {
            self.push_backoff(queued);
        }
    }

    /// Makes pods active whose backoff is over. Their order among each other is kept by priority and time.
    pub(super) fn flush_backoff(&mut self, now: Now) {
        while let Some(entry) = self.backoff.first_entry().filter(|entry| entry.key().0 <= now) {
            let queued = entry.remove();
            let key = SortKey { priority: std::cmp::Reverse(queued.pod.priority), since: queued.since };
            self.push_active(queued, key);
        }
    }
}
