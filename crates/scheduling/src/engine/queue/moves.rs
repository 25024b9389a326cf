//! What moves pods: events, attempts that failed, orders, and time.

use std::sync::Arc;

use base::Now;

use super::groups::{Group, GroupId};
use super::places::Place;
use super::{Cause, FLUSH_PERIOD, Found, Happening, Policy, Queue, QueueName, QueueWork, QueuedPod};
use crate::framework::{Changed, ClusterEvent, Hint};

/// What an event means for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays where it is.
    Skip,
    /// It is tried again when its backoff is over.
    AfterBackoff,
    /// It is tried again now.
    Immediately,
}

/// Asks the plugins that are to blame whether an event may help a pod.
pub(super) fn verdict(
    queued: &QueuedPod,
    event: ClusterEvent,
    changed: Changed<'_>,
    policy: &dyn Policy,
    work: &mut QueueWork,
) -> Verdict {
    if queued.refused_by.is_empty() {
        return Verdict::AfterBackoff;
    }
    if event == ClusterEvent::WILDCARD {
        let is_about_another = changed.pod().is_some_and(|pod| pod.uid != queued.pod.uid);
        return if is_about_another { Verdict::Skip } else { Verdict::AfterBackoff };
    }
    let mut verdict = Verdict::Skip;
    for plugin in queued.refused_by.iter().filter(|plugin| policy.hears(plugin, &event)) {
        work.hint_calls += 1;
        if policy.hint(plugin, &queued.pod, event, changed) == Hint::Skip {
            continue;
        }
        if queued.waits_for.contains(plugin) {
            return Verdict::Immediately;
        }
        verdict = Verdict::AfterBackoff;
        if queued.waits_for.is_empty() {
            break;
        }
    }
    verdict
}

impl Queue {
    /// Moves the pods that an event may help to where they are tried again, and writes it down for those in flight.
    pub(in crate::engine) fn happen(&mut self, happening: &Happening<'_>, now: Now, policy: &dyn Policy) {
        let event = &happening.event;
        if !policy.is_of_interest(event) {
            return;
        }
        for group in self.places.unschedulable().concerned(|plugin| policy.hears(plugin, event)) {
            for (uid, verdict) in self.moving(group, happening, policy) {
                let Some((queued, _)) = self.places.remove(&uid) else { continue };
                self.work.pods_moved += 1;
                self.requeue(queued, verdict, Cause::Event(*event), now, policy);
            }
        }
        self.in_flight.record(Cause::Event(*event), *event, happening.changed);
    }

    /// The pods of a group that an event moves.
    fn moving(
        &mut self,
        id: GroupId,
        happening: &Happening<'_>,
        policy: &dyn Policy,
    ) -> Vec<(Arc<str>, Verdict)> {
        let Queue { places, work, .. } = self;
        let Some(group) = places.unschedulable().get(id) else { return Vec::new() };
        if !is_addressed(group, happening, policy) {
            return Vec::new();
        }
        let mut ask = |uid: &str| {
            places.get(uid).map_or(Verdict::Skip, |queued| {
                verdict(queued, happening.event, happening.changed, policy, work)
            })
        };
        // A change of a pod of the group itself may mean something else for it than for its siblings.
        let own = happening.changed.pod().map(|pod| &pod.uid);
        let mut others = group.members().filter(|uid| Some(*uid) != own).peekable();
        let mut moving = Vec::new();
        match others.peek().map_or(Verdict::Skip, |uid| ask(uid)) {
            Verdict::Skip => {}
            verdict => moving.extend(others.map(|uid| (Arc::clone(uid), verdict))),
        }
        let is_here = |own: &&Arc<str>| places.place_of(own) == Some(Place::Unschedulable(id));
        if let Some(own) = own.filter(is_here).filter(|own| happening.spared != Some(own)) {
            match ask(own) {
                Verdict::Skip => {}
                verdict => moving.push((Arc::clone(own), verdict)),
            }
        }
        moving
    }

