//! The pods that wait for a node.
//!
//! A pod is active (to be tried next), backing off (to be tried when its time has come) or unschedulable (to be
//! tried when something happens that may help). Unschedulable pods may be gated: a PreEnqueue plugin keeps them
//! from being tried at all. Which plugin may be helped by what is the plugins' own knowledge, handed in as a
//! [`Policy`].
//!
//! The order of active pods is the queue sort plugin's; equal keys are served in order of arrival. When no pod is
//! active, the pod whose backoff ends first is tried early, as upstream does, unless its last attempt failed
//! for a reason that is not the cluster's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Map, Now};
use wire::config::SchedulerConfiguration;

use crate::framework::SortKey;
use crate::model::Pod;

const SECOND: i64 = 1_000_000_000;
/// After this time without an event that concerns it, a pod is tried anyway.
const MAX_IN_UNSCHEDULABLE: Duration = Duration::from_secs(300);

/// A pod with what the queue knows about it.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    /// The pod.
    pub pod: Arc<Pod>,
    /// How often it has been tried.
    pub attempts: u32,
    /// How often it was refused.
    pub n_refusals: u32,
    /// How often in a row its attempts failed without a refusal.
    pub n_errors_in_a_row: u32,
    /// Since when it has been waiting for its next attempt.
    pub since: Now,
    /// Which plugins refused it last; none if there was no node, or the attempt failed.
    pub refused_by: Vec<&'static str>,
    /// The PreEnqueue plugin that keeps it from being tried.
    pub gated_by: Option<&'static str>,
    /// Whether the object itself has said that the pod is nominated to a node.
    pub object_nominates: bool,
}

/// What the queue has to be told about pods.
pub(super) trait Policy {
    /// The place of a pod among active ones.
    fn sort_key(&self, queued: &QueuedPod) -> SortKey;
    /// The first PreEnqueue plugin that holds the pod back, if any.
    fn gate(&self, queued: &QueuedPod) -> Option<&'static str>;
    /// Whether the pod is worth another attempt after what has happened.
    fn is_worth_trying(&self, queued: &QueuedPod) -> bool;
}

/// The scheduling queue.
#[derive(Clone, Debug)]
pub struct Queue {
    active: BTreeMap<(SortKey, u64), QueuedPod>,
    backoff: BTreeMap<(Now, SortKey, u64), QueuedPod>,
    error_backoff: BTreeMap<(Now, u64), QueuedPod>,
    unschedulable: BTreeMap<u64, QueuedPod>,
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
    Backoff(Now, SortKey, u64),
    ErrorBackoff(Now, u64),
    Unschedulable(u64),
}

impl QueuedPod {
    /// A pod that the queue has not seen before.
    pub(super) fn new(pod: Arc<Pod>, now: Now, object_nominates: bool) -> QueuedPod {
        QueuedPod {
            pod,
            attempts: 0,
            n_refusals: 0,
            n_errors_in_a_row: 0,
            since: now,
            refused_by: Vec::new(),
            gated_by: None,
            object_nominates,
        }
    }
}

