//! Streams of changes.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::Status;
use apimachinery::options::{ListOptions, resource_version_for_one};
use apimachinery::table::TableOptions;
use bytes::Bytes;
use component::body::{Body, Broken, Sender};
use component::metrics::{ApiServerMetrics, Counter, Held};
use component::shutdown::Stage;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::frames::{self, Frames};
use super::select;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation;
use crate::registry::Target;
use crate::reply::{JSON, Reply};
use crate::server::Server;
use crate::watch_cache::{Cached, Caches, Change, FrameType, Selection};

/// How many events may wait for a client in the channel of its answer. More wait as a position in the ring.
const N_WAITING_MAX: usize = 64;

/// How many changes a watcher takes from the ring at once.
const N_CHANGES_AT_ONCE: usize = 256;

/// How often a client that wants bookmarks gets one.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// How long before the end of a watch the last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// How long a client may leave what waits for it unread. Whoever is slow gets as long for each event; whoever does not
/// read at all is not kept.
const READ_WAIT_MAX: Duration = Duration::from_secs(30);

/// Where a watch begins.
enum Begin {
    /// With everything that is there.
    State,
    /// With what happens after this.
    After(u64),
    /// It cannot.
    Error(Box<Status>),
}

pub(super) async fn handle(
    server: &Server,
    _: &Authorized,
    target: &Target,
    call: &Call,
) -> Result<Reply, Box<Status>> {
    let mut options = ListOptions::decode(call.query())?;
    options.watch = true;
    options.set_defaults();
    options.validate()?;
    let selection = select::selection(target, &options)?;
    let accepted = negotiation::negotiate_watch(&call.headers, call.query())?;
    let table_options = match accepted.target {
        negotiation::Target::Table => TableOptions::decode(call.query())?,
        _ => TableOptions::default(),
    };
    let begin = begin(server, &options).await?;
    let seconds = options.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    // Between once and twice the least time, so that not all clients come back at once.
    let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or_else(|| {
        let least = server.min_request_timeout.as_secs();
        least + server.registry.random.below(usize::try_from(least).unwrap_or(usize::MAX).max(1)) as u64
    });
    let counters = Arc::clone(&server.counters);
    let (kind, served) = (target.kind(), target.served);
    let events = counters.watch_events.with([served.group, served.version, kind.plural]);
    let registered = counters.registered_watchers.with([served.group, served.version, kind.kind]).hold();
    let (sender, body) = Body::channel(N_WAITING_MAX);
    let watcher = Watcher {
        index: target.served.index,
        caches: Arc::clone(&server.registry.caches),
        selection,
        frames: Frames::new(
            target.served,
            accepted,
            table_options,
            server.registry.cache(target.served).head(),
        ),
        sender,
        is_stuck: false,
        events,
        _registered: registered,
        counters,
        position: 0,
        has_bookmarks: options.allow_watch_bookmarks,
        deadline: Instant::now() + Duration::from_secs(seconds),
    };
    let shutdown = server.shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = shutdown.reached(Stage::Draining) => {}
            // A client that has left, or is too slow, ends the watch too.
            () = watcher.run(begin) => {}
        }
    });
    Ok(Reply::of_body(200, JSON, body))
}

async fn begin(server: &Server, options: &ListOptions) -> Result<Begin, Box<Status>> {
    let registry = &server.registry;
    let wanted = resource_version_for_one(&options.resource_version)?;
    let is_now = options.resource_version.is_empty();
    let waited = match wanted {
        0 if is_now => registry.wait_for_now().await,
        0 => Ok(()),
        wanted => registry.wait_for_version(wanted).await,
    };
    Ok(match (waited, options.send_initial_events, wanted) {
        (Err(status), ..) => Begin::Error(status),
        (Ok(()), Some(true), _) => Begin::State,
        (Ok(()), _, 0) => Begin::After(registry.caches.progress()),
        (Ok(()), _, wanted) => Begin::After(wanted),
    })
}

/// One client that watches.
struct Watcher {
    index: usize,
    caches: Arc<Caches>,
    selection: Selection,
    frames: Frames,
    sender: Sender,
    /// The client did not read for too long.
    is_stuck: bool,
    events: Arc<Counter>,
    _registered: Held,
    counters: Arc<ApiServerMetrics>,
    /// Everything up to this revision has been sent.
    position: u64,
    has_bookmarks: bool,
    deadline: Instant,
}

impl Watcher {
    async fn run(mut self, begin: Begin) {
        // A client that has left needs to be told nothing.
        let _ = self.send_all(begin).await;
        if self.is_stuck {
            let kind = self.caches.of(self.index).kind();
            self.counters.terminated_watchers.with([kind.group, kind.plural]).inc();
            self.sender.give_up();
        }
    }

