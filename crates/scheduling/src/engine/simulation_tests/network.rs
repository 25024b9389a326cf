//! The network's double: carries commands to the API server and answers back, late, twice or not at all.

use std::sync::Arc;
use std::time::Duration;

use base::Now;

use super::delays::Delayed;
use super::faults::Faults;
use crate::engine::Command;
use crate::testing::dice::Dice;

/// After this time, whoever sent a request that was lost is told so.
const TIMEOUT: Duration = Duration::from_secs(25);

/// Something under way.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// A command, to the server.
    Request(Request),
    /// What came of a command, to the scheduler.
    Answer(Answer),
}

/// What came of a command.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Of which one.
    pub(super) about: Asked,
    /// Why it was not done.
    pub(super) result: Result<(), String>,
}

/// A command that is answered.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// To bind the pod with this UID.
    Bind(Arc<str>),
    /// To evict a pod for another.
    Evict {
        /// The UID of the pod that is to get room.
        preemptor: Arc<str>,
        /// The UID of the pod that is to leave.
        victim: Arc<str>,
    },
}

impl Asked {
    fn of(command: &Command) -> Option<Asked> {
        match command {
            Command::Bind { uid, .. } => Some(Asked::Bind(Arc::clone(uid))),
            Command::Evict { uid, preemptor, .. } => {
                Some(Asked::Evict { preemptor: Arc::clone(preemptor), victim: Arc::clone(uid) })
            }
            Command::PatchStatus { .. } | Command::Event { .. } | Command::WakeAt(_) => None,
        }
    }
}

/// A command under way.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// What is to be done.
    pub(super) command: Command,
    /// The server will refuse it for reasons of its own.
    pub(super) is_refused: bool,
    /// The same request is under way before this one.
    is_copy: bool,
}

/// The network.
#[derive(Default)]
pub(super) struct Network {
    under_way: Delayed<Message>,
}

impl Network {
    /// Sends a command to the server.
    pub(super) fn request(&mut self, command: Command, now: Now, faults: Faults, dice: &mut Dice) {
        if dice.chance(faults.lost) {
            self.time_out(&command, now);
            return;
        }
        let request = Request { command, is_refused: dice.chance(faults.refused), is_copy: false };
        let first = faults.due(now, dice);
        self.under_way.send(first, Message::Request(request.clone()));
        if dice.chance(faults.doubled) {
            let second = faults.due(first, dice);
            self.under_way.send(second, Message::Request(Request { is_copy: true, ..request }));
        }
    }

    /// Sends the answer to a request to the scheduler.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        result: Result<(), String>,
        now: Now,
        faults: Faults,
        dice: &mut Dice,
    ) {
        let is_honest = !faults.are_dishonest;
        // The second of two equal requests is refused because the first was done, which is no answer to the sender.
        if request.is_copy && is_honest {
            return;
        }
        if result.is_ok() && dice.chance(faults.lies) {
            self.time_out(&request.command, now);
            return;
        }
        if result.is_ok() && dice.chance(faults.unanswered) {
            return;
        }
        let Some(about) = Asked::of(&request.command) else { return };
        let first = faults.due(now, dice);
        let is_done = result.is_ok();
        let answer = Message::Answer(Answer { about, result });
        self.under_way.send(first, answer.clone());
        if dice.chance(faults.doubled) {
            // A failure that is reported again after the next try has begun says something false about that one.
            let second = if is_done || !is_honest { faults.due(first, dice) } else { first };
            self.under_way.send(second, answer);
        }
    }

    fn time_out(&mut self, command: &Command, now: Now) {
        if let Some(about) = Asked::of(command) {
            let result = Err("timed out".to_owned());
            self.under_way.send(now.after(TIMEOUT), Message::Answer(Answer { about, result }));
        }
    }

    /// The scheduler is gone: nobody is there for answers, and requests die with their connections, unless they
    /// linger somewhere.
    pub(super) fn hang_up(&mut self, requests_linger: bool) {
        self.under_way.retain(|message| requests_linger && matches!(message, Message::Request(_)));
    }

    /// When the next message arrives.
    pub(super) fn next_due(&self) -> Option<Now> {
        self.under_way.next_due()
    }

    /// Takes the message that arrives next.
    pub(super) fn receive(&mut self) -> Option<Message> {
        self.under_way.receive()
    }
}
