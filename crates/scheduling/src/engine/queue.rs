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
//!
//! | file | what it is |
//! |---|---|
//! | `places` | where each pod is |
//! | `groups` | unschedulable pods by what an event has to be asked about |
//! | `moves` | what moves pods: events, failed attempts, orders, time |
//! | `in_flight` | pods that are being decided about, and what happens meanwhile |
//! | `backoff` | how long a pod waits between attempts |
//! | `counts` | metrics |

mod backoff;
mod counts;
mod groups;
mod in_flight;
mod moves;
mod places;
mod queued_pod;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Now, Symbol};
use wire::config::{FeatureGates, Gate, SchedulerConfiguration};

use backoff::Backoff;
pub use counts::{Cause, QueueCounts, QueueName, QueueWork};
pub(super) use in_flight::Found;
use in_flight::InFlight;
use moves::{Verdict, verdict};
use places::{Place, Places};
pub use queued_pod::QueuedPod;

use crate::framework::event::pod_events;
use crate::framework::{Actions, Changed, ClusterEvent, Hint, Resource, SortKey};
use crate::model::Pod;

/// A pod that came.
const POD_ADDED: ClusterEvent = ClusterEvent::new(Resource::UnscheduledPod, Actions::ADD);
/// A pod of which something changed that no plugin names.
const POD_UPDATED: ClusterEvent = ClusterEvent::new(Resource::UnscheduledPod, Actions::UPDATE);
/// How often pods are looked for that have waited too long.
const FLUSH_PERIOD: Duration = Duration::from_secs(30);

/// What the queue has to be told about pods.
pub(super) trait Policy {
    /// The place of a pod among active ones.
    fn sort_key(&self, queued: &QueuedPod) -> SortKey;
    /// The first PreEnqueue plugin that holds the pod back, if any. The one that did so before is asked first.
    fn gate(&self, queued: &QueuedPod) -> Option<&'static str>;
    /// Whether any plugin hears of an event.
    fn is_of_interest(&self, event: &ClusterEvent) -> bool;
    /// Whether a plugin hears of an event.
    fn hears(&self, plugin: &str, event: &ClusterEvent) -> bool;
    /// What a plugin that hears of an event says about it to a pod that it refused.
    fn hint(&self, plugin: &str, pod: &Pod, event: ClusterEvent, changed: Changed<'_>) -> Hint;
}

/// What a pod waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Its turn.
    Turn,
    /// The end of its backoff, at this time.
    Backoff(Now),
    /// A PreEnqueue plugin to let it in.
    Gate(&'static str),
    /// Something to change that lets it fit.
    Change,
}

/// Something that happened to an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening<'a> {
    pub(super) event: ClusterEvent,
    pub(super) changed: Changed<'a>,
    /// Only pods up to this priority are concerned: a promise to a more important pod did not hold them back.
    pub(super) max_priority: Option<i32>,
    /// A pod that it does not concern, whatever its plugins say.
    pub(super) spared: Option<&'a str>,
}

/// The scheduling queue.
#[derive(Clone, Debug)]
pub struct Queue {
    places: Places,
    in_flight: InFlight,
    backoff: Backoff,
    /// Whether pods that back off are tried when there is nothing else to do (SchedulerPopFromBackoffQ).
    pops_early: bool,
    /// After this time without an event that concerns it, a pod is tried anyway.
    max_in_unschedulable: Duration,
    next_flush: Option<Now>,
    arrivals: u64,
    counts: QueueCounts,
    work: QueueWork,
}

impl Queue {
    pub(super) fn new(configuration: &SchedulerConfiguration, gates: &FeatureGates) -> Queue {
        let seconds = |n: i64| Duration::from_secs(u64::try_from(n).unwrap_or(0));
        let pops_early = gates.enabled(Gate::SchedulerPopFromBackoffQ);
        Queue {
            places: Places::default(),
            in_flight: InFlight::default(),
            backoff: Backoff {
                initial: seconds(configuration.pod_initial_backoff_seconds),
                max: seconds(configuration.pod_max_backoff_seconds),
                in_seconds: pops_early,
            },
            pops_early,
            max_in_unschedulable: Duration::from_secs(300),
            next_flush: None,
            arrivals: 0,
            counts: QueueCounts::default(),
            work: QueueWork::default(),
        }
    }