    /// Puts a pod back after an attempt that did not place it. The pod is asked about everything that happened
    /// meanwhile. Does nothing if the pod is waiting already.
    pub(in crate::engine) fn re_add(&mut self, mut queued: QueuedPod, now: Now, policy: &dyn Policy) {
        let uid = Arc::clone(&queued.pod.uid);
        if self.places.get(&uid).is_some() {
            self.in_flight.done(&uid);
            return;
        }
        if queued.refused_by.is_empty() {
            queued.n_errors_in_a_row += 1;
        } else {
            queued.n_refusals += 1;
            queued.n_errors_in_a_row = 0;
        }
        queued.refused_by.sort_unstable();
        queued.since = now;
        queued.arrival = self.next_arrival();
        queued.was_flushed = false;
        self.counts.enters(&queued);
        let verdict = self.verdict_on_return(&queued, policy);
        self.requeue(queued, verdict, Cause::ScheduleAttemptFailure, now, policy);
        self.in_flight.done(&uid);
    }

    fn verdict_on_return(&mut self, queued: &QueuedPod, policy: &dyn Policy) -> Verdict {
        if queued.refused_by.is_empty() {
            return Verdict::AfterBackoff;
        }
        let mut found = Verdict::Skip;
        for (event, changed) in self.in_flight.since(&queued.pod.uid) {
            match verdict(queued, event, changed, policy, &mut self.work) {
                Verdict::Skip => {}
                Verdict::Immediately => return Verdict::Immediately,
                Verdict::AfterBackoff => {
                    found = Verdict::AfterBackoff;
                    if queued.waits_for.is_empty() {
                        break;
                    }
                }
            }
        }
        found
    }

    /// Has a pod tried again now, whatever it waits for. One in flight is tried again when it comes back.
    pub(in crate::engine) fn activate(&mut self, uid: &str, now: Now, policy: &dyn Policy) {
        match self.places.place_of(uid) {
            Some(Place::Active(_)) => {}
            Some(place) => {
                let Some((queued, _)) = self.places.remove(uid) else { return };
                if matches!(place, Place::Unschedulable(_)) {
                    self.work.pods_moved += 1;
                    self.requeue(queued, Verdict::Immediately, Cause::ForceActivate, now, policy);
                } else {
                    // It was let through when its backoff began.
                    self.push_active(queued, Cause::ForceActivate, now, policy);
                }
            }
            None => {
                if let Some(Found::Waiting(pod)) = self.in_flight.object(uid).cloned() {
                    let changed = Changed::Pod { old: None, new: Some(&pod) };
                    self.in_flight.record(Cause::ForceActivate, ClusterEvent::WILDCARD, changed);
                }
            }
        }
    }

    /// Moves what time alone moves: pods whose backoff is over, and, every now and then, pods that have waited too
    /// long for something to happen.
    pub(in crate::engine) fn flush(&mut self, now: Now, policy: &dyn Policy) {
        while let Some((end, uid)) = self.places.first_backoff()
            && self.backoff.is_over(end, now)
        {
            self.end_backoff(&uid, now, policy);
        }
        while let Some((end, uid)) = self.places.first_error_backoff()
            && self.backoff.is_over(end, now)
        {
            self.end_backoff(&uid, now, policy);
        }
        if self.next_flush.is_none_or(|at| at <= now) {
            self.next_flush = Some(now.after(FLUSH_PERIOD));
            self.flush_unschedulable(now, policy);
        }
    }

    fn end_backoff(&mut self, uid: &str, now: Now, policy: &dyn Policy) {
        let Some((queued, _)) = self.places.remove(uid) else { return };
        if self.pops_early {
            self.push_active(queued, Cause::BackoffComplete, now, policy);
        } else {
            // Nobody asked the gates when the backoff began.
            self.requeue(queued, Verdict::Immediately, Cause::BackoffComplete, now, policy);
        }
    }

