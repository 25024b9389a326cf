//! The one thread that writes.
//!
//! It takes all writes that wait, decides about each in turn, makes what goes through durable in one transaction,
//! publishes it, and only then answers. What waits meanwhile is the next batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base::Map;
use bytes::Bytes;
use tokio::sync::oneshot;

use super::limits::LINGER_PART;
use super::log::{AppendError, Log};
use super::queue::{Expected, Request, Taken};
use super::record::Record;
use super::room::{PAUSE, PAUSE_MAX, Reopen};
use super::shared::{Failure, Shared};
use super::window::Window;
use crate::contract::{Committed, Entry, Expect, Revision, Write};
use crate::error::Error;
use crate::watch::{Event, EventKind};

/// What the writer thread owns.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// `None` as long as it could not be opened again.
    log: Option<Log>,
    deadlines: Deadlines,
    reopen: Reopen,
    /// What may be in the log or not.
    undecided: Option<Written>,
    /// When to look again whether there is room.
    look_at: Instant,
    /// How long to wait until then.
    pause: Duration,
}

/// What a batch changes.
#[derive(Debug)]
struct Written {
    records: Vec<Record>,
    events: Vec<Event>,
    revision: Revision,
}

/// When keys expire, in milliseconds since 1970.
#[derive(Debug, Default)]
struct Deadlines {
    by_key: BTreeMap<Bytes, u64>,
    in_order: BTreeSet<(u64, Bytes)>,
}

impl Deadlines {
    fn set(&mut self, key: &Bytes, deadline_ms: Option<u64>) {
        if let Some(before) = self.by_key.remove(key) {
            self.in_order.remove(&(before, key.clone()));
        }
        if let Some(deadline_ms) = deadline_ms {
            self.by_key.insert(key.clone(), deadline_ms);
            self.in_order.insert((deadline_ms, key.clone()));
        }
    }

    fn expired(&self, now_ms: u64) -> Vec<Bytes> {
        let expired = self.in_order.iter().take_while(|(deadline_ms, _)| *deadline_ms <= now_ms);
        expired.map(|(_, key)| key.clone()).collect()
    }

    /// How long until the next one.
    fn wait(&self, now_ms: u64) -> Option<Duration> {
        let (deadline_ms, _) = self.in_order.first()?;
        Some(Duration::from_millis(deadline_ms.saturating_sub(now_ms)))
    }
}

/// Expiry has to survive restarts, so it is by the wall clock.
#[expect(clippy::disallowed_methods, reason = "the store is an edge: what expires does so by real time")]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the store is an edge: how long it waits depends on the disk")]
fn clock() -> Instant {
    Instant::now()
}

/// A batch in the making.
struct Batch<'w> {
    window: &'w Window,
    revision: Revision,
    /// What keys of this batch are after it.
    staged: Map<Bytes, Option<Entry>>,
    records: Vec<Record>,
    events: Vec<Event>,
}

