//! What is there, and what happened lately.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use bytes::Bytes;

use super::limits::Limits;
use super::record::record_bytes;
use crate::contract::{Entry, Found, Listing, Range, Revision};
use crate::error::Error;
use crate::watch::{Batch, Event, EventKind};

/// The index in memory: all entries as they are now, and the window of recent changes.
#[derive(Debug)]
pub(super) struct Window {
    entries: BTreeMap<Bytes, Entry>,
    /// The bytes that `entries` take in the log.
    n_live_bytes: u64,
    /// Each change after `oldest`, in order. A revision is one change, so the position tells the revision.
    history: VecDeque<Event>,
    n_history_bytes: usize,
    oldest: Revision,
    revision: Revision,
    limits: Limits,
}

impl Window {
    /// What is there, at a revision from which on history is kept.
    pub(super) fn new(entries: BTreeMap<Bytes, Entry>, revision: Revision, limits: Limits) -> Window {
        let n_live_bytes = entries.values().map(|entry| record_bytes(entry) as u64).sum();
        // If nothing was ever written, all of the past is known.
        let oldest = if revision == Revision::FIRST { Revision(0) } else { revision };
        Window {
            entries,
            n_live_bytes,
            history: VecDeque::new(),
            n_history_bytes: 0,
            oldest,
            revision,
            limits,
        }
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) fn n_live_bytes(&self) -> u64 {
        self.n_live_bytes
    }

    pub(super) fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(super) fn get(&self, key: &[u8]) -> Found {
        Found { entry: self.entries.get(key).cloned(), revision: self.revision }
    }

    /// Takes in changes that are durable, in the order of revisions.
    pub(super) fn apply(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            debug_assert_eq!(event.revision(), self.revision.next());
            self.revision = event.revision();
            let entry = event.entry.clone();
            // Taken out also before a put: inserting over it would keep the old key, and its memory with it.
            let before = self.entries.remove(&entry.key);
            if event.kind == EventKind::Put {
                self.n_live_bytes += record_bytes(&entry) as u64;
                self.entries.insert(entry.key.clone(), entry);
            }
            self.n_live_bytes -= before.map_or(0, |before| record_bytes(&before) as u64);
            self.n_history_bytes += event_bytes(&event);
            self.history.push_back(event);
        }
        while self.history.len() > self.limits.history_events_max
            || self.n_history_bytes > self.limits.history_bytes_max
        {
            self.forget_one();
        }
    }

    fn forget_one(&mut self) {
        if let Some(event) = self.history.pop_front() {
            self.n_history_bytes -= event_bytes(&event);
            self.oldest = event.revision();
        }
    }

    /// Forgets what was before.
    pub(super) fn compact(&mut self, to: Revision) -> Result<(), Error> {
        if to > self.revision {
            return Err(Error::FutureRevision { asked: to, current: self.revision });
        }
        while self.history.front().is_some_and(|event| event.revision() <= to) {
            self.forget_one();
        }
        self.oldest = self.oldest.max(to);
        Ok(())
    }

    /// # Errors
    /// [`Error::Compacted`] if not all of what happened after `after` is known.
    pub(super) fn check_known(&self, after: Revision) -> Result<(), Error> {
        if after < self.oldest { Err(Error::Compacted { oldest: self.oldest }) } else { Ok(()) }
    }

    fn history_after(&self, after: Revision) -> impl Iterator<Item = &Event> {
        let n_seen = self.history.partition_point(|event| event.revision() <= after);
        self.history.range(n_seen..)
    }

    /// The next changes for a watch that has seen everything up to `after`: at most a batch of them, and how far it
    /// then has seen everything.
    ///
    /// # Errors
    /// [`Error::Lagged`] if something after `after` was forgotten.
    pub(super) fn news(&self, prefix: &[u8], after: Revision) -> Result<Batch, Error> {
        if after < self.oldest {
            return Err(Error::Lagged { reached: after, oldest: self.oldest });
        }
        let mut events = Vec::new();
        for event in self.history_after(after).filter(|event| event.entry.key.starts_with(prefix)) {
            events.push(event.clone());
            if events.len() == self.limits.watch_events_max {
                return Ok(Batch { revision: event.revision(), events });
            }
        }
        Ok(Batch { events, revision: self.revision.max(after) })
    }

    /// Lists a range, now or at a past revision.
    pub(super) fn list(&self, range: &Range, at: Option<Revision>) -> Result<Listing, Error> {
        let revision = at.unwrap_or(self.revision);
        if revision > self.revision {
            return Err(Error::FutureRevision { asked: revision, current: self.revision });
        }
        self.check_known(revision)?;
        let first = (Bound::Included(range.first()), Bound::Unbounded);
        let now = self.entries.range::<[u8], _>(first).map(|(_, entry)| entry);
        let now = now.take_while(|entry| entry.key.starts_with(&range.prefix));
        if revision == self.revision {
            return Ok(page(now, range.limit, revision));
        }
        // What a key was then is what it was before its first change since. Only these keys differ from now.
        let mut then: BTreeMap<&Bytes, Option<&Entry>> = BTreeMap::new();
        for event in self.history_after(revision) {
            let key = &event.entry.key;
            if key.starts_with(&range.prefix) && **key >= *range.first() {
                then.entry(key).or_insert(event.previous.as_ref());
            }
        }
        Ok(page(merge(now, then.into_iter()), range.limit, revision))
    }
}

fn event_bytes(event: &Event) -> usize {
    let bytes = |entry: &Entry| entry.key.len() + entry.value.len();
    bytes(&event.entry) + event.previous.as_ref().map_or(0, bytes)
}

fn page<'e>(
    mut entries: impl Iterator<Item = &'e Entry>,
    limit: Option<usize>,
    revision: Revision,
) -> Listing {
    let found: Vec<Entry> = entries.by_ref().take(limit.unwrap_or(usize::MAX)).cloned().collect();
    Listing { entries: found, revision, n_remaining: entries.count() as u64 }
}

/// The entries of `now`, except for keys that `then` has its own word on. Both are in order.
fn merge<'e>(
    now: impl Iterator<Item = &'e Entry>,
    then: impl Iterator<Item = (&'e Bytes, Option<&'e Entry>)>,
) -> impl Iterator<Item = &'e Entry> {
    let (mut now, mut then) = (now.peekable(), then.peekable());
    let mut step = move || match (now.peek(), then.peek()) {
        (None, None) => None,
        (Some(entry), None) => {
            let entry = *entry;
            now.next();
            Some(Some(entry))
        }
        (Some(entry), Some((key, _))) if entry.key < **key => {
            let entry = *entry;
            now.next();
            Some(Some(entry))
        }
        (entry, Some((key, past))) => {
            let past = *past;
            if entry.is_some_and(|entry| entry.key == **key) {
                now.next();
            }
            then.next();
            Some(past)
        }
    };
    std::iter::from_fn(move || {
        loop {
            if let Some(entry) = step()? {
                return Some(entry);
            }
        }
    })
}
