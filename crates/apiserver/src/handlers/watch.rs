//! Streams of changes.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::Status;
use apimachinery::options::{ListOptions, resource_version_for_one};
use apimachinery::table::TableOptions;
use bytes::Bytes;
use component::body::{Body, Outbox};
use component::metrics::{ApiServerMetrics, Counter, Held};
use component::shutdown::Stage;
use tokio::time::{Instant, sleep_until};

use super::frames::{self, Frames};
use super::select;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation;
use crate::registry::Target;
use crate::reply::{JSON, Reply};
use crate::server::Server;
use crate::watch_cache::{Cached, Caches, Change, FrameType, Interest, Selection, Subscription};

/// How many changes a watcher takes from the ring at once.
const N_CHANGES_AT_ONCE: usize = 256;

/// How often a client that wants bookmarks gets one.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// How long before the end of a watch the last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// How long a client may leave what waits for it unread. Whoever is slow gets as long for each piece; whoever does not
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
    let terminated = counters.terminated_watchers.with([kind.group, kind.plural]);
    let cache = server.registry.cache(target.served);
    let watcher = Watcher {
        index: target.served.index,
        caches: Arc::clone(&server.registry.caches),
        subscription: cache.subscribe(Interest::of(&selection, target.kind())),
        selection,
        frames: Frames::new(target.served, accepted, table_options, cache.head()),
        events: counters.watch_events.with([served.group, served.version, kind.plural]),
        _registered: counters.registered_watchers.with([served.group, served.version, kind.kind]).hold(),
        counters,
        position: 0,
        has_bookmarks: options.allow_watch_bookmarks,
        deadline: Instant::now() + Duration::from_secs(seconds),
    };
    let shutdown = server.shutdown.clone();
    // Who reads the answer drives the watch. A client that has left ends it, one that is slow stays behind in the ring, and
    // one that does not read is left.
    let body = Body::produced(
        READ_WAIT_MAX,
        move || terminated.inc(),
        |outbox| async move {
            tokio::select! {
                biased;
                () = shutdown.reached(Stage::Draining) => {}
                () = watcher.run(begin, &outbox) => {}
            }
        },
    );
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
    subscription: Subscription,
    selection: Selection,
    frames: Frames,
    events: Arc<Counter>,
    _registered: Held,
    counters: Arc<ApiServerMetrics>,
    /// Everything up to this revision has been sent.
    position: u64,
    has_bookmarks: bool,
    deadline: Instant,
}

impl Watcher {
    async fn run(mut self, begin: Begin, outbox: &Outbox) {
        match begin {
            Begin::Error(status) => return self.put(frames::error(&status), outbox).await,
            Begin::After(revision) => self.position = revision,
            Begin::State => {
                let snapshot = self.caches.of(self.index).select(&self.selection, self.caches.progress());
                let kind = self.caches.of(self.index).kind();
                let initial = self.counters.init_events.with([kind.group, kind.plural]);
                for object in &snapshot.objects {
                    let frame = self.frames.of_object(object);
                    self.put(frame, outbox).await;
                    initial.inc();
                }
                self.position = snapshot.revision;
                if self.has_bookmarks {
                    let bookmark = self.frames.bookmark(self.position, true);
                    self.put(bookmark, outbox).await;
                }
            }
        }
        self.follow(outbox).await;
    }

    async fn put(&self, frame: Bytes, outbox: &Outbox) {
        outbox.put(frame).await;
        self.events.inc();
    }

    async fn follow(&mut self, outbox: &Outbox) {
        let end = sleep_until(self.deadline);
        let bookmark = sleep_until(self.first_bookmark());
        tokio::pin!(end, bookmark);
        loop {
            self.subscription.mark_seen();
            if !self.send_changes(outbox).await {
                return;
            }
            tokio::select! {
                biased;
                () = &mut end => return,
                () = self.subscription.changed() => {}
                () = &mut bookmark, if self.has_bookmarks => {
                    let progress = self.caches.progress();
                    if !self.send_changes(outbox).await {
                        return;
                    }
                    self.position = self.position.max(progress);
                    let frame = self.frames.bookmark(self.position, false);
                    self.put(frame, outbox).await;
                    bookmark.as_mut().reset(self.next_bookmark());
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
    async fn send_changes(&mut self, outbox: &Outbox) -> bool {
        let caches = Arc::clone(&self.caches);
        let cache = caches.of(self.index);
        loop {
            let Some(begin) = self.subscription.begin(self.position) else { return true };
            self.position = begin;
            let (changes, known) = match cache.changes_after(self.position, N_CHANGES_AT_ONCE) {
                Ok(changes) => changes,
                Err(expired) => {
                    let message = format!("too old resource version: {} ({})", self.position, expired.oldest);
                    self.put(frames::error(&Status::expired(message)), outbox).await;
                    return false;
                }
            };
            let n = changes.len();
            for change in changes {
                if let Some((frame_type, object, revision)) = self.seen(&change) {
                    let frame = self.frames.of_change(&change, frame_type, &object, revision);
                    self.put(frame, outbox).await;
                }
                self.position = change.revision;
            }
            if n < N_CHANGES_AT_ONCE {
                // Not to fall out of the ring for want of changes to see.
                self.position = self.position.max(known);
                return true;
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
