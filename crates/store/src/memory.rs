//! The reference model of a store.
//!
//! It keeps what is there, and everything that happened since it was last compacted. The past is what is there with
//! what happened since taken back. Nothing is durable, and nothing is fast on purpose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use crate::contract::{
    Committed, Entry, Expect, Found, Listing, Range, Revision, Store, StoreFuture, Write, check_size,
};
use crate::error::Error;
use crate::watch::{Batch, Event, EventKind, Watch, WatchSource};

/// A store that lives as long as the process.
#[derive(Clone, Default)]
pub struct Memory {
    model: Arc<Mutex<Model>>,
}

struct Model {
    entries: BTreeMap<Bytes, Entry>,
    /// What happened after `compacted`, in order.
    events: Vec<Event>,
    compacted: Revision,
    revision: Revision,
    waiting: Vec<Waker>,
    is_closed: bool,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            entries: BTreeMap::new(),
            events: Vec::new(),
            compacted: Revision(0),
            revision: Revision::FIRST,
            waiting: Vec::new(),
            is_closed: false,
        }
    }
}

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// # Errors
    /// [`Error::Closed`].
    fn open(&self) -> Result<MutexGuard<'_, Model>, Error> {
        let model = lock(&self.model);
        if model.is_closed { Err(Error::Closed) } else { Ok(model) }
    }

    fn commit_now(&self, key: Bytes, expect: Expect, write: Write) -> Result<Committed, Error> {
        check_size(&key, &write)?;
        let ttl = match &write {
            Write::Put { ttl, .. } => *ttl,
            Write::Delete => None,
        };
        let committed = self.open()?.commit(key, expect, write)?;
        if let Some(ttl) = ttl {
            self.expire(committed.entry.key.clone(), committed.revision, ttl);
        }
        Ok(committed)
    }

    fn expire(&self, key: Bytes, modified: Revision, ttl: Duration) {
        let model = Arc::downgrade(&self.model);
        tokio::spawn(async move {
            tokio::time::sleep(ttl).await;
            if let Some(model) = model.upgrade() {
                let mut model = lock(&model);
                if !model.is_closed {
                    // A conflict means that the key was written again or is gone: then there is nothing to do.
                    let _ = model.commit(key, Expect::Modified(modified), Write::Delete);
                }
            }
        });
    }
}

impl Model {
    fn commit(&mut self, key: Bytes, expect: Expect, write: Write) -> Result<Committed, Error> {
        let previous = self.entries.get(&key).cloned();
        if !expect.holds(previous.as_ref()) {
            return Err(Error::Conflict { current: previous });
        }
        let revision = self.revision.next();
        let (event, entry) = match (write, previous) {
            (Write::Put { value, .. }, previous) => {
                let created = previous.as_ref().map_or(revision, |previous| previous.created);
                let entry = Entry { key: key.clone(), value, created, modified: revision };
                self.entries.insert(key, entry.clone());
                (Event { kind: EventKind::Put, entry: entry.clone(), previous }, entry)
            }
            (Write::Delete, None) => return Err(Error::Conflict { current: None }),
            (Write::Delete, Some(previous)) => {
                self.entries.remove(&key);
                let entry = Entry { value: Bytes::new(), modified: revision, ..previous.clone() };
                (Event { kind: EventKind::Delete, entry, previous: Some(previous.clone()) }, previous)
            }
        };
        self.revision = revision;
        self.events.push(event);
        self.wake();
        Ok(Committed { revision, entry })
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }

    fn entries_at(&self, at: Revision) -> Result<BTreeMap<Bytes, Entry>, Error> {
        if at > self.revision {
            return Err(Error::FutureRevision { asked: at, current: self.revision });
        }
        if at < self.compacted {
            return Err(Error::Compacted { oldest: self.compacted });
        }
        let mut entries = self.entries.clone();
        for event in self.events.iter().rev().take_while(|event| event.revision() > at) {
            match &event.previous {
                Some(previous) => entries.insert(previous.key.clone(), previous.clone()),
                None => entries.remove(&event.entry.key),
            };
        }
        Ok(entries)
    }

    fn list(&self, range: &Range, at: Option<Revision>) -> Result<Listing, Error> {
        let revision = at.unwrap_or(self.revision);
        let entries = self.entries_at(revision)?;
        let mut entries: Vec<Entry> = entries
            .into_values()
            .filter(|entry| entry.key.starts_with(&range.prefix) && *entry.key >= *range.first())
            .collect();
        let n_all = entries.len();
        entries.truncate(range.limit.unwrap_or(n_all));
        let n_remaining = (n_all - entries.len()) as u64;
        Ok(Listing { entries, revision, n_remaining })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("revision", &lock(&self.model).revision).finish_non_exhaustive()
    }
}

/// Every change of the model is made in one go, so a panic in between leaves it whole.
fn lock(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Memory {
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found> {
        Box::pin(async move {
            let model = self.open()?;
            Ok(Found { entry: model.entries.get(key).cloned(), revision: model.revision })
        })
    }

    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing> {
        Box::pin(async move { self.open()?.list(&range, at) })
    }

    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed> {
        Box::pin(async move { self.commit_now(key, expect, write) })
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch> {
        Box::pin(async move {
            let oldest = self.open()?.compacted;
            if after < oldest {
                return Err(Error::Compacted { oldest });
            }
            let model = Arc::clone(&self.model);
            Ok(Watch::new(Box::new(Source { model, prefix, after, progress_to: None })))
        })
    }

    fn revision(&self) -> StoreFuture<'_, Revision> {
        Box::pin(async move { Ok(self.open()?.revision) })
    }

    fn compact(&self, to: Revision) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut model = self.open()?;
            if to > model.revision {
                return Err(Error::FutureRevision { asked: to, current: model.revision });
            }
            model.compacted = model.compacted.max(to);
            model.events.retain(|event| event.revision() > to);
            Ok(())
        })
    }

    fn health(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.open().map(|_| ()) })
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut model = lock(&self.model);
            model.is_closed = true;
            model.wake();
            Ok(())
        })
    }
}

struct Source {
    model: Arc<Mutex<Model>>,
    prefix: Bytes,
    /// What happened up to here was delivered.
    after: Revision,
    /// A batch that reaches this far was asked for.
    progress_to: Option<Revision>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("prefix", &self.prefix)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl WatchSource for Source {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch, Error>> {
        let mut model = lock(&self.model);
        if model.is_closed {
            return Poll::Ready(Err(Error::Closed));
        }
        if self.after < model.compacted {
            // Also if nothing of interest was compacted away: what was is no longer known.
            let oldest = model.compacted;
            return Poll::Ready(Err(Error::Compacted { oldest }));
        }
        let news = model.events.iter().filter(|event| event.revision() > self.after);
        let events: Vec<Event> =
            news.filter(|event| event.entry.key.starts_with(&self.prefix)).cloned().collect();
        let revision = model.revision.max(self.after);
        self.after = revision;
        if events.is_empty() && self.progress_to.is_none_or(|progress_to| progress_to > revision) {
            model.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        self.progress_to = None;
        Poll::Ready(Ok(Batch { events, revision }))
    }

    fn request_progress(&mut self) {
        let mut model = lock(&self.model);
        self.progress_to = Some(model.revision);
        model.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn keeps_every_promise() {
        crate::conformance::keeps_every_promise(Arc::new(Memory::new())).await;
    }
}
