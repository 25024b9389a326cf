//! Endpoints, and what to do when one does not answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tonic::transport::Channel;
use tonic::{Code, ConnectError, Status};

use super::CALL_WAIT;
use super::options::Options;
use crate::error::{Error, OpenError};

/// All endpoints, and which of them is asked.
pub(super) struct Connection {
    channels: Vec<(String, Channel)>,
    current: AtomicUsize,
}

/// Whether a question may be asked again after it was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    Always,
    UnlessItMayHaveArrived,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// etcd said no.
    Refused(Status),
    /// No endpoint answers. `has_arrived`: one may have done what it was asked all the same.
    Silent { reason: Arc<str>, may_have_arrived: bool },
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints: Vec<&str> = self.channels.iter().map(|(endpoint, _)| endpoint.as_str()).collect();
        f.debug_struct("Connection").field("endpoints", &endpoints).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(options: &Options) -> Result<Connection, OpenError> {
        Ok(Connection { channels: options.channels()?, current: AtomicUsize::new(0) })
    }

    /// The endpoint that answered last, by its number.
    pub(super) fn current(&self) -> (usize, Channel) {
        let index = self.current.load(Ordering::Relaxed);
        (index, self.channels[index].1.clone())
    }

    /// Turns to the next endpoint, unless somebody else has done so.
    pub(super) fn leave(&self, index: usize) {
        let next = (index + 1) % self.channels.len();
        let _ = self.current.compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Asks the current endpoint, and if it does not answer the others.
    pub(super) async fn call<T, F>(&self, repeat: Repeat, ask: impl Fn(Channel) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut silence = Failure::Silent { reason: "there is no endpoint".into(), may_have_arrived: false };
        for _ in 0..self.channels.len() {
            let (index, channel) = self.current();
            let endpoint = &self.channels[index].0;
            let (reason, may_have_arrived) = match tokio::time::timeout(CALL_WAIT, ask(channel)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(status)) if !is_silence(&status) => return Err(Failure::Refused(status)),
                Ok(Err(status)) => (format!("{endpoint}: {}", describe(&status)), !was_never_sent(&status)),
                Err(_) => (format!("{endpoint}: no answer in {CALL_WAIT:?}"), true),
            };
            self.leave(index);
            silence = Failure::Silent { reason: reason.into(), may_have_arrived };
            if may_have_arrived && repeat == Repeat::UnlessItMayHaveArrived {
                break;
            }
        }
        Err(silence)
    }
}

/// Whether this is the lack of an answer rather than one. etcd says `Unavailable` when it has no leader, or loses it
/// while it works on the question; the other codes are made by the client when the connection breaks.
fn is_silence(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown | Code::Internal
    )
}

/// Whether there was no connection to send the question over.
fn was_never_sent(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// What a status says, and what is behind it.
pub(super) fn describe(status: &Status) -> String {
    with_sources(status.message().to_owned(), status)
}

/// A text about an error with the error's sources, each once.
pub(super) fn with_sources(mut text: String, error: &dyn std::error::Error) -> String {
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

impl Failure {
    /// What it means to somebody who reads, or asks for what may be done twice.
    pub(super) fn of_a_read(self) -> Error {
        match self {
            Failure::Refused(status) => Error::Unavailable { reason: status.message().into() },
            Failure::Silent { reason, .. } => Error::Unavailable { reason },
        }
    }

    /// What it means to somebody who writes.
    pub(super) fn of_a_write(self) -> Error {
        match self {
            Failure::Refused(status) => Error::Unavailable { reason: status.message().into() },
            Failure::Silent { reason, may_have_arrived: false } => Error::Unavailable { reason },
            Failure::Silent { reason, may_have_arrived: true } => Error::Uncertain { reason },
        }
    }
}