    /// Sends an event, and waits while the client is slow, but not for ever.
    async fn send(&mut self, frame: Bytes) -> Result<(), Broken> {
        let sent = timeout_at(Instant::now() + READ_WAIT_MAX, self.sender.send(frame)).await;
        match sent {
            Ok(sent) => sent?,
            Err(_) => {
                self.is_stuck = true;
                return Err(Broken);
            }
        }
        self.events.inc();
        Ok(())
    }

    async fn send_all(&mut self, begin: Begin) -> Result<(), Broken> {
        match begin {
            Begin::Error(status) => return self.send(frames::error(&status)).await,
            Begin::After(revision) => self.position = revision,
            Begin::State => {
                let snapshot = self.caches.of(self.index).select(&self.selection, self.caches.progress());
                let kind = self.caches.of(self.index).kind();
                let initial = self.counters.init_events.with([kind.group, kind.plural]);
                for object in &snapshot.objects {
                    let frame = self.frames.of_object(object);
                    self.send(frame).await?;
                    initial.inc();
                }
                self.position = snapshot.revision;
                if self.has_bookmarks {
                    let bookmark = self.frames.bookmark(self.position, true);
                    self.send(bookmark).await?;
                }
            }
        }
        self.follow().await
    }

    async fn follow(&mut self) -> Result<(), Broken> {
        let caches = Arc::clone(&self.caches);
        let mut changed = caches.of(self.index).subscribe();
        let mut next_bookmark = self.first_bookmark();
        loop {
            changed.mark_unchanged();
            if !self.send_changes().await? {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = self.sender.closed() => return Ok(()),
                () = sleep_until(self.deadline) => return Ok(()),
                waited = changed.changed() => if waited.is_err() { return Ok(()) },
                () = sleep_until(next_bookmark), if self.has_bookmarks => {
                    let progress = self.caches.progress();
                    if !self.send_changes().await? {
                        return Ok(());
                    }
                    self.position = self.position.max(progress);
                    let bookmark = self.frames.bookmark(self.position, false);
                    self.send(bookmark).await?;
                    next_bookmark = self.next_bookmark();
                }
            }
        }
    }

    fn first_bookmark(&self) -> Instant {
        let last = self.deadline.checked_sub(LAST_BOOKMARK).unwrap_or(self.deadline);
        (Instant::now() + BOOKMARK_INTERVAL).min(last.max(Instant::now()))
    }

    fn next_bookmark(&self) -> Instant {
        let last = self.deadline.checked_sub(LAST_BOOKMARK).unwrap_or(self.deadline);
        let next = Instant::now() + BOOKMARK_INTERVAL;
        if next < last || Instant::now() >= last { next } else { last }
    }

    /// Sends what is new. False if the ring has moved on and the watch is over.
    async fn send_changes(&mut self) -> Result<bool, Broken> {
        let caches = Arc::clone(&self.caches);
        let cache = caches.of(self.index);
        loop {
            let changes = match cache.changes_after(self.position, N_CHANGES_AT_ONCE) {
                Ok(changes) => changes,
                Err(expired) => {
                    let message = format!("too old resource version: {} ({})", self.position, expired.oldest);
                    self.send(frames::error(&Status::expired(message))).await?;
                    return Ok(false);
                }
            };
            let n = changes.len();
            for change in changes {
                if let Some((frame_type, object, revision)) = self.seen(&change) {
                    let frame = self.frames.of_change(&change, frame_type, &object, revision);
                    self.send(frame).await?;
                }
                self.position = change.revision;
            }
            if n < N_CHANGES_AT_ONCE {
                return Ok(true);
            }
        }
    }

    /// What a change is to this watch: an object that begins or ceases to be selected comes or goes.
    fn seen(&self, change: &Change) -> Option<(FrameType, Arc<Cached>, u64)> {
        let cache = self.caches.of(self.index);
        let is_selected =
            |object: &Arc<Cached>| self.selection.matches(cache.kind(), cache.prefix().len(), object);
        let now = change.object.as_ref().filter(|object| is_selected(object));
        let before = change.previous.as_ref().filter(|object| is_selected(object));
        match (now, before) {
            (Some(now), None) => Some((FrameType::Added, Arc::clone(now), change.revision)),
            (Some(now), Some(_)) => Some((FrameType::Modified, Arc::clone(now), change.revision)),
            (None, Some(before)) => Some((FrameType::Deleted, Arc::clone(before), change.revision)),
            (None, None) => None,
        }
    }
}