impl Batch<'_> {
    fn current(&self, key: &Bytes) -> Option<Entry> {
        match self.staged.get(key) {
            Some(staged) => staged.clone(),
            None => self.window.entry(key).cloned(),
        }
    }

    fn stage(&mut self, key: Bytes, expect: Expect, write: Write, now_ms: u64) -> Result<Committed, Error> {
        let previous = self.current(&key);
        if !expect.holds(previous.as_ref()) {
            return Err(Error::Conflict { current: previous });
        }
        let revision = self.revision.next();
        let (kind, entry, deadline_ms) = match (write, &previous) {
            (Write::Put { value, ttl }, previous) => {
                let created = previous.as_ref().map_or(revision, |previous| previous.created);
                let ttl_ms = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
                let deadline_ms = ttl_ms.map(|ttl_ms| now_ms.saturating_add(ttl_ms).max(1));
                (EventKind::Put, Entry { key: key.clone(), value, created, modified: revision }, deadline_ms)
            }
            (Write::Delete, None) => return Err(Error::Conflict { current: None }),
            (Write::Delete, Some(previous)) => (
                EventKind::Delete,
                Entry { value: Bytes::new(), modified: revision, ..previous.clone() },
                None,
            ),
        };
        self.revision = revision;
        let after = (kind == EventKind::Put).then(|| entry.clone());
        let answer = if kind == EventKind::Put { Some(entry.clone()) } else { previous.clone() };
        self.staged.insert(key, after);
        self.records.push(Record { kind, entry: entry.clone(), deadline_ms });
        self.events.push(Event { kind, entry, previous });
        Ok(Committed { revision, entry: answer.expect("a delete has a previous entry") })
    }
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        log: Log,
        deadlines_ms: BTreeMap<Bytes, u64>,
        reopen: Reopen,
    ) -> Writer {
        let mut deadlines = Deadlines::default();
        for (key, deadline_ms) in deadlines_ms {
            deadlines.set(&key, Some(deadline_ms));
        }
        Writer { shared, log: Some(log), deadlines, reopen, undecided: None, look_at: clock(), pause: PAUSE }
    }

    /// Works until the queue is closed and empty. Ends early only by a panic, and then says why nothing is written.
    pub(super) fn run(mut self) {
        let _guard = Guard { shared: Arc::clone(&self.shared) };
        let mut expected = Expected::default();
        loop {
            let failure = self.shared.failure();
            let wait = match &failure {
                Some(Failure { is_final: true, .. }) => None,
                Some(_) => Some(self.look_at.saturating_duration_since(clock())),
                None => self.deadlines.wait(now_ms()),
            };
            let Taken { requests, is_last } = self.shared.queue.take(wait, expected);
            if failure.is_some_and(|failure| !failure.is_final) {
                self.look_for_room();
            }
            let n = requests.len();
            let begin = clock();
            self.turn(requests);
            expected = Expected { n, wait: clock().duration_since(begin) / LINGER_PART };
            if is_last {
                break;
            }
        }
        if let Some(Err(reason)) = self.log.map(Log::close) {
            self.shared.fail(Failure { reason: reason.into(), is_final: true });
        }
    }

    fn turn(&mut self, requests: Vec<Request>) {
        if let Some(Failure { reason, .. }) = self.shared.failure() {
            let error = Error::ReadOnly { reason };
            requests.into_iter().for_each(|request| answer(request.reply, Err(error.clone())));
            return;
        }
        let now_ms = now_ms();
        let shared = Arc::clone(&self.shared);
        // Only this thread changes the window, so what is decided now still holds when it is published.
        let window = shared.window();
        let mut batch = Batch {
            revision: window.revision(),
            window: &window,
            staged: Map::default(),
            records: Vec::with_capacity(requests.len()),
            events: Vec::with_capacity(requests.len()),
        };
        for key in self.deadlines.expired(now_ms) {
            // It is there, or it would have no deadline.
            let _ = batch.stage(key, Expect::Anything, Write::Delete, now_ms);
        }
        let mut answers = Vec::with_capacity(requests.len());
        for Request { key, expect, write, reply, room } in requests {
            answers.push((reply, batch.stage(key, expect, write, now_ms), room));
        }
        let Batch { revision, staged, records, events, .. } = batch;
        let n_live_bytes = window.n_live_bytes();
        drop(window);
        if !records.is_empty() {
            let written = self.append(&staged, &records, revision, n_live_bytes);
            let batch = Written { records, events, revision };
            let settled = match written {
                Ok(()) => {
                    self.pause = PAUSE;
                    self.publish(batch);
                    Ok(())
                }
                Err(error) => self.fail(error, batch),
            };
            if let Err(error) = settled {
                answers.into_iter().for_each(|(reply, ..)| answer(reply, Err(error.clone())));
                return;
            }
        }
        answers.into_iter().for_each(|(reply, result, _room)| answer(reply, result));
    }

    /// Everybody sees what is durable.
    fn publish(&mut self, Written { records, events, revision }: Written) {
        for record in &records {
            self.deadlines.set(&record.entry.key, record.deadline_ms);
        }
        self.shared.window_mut().apply(events);
        self.shared.watchers.notify(&records, revision);
    }

    /// A batch was not written, or so it seems. `Ok` if it turns out to be durable.
    fn fail(&mut self, error: AppendError, batch: Written) -> Result<(), Error> {
        let AppendError { reason, is_full } = error;
        if !is_full {
            let reason: Arc<str> = format!("{reason}; repair the disk, and start again").into();
            self.shared.fail(Failure { reason: Arc::clone(&reason), is_final: true });
            return Err(Error::Uncertain { reason });
        }
        let reason: Arc<str> =
            format!("there is no space on the disk ({reason}); free some, and writes go on").into();
        self.shared.fail(Failure { reason: Arc::clone(&reason), is_final: false });
        self.look_at = clock() + self.pause;
        self.pause = (2 * self.pause).min(PAUSE_MAX);
        self.undecided = Some(batch);
        // redb does nothing any more after an error, so the file is opened anew. What lacked room were pages; the head
        // of the file, which makes them count, has its room and comes last.
        self.log = None;
        match self.open_again() {
            Some(true) => Ok(()),
            Some(false) => Err(Error::Unavailable { reason }),
            None => Err(Error::Uncertain { reason }),
        }
    }

    /// Opens the log again; whether what was undecided is in it, `None` if that is not known.
    fn open_again(&mut self) -> Option<bool> {
        let (log, revision) = (self.reopen.open)().ok()?;
        let before = self.shared.window().revision();
        match self.undecided.take() {
            Some(batch) if batch.revision == revision => {
                self.publish(batch);
                self.log = Some(log);
                Some(true)
            }
            _ if before == revision => {
                self.log = Some(log);
                Some(false)
            }
            _ => {
                let reason = format!(
                    "the file is at revision {revision} and was at {before}: somebody else has written it; start again"
                );
                self.shared.fail(Failure { reason: reason.into(), is_final: true });
                None
            }
        }
    }

    /// Goes on if there is room again.
    fn look_for_room(&mut self) {
        if clock() < self.look_at {
            return;
        }
        self.look_at = clock() + PAUSE;
        if (self.reopen.has_room)() && (self.log.is_some() || self.open_again().is_some()) {
            self.shared.recover();
        }
    }

    fn append(
        &mut self,
        staged: &Map<Bytes, Option<Entry>>,
        records: &[Record],
        revision: Revision,
        n_live_bytes: u64,
    ) -> Result<(), AppendError> {
        let window = self.shared.window();
        let holds = |record: &Record| {
            let entry = &record.entry;
            !staged.contains_key(&entry.key)
                && window.entry(&entry.key).is_some_and(|current| current.modified == entry.modified)
        };
        let log = self.log.as_mut().expect("without a log the store is read-only");
        log.append(records, revision, n_live_bytes, holds)
    }
}

/// Nobody may be waiting any more.
fn answer(reply: oneshot::Sender<Result<Committed, Error>>, result: Result<Committed, Error>) {
    let _ = reply.send(result);
}

/// Says that nothing is written any more when the thread ends, however it ends.
struct Guard {
    shared: Arc<Shared>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let reason = "the writer has stopped because of a defect; start again".into();
            self.shared.fail(Failure { reason, is_final: true });
        }
        // Whoever waits in the queue would wait forever.
        self.shared.queue.close();
        drop(self.shared.queue.take(Some(Duration::ZERO), Expected::default()));
    }
}