    fn flush_unschedulable(&mut self, now: Now, policy: &dyn Policy) {
        let wait = i64::try_from(self.max_in_unschedulable.as_nanos()).unwrap_or(i64::MAX);
        let limit = Now::from_nanos(now.as_nanos().saturating_sub(wait));
        let waited = self.places.unschedulable().waiting_since_before(limit);
        if waited.is_empty() {
            return;
        }
        for uid in waited {
            let Some((mut queued, _)) = self.places.remove(&uid) else { continue };
            queued.was_flushed = true;
            self.work.pods_moved += 1;
            self.requeue(queued, Verdict::AfterBackoff, Cause::UnschedulableTimeout, now, policy);
        }
        self.in_flight.record(Cause::UnschedulableTimeout, ClusterEvent::WILDCARD, Changed::NOTHING);
    }

    /// Puts a pod where a verdict says it belongs, unless a gate holds it back.
    pub(super) fn requeue(
        &mut self,
        mut queued: QueuedPod,
        verdict: Verdict,
        cause: Cause,
        now: Now,
        policy: &dyn Policy,
    ) -> QueueName {
        let to = self.destination(&mut queued, verdict, now, policy);
        self.put(queued, to, cause, now, policy);
        to
    }

    /// Where a pod belongs: where the verdict says, or with the unschedulable ones if a gate is closed.
    pub(super) fn destination(
        &mut self,
        queued: &mut QueuedPod,
        verdict: Verdict,
        now: Now,
        policy: &dyn Policy,
    ) -> QueueName {
        let to = match verdict {
            Verdict::Skip => return QueueName::Unschedulable,
            Verdict::AfterBackoff if self.backoff.is_backing_off(queued, now) => QueueName::Backoff,
            Verdict::AfterBackoff | Verdict::Immediately => QueueName::Active,
        };
        // Who backs off and cannot be tried early has to be let through only at the end of the backoff.
        let is_asked = to == QueueName::Active || self.pops_early;
        if is_asked && !self.ask_gates(queued, policy) { QueueName::Unschedulable } else { to }
    }

    /// Asks whether all gates are open, and notes which one is not.
    fn ask_gates(&mut self, queued: &mut QueuedPod, policy: &dyn Policy) -> bool {
        queued.gated_by = policy.gate(queued);
        let Some(gate) = queued.gated_by else { return true };
        if queued.blame(gate) {
            self.counts.blame(gate, queued.pod.shape.scheduler_name);
        }
        false
    }

    /// Puts a pod into a part of the queue.
    pub(super) fn put(
        &mut self,
        queued: QueuedPod,
        to: QueueName,
        cause: Cause,
        now: Now,
        policy: &dyn Policy,
    ) {
        match to {
            QueueName::Active => return self.push_active(queued, cause, now, policy),
            QueueName::Backoff => {
                let end = self.backoff.end(&queued).unwrap_or(queued.since);
                self.insert_backoff(queued, end, policy);
            }
            QueueName::Unschedulable => self.places.insert_unschedulable(queued),
        }
        self.counts.note_incoming(to, cause);
    }

    fn push_active(&mut self, mut queued: QueuedPod, cause: Cause, now: Now, policy: &dyn Policy) {
        self.counts.note_incoming(QueueName::Active, cause);
        queued.first_active.get_or_insert(now);
        let key = policy.sort_key(&queued);
        self.places.insert_active(queued, key);
    }

    pub(super) fn insert_backoff(&mut self, queued: QueuedPod, end: Now, policy: &dyn Policy) {
        if queued.refused_by.is_empty() {
            self.places.insert_error_backoff(queued, end);
        } else {
            let key = self.pops_early.then(|| policy.sort_key(&queued));
            self.places.insert_backoff(queued, end, key);
        }
    }
}

/// Whether a group hears of an event at all.
fn is_addressed(group: &Group, happening: &Happening<'_>, policy: &dyn Policy) -> bool {
    let pattern = &group.pattern;
    happening.max_priority.is_none_or(|max| pattern.priority <= max)
        && pattern.gated_by.is_none_or(|gate| policy.hears(gate, &happening.event))
}
