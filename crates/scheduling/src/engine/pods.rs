//! How pods change the state.

use std::sync::Arc;

use base::{Now, Symbol};

use super::Scheduler;
use super::command::Command;
use super::queue::{Found, QueuedPod, nominated};
use crate::framework::event::pod_events;
use crate::framework::{Actions, Changed, ClusterEvent, Resource};
use crate::model::{Pod, PodKey};

impl Scheduler {
    pub(super) fn upsert_pod(&mut self, pod: Arc<Pod>, now: Now, commands: &mut Vec<Command>) {
        if let Some(other) = self.names.get(&pod.key).filter(|uid| **uid != pod.uid).cloned() {
            // A pod cannot have the name of another as long as that exists; nobody has said that it is gone.
            self.remove_pod(&pod.key, &other, None, Found::Replaced, now, commands);
        }
        if pod.node_name.is_some() {
            self.upsert_placed_pod(pod, now, commands);
        } else if self.bindings.assumes(&pod.uid) {
            self.upsert_assumed_pod(pod, now, commands);
        } else if self.profile_of(&pod).is_some() {
            if let Some(binding) = self.bindings.get_mut(&pod.uid) {
                binding.found = Found::Waiting(Arc::clone(&pod));
            }
            self.upsert_waiting_pod(pod, now);
        }
    }

    fn upsert_placed_pod(&mut self, pod: Arc<Pod>, now: Now, commands: &mut Vec<Command>) {
        self.queue.withdraw(&pod.uid, Found::Placed);
        let promised = self.nominator.node_of(&pod.uid);
        self.nominator.remove(&pod.uid);
        self.evictions.forget(&pod.uid);
        let was_assumed = self.bindings.settle(&pod.uid, Found::Placed);
        self.give_up_volumes(&pod.uid, now, commands);
        self.forget_name(&pod.key, &pod.uid);
        let before = self.snapshot.pod(&pod.uid).cloned();
        self.snapshot.upsert_pod(Arc::clone(&pod));
        match &before {
            // It was assumed somewhere else, and gives that place back.
            Some(before) if before.node_name != pod.node_name => self.announce_removed_pod(before, now),
            // It may take less than it was assumed to.
            Some(before) if was_assumed && !Arc::ptr_eq(&before.shape, &pod.shape) => {
                let changed = Changed::Pod { old: Some(before), new: Some(&pod) };
                self.announce(&pod_events(before, &pod), changed, None, None, now);
            }
            _ => {}
        }
        let old = before.filter(|before| !was_assumed && before.node_name == pod.node_name);
        let made_room_for =
            if pod.is_terminating { self.note_leaving(&pod.uid, now, commands) } else { Vec::new() };
        let events = match &old {
            None => vec![ClusterEvent::new(Resource::AssignedPod, Actions::ADD)],
            Some(old) => pod_events(old, &pod),
        };
        self.announce(&events, Changed::Pod { old: old.as_deref(), new: Some(&pod) }, None, None, now);
        self.let_through(made_room_for, now);
        if let Some(node) = pod.node_name {
            self.announce_unused_promise(&nominated(Arc::clone(&pod), promised), node, now);
        }
    }

    /// Tells waiting pods if a pod that went to `node` leaves a place free that it was promised elsewhere.
    pub(super) fn announce_unused_promise(&mut self, pod: &Pod, node: Symbol, now: Now) {
        if pod.nominated_node_name.is_some_and(|promised| promised != node) {
            self.announce_lost_promise(pod, now);
        }
    }

    /// The scheduler's own view is newer until the binding is known to have failed, except that a pod which is being
    /// deleted will not be bound.
    fn upsert_assumed_pod(&mut self, pod: Arc<Pod>, now: Now, commands: &mut Vec<Command>) {
        let uid = Arc::clone(&pod.uid);
        let is_terminating = pod.is_terminating;
        let found = Found::Waiting(pod);
        if !is_terminating {
            if let Some(binding) = self.bindings.get_mut(&uid) {
                binding.found = found;
            }
            return;
        }
        self.bindings.settle(&uid, found);
        let made_room_for = self.note_leaving(&uid, now, commands);
        if let Some(gone) = self.snapshot.remove_pod(&uid) {
            self.announce_removed_pod(&gone, now);
        }
        self.give_up_volumes(&uid, now, commands);
        self.let_through(made_room_for, now);
    }

