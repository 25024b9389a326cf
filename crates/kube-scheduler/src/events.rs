//! Recording events (`events.k8s.io/v1`, KEP-383).
//!
//! What is said again of the same object, for the same reason, by the same reporter, becomes a series: the second time
//! is written at once, later ones when half an hour has passed, so that a pod that fits nowhere costs no writes. Events
//! are droppable: a queue of a thousand, and no memory of what did not fit into it.

mod event;
mod series;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::Now;
use client::{Connection, Error};
use http::Method;
use scheduling::engine::EventKind;
use scheduling::model::PodKey;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::Clock;
use event::{Event, Identity};
use series::{Heard, Known};

/// How many events may wait.
const WAITING_MAX: usize = 1000;

/// How many writes are under way at once: events matter less than what they tell of.
const WRITES_MAX: usize = 4;

/// How often the writing of one event is tried while the server cannot be reached, and how long it waits in between; as
/// client-go.
const TRIES_MAX: u32 = 12;
const WAIT: Duration = Duration::from_secs(10);

/// How often series are looked through.
const LOOK: Duration = Duration::from_secs(60);

/// Takes events. Clones are the same.
#[derive(Clone)]
pub struct Recorder {
    waiting: mpsc::Sender<Event>,
    n_dropped: Arc<AtomicU64>,
}

impl Recorder {
    /// Begins to record events through `connection`. The task ends when all recorders are dropped and everything is
    /// written. Must be called within a tokio runtime.
    ///
    /// `host_name` is part of what reporting instances are called.
    pub fn start(connection: Connection, host_name: &str, clock: Clock) -> Recorder {
        let (waiting, events) = mpsc::channel(WAITING_MAX);
        tokio::spawn(write(connection, host_name.into(), clock, events));
        Recorder { waiting, n_dropped: Arc::default() }
    }

    /// Takes an event about a pod, unless too many wait.
    #[allow(clippy::too_many_arguments, reason = "they are the parts of a command")]
    pub(crate) fn record(
        &self,
        pod: PodKey,
        uid: Arc<str>,
        related: Option<(PodKey, Arc<str>)>,
        reporter: Arc<str>,
        kind: EventKind,
        note: String,
        now: Now,
    ) {
        let identity = Identity { pod, uid, related, reporter, kind };
        if self.waiting.try_send(Event { identity, note, now }).is_err() {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many events were dropped because too many waited.
    pub fn n_dropped(&self) -> u64 {
        self.n_dropped.load(Ordering::Relaxed)
    }
}

/// Writes events until there will be no more.
async fn write(connection: Connection, host_name: Arc<str>, clock: Clock, mut events: mpsc::Receiver<Event>) {
    let slots = Arc::new(Semaphore::new(WRITES_MAX));
    let mut known = Known::default();
    let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    loop {
        let writes = tokio::select! {
            event = events.recv() => match event {
                Some(event) => match known.hear(event, &host_name) {
                    Heard::New(event) => vec![event.creation(&host_name)],
                    Heard::Again(write) => write.into_iter().collect(),
                },
                None => return,
            },
            _ = look.tick() => known.look(clock.now(), &host_name),
        };
        for write in writes {
            // Never closed.
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let connection = connection.clone();
            tokio::spawn(async move {
                write.carry_out(&connection).await;
                drop(slot);
            });
        }
    }
}

/// A request about an event.
struct Write {
    method: Method,
    path: String,
    body: Vec<u8>,
    /// What to do instead if the event is not there any more: it has a time to live.
    instead: Option<Box<Write>>,
}

impl Write {
    async fn carry_out(&self, connection: &Connection) {
        let media_type = match self.method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        for _ in 0..TRIES_MAX {
            let content = Some((media_type, self.body.clone()));
            match connection.send(self.method.clone(), &self.path, content, "recording an event").await {
                Ok(_) => return,
                Err(Error::Unreachable { .. }) => tokio::time::sleep(WAIT).await,
                Err(error) => {
                    let is_gone =
                        error.refusal().is_some_and(|refusal| refusal.code == http::StatusCode::NOT_FOUND);
                    match &self.instead {
                        Some(other) if is_gone => return Box::pin(other.carry_out(connection)).await,
                        _ => tracing::debug!(%error, "Server rejected event (will not retry!)"),
                    }
                    return;
                }
            }
        }
        tracing::debug!("Unable to write event (retry limit exceeded!)");
    }
}
