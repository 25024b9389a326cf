//! What follows when a pod was not placed, or not bound.

use std::sync::Arc;

use base::{Now, Symbol};

use super::Scheduler;
use super::command::{Command, Condition, EventKind};
use super::queue::{Found, QueuedPod, nominated};
use crate::model::Pod;

/// The longest note of an event, in bytes. What is longer ends in [`CUT`].
const NOTE_BYTES_MAX: usize = 1024;
const CUT: &str = " ...";

/// Why a pod was not placed, and what it means for its nomination.
pub(super) struct Failure {
    /// The reason of its condition.
    pub(super) reason: &'static str,
    /// What the user is told.
    pub(super) message: String,
    /// The node that it is nominated to from now on, if any; `None` leaves that as it is.
    pub(super) nomination: Option<Option<Symbol>>,
}

impl Failure {
    /// A failure that takes the nomination back.
    pub(super) fn that_clears(reason: &'static str, message: String) -> Failure {
        Failure { reason, message, nomination: Some(None) }
    }
}

impl Scheduler {
    /// Puts a pod back that was not placed, and reports why. What has become of its object meanwhile counts: one that is
    /// gone or has got a node elsewhere is reported only, and one that has been replaced is forgotten.
    pub(super) fn fail(
        &mut self,
        mut queued: QueuedPod,
        found: Found,
        failure: &Failure,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let promised = queued.pod.nominated_node_name;
        match found {
            Found::Replaced => {
                self.queue.done(&queued.pod.uid);
                return;
            }
            Found::Gone | Found::Placed => {
                self.queue.done(&queued.pod.uid);
                self.forget_name(&queued.pod.key, &queued.pod.uid);
            }
            Found::Waiting(pod) => {
                let kept = self.nominator.node_of(&pod.uid);
                let node = failure.nomination.unwrap_or(kept);
                queued.told_nomination = pod.nominated_node_name;
                // The next attempt tries the promised node first, whether or not the object says so by then.
                queued.pod = nominated(pod, node);
                self.nominate(&queued.pod);
                let back = queued.clone();
                self.with_policy(|queue, policy| queue.re_add(back, now, policy));
                if kept.is_some() && kept != node {
                    // The pod itself was refused without that promise, or would be, so it is not tried again for it.
                    let uid = Arc::clone(&queued.pod.uid);
                    let promised = nominated(Arc::clone(&queued.pod), kept);
                    self.announce_lost_promise_but(&promised, Some(&uid), now);
                }
            }
        }
        self.report(&queued, promised, failure, commands);
    }

    /// Brings the nominator to agree with what a pod says.
    pub(super) fn nominate(&mut self, pod: &Arc<Pod>) {
        match pod.nominated_node_name {
            Some(node) => self.nominator.nominate(Arc::clone(pod), node),
            None => self.nominator.remove(&pod.uid),
        }
    }

    /// Tells the user. The status is written only if it would change; `promised` is the node that the pod was nominated
    /// to before, whether or not its object says so.
    fn report(
        &self,
        queued: &QueuedPod,
        promised: Option<Symbol>,
        failure: &Failure,
        commands: &mut Vec<Command>,
    ) {
        let pod = &queued.pod;
        let is_said = pod
            .not_scheduled
            .as_ref()
            .is_some_and(|said| *said.reason == *failure.reason && *said.message == *failure.message);
        let condition = (!is_said).then(|| Condition {
            reason: failure.reason,
            message: failure.message.clone(),
            observed_generation: pod.generation,
            is_transition: pod.not_scheduled.is_none(),
        });
        // If the object does not say yet what it was told to say, it is told again.
        let changed = failure.nomination.filter(|node| *node != queued.told_nomination || *node != promised);
        let nominated_node_name = changed.map(|node| self.symbols.share(node.unwrap_or(Symbol::EMPTY)));
        if condition.is_some() || nominated_node_name.is_some() {
            let (pod, uid) = (pod.key.clone(), Arc::clone(&pod.uid));
            commands.push(Command::PatchStatus { pod, uid, condition, nominated_node_name });
        }
        commands.push(Command::Event {
            pod: pod.key.clone(),
            uid: Arc::clone(&pod.uid),
            related: None,
            reporter: self.symbols.share(pod.shape.scheduler_name),
            kind: EventKind::FailedScheduling,
            note: note(&failure.message),
        });
    }
}

/// A message as the note of an event.
fn note(message: &str) -> String {
    if message.len() <= NOTE_BYTES_MAX {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(NOTE_BYTES_MAX - CUT.len());
    format!("{}{CUT}", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_letters() {
        assert_eq!(note("short"), "short");
        let exact = "x".repeat(1024);
        assert_eq!(note(&exact), exact);
        let long = note(&"x".repeat(1025));
        assert_eq!((long.len(), &long[1018..]), (1024, "xx ..."));
        let wide = note(&"é".repeat(600));
        assert_eq!((wide.len(), wide.ends_with("é ...")), (1024, true));
        let odd = note(&format!("x{}", "é".repeat(600)));
        assert_eq!(odd.len(), 1023);
    }
}
