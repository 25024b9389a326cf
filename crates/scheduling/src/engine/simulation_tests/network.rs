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
    /// What came of a binding, to the scheduler.
    Bound(Arc<str>, Result<(), String>),
    /// What came of a write to a volume or a claim: for which pod, what, and the result.
    VolumeWritten(Arc<str>, Arc<str>, Result<(), String>),
    /// What came of an eviction: for whom, who, and the result.
    Evicted(Arc<str>, Arc<str>, Result<(), String>),
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
        let first = faults.due(now, dice);
        let is_ok = result.is_ok();
        let Some(answer) = answer_to(&request.command, result) else { return };
        self.under_way.send(first, answer.clone());
        if dice.chance(faults.doubled) {
            // A failure that is reported again after the next try has begun says something false about that one.
            let second = if is_ok || !is_honest { faults.due(first, dice) } else { first };
            self.under_way.send(second, answer);
        }
    }

    fn time_out(&mut self, command: &Command, now: Now) {
        if let Some(answer) = answer_to(command, Err("timed out".to_owned())) {
            self.under_way.send(now.after(TIMEOUT), answer);
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

/// The answer to a command that has one.
fn answer_to(command: &Command, result: Result<(), String>) -> Option<Message> {
    match command {
        Command::Bind { uid, .. } => Some(Message::Bound(Arc::clone(uid), result)),
        Command::BindVolume { uid, volume, .. } => {
            Some(Message::VolumeWritten(Arc::clone(uid), Arc::clone(volume), result))
        }
        Command::ProvisionClaim { uid, claim, .. } => {
            Some(Message::VolumeWritten(Arc::clone(uid), claim.to_string().into(), result))
        }
        Command::Evict { uid, preemptor, .. } => {
            Some(Message::Evicted(Arc::clone(preemptor), Arc::clone(uid), result))
        }
        _ => None,
    }
}
