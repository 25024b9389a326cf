//! One attempt to place one pod, and what follows from it.

use std::sync::Arc;

use base::Now;

use super::Scheduler;
use super::command::{Command, Condition, EventKind, Step, Tried};
use super::queue::QueuedPod;
use crate::framework::{Cycle, Nomination};
use crate::model::Pod;
use crate::outcome::{Outcome, Refused, Room};
use crate::snapshot::Row;

impl Scheduler {
    pub(super) fn schedule_next(&mut self, now: Now) -> Step {
        let Some(mut queued) = self.queue.pop() else { return Step::default() };
        queued.attempts += 1;
        let pod = Arc::clone(&queued.pod);
        let mut commands = Vec::new();
        if pod.is_terminating {
            commands.push(Command::Event {
                pod: pod.key.clone(),
                kind: EventKind::FailedScheduling,
                note: format!("skip schedule deleting pod: {}", pod.key),
            });
            return Step { commands, tried: None };
        }
        let outcome = self.decide(&pod);
        let message = outcome.message(&self.symbols);
        match &outcome {
            Outcome::Placed(placement) => self.place(queued, placement.host, &mut commands),
            Outcome::Unschedulable(refused) => {
                queued.refused_by = refused.summary.unschedulable_plugins.iter().copied().collect();
                self.refuse(queued, refused, &message, now, &mut commands);
            }
            Outcome::NoNodes | Outcome::Failed(_) => {
                let is_error = matches!(outcome, Outcome::Failed(_));
                let reason = if is_error { "SchedulerError" } else { "Unschedulable" };
                self.withdraw_promise(&pod, now);
                self.report(&pod, reason, &message, Some(None), &mut commands);
                queued.refused_by = Vec::new();
                queued.n_errors_in_a_row += 1;
                queued.since = now;
                self.queue.push_failed(queued);
            }
        }
        if let Some(at) = self.queue.next_wake() {
            commands.push(Command::WakeAt(at));
        }
        Step { commands, tried: Some(Tried { pod, outcome, message }) }
    }

    fn decide(&mut self, pod: &Pod) -> Outcome {
        let Scheduler { symbols, profiles, snapshot, cluster, nominator, evaluator, circumstances, .. } =
            self;
        let name = pod.shape.scheduler_name;
        let Some(position) = profiles.iter().position(|profile| profile.scheduler_symbol == name) else {
            return Outcome::NoNodes;
        };
        let cycle = Cycle { symbols, snapshot, cluster, nominator };
        evaluator.decide(cycle, position, &profiles[position], pod, circumstances)
    }

    fn place(&mut self, queued: QueuedPod, host: Row, commands: &mut Vec<Command>) {
        let node = self.snapshot.node(host).node.name;
        let pod = &queued.pod;
        let assumed = Pod { node_name: Some(node), ..(**pod).clone() };
        self.nominator.remove(&pod.uid);
        self.snapshot.upsert_pod(Arc::new(assumed));
        commands.push(Command::Bind {
            pod: pod.key.clone(),
            uid: Arc::clone(&pod.uid),
            node: Arc::from(self.symbols.resolve(node)),
        });
        self.assumed.insert(Arc::clone(&pod.uid), queued);
    }

    fn refuse(
        &mut self,
        mut queued: QueuedPod,
        refused: &Refused,
        message: &str,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let pod = Arc::clone(&queued.pod);
        let nominated = match refused.nomination {
            Nomination::Keep => None,
            Nomination::Clear => Some(None),
            Nomination::Node(row) => Some(Some(self.snapshot.node(row).node.name)),
        };
        match nominated {
            None => {}
            Some(None) => self.withdraw_promise(&pod, now),
            Some(Some(node)) => self.nominator.nominate(Arc::clone(&pod), node),
        }
        let name = nominated.map(|node| node.map(|node| Arc::from(self.symbols.resolve(node))));
        self.report(&pod, "Unschedulable", message, name, commands);
        if let Some(room) = &refused.room {
            self.preempt(&pod, room, commands);
        }
        queued.n_refusals += 1;
        queued.n_errors_in_a_row = 0;
        queued.since = now;
        if let Some(node) = nominated {
            // The next attempt tries the promised node first, whether or not the object says so by then.
            queued.pod = Arc::new(Pod { nominated_node_name: node, ..(*pod).clone() });
        }
        self.queue.push_failed(queued);
    }