    fn upsert_waiting_pod(&mut self, pod: Arc<Pod>, now: Now) {
        let uid = Arc::clone(&pod.uid);
        let told = pod.nominated_node_name;
        let Some((old, told_before)) = self.known(&uid) else {
            self.announced.push(ClusterEvent::new(Resource::UnscheduledPod, Actions::ADD));
            self.names.insert(pod.key.clone(), Arc::clone(&uid));
            let queued = QueuedPod::new(Arc::clone(&pod), now);
            let is_active = self.with_policy(|queue, policy| queue.add(queued, now, policy));
            // Nothing is kept free for a pod that is not to be tried.
            if is_active {
                self.nominate(&pod);
            }
            return;
        };
        self.announced.extend(pod_events(&old, &pod));
        // A nomination that this scheduler has made stays while the object says nothing about it.
        let says_nothing = told.is_none() && told_before.is_none();
        let nomination = if says_nothing { self.nominator.node_of(&uid) } else { told };
        let pod_now = nominated(Arc::clone(&pod), nomination);
        self.nominate(&pod_now);
        let is_active_anew =
            self.with_policy(|queue, policy| queue.update(Arc::clone(&pod), nomination, now, policy));
        if is_active_anew {
            self.nominate(&pod);
            self.queue.nominate(&uid, told);
        }
        if told_before.is_some() && told_before != told {
            self.announce_lost_promise(&nominated(old, told_before), now);
        }
    }

    /// A pod that waits or is in flight, and the node that its object says it is nominated to.
    fn known(&self, uid: &str) -> Option<(Arc<Pod>, Option<Symbol>)> {
        if let Some(queued) = self.queue.get(uid) {
            return Some((Arc::clone(&queued.pod), queued.told_nomination));
        }
        match self.queue.object(uid)? {
            Found::Waiting(pod) => {
                let told = pod.nominated_node_name;
                Some((pod, told))
            }
            Found::Placed | Found::Gone | Found::Replaced => None,
        }
    }

    pub(super) fn delete_pod(&mut self, pod: &Pod, now: Now, commands: &mut Vec<Command>) {
        self.remove_pod(&pod.key, &pod.uid, Some(pod), Found::Gone, now, commands);
    }

    /// Forgets a pod. `last_seen` is its object as it was in the end, if anybody has said so.
    fn remove_pod(
        &mut self,
        key: &PodKey,
        uid: &str,
        last_seen: Option<&Pod>,
        because: Found,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let waiting = self.queue.withdraw(uid, because.clone());
        if waiting.is_some() {
            self.announced.push(ClusterEvent::new(Resource::UnscheduledPod, Actions::DELETE));
        }
        let promised = self.nominator.node_of(uid);
        self.nominator.remove(uid);
        self.evictions.forget(uid);
        self.bindings.settle(uid, because);
        self.forget_name(key, uid);
        let made_room_for = self.note_leaving(uid, now, commands);
        if let Some(gone) = self.snapshot.remove_pod(uid) {
            self.announce_removed_pod(&gone, now);
        } else {
            let waiting = waiting.map(|waiting| nominated(waiting.pod, promised.or(waiting.told_nomination)));
            let promised = waiting.as_deref().or(last_seen).filter(|pod| pod.nominated_node_name.is_some());
            if let Some(pod) = promised.filter(|pod| self.profile_of(pod).is_some()) {
                self.announce_lost_promise(pod, now);
            }
        }
        self.give_up_volumes(uid, now, commands);
        self.let_through(made_room_for, now);
    }

    /// Forgets which pod has a name, unless that pod still waits or is being bound.
    pub(super) fn forget_name(&mut self, key: &PodKey, uid: &str) {
        let is_known = self.queue.get(uid).is_some() || self.queue.object(uid).is_some();
        if !is_known
            && self.bindings.get_mut(uid).is_none()
            && self.names.get(key).is_some_and(|known| **known == *uid)
        {
            self.names.remove(key);
        }
    }

    /// Tells waiting pods that a placed pod has left.
    pub(super) fn announce_removed_pod(&mut self, gone: &Pod, now: Now) {
        let events = [ClusterEvent::new(Resource::AssignedPod, Actions::DELETE)];
        self.announce(&events, Changed::Pod { old: Some(gone), new: None }, None, None, now);
    }

    /// Tells waiting pods that the place promised to `pod` is free. It never was kept from more important ones.
    fn announce_lost_promise(&mut self, pod: &Pod, now: Now) {
        self.announce_lost_promise_but(pod, None, now);
    }

    /// The same, but the pod with the UID `spared` is not told.
    pub(super) fn announce_lost_promise_but(&mut self, pod: &Pod, spared: Option<&str>, now: Now) {
        let events = [ClusterEvent::new(Resource::AssignedPod, Actions::DELETE)];
        let changed = Changed::Pod { old: Some(pod), new: None };
        self.announce(&events, changed, Some(pod.priority), spared, now);
    }
}
