//! Bodies of requests and answers.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::mpsc;

/// The body of an answer. Bytes are shared, never copied.
pub struct Body {
    content: Content,
    /// Dropped when the body has been sent or given up.
    _guards: Vec<Box<dyn Any + Send>>,
}

enum Content {
    Full(Bytes),
    Parts(VecDeque<Bytes>),
    Channel(mpsc::Receiver<Result<Bytes, Broken>>),
    Poll(Box<PollNext>),
    Iterator(Box<dyn Iterator<Item = Bytes> + Send>),
}

type PollNext = dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> + Send;

/// A body that ended before its end: the client sees a stream that was cut, not one that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body was given up before its end")]
pub struct Broken;

impl Body {
    /// No bytes at all.
    pub fn empty() -> Body {
        Body::of(Content::Full(Bytes::new()))
    }

    /// All bytes at once; its length is known.
    pub fn full(bytes: impl Into<Bytes>) -> Body {
        Body::of(Content::Full(bytes.into()))
    }

    /// Several pieces that are there already; their length is known.
    pub fn parts(parts: impl IntoIterator<Item = Bytes>) -> Body {
        Body::of(Content::Parts(parts.into_iter().filter(|part| !part.is_empty()).collect()))
    }

    /// Pieces that are made when the client is ready for them.
    pub fn iterator(parts: impl Iterator<Item = Bytes> + Send + 'static) -> Body {
        Body::of(Content::Iterator(Box::new(parts)))
    }