    pub(super) fn set_max_in_unschedulable(&mut self, wait: Duration) {
        self.max_in_unschedulable = wait;
    }

    pub(super) fn max_in_unschedulable(&self) -> Duration {
        self.max_in_unschedulable
    }

    /// How many pods are to be tried next.
    pub fn n_active(&self) -> usize {
        self.places.n_active()
    }

    /// Whether there is a pod to be tried now.
    pub fn has_next(&self) -> bool {
        self.places.n_active() > 0 || (self.pops_early && self.places.n_backoff() > 0)
    }

    /// What a waiting pod waits for.
    pub fn waits_for(&self, uid: &str) -> Option<Waits> {
        Some(match self.places.place_of(uid)? {
            Place::Active(_) => Waits::Turn,
            Place::Backoff(end, _) | Place::ErrorBackoff(end) => Waits::Backoff(self.backoff.over_at(end)),
            Place::Unschedulable(_) => match self.get(uid)?.gated_by {
                Some(plugin) => Waits::Gate(plugin),
                None => Waits::Change,
            },
        })
    }

    /// How many pods wait for their backoff to end.
    pub fn n_backing_off(&self) -> usize {
        self.places.n_backoff() + self.places.n_error_backoff()
    }

    /// How many of them do so because their last attempt failed for a reason that is not the cluster's.
    pub fn n_backing_off_after_errors(&self) -> usize {
        self.places.n_error_backoff()
    }

    /// How many pods wait for something to happen, without those that are gated.
    pub fn n_unschedulable(&self) -> usize {
        self.places.unschedulable().n_pods() - self.n_gated()
    }

    /// How many pods a PreEnqueue plugin keeps from being tried.
    pub fn n_gated(&self) -> usize {
        self.places.unschedulable().n_gated()
    }

    /// How many pods are being decided about.
    pub fn n_in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many events are kept for pods in flight, by their label.
    pub fn n_in_flight_events(&self) -> BTreeMap<Cause, usize> {
        self.in_flight.n_events()
    }

    /// Counts for metrics.
    pub fn counts(&self) -> &QueueCounts {
        &self.counts
    }

    /// What moving pods has cost so far.
    pub fn work(&self) -> QueueWork {
        self.work
    }

    /// When the first pod can be tried again that is not tried early.
    pub fn next_wake(&self) -> Option<Now> {
        let ends = [self.places.first_backoff(), self.places.first_error_backoff()];
        ends.into_iter().flatten().map(|(end, _)| self.backoff.over_at(end)).min()
    }

    /// All waiting pods: active ones in order, then the others.
    pub fn pods(&self) -> impl Iterator<Item = &QueuedPod> {
        self.places.iter()
    }

    /// The waiting pod with this UID. A pod in flight does not wait.
    pub fn get(&self, uid: &str) -> Option<&QueuedPod> {
        self.places.get(uid)
    }

    /// Adds a pod, unless it is known. Returns whether it is active, as opposed to gated.
    pub(super) fn add(&mut self, mut queued: QueuedPod, now: Now, policy: &dyn Policy) -> bool {
        let uid = &queued.pod.uid;
        if self.in_flight.has(uid) || self.places.get(uid).is_some() {
            return false;
        }
        queued.arrival = self.next_arrival();
        let cause = Cause::Event(POD_ADDED);
        self.requeue(queued, Verdict::Immediately, cause, now, policy) == QueueName::Active
    }

