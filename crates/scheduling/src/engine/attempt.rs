//! One attempt to place one pod, and what follows from it.

use std::sync::Arc;

use base::Now;

use super::Scheduler;
use super::binding::Binding;
use super::command::{Command, Condition, EventKind, Tried};
use super::failure::Failure;
use super::queue::{Found, QueuedPod, nominated};
use crate::framework::Nomination;
use crate::model::Pod;
use crate::outcome::{Outcome, Refused};
use crate::plugins::volume_binding;
use crate::snapshot::Row;

impl Scheduler {
    pub(super) fn schedule_next(&mut self, now: Now, commands: &mut Vec<Command>) -> Option<Tried> {
        let queued = self.queue.pop()?;
        let pod = Arc::clone(&queued.pod);
        if pod.is_terminating {
            commands.push(Command::Event {
                pod: pod.key.clone(),
                uid: Arc::clone(&pod.uid),
                related: None,
                reporter: self.symbols.share(pod.shape.scheduler_name),
                kind: EventKind::FailedScheduling,
                note: format!("skip schedule deleting pod: {}", pod.key),
            });
            self.queue.done(&pod.uid);
            return None;
        }
        if self.bindings.assumes(&pod.uid) {
            self.queue.done(&pod.uid);
            return None;
        }
        let (attempts, first_active) = (queued.attempts, queued.first_active);
        let outcome = self.decide(&pod);
        let message = outcome.message(&self.symbols);
        match &outcome {
            Outcome::Placed(placement) => self.place(queued, placement.host, now, commands),
            Outcome::Unschedulable(refused) => self.refuse(queued, refused, message.clone(), now, commands),
            Outcome::NoNodes => {
                self.give_back(queued, Condition::UNSCHEDULABLE, message.clone(), now, commands)
            }
            Outcome::Failed(_) => {
                self.give_back(queued, Condition::SCHEDULER_ERROR, message.clone(), now, commands);
            }
        }
        Some(Tried { pod, outcome, message, attempts, first_active })
    }

    fn decide(&mut self, pod: &Pod) -> Outcome {
        let mut circumstances = self.circumstances.clone();
        let outcome = self.decide_under(pod, &mut circumstances);
        self.circumstances = circumstances;
        outcome.unwrap_or(Outcome::NoNodes)
    }

    fn place(&mut self, queued: QueuedPod, host: Row, now: Now, commands: &mut Vec<Command>) {
        let volumes = match self.reserve_volumes(&queued.pod, host) {
            Ok(volumes) => volumes,
            Err(error) => {
                let message = format!("running Reserve plugin {:?}: {error}", volume_binding::NAME);
                return self.give_back(queued, Condition::SCHEDULER_ERROR, message, now, commands);
            }
        };
        let pod = Arc::clone(&queued.pod);
        let promised = self.nominator.node_of(&pod.uid);
        self.nominator.remove(&pod.uid);
        let node = self.snapshot.assume(host, &pod);
        let found = self.found(&pod);
        self.queue.done(&pod.uid);
        let promise = nominated(Arc::clone(&pod), promised);
        self.bindings.begin(queued, node, found);
        match volumes {
            Some(volumes) => self.begin_volumes(&pod.uid, volumes, now, commands),
            None => commands.push(Command::Bind {
                pod: pod.key.clone(),
                uid: Arc::clone(&pod.uid),
                node: self.symbols.share(node),
            }),
        }
        self.announce_unused_promise(&promise, node, now);
    }

    /// No node will do: the plugins to blame decide what the pod waits for.
    fn refuse(
        &mut self,
        mut queued: QueuedPod,
        refused: &Refused,
        message: String,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        queued.refused_by = refused.summary.unschedulable_plugins.iter().copied().collect();
        queued.waits_for = refused.summary.pending_plugins.iter().copied().collect();
        let nomination = match refused.nomination {
            Nomination::Keep => None,
            Nomination::Clear => Some(None),
            Nomination::Node(row) => Some(Some(self.snapshot.node(row).node.name)),
        };
        let pod = Arc::clone(&queued.pod);
        let found = self.found(&pod);
        let failure = Failure { reason: Condition::UNSCHEDULABLE, message, nomination };
        // Before the pod is back in the queue, so that it is held back there.
        let room = refused.room.as_ref().map(|room| (room, self.begin_evictions(&pod, room, now)));
        self.fail(queued, found, &failure, now, commands);
        if let Some((room, first)) = room {
            self.order_evictions(&pod, room, first, commands);
        }
    }

    /// Nobody is to blame: the pod is tried again when its backoff is over.
    fn give_back(
        &mut self,
        mut queued: QueuedPod,
        reason: &'static str,
        message: String,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        queued.refused_by.clear();
        queued.waits_for.clear();
        let found = self.found(&queued.pod);
        self.fail(queued, found, &Failure::that_clears(reason, message), now, commands);
    }

    /// What has become of the object of a pod in flight.
    fn found(&self, pod: &Arc<Pod>) -> Found {
        self.queue.object(&pod.uid).unwrap_or_else(|| Found::Waiting(Arc::clone(pod)))
    }

    pub(super) fn bind_finished(
        &mut self,
        uid: &str,
        result: Result<(), String>,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let is_asked = |binding: &&mut Binding| !binding.is_answered && binding.volumes.is_none();
        let Some(binding) = self.bindings.get_mut(uid).filter(is_asked) else { return };
        let key = binding.queued.pod.key.clone();
        let Err(error) = result else {
            binding.is_answered = true;
            let note = format!("Successfully assigned {key} to {}", self.symbols.resolve(binding.node));
            let pod = &binding.queued.pod;
            commands.push(Command::Event {
                pod: key.clone(),
                uid: Arc::clone(&pod.uid),
                related: None,
                reporter: self.symbols.share(pod.shape.scheduler_name),
                kind: EventKind::Scheduled,
                note,
            });
            // Otherwise the pod stays assumed until its object says where it is.
            if !binding.is_assumed {
                self.bindings.remove(uid);
                self.forget_name(&key, uid);
            }
            return;
        };
        let message = format!("running Bind plugin \"DefaultBinder\": {error}");
        let failure = Failure::that_clears(Condition::SCHEDULER_ERROR, message);
        self.undo_binding(uid, &failure, now, commands);
    }

    /// A pod is not bound: it gives its place back, and waits again if it still exists.
    pub(super) fn undo_binding(
        &mut self,
        uid: &str,
        failure: &Failure,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let Some(binding) = self.bindings.remove(uid) else { return };
        let key = binding.queued.pod.key.clone();
        if binding.is_assumed
            && let Some(gone) = self.snapshot.remove_pod(uid)
        {
            self.announce_removed_pod(&gone, now);
        }
        let mut queued = binding.queued;
        queued.refused_by.clear();
        queued.waits_for.clear();
        self.fail(queued, binding.found, failure, now, commands);
        self.forget_name(&key, uid);
    }
}
