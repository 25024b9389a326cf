//! Who is watching.
//!
//! A watch has no buffer of its own: it reads the shared window of recent changes and remembers how far it came. So a
//! slow one costs nothing, and holds up nobody; when the window has moved past it, it has lagged. For one that has
//! seen everything, the writer moves the mark along over what does not concern it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::record::Record;
use super::shared::Shared;
use crate::contract::Revision;
use crate::error::Error;
use crate::watch::{Batch, WatchSource};

/// All open watches.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    cursors: Mutex<Vec<Weak<Cursor>>>,
}

#[derive(Debug)]
struct Cursor {
    prefix: Bytes,
    mark: Mutex<Mark>,
}

#[derive(Debug)]
struct Mark {
    /// Everything up to here was delivered, or does not concern this watch.
    seen: Revision,
    /// There may be something after `seen`.
    is_behind: bool,
    /// A batch is wanted that reaches this far.
    progress_to: Option<Revision>,
    waker: Option<Waker>,
}

/// A mark or the list of cursors is changed in one go, so a panic elsewhere leaves it whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watchers {
    /// Tells everybody concerned that these changes are in the window, the last of them at `revision`.
    pub(super) fn notify(&self, changes: &[Record], revision: Revision) {
        lock(&self.cursors).retain(|cursor| match cursor.upgrade() {
            Some(cursor) => {
                cursor.notify(changes, revision);
                true
            }
            None => false,
        });
    }

    /// Lets everybody look again.
    pub(super) fn wake_all(&self) {
        for cursor in lock(&self.cursors).iter().filter_map(Weak::upgrade) {
            lock(&cursor.mark).wake();
        }
    }

    #[cfg(test)]
    pub(super) fn n_open(&self) -> usize {
        lock(&self.cursors).len()
    }
}

impl Cursor {
    fn notify(&self, changes: &[Record], revision: Revision) {
        let mut mark = lock(&self.mark);
        if mark.is_behind || mark.seen >= revision {
            return;
        }
        if changes.iter().any(|change| change.entry.key.starts_with(&self.prefix)) {
            mark.is_behind = true;
            mark.wake();
        } else {
            mark.seen = revision;
            if mark.progress_to.is_some() {
                mark.wake();
            }
        }
    }
}

impl Mark {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The reading end of a watch.
pub(super) struct Source {
    shared: Arc<Shared>,
    cursor: Arc<Cursor>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cursor.fmt(f)
    }
}

impl Source {
    /// A watch of what happens after `after`.
    pub(super) fn open(shared: &Arc<Shared>, prefix: Bytes, after: Revision) -> Result<Source, Error> {
        let mark = Mark { seen: after, is_behind: true, progress_to: None, waker: None };
        let cursor = Arc::new(Cursor { prefix, mark: Mutex::new(mark) });
        // It is listed before it looks into the window, so it hears of whatever it does not find there.
        let mut cursors = lock(&shared.watchers.cursors);
        // Where nothing is written, nobody else would remove those that have left.
        cursors.retain(|cursor| cursor.strong_count() > 0);
        cursors.push(Arc::downgrade(&cursor));
        drop(cursors);
        shared.window().check_known(after)?;
        Ok(Source { shared: Arc::clone(shared), cursor })
    }
}

impl WatchSource for Source {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch, Error>> {
        let mut mark = lock(&self.cursor.mark);
        if self.shared.is_closed() {
            return Poll::Ready(Err(Error::Closed));
        }
        if mark.is_behind || mark.progress_to.is_some() {
            let batch = match self.shared.window().news(&self.cursor.prefix, mark.seen) {
                Ok(batch) => batch,
                Err(error) => return Poll::Ready(Err(error)),
            };
            mark.seen = batch.revision;
            mark.is_behind = batch.events.len() == self.shared.limits.watch_events_max;
            let is_progress = mark.progress_to.is_some_and(|progress_to| progress_to <= batch.revision);
            if is_progress {
                mark.progress_to = None;
            }
            if is_progress || !batch.events.is_empty() {
                return Poll::Ready(Ok(batch));
            }
        }
        mark.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn request_progress(&mut self) {
        let revision = self.shared.window().revision();
        let mut mark = lock(&self.cursor.mark);
        // A watch from a revision that lies ahead has delivered everything up to there: nothing.
        mark.progress_to = Some(revision.max(mark.seen));
        mark.wake();
    }
}