impl Queue {
    pub(super) fn new(configuration: &SchedulerConfiguration) -> Queue {
        let seconds = |n: i64| Duration::from_secs(u64::try_from(n).unwrap_or(0));
        Queue {
            active: BTreeMap::new(),
            backoff: BTreeMap::new(),
            error_backoff: BTreeMap::new(),
            unschedulable: BTreeMap::new(),
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
        self.backoff.len() + self.error_backoff.len()
    }

    /// When the first pod can be tried again that is not tried early.
    pub fn next_wake(&self) -> Option<Now> {
        let first = self.error_backoff.first_key_value().map(|((at, _), _)| *at);
        let other = self.backoff.first_key_value().map(|((at, _, _), _)| *at);
        // A pod backs off through the whole second in which its backoff ends.
        first.into_iter().chain(other).min().map(|at| at.after(Duration::from_secs(1)))
    }

    /// All waiting pods: active ones in order, then the others.
    pub fn pods(&self) -> impl Iterator<Item = &QueuedPod> {
        let backing_off = self.backoff.values().chain(self.error_backoff.values());
        self.active.values().chain(backing_off).chain(self.unschedulable.values())
    }

    /// The waiting pod with this UID.
    pub fn get(&self, uid: &str) -> Option<&QueuedPod> {
        match self.places.get(uid)? {
            Place::Active(key, n) => self.active.get(&(*key, *n)),
            Place::Backoff(at, key, n) => self.backoff.get(&(*at, *key, *n)),
            Place::ErrorBackoff(at, n) => self.error_backoff.get(&(*at, *n)),
            Place::Unschedulable(n) => self.unschedulable.get(n),
        }
    }

    /// Adds a pod that may be tried.
    pub(super) fn add(&mut self, queued: QueuedPod, policy: &dyn Policy) {
        self.activate(queued, policy);
    }

    /// Takes over a new form of a waiting pod. Its place changes only if it is waiting for something to happen
    /// and this may be it, or if its order among the active ones changes.
    pub(super) fn update(&mut self, pod: Arc<Pod>, object_nominates: bool, now: Now, policy: &dyn Policy) {
        let Some(place) = self.places.get(&pod.uid).copied() else { return };
        let Some(mut queued) = self.remove(&pod.uid) else { return };
        queued.pod = pod;
        queued.object_nominates = object_nominates;
        match place {
            Place::Active(..) => self.push_active(queued, policy),
            Place::Backoff(..) | Place::ErrorBackoff(..) => self.push_backoff(queued, policy),
            Place::Unschedulable(_) if policy.is_worth_trying(&queued) => self.requeue(queued, now, policy),
            Place::Unschedulable(_) => self.push_unschedulable(queued),
        }
    }

    /// Puts a pod back after an attempt that did not place it.
    pub(super) fn push_failed(&mut self, queued: QueuedPod) {
        self.push_unschedulable(queued);
    }

    /// Puts a pod back whose attempt failed for a reason that will pass: it is tried again in any case.
    pub(super) fn push_to_retry(&mut self, queued: QueuedPod, policy: &dyn Policy) {
        self.push_backoff(queued, policy);
    }

    /// The next pod to try.
    pub(super) fn pop(&mut self) -> Option<QueuedPod> {
        let active = self.active.pop_first().map(|(_, queued)| queued);
        let queued = active.or_else(|| self.backoff.pop_first().map(|(_, queued)| queued))?;
        self.places.remove(&queued.pod.uid);
        Some(queued)
    }

    /// Takes a pod out.
    pub(super) fn remove(&mut self, uid: &str) -> Option<QueuedPod> {
        match self.places.remove(uid)? {
            Place::Active(key, n) => self.active.remove(&(key, n)),
            Place::Backoff(at, key, n) => self.backoff.remove(&(at, key, n)),
            Place::ErrorBackoff(at, n) => self.error_backoff.remove(&(at, n)),
            Place::Unschedulable(n) => self.unschedulable.remove(&n),
        }
    }

    /// Moves pods that are worth another attempt to where they get one.
    pub(super) fn move_worth_trying(&mut self, now: Now, policy: &dyn Policy) {
        let is_worth_trying = |_: &u64, queued: &mut QueuedPod| policy.is_worth_trying(queued);
        let moved: Vec<_> = self.unschedulable.extract_if(.., is_worth_trying).collect();
        for (_, queued) in moved {
            self.requeue(queued, now, policy);
        }
    }

    /// Moves on what time alone moves: pods whose backoff is over, and pods that have waited too long for
    /// something to happen.
    pub(super) fn flush(&mut self, now: Now, policy: &dyn Policy) {
        let is_over = |at: Now| truncate(at) < truncate(now);
        while let Some(entry) = self.backoff.first_entry().filter(|entry| is_over(entry.key().0)) {
            let queued = entry.remove();
            self.push_active(queued, policy);
        }
        while let Some(entry) = self.error_backoff.first_entry().filter(|entry| is_over(entry.key().0)) {
            let queued = entry.remove();
            self.push_active(queued, policy);
        }
        let has_waited = |_: &u64, queued: &mut QueuedPod| {
            queued.gated_by.is_none() && queued.since.after(MAX_IN_UNSCHEDULABLE) < now
        };
        let waited: Vec<_> = self.unschedulable.extract_if(.., has_waited).collect();
        for (_, queued) in waited {
            self.requeue(queued, now, policy);
        }
    }

    /// To the active pods, or to those that back off if its time has not come.
    fn requeue(&mut self, queued: QueuedPod, now: Now, policy: &dyn Policy) {
        let is_backing_off = self.backoff_end(&queued).is_some_and(|end| truncate(end) >= truncate(now));
        match policy.gate(&queued) {
            Some(gate) => self.push_gated(queued, gate),
            None if is_backing_off => self.push_backoff(QueuedPod { gated_by: None, ..queued }, policy),
            None => self.push_active(QueuedPod { gated_by: None, ..queued }, policy),
        }
    }

    fn activate(&mut self, queued: QueuedPod, policy: &dyn Policy) {
        match policy.gate(&queued) {
            Some(gate) => self.push_gated(queued, gate),
            None => self.push_active(queued, policy),
        }
    }

    fn push_gated(&mut self, mut queued: QueuedPod, gate: &'static str) {
        queued.gated_by = Some(gate);
        if !queued.refused_by.contains(&gate) {
            queued.refused_by.push(gate);
        }
        self.push_unschedulable(queued);
    }

    fn push_active(&mut self, queued: QueuedPod, policy: &dyn Policy) {
        let (key, n) = (policy.sort_key(&queued), self.arrival());
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Active(key, n));
        self.active.insert((key, n), queued);
    }

    fn push_backoff(&mut self, queued: QueuedPod, policy: &dyn Policy) {
        let end = self.backoff_end(&queued).unwrap_or(queued.since);
        let n = self.arrival();
        let uid = Arc::clone(&queued.pod.uid);
        if queued.refused_by.is_empty() {
            self.places.insert(uid, Place::ErrorBackoff(end, n));
            self.error_backoff.insert((end, n), queued);
        } else {
            let key = policy.sort_key(&queued);
            self.places.insert(uid, Place::Backoff(end, key, n));
            self.backoff.insert((end, key, n), queued);
        }
    }

    fn push_unschedulable(&mut self, queued: QueuedPod) {
        let n = self.arrival();
        self.places.insert(Arc::clone(&queued.pod.uid), Place::Unschedulable(n));
        self.unschedulable.insert(n, queued);
    }

    fn arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    /// When a pod's backoff ends, in whole seconds; `None` if it has none. It doubles with every refusal, or
    /// with every error in a row, up to a maximum.
    fn backoff_end(&self, queued: &QueuedPod) -> Option<Now> {
        let count = if queued.n_errors_in_a_row > 0 { queued.n_errors_in_a_row } else { queued.n_refusals };
        if self.backoff_max.is_zero() || count == 0 {
            return None;
        }
        let doublings = (count - 1).min(31);
        let wait = self.backoff_initial.saturating_mul(1 << doublings).min(self.backoff_max);
        Some(Now::from_nanos(truncate(queued.since.after(wait)) * SECOND))
    }
}

/// Whole seconds since the epoch.
fn truncate(at: Now) -> i64 {
    at.as_nanos().div_euclid(SECOND)
}