    fn report(
        &self,
        pod: &Pod,
        reason: &'static str,
        message: &str,
        nominated: Option<Option<Arc<str>>>,
        commands: &mut Vec<Command>,
    ) {
        let current = pod.nominated_node_name.map_or("", |node| self.symbols.resolve(node));
        let nominated = nominated.map(|node| node.unwrap_or_else(|| Arc::from("")));
        commands.push(Command::PatchStatus {
            pod: pod.key.clone(),
            uid: Arc::clone(&pod.uid),
            condition: Some(Condition {
                reason,
                message: message.to_owned(),
                observed_generation: pod.generation,
            }),
            nominated_node_name: nominated.filter(|node| **node != *current),
        });
        commands.push(Command::Event {
            pod: pod.key.clone(),
            kind: EventKind::FailedScheduling,
            note: message.to_owned(),
        });
    }

    fn preempt(&mut self, preemptor: &Pod, room: &Room, commands: &mut Vec<Command>) {
        let node = self.snapshot.node(room.row).node.name;
        // Pods of lower priority that were promised this node have to look again.
        let lower: Vec<Arc<Pod>> = self
            .nominator
            .pods_on(node)
            .iter()
            .filter(|other| other.priority < preemptor.priority)
            .cloned()
            .collect();
        for other in lower {
            self.nominator.remove(&other.uid);
            commands.push(Command::PatchStatus {
                pod: other.key.clone(),
                uid: Arc::clone(&other.uid),
                condition: None,
                nominated_node_name: Some(Arc::from("")),
            });
        }
        let scheduler = self.symbols.resolve(preemptor.shape.scheduler_name);
        for victim in room.victims.iter().filter(|victim| !victim.is_terminating) {
            commands.push(Command::Evict {
                pod: victim.key.clone(),
                uid: Arc::clone(&victim.uid),
                message: format!("{scheduler}: preempting to accommodate a higher priority pod"),
            });
            commands.push(Command::Event {
                pod: victim.key.clone(),
                kind: EventKind::Preempted,
                note: format!("Preempted by pod {} on node {}", preemptor.uid, self.symbols.resolve(node)),
            });
        }
    }

    pub(super) fn bind_finished(&mut self, uid: &str, result: Result<(), String>, now: Now) -> Step {
        let mut step = Step::default();
        match result {
            // The pod stays assumed until its object says where it is.
            Ok(()) => {
                if let Some(queued) = self.assumed.get(uid)
                    && let Some(node) = self.snapshot.pod(uid).and_then(|pod| pod.node_name)
                {
                    step.commands.push(Command::Event {
                        pod: queued.pod.key.clone(),
                        kind: EventKind::Scheduled,
                        note: format!(
                            "Successfully assigned {} to {}",
                            queued.pod.key,
                            self.symbols.resolve(node)
                        ),
                    });
                }
            }
            Err(error) => {
                let Some(mut queued) = self.assumed.remove(uid) else { return step };
                if let Some(gone) = self.snapshot.remove_pod(uid) {
                    self.announce_removed_pod(&gone, now);
                }
                let message = format!("running Bind plugin \"DefaultBinder\": {error}");
                self.report(&queued.pod, "SchedulerError", &message, Some(None), &mut step.commands);
                queued.n_errors_in_a_row += 1;
                queued.since = now;
                queued.refused_by = Vec::new();
                self.with_policy(None, |queue, policy| queue.push_to_retry(queued, policy));
                step.commands.extend(self.queue.next_wake().map(Command::WakeAt));
            }
        }
        step
    }
}
