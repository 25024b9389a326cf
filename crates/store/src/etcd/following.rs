//! Watches: a task per watch, which takes it up again when the connection breaks.
//!
//! A reader that is slow stops the task, that stops the stream, and etcd keeps what it has not sent; if that is compacted
//! meanwhile, the watch ends.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::{Notify, mpsc, watch};
use tonic::Streaming;

use super::connection::{Connection, Failure, Repeat, describe};
use super::convert::{bounds, event, number, revision, revision_of};
use super::rpc::maintenance_client::MaintenanceClient;
use super::rpc::watch_client::WatchClient;
use super::rpc::watch_request::RequestUnion;
use super::rpc::{StatusRequest, WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse};
use super::{ANSWER_BYTES_MAX, CALL_WAIT, current_revision};
use crate::contract::Revision;
use crate::error::Error;
use crate::watch::{Batch, Event, Watch, WatchSource};

/// How many batches wait for the reader.
const BATCHES_MAX: usize = 16;
/// How long to wait before a watch is taken up again, at first and at most; it doubles in between.
const RETRY_WAIT: Duration = Duration::from_millis(50);
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);
/// How often progress is asked for until it has come.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Starts a watch.
pub(super) fn start(
    connection: Arc<Connection>,
    prefix: Bytes,
    after: Revision,
    closed: watch::Receiver<bool>,
) -> Watch {
    let (batches, receiver) = mpsc::channel(BATCHES_MAX);
    let wish = Arc::new(Notify::new());
    let follower = Follower {
        connection,
        prefix,
        seen: after,
        progress_to: None,
        parts: Vec::new(),
        batches,
        wish: Arc::clone(&wish),
        closed,
    };
    tokio::spawn(follower.run());
    Watch::new(Box::new(Source { receiver, wish }))
}

struct Source {
    receiver: mpsc::Receiver<Result<Batch, Error>>,
    wish: Arc<Notify>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

impl WatchSource for Source {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Batch, Error>> {
        // The task ends without a word only when the store is closed.
        self.receiver.poll_recv(cx).map(|batch| batch.unwrap_or(Err(Error::Closed)))
    }