    /// Pieces that a task sends. At most `capacity` of them wait for the client.
    pub fn channel(capacity: usize) -> (Sender, Body) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Sender(sender), Body::of(Content::Channel(receiver)))
    }

    /// Pieces that come from something that is polled: streams without a task of their own.
    pub fn poll_fn(
        next: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> + Send + 'static,
    ) -> Body {
        Body::of(Content::Poll(Box::new(next)))
    }

    /// Pieces that a future puts into an [`Outbox`], driven by whoever reads the body: neither a task of its own nor a
    /// channel is between them. What is put there before the future has to wait goes out as one piece. The body is
    /// complete when the future ends.
    pub fn produced<F>(produce: impl FnOnce(Outbox) -> F) -> Body
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let outbox = Outbox::default();
        let mut producing = Some(Box::pin(produce(outbox.clone())));
        Body::poll_fn(move |context| {
            if let Some(future) = &mut producing
                && future.as_mut().poll(context).is_ready()
            {
                producing = None;
            }
            match outbox.take() {
                Some(bytes) => Poll::Ready(Some(Ok(bytes))),
                None if producing.is_none() => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
    }

    /// Keeps `guard` until the body has been sent or given up: permits, gauges.
    #[must_use]
    pub fn held_with(mut self, guard: impl Any + Send) -> Body {
        self._guards.push(Box::new(guard));
        self
    }

    /// All bytes, for requests inside the process and for tests. Streams are read to their end.
    ///
    /// # Errors
    /// If the body is given up before its end.
    pub async fn collect(mut self) -> Result<Bytes, Broken> {
        if let Content::Full(bytes) = &mut self.content {
            return Ok(std::mem::take(bytes));
        }
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next().await {
            all.extend_from_slice(&bytes?);
        }
        Ok(all.freeze())
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn of(content: Content) -> Body {
        Body { content, _guards: Vec::new() }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        match &mut self.content {
            Content::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Full(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Content::Parts(parts) => Poll::Ready(parts.pop_front().map(Ok)),
            Content::Iterator(parts) => Poll::Ready(parts.find(|part| !part.is_empty()).map(Ok)),
            Content::Channel(receiver) => receiver.poll_recv(context),
            Content::Poll(next) => next(context),
        }
    }
}

impl Default for Body {
    fn default() -> Body {
        Body::empty()
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Body {
        Body::full(bytes)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::Parts(parts) => write!(f, "Body({} parts)", parts.len()),
            _ => f.write_str("Body(stream)"),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let next = ready!(self.get_mut().poll_next(context));
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Full(bytes) => bytes.is_empty(),
            Content::Parts(parts) => parts.is_empty(),
            _ => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Parts(parts) => SizeHint::with_exact(parts.iter().map(|part| part.len() as u64).sum()),
            _ => SizeHint::default(),
        }
    }
}

/// How many bytes wait in an outbox before its filler has to.
const OUTBOX_BYTES: usize = 16 << 10;

/// Where the future of [`Body::produced`] puts pieces.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Pieces>>);

#[derive(Debug, Default)]
struct Pieces {
    all: Vec<Bytes>,
    n_bytes: usize,
}

impl Outbox {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a piece in, and waits for the reader if there are many bytes already.
    pub async fn put(&self, bytes: Bytes) {
        let is_full = {
            let mut pieces = self.pieces();
            pieces.n_bytes += bytes.len();
            pieces.all.push(bytes);
            pieces.n_bytes >= OUTBOX_BYTES
        };
        if is_full {
            // The reader polls again for the next piece, after it has taken these: nobody has to wake it.
            std::future::poll_fn(
                |_| if self.pieces().all.is_empty() { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
        }
    }

    /// Everything that is in it; a single piece is not copied.
    fn take(&self) -> Option<Bytes> {
        let mut pieces = self.pieces();
        let n_bytes = std::mem::take(&mut pieces.n_bytes);
        if pieces.all.len() <= 1 {
            return pieces.all.pop().filter(|bytes| !bytes.is_empty());
        }
        let mut joined = BytesMut::with_capacity(n_bytes);
        pieces.all.drain(..).for_each(|piece| joined.extend_from_slice(&piece));
        Some(joined.freeze()).filter(|bytes| !bytes.is_empty())
    }
}

/// Sends the pieces of a body. The body is complete when the sender is dropped.
#[derive(Clone, Debug)]
pub struct Sender(mpsc::Sender<Result<Bytes, Broken>>);

impl Sender {
    /// Sends a piece, and waits while the client is slow.
    ///
    /// # Errors
    /// If nobody takes it any more.
    pub async fn send(&self, bytes: Bytes) -> Result<(), Broken> {
        self.0.send(Ok(bytes)).await.map_err(|_| Broken)
    }

    /// Sends a piece if there is room: `Ok(false)` if not.
    ///
    /// # Errors
    /// If nobody takes it any more.
    pub fn try_send(&self, bytes: Bytes) -> Result<bool, Broken> {
        match self.0.try_send(Ok(bytes)) {
            Ok(()) => Ok(true),
            Err(mpsc::error::TrySendError::Full(_)) => Ok(false),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Broken),
        }
    }

    /// Ends the body so that the client sees that it is incomplete.
    pub async fn give_up(self) {
        // Nobody there to be told is fine.
        let _ = self.0.send(Err(Broken)).await;
    }

    /// Waits until nobody takes pieces any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

/// The body of a request.
#[derive(Debug)]
pub enum RequestBody {
    /// What a client in the same process sends.
    Full(Bytes),
    /// What comes through a connection.
    Incoming(hyper::body::Incoming),
}

/// Why the body of a request could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is longer than the limit, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection failed, or the client gave up.
    #[error("the body could not be read")]
    Broken(#[source] hyper::Error),
}

impl RequestBody {
    /// Reads all of it, but not more than `limit` bytes.
    ///
    /// # Errors
    /// If it is longer, or cannot be read. What is left of a body that is too long is not read.
    pub async fn read(self, limit: usize) -> Result<Bytes, ReadError> {
        let mut body = match self {
            RequestBody::Full(bytes) if bytes.len() > limit => return Err(ReadError::TooLarge(limit)),
            RequestBody::Full(bytes) => return Ok(bytes),
            RequestBody::Incoming(body) => body,
        };
        if body.size_hint().lower() > limit as u64 {
            return Err(ReadError::TooLarge(limit));
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        loop {
            let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            let Some(frame) = next else { break };
            let Ok(bytes) = frame.map_err(ReadError::Broken)?.into_data() else { continue };
            if first.len() + all.len() + bytes.len() > limit {
                return Err(ReadError::TooLarge(limit));
            }
            // Most bodies are one piece, which then is not copied.
            if first.is_empty() && all.is_empty() {
                first = bytes;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_way_to_make_a_body_gives_its_bytes() {
        let piece = |text: &'static str| Bytes::from_static(text.as_bytes());
        let (sender, channel) = Body::channel(4);
        assert_eq!(sender.try_send(piece("ab")), Ok(true));
        assert_eq!(sender.try_send(piece("c")), Ok(true));
        drop(sender);
        let mut polled = vec![piece("c"), piece("ab")];
        for (body, length) in [
            (Body::full("abc"), Some(3)),
            (Body::parts([piece("ab"), piece(""), piece("c")]), Some(3)),
            (Body::iterator([piece(""), piece("ab"), piece(""), piece("c")].into_iter()), None),
            (channel, None),
            (Body::poll_fn(move |_| Poll::Ready(polled.pop().map(Ok))), None),
        ] {
            assert_eq!(body.size_hint().exact(), length, "{body:?}");
            assert_eq!(body.collect().await.unwrap(), "abc");
        }
        assert!(Body::empty().is_end_stream());
    }

    #[tokio::test]
    async fn a_body_that_is_given_up_is_not_complete() {
        let (sender, body) = Body::channel(2);
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        sender.give_up().await;
        assert_eq!(body.collect().await, Err(Broken));
    }

    #[tokio::test]
    async fn what_is_put_into_an_outbox_comes_out_joined_up_to_a_limit() {
        let mut body = Body::produced(|outbox| async move {
            outbox.put(Bytes::from_static(b"a")).await;
            outbox.put(Bytes::from_static(b"b")).await;
            tokio::task::yield_now().await;
            outbox.put(vec![b'c'; OUTBOX_BYTES].into()).await;
            outbox.put(Bytes::from_static(b"d")).await;
        });
        assert_eq!(body.next().await.unwrap().unwrap(), "ab");
        assert_eq!(body.next().await.unwrap().unwrap().len(), OUTBOX_BYTES);
        assert_eq!(body.next().await.unwrap().unwrap(), "d");
        assert_eq!(body.next().await, None);
        assert_eq!(Body::produced(|_| async {}).collect().await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_sender_hears_that_nobody_listens() {
        let (sender, body) = Body::channel(1);
        assert_eq!(sender.try_send(Bytes::from_static(b"a")), Ok(true));
        assert_eq!(sender.try_send(Bytes::from_static(b"b")), Ok(false), "the client is slow");
        drop(body);
        sender.closed().await;
        assert_eq!(sender.send(Bytes::from_static(b"b")).await, Err(Broken));
    }

    #[test]
    fn guards_live_as_long_as_the_body() {
        let guard = Arc::new(());
        let body = Body::full("x").held_with(guard.clone());
        assert_eq!(Arc::strong_count(&guard), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&guard), 1);
    }

    #[tokio::test]
    async fn bodies_of_requests_have_a_limit() {
        let body = || RequestBody::Full(Bytes::from_static(b"12345"));
        assert_eq!(body().read(5).await.unwrap(), "12345");
        let error = body().read(4).await.unwrap_err();
        assert_eq!(error.to_string(), "the body is longer than 4 bytes");
    }
}
