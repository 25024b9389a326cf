//! Bodies of requests and answers.

mod channel;
mod gzip;
mod produced;
mod request;

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::task::AbortHandle;

pub use channel::Sender;
use gzip::Gzip;
pub use produced::Outbox;
use produced::Produced;
pub use request::{ReadError, RequestBody};

/// The body of an answer. Bytes are shared, never copied.
pub struct Body {
    content: Content,
    /// Dropped when the body has been sent or given up.
    _guards: Vec<Box<dyn Any + Send>>,
    counted: Option<Counted>,
}

enum Content {
    Full(Bytes),
    Parts(VecDeque<Bytes>),
    Channel(channel::Receiver),
    Poll(Box<PollNext>),
    Produced(Produced),
    Iterator(Pieces),
    Limited(Limited),
}

type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// Pieces that are taken away after some time.
struct Limited {
    /// `None` if the time was up.
    pieces: Arc<Mutex<Option<Pieces>>>,
    /// What takes them away.
    timer: AbortHandle,
    is_broken: bool,
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

/// Tells how many bytes were sent.
struct Counted {
    n_bytes: u64,
    tell: Option<Box<dyn FnOnce(u64) + Send>>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(self.n_bytes);
        }
    }
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

    /// Pieces that a task sends. At most `capacity` of them wait for the client, and a limited number of bytes.
    pub fn channel(capacity: usize) -> (Sender, Body) {
        let (sender, receiver) = channel::channel(capacity);
        (sender, Body::of(Content::Channel(receiver)))
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
    ///
    /// A reader that is given something and does not ask for more within `patience` is given up: the future is dropped, and
    /// `on_give_up` is told.
    pub fn produced<F>(
        patience: Duration,
        on_give_up: impl FnOnce() + Send + 'static,
        produce: impl FnOnce(Outbox) -> F,
    ) -> Body
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Body::of(Content::Produced(Produced::new(patience, on_give_up, produce)))
    }

    /// Keeps `guard` until the body has been sent or given up: permits, gauges.
    #[must_use]
    pub fn held_with(mut self, guard: impl Any + Send) -> Body {
        self._guards.push(Box::new(guard));
        self
    }

    /// Tells how many bytes were sent, when the body has been sent or given up.
    #[must_use]
    pub fn counted(mut self, tell: impl FnOnce(u64) + Send + 'static) -> Body {
        self.counted = Some(Counted { n_bytes: 0, tell: Some(Box::new(tell)) });
        self
    }

    /// How many bytes there are; `None` where that is known at the end only.
    pub fn len(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }

    /// Whether it is known that there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The body compressed as gzip, if it has more than `n_bytes_min` bytes and is not a stream that somebody waits for;
    /// and whether it is.
    #[must_use]
    pub fn compressed(mut self, n_bytes_min: usize) -> (Body, bool) {
        let content = std::mem::replace(&mut self.content, Content::Full(Bytes::new()));
        let (content, is_compressed) = match content {
            Content::Full(bytes) if bytes.len() > n_bytes_min => {
                (Content::Iterator(Box::new(Gzip::new(std::iter::once(bytes)))), true)
            }
            Content::Parts(parts) if parts.iter().map(Bytes::len).sum::<usize>() > n_bytes_min => {
                (Content::Iterator(Box::new(Gzip::new(parts.into_iter()))), true)
            }
            Content::Iterator(mut pieces) => {
                let mut first = VecDeque::new();
                let mut n_bytes = 0;
                while n_bytes <= n_bytes_min {
                    let Some(piece) = pieces.next() else { break };
                    n_bytes += piece.len();
                    first.push_back(piece);
                }
                if n_bytes > n_bytes_min {
                    let all = first.into_iter().chain(pieces);
                    (Content::Iterator(Box::new(Gzip::new(all))), true)
                } else {
                    (Content::Parts(first), false)
                }
            }
            content => (content, false),
        };
        self.content = content;
        (self, is_compressed)
    }

    /// Gives up a body that is made while it is sent if that takes longer than this, so that a client that does not read
    /// does not keep what the pieces are made of. Other bodies hold nothing but their bytes.
    #[must_use]
    pub fn within(mut self, wait: Duration) -> Body {
        if let Content::Iterator(pieces) = self.content {
            let pieces = Arc::new(Mutex::new(Some(pieces)));
            let taken = Arc::clone(&pieces);
            let timer = tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                taken.lock().unwrap_or_else(PoisonError::into_inner).take();
            });
            let timer = timer.abort_handle();
            self.content = Content::Limited(Limited { pieces, timer, is_broken: false });
        }
        self
    }

    /// All bytes, for requests inside the process and for tests. Streams are read to their end.
    ///
    /// # Errors
    /// If the body is given up before its end.
    pub async fn collect(mut self) -> Result<Bytes, Broken> {
        if let Content::Full(bytes) = &mut self.content {
            let bytes = std::mem::take(bytes);
            self.count(&bytes);
            return Ok(bytes);
        }
        let mut all = BytesMut::with_capacity(self.len().map_or(0, |n_bytes| n_bytes as usize));
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
        Body { content, _guards: Vec::new(), counted: None }
    }

    fn count(&mut self, bytes: &Bytes) {
        if let Some(counted) = &mut self.counted {
            counted.n_bytes += bytes.len() as u64;
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let polled = self.poll_content(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled
            && let Some(counted) = &mut self.counted
        {
            counted.n_bytes += bytes.len() as u64;
        }
        polled
    }

    fn poll_content(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        match &mut self.content {
            Content::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Full(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Content::Parts(parts) => Poll::Ready(parts.pop_front().map(Ok)),
            Content::Iterator(parts) => Poll::Ready(parts.find(|part| !part.is_empty()).map(Ok)),
            Content::Channel(receiver) => receiver.poll(context),
            Content::Poll(next) => next(context),
            Content::Produced(produced) => produced.poll(context),
            Content::Limited(limited) if limited.is_broken => Poll::Ready(None),
            Content::Limited(limited) => {
                let mut pieces = limited.pieces.lock().unwrap_or_else(PoisonError::into_inner);
                match pieces.as_mut() {
                    Some(pieces) => Poll::Ready(pieces.find(|part| !part.is_empty()).map(Ok)),
                    None => {
                        limited.is_broken = true;
                        Poll::Ready(Some(Err(Broken)))
                    }
                }
            }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body::Body as _;

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
        sender.give_up();
        assert_eq!(body.collect().await, Err(Broken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_not_read_in_time_is_given_up_and_holds_nothing() {
        let held = Arc::new(());
        let keeps = Arc::clone(&held);
        let pieces = std::iter::repeat_with(move || {
            let _ = &keeps;
            Bytes::from_static(b"x")
        });
        let mut body = Body::iterator(pieces).within(Duration::from_secs(60));
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"x"))));
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(body.next().await, Some(Err(Broken)));
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn sent_bytes_are_counted() {
        let told = Arc::new(Mutex::new(None));
        for body in [Body::full("abc"), Body::iterator(["ab", "c"].map(Bytes::from).into_iter())] {
            let tell = Arc::clone(&told);
            let body = body.counted(move |n_bytes| *tell.lock().unwrap() = Some(n_bytes));
            body.collect().await.unwrap();
            assert_eq!(told.lock().unwrap().take(), Some(3));
        }
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
}
