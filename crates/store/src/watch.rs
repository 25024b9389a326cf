//! Streams of changes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::contract::{Entry, Revision};
use crate::error::Error;

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It was given a value.
    Put,
    /// It was removed, by somebody or because its time was up.
    Delete,
}

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Of a put the new entry. Of a delete the key, with an empty value, when it was created, and as `modified` the
    /// revision of the deletion.
    pub entry: Entry,
    /// The entry before. `None` if there was none, or, with etcd, if it was compacted in the meantime.
    pub previous: Option<Entry>,
}

impl Event {
    /// The revision of the change.
    pub fn revision(&self) -> Revision {
        self.entry.modified
    }
}

/// Some changes in the order of revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The changes. None in a batch that only tells of progress.
    pub events: Vec<Event>,
    /// With this batch the watch has delivered everything up to this revision.
    pub revision: Revision,
}

/// Where a watch gets its changes from. A backend implements it.
pub trait WatchSource: fmt::Debug + Send {
    /// The next changes. Is not asked again after an error.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch, Error>>;

    /// See [`Watch::request_progress`].
    fn request_progress(&mut self);
}

/// A stream of changes. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    source: Box<dyn WatchSource>,
    end: Option<Error>,
}

impl Watch {
    /// A watch of some backend.
    pub fn new(source: Box<dyn WatchSource>) -> Watch {
        Watch { source, end: None }
    }

    /// Waits for the next changes. May be cancelled: nothing is lost.
    ///
    /// # Errors
    /// The watch has ended, and says so each time it is asked: [`Error::Lagged`] if it was not read fast enough,
    /// [`Error::Compacted`] if what it has not seen was compacted, [`Error::Closed`] with the store.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Asks for a batch, with events or without, whose revision is at least what the store has reached now. Whoever
    /// has read it has seen everything up to there. A backend may send such batches unasked.
    ///
    /// etcd before 3.4.31 and 3.5.13 cannot be asked reliably; there the batch comes with the server's own interval.
    pub fn request_progress(&mut self) {
        self.source.request_progress();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch, Error>> {
        if let Some(end) = &self.end {
            return Poll::Ready(Err(end.clone()));
        }
        let polled = self.source.poll_next(cx);
        if let Poll::Ready(Err(error)) = &polled {
            self.end = Some(error.clone());
        }
        polled
    }
}

impl Stream for Watch {
    type Item = Result<Batch, Error>;

    /// As [`Watch::next`], but ends after the first error.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.end.is_some() { Poll::Ready(None) } else { self.poll(cx).map(Some) }
    }
}