    fn next_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    /// Takes over a new form of a pod, which is to be nominated to `nomination`. Its place changes only if it is
    /// waiting for something to happen and this may be it, or if its order changes. Returns whether it became active
    /// because something changed that no plugin names.
    pub(super) fn update(
        &mut self,
        pod: Arc<Pod>,
        nomination: Option<Symbol>,
        now: Now,
        policy: &dyn Policy,
    ) -> bool {
        if let Some(Found::Waiting(old)) = self.in_flight.object(&pod.uid).cloned() {
            for event in pod_events(&old, &pod) {
                let changed = Changed::Pod { old: Some(&old), new: Some(&pod) };
                self.in_flight.record(Cause::Event(event), event, changed);
            }
            let uid = Arc::clone(&pod.uid);
            self.in_flight.set_object(&uid, Found::Waiting(pod));
            return false;
        }
        let Some((mut queued, place)) = self.places.remove(&pod.uid) else { return false };
        let old = Arc::clone(&queued.pod);
        queued.told_nomination = pod.nominated_node_name;
        queued.pod = nominated(pod, nomination);
        match place {
            Place::Active(_) => {
                let key = policy.sort_key(&queued);
                self.places.insert_active(queued, key);
                false
            }
            Place::Backoff(end, _) | Place::ErrorBackoff(end) => {
                self.insert_backoff(queued, end, policy);
                false
            }
            Place::Unschedulable(_) => self.reconsider(queued, &old, now, policy),
        }
    }

    /// Puts a pod that changed itself back where it belongs now.
    fn reconsider(&mut self, mut queued: QueuedPod, old: &Pod, now: Now, policy: &dyn Policy) -> bool {
        let new = Arc::clone(&queued.pod);
        let changed = Changed::Pod { old: Some(old), new: Some(&new) };
        for event in pod_events(old, &new) {
            let found = verdict(&queued, event, changed, policy, &mut self.work);
            let to = self.destination(&mut queued, found, now, policy);
            if to != QueueName::Unschedulable {
                self.work.pods_moved += 1;
                self.put(queued, to, Cause::Event(event), now, policy);
                return to == QueueName::Active && event == POD_UPDATED;
            }
        }
        // It has not left, so it does not come in anew.
        self.places.insert_unschedulable(queued);
        false
    }

    /// Takes a pod out to be tried: the first active one, or else the one whose backoff ends first. It is in flight
    /// until [`Queue::done`] or [`Queue::re_add`].
    pub(super) fn pop(&mut self) -> Option<QueuedPod> {
        loop {
            let mut queued = match self.places.pop_active() {
                Some(queued) => queued,
                None if self.pops_early => {
                    let (_, uid) = self.places.first_backoff()?;
                    self.counts.note_incoming(QueueName::Active, Cause::PopFromBackoffQ);
                    self.places.remove(&uid)?.0
                }
                None => return None,
            };
            self.counts.leaves(&queued);
            if self.in_flight.has(&queued.pod.uid) {
                continue;
            }
            queued.attempts += 1;
            self.in_flight.begin(nominated(Arc::clone(&queued.pod), queued.told_nomination));
            return Some(queued);
        }
    }

    /// What has become of the object of a pod in flight.
    pub(super) fn object(&self, uid: &str) -> Option<Found> {
        self.in_flight.object(uid).cloned()
    }

    /// A pod in flight does not come back: it has been given a node, or nobody is to place it any more.
    pub(super) fn done(&mut self, uid: &str) {
        self.in_flight.done(uid);
    }

    /// A pod does not wait any more, because of what has become of its object.
    pub(super) fn withdraw(&mut self, uid: &str, because: Found) -> Option<QueuedPod> {
        self.in_flight.set_object(uid, because);
        let (queued, _) = self.places.remove(uid)?;
        self.counts.leaves(&queued);
        Some(queued)
    }

    /// Sets the node that the scheduler goes by as the one a waiting pod is nominated to.
    pub(super) fn nominate(&mut self, uid: &str, nomination: Option<Symbol>) {
        self.places.set_nomination(uid, nomination);
    }
}

/// The pod, nominated to a node or to none.
pub(super) fn nominated(pod: Arc<Pod>, nomination: Option<Symbol>) -> Arc<Pod> {
    if pod.nominated_node_name == nomination {
        return pod;
    }
    Arc::new(Pod { nominated_node_name: nomination, ..(*pod).clone() })
}

#[cfg(test)]
mod tests;
