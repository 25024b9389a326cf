//! Making room for a pod, once it is decided who has to go.

use std::sync::Arc;

use base::Now;
use wire::config::Gate;

use super::Scheduler;
use super::command::{Command, EventKind};
use crate::evictions::{End, Manner, Progress, Purpose, Victim};
use crate::model::Pod;
use crate::outcome::Room;
use crate::plugins::default_preemption;

impl Scheduler {
    /// Begins to evict the victims on a node, and returns those to evict first. Victims that are leaving anyway are
    /// waited for like any pod that leaves.
    pub(super) fn begin_evictions(&mut self, preemptor: &Pod, room: &Room, now: Now) -> FirstEvictions {
        let node = self.symbols.share(self.snapshot.node(room.row).node.name);
        let scheduler = self.symbols.share(preemptor.shape.scheduler_name);
        let purpose = Arc::new(Purpose {
            preemptor: Arc::clone(&preemptor.uid),
            preemptor_key: preemptor.key.clone(),
            node,
            message: format!("{scheduler}: preempting to accommodate a higher priority pod"),
            scheduler,
        });
        let staying = room.victims.iter().filter(|victim| !victim.is_terminating);
        let victims = staying.map(|victim| Victim {
            key: victim.key.clone(),
            uid: Arc::clone(&victim.uid),
            generation: victim.generation,
        });
        let manner = if self.gates.enabled(Gate::SchedulerAsyncPreemption) {
            Manner::LastAfterOthers
        } else {
            Manner::AtOnce
        };
        let victims = self.evictions.begin(Arc::clone(&purpose), victims.collect(), manner, now);
        FirstEvictions { purpose, victims }
    }

    /// Has pods of lower priority that were promised the node look again, and the first victims leave. If all victims are
    /// leaving already there is nothing to be done.
    pub(super) fn order_evictions(
        &mut self,
        preemptor: &Pod,
        room: &Room,
        first: FirstEvictions,
        commands: &mut Vec<Command>,
    ) {
        if first.victims.is_empty() {
            return;
        }
        let node = self.snapshot.node(room.row).node.name;
        let promised = self.nominator.pods_on(node).iter();
        let lower: Vec<Arc<Pod>> =
            promised.filter(|other| other.priority < preemptor.priority).cloned().collect();
        for other in lower {
            self.nominator.remove(&other.uid);
            self.queue.nominate(&other.uid, None);
            commands.push(Command::PatchStatus {
                pod: other.key.clone(),
                uid: Arc::clone(&other.uid),
                condition: None,
                nominated_node_name: Some(Arc::from("")),
            });
        }
        commands.extend(first.victims.into_iter().map(|victim| evict(victim, &first.purpose)));
    }

    pub(super) fn evict_finished(
        &mut self,
        preemptor: &str,
        victim: &str,
        has_left: bool,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        if let Some(progress) = self.evictions.answered(preemptor, victim, has_left) {
            let made_room_for = self.go_on(progress, now, commands);
            self.let_through(made_room_for, now);
        }
    }

    /// Takes note that a pod is gone or leaving. Returns the pods that have room now, for
    /// [`Scheduler::let_through`] when everybody knows that it is gone.
    pub(super) fn note_leaving(&mut self, uid: &str, now: Now, commands: &mut Vec<Command>) -> Vec<Arc<str>> {
        let progress = self.evictions.left(uid);
        progress.into_iter().filter_map(|progress| self.go_on(progress, now, commands)).collect()
    }

    /// Gives up evictions that nobody has said anything about for so long that nobody will.
    pub(super) fn give_up_evictions(&mut self, now: Now, commands: &mut Vec<Command>) {
        if self.evictions.is_empty() {
            return;
        }
        let patience = i64::try_from(self.queue.max_in_unschedulable().as_nanos()).unwrap_or(i64::MAX);
        let limit = Now::from_nanos(now.as_nanos().saturating_sub(patience));
        for progress in self.evictions.give_up(limit) {
            self.go_on(progress, now, commands);
        }
    }

    /// Does what follows from news about a victim. Returns the pod that has room now, if this was the last.
    fn go_on(&mut self, progress: Progress, now: Now, commands: &mut Vec<Command>) -> Option<Arc<str>> {
        let Progress { purpose, left, next, end } = progress;
        commands.extend(left.map(|victim| Command::Event {
            pod: victim.key,
            uid: victim.uid,
            related: Some((purpose.preemptor_key.clone(), Arc::clone(&purpose.preemptor))),
            reporter: Arc::clone(&purpose.scheduler),
            kind: EventKind::Preempted,
            note: format!("Preempted by pod {} on node {}", purpose.preemptor, purpose.node),
        }));
        commands.extend(next.map(|victim| evict(victim, &purpose)));
        match end? {
            End::Done(Manner::LastAfterOthers) => return Some(Arc::clone(&purpose.preemptor)),
            End::Done(Manner::AtOnce) => {}
            End::Failed(Manner::LastAfterOthers) => {
                self.with_policy(|queue, policy| queue.activate(&purpose.preemptor, now, policy));
            }
            End::Failed(Manner::AtOnce) => self.take_promise_back(&purpose, commands),
        }
        None
    }

    /// Has pods tried again that were held back while room was made for them, if something has already happened that
    /// was worth an attempt. What was worth it may never happen again: the last victim need not be the one that
    /// matters to whoever refused the pod.
    pub(super) fn let_through(&mut self, pods: impl IntoIterator<Item = Arc<str>>, now: Now) {
        for uid in pods {
            let gate = self.queue.get(&uid).and_then(|queued| queued.gated_by);
            if gate == Some(default_preemption::NAME) {
                self.with_policy(|queue, policy| queue.activate(&uid, now, policy));
            }
        }
    }

    fn take_promise_back(&mut self, purpose: &Purpose, commands: &mut Vec<Command>) {
        let node = self.symbols.get(&purpose.node);
        let Some(queued) = self.queue.get(&purpose.preemptor) else { return };
        if node.is_none() || queued.pod.nominated_node_name != node {
            return;
        }
        commands.push(Command::PatchStatus {
            pod: queued.pod.key.clone(),
            uid: Arc::clone(&queued.pod.uid),
            condition: None,
            nominated_node_name: Some(Arc::from("")),
        });
        self.nominator.remove(&purpose.preemptor);
        self.queue.nominate(&purpose.preemptor, None);
    }
}

/// The victims to evict first.
pub(super) struct FirstEvictions {
    purpose: Arc<Purpose>,
    victims: Vec<Victim>,
}

fn evict(victim: Victim, purpose: &Purpose) -> Command {
    Command::Evict {
        pod: victim.key,
        uid: victim.uid,
        preemptor: Arc::clone(&purpose.preemptor),
        node: Arc::clone(&purpose.node),
        message: purpose.message.clone(),
        generation: victim.generation,
    }
}