    fn request_progress(&mut self) {
        self.wish.notify_one();
    }
}

/// Requests as the stream that tonic wants.
struct Requests(mpsc::Receiver<WatchRequest>);

impl Stream for Requests {
    type Item = WatchRequest;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchRequest>> {
        self.0.poll_recv(cx)
    }
}

fn request(union: RequestUnion) -> WatchRequest {
    WatchRequest { request_union: Some(union) }
}

/// Why a stream is over.
enum End {
    /// The connection broke: once more.
    Broken,
    /// The reader is to know this, and nothing else.
    Refused(Error),
    /// Nobody reads any more, or the store is closed.
    Left,
}

/// Opens a stream on the endpoint that answered last; also tells which that is.
async fn open(
    connection: &Connection,
    create: WatchCreateRequest,
) -> Result<(usize, mpsc::Sender<WatchRequest>, Streaming<WatchResponse>), String> {
    let (index, channel) = connection.current();
    let (requests, receiver) = mpsc::channel(4);
    requests.try_send(request(RequestUnion::CreateRequest(create))).expect("a new channel has room");
    let mut client = WatchClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let opened = tokio::time::timeout(CALL_WAIT, client.watch(Requests(receiver))).await;
    match opened {
        Ok(Ok(responses)) => Ok((index, requests, responses.into_inner())),
        Ok(Err(status)) => {
            connection.leave(index);
            Err(describe(&status))
        }
        Err(_) => {
            connection.leave(index);
            Err(format!("no answer in {CALL_WAIT:?}"))
        }
    }
}

/// The oldest revision that etcd knows. It says so only to a watch that asks for an older one.
pub(super) async fn oldest(connection: &Connection) -> Result<Revision, Error> {
    let (key, _) = bounds(b"", b"");
    let create = WatchCreateRequest { key, start_revision: 1, ..WatchCreateRequest::default() };
    let unavailable = |reason: String| Error::Unavailable { reason: reason.into() };
    let (_, _requests, mut responses) = open(connection, create).await.map_err(unavailable)?;
    loop {
        match tokio::time::timeout(CALL_WAIT, responses.message()).await {
            // First it says that the watch is there, then that it cannot be.
            Ok(Ok(Some(response))) if response.created && !response.canceled => {}
            Ok(Ok(Some(response))) => return Ok(revision(response.compact_revision)),
            Ok(Ok(None)) => return Err(unavailable("the stream has ended".to_owned())),
            Ok(Err(status)) => return Err(unavailable(describe(&status))),
            Err(_) => return Err(unavailable(format!("no answer in {CALL_WAIT:?}"))),
        }
    }
}

/// Whether an answer to a progress request of this version can be trusted. Before 3.4.25 and 3.5.8 it may overtake
/// events, and before 3.4.31 and 3.5.13 it may not come; kube-apiserver asks for the latter, too.
fn answers_progress_requests(version: &str) -> bool {
    let mut numbers = version.split(['.', '-', '+']).map(|part| part.parse::<u64>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    match (next(), next(), next()) {
        (3, 4, patch) => patch >= 31,
        (3, 5, patch) => patch >= 13,
        (major, minor, _) => (major, minor) > (3, 5),
    }
}

async fn trusts_progress(connection: &Connection) -> Result<bool, Failure> {
    let ask = |channel| async move {
        MaintenanceClient::new(channel).status(StatusRequest {}).await.map(tonic::Response::into_inner)
    };
    let status = connection.call(Repeat::Always, ask).await?;
    Ok(answers_progress_requests(&status.version))
}

struct Follower {
    connection: Arc<Connection>,
    prefix: Bytes,
    /// Everything up to here was delivered.
    seen: Revision,
    /// A batch that reaches this far was asked for.
    progress_to: Option<Revision>,
    /// The first parts of an answer that comes in several.
    parts: Vec<Event>,
    batches: mpsc::Sender<Result<Batch, Error>>,
    wish: Arc<Notify>,
    closed: watch::Receiver<bool>,
}

impl Follower {
    async fn run(mut self) {
        let mut wait = RETRY_WAIT;
        loop {
            let before = self.seen;
            match self.follow().await {
                End::Left => return,
                End::Refused(error) => {
                    // If nobody reads, nobody needs to know.
                    let _ = self.batches.send(Err(error)).await;
                    return;
                }
                End::Broken => {}
            }
            wait = if self.seen > before { RETRY_WAIT } else { (wait * 2).min(RETRY_WAIT_MAX) };
            tokio::select! {
                biased;
                () = left(&mut self.closed, &self.batches) => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One stream, from what was seen until it ends.
    async fn follow(&mut self) -> End {
        self.parts.clear();
        let (key, range_end) = bounds(&self.prefix, &self.prefix);
        let create = WatchCreateRequest {
            key,
            range_end,
            start_revision: number(self.seen.next()),
            progress_notify: true,
            prev_kv: true,
            fragment: true,
        };
        let opened = tokio::select! {
            biased;
            () = left(&mut self.closed, &self.batches) => return End::Left,
            opened = open(&self.connection, create) => opened,
        };
        let Ok((index, requests, mut responses)) = opened else { return End::Broken };
        let mut is_trusted = None;
        let mut ticks = tokio::time::interval(PROGRESS_INTERVAL);
        loop {
            tokio::select! {
                biased;
                () = left(&mut self.closed, &self.batches) => return End::Left,
                message = responses.message() => match message {
                    Ok(Some(response)) => {
                        if let Some(end) = self.take(response).await {
                            return end;
                        }
                    }
                    Ok(None) | Err(_) => {
                        self.connection.leave(index);
                        return End::Broken;
                    }
                },
                () = self.wish.notified() => {
                    let Ok(reached) = current_revision(&self.connection).await else {
                        self.wish.notify_one();
                        return End::Broken;
                    };
                    self.progress_to = Some(reached);
                    // It may have seen everything already.
                    if self.seen >= reached && self.deliver(Vec::new(), self.seen).await.is_err() {
                        return End::Left;
                    }
                }
                _ = ticks.tick(), if self.progress_to.is_some() => {
                    if is_trusted.is_none() {
                        is_trusted = trusts_progress(&self.connection).await.ok();
                    }
                    // A full channel means that etcd does not take requests; then one of those in it will do.
                    if is_trusted == Some(true) {
                        let _ = requests.try_send(request(RequestUnion::ProgressRequest(WatchProgressRequest {})));
                    }
                }
            }
        }
    }

    async fn take(&mut self, response: WatchResponse) -> Option<End> {
        if response.canceled {
            let error = if response.compact_revision > 0 {
                Error::Compacted { oldest: revision(response.compact_revision) }
            } else {
                Error::Unavailable {
                    reason: format!("etcd ends the watch: {}", response.cancel_reason).into(),
                }
            };
            return Some(End::Refused(error));
        }
        if response.created {
            return None;
        }
        let is_progress = response.events.is_empty() && self.parts.is_empty();
        self.parts.extend(response.events.iter().filter_map(event));
        if response.fragment {
            return None;
        }
        let events = std::mem::take(&mut self.parts);
        // Of an answer with events the header may be ahead of them: more may follow. The last event tells the truth,
        // as etcd does not part changes of one revision.
        let reached = events.last().map_or_else(|| revision_of(response.header.as_ref()), Event::revision);
        if is_progress && reached < self.seen {
            return None;
        }
        self.deliver(events, reached).await.err()
    }

    async fn deliver(&mut self, events: Vec<Event>, reached: Revision) -> Result<(), End> {
        self.seen = self.seen.max(reached);
        if self.progress_to.is_some_and(|progress_to| progress_to <= self.seen) {
            self.progress_to = None;
        }
        let batch = Batch { events, revision: self.seen };
        // While the reader is slow the stream is not read; that is meant.
        tokio::select! {
            biased;
            () = left(&mut self.closed, &self.batches) => Err(End::Left),
            sent = self.batches.send(Ok(batch)) => sent.map_err(|_| End::Left),
        }
    }
}

/// Returns when the store is closed or the reader is gone.
async fn left(closed: &mut watch::Receiver<bool>, batches: &mpsc::Sender<Result<Batch, Error>>) {
    tokio::select! {
        biased;
        // An error means that the store itself is gone.
        _ = closed.wait_for(|is_closed| *is_closed) => {}
        () = batches.closed() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_asked_for_where_the_answer_can_be_trusted() {
        for (version, is_trusted) in [
            ("3.4.23", false),
            ("3.4.31", true),
            ("3.5.8", false),
            ("3.5.13", true),
            ("3.6.0-rc.1", true),
            ("4.0.0", true),
            ("2.9.9", false),
            ("", false),
        ] {
            assert_eq!(answers_progress_requests(version), is_trusted, "{version}");
        }
    }
}
