//! Pieces of a body that a task sends.
//!
//! What waits for the client is limited in number and in bytes, and can be thrown away: a client that stays connected and
//! reads nothing must not hold memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::sync::Notify;

use super::Broken;

/// How many bytes wait for the client at most; one piece that is larger waits alone.
const WAITING_BYTES_MAX: usize = 256 << 10;

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Bytes>,
    n_bytes: usize,
    end: Option<Result<(), Broken>>,
    /// Nobody takes pieces any more.
    is_left: bool,
    reader: Option<Waker>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something was taken, or nobody takes any more. There is one sender, so one permit is never too few.
    taken: Notify,
    left: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, result: Result<(), Broken>) {
        let mut state = self.lock();
        if result.is_err() {
            state.waiting.clear();
            state.n_bytes = 0;
        }
        state.end.get_or_insert(result);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// Sends the pieces of a body. The body is complete when the sender is dropped.
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
    n_pieces_max: usize,
}

/// The end at which pieces come out.
#[derive(Debug)]
pub(super) struct Receiver(Arc<Shared>);

pub(super) fn channel(n_pieces_max: usize) -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    (Sender { shared: Arc::clone(&shared), n_pieces_max: n_pieces_max.max(1) }, Receiver(shared))
}

impl Sender {
    /// Sends a piece, and waits while the client is slow.
    ///
    /// # Errors
    /// If nobody takes it any more.
    pub async fn send(&self, bytes: Bytes) -> Result<(), Broken> {
        while !self.try_send(bytes.clone())? {
            self.shared.taken.notified().await;
        }
        Ok(())
    }

    /// Sends a piece if there is room: `Ok(false)` if not.
    ///
    /// # Errors
    /// If nobody takes it any more.
    pub fn try_send(&self, bytes: Bytes) -> Result<bool, Broken> {
        let mut state = self.shared.lock();
        if state.is_left {
            return Err(Broken);
        }
        let has_room = state.waiting.is_empty()
            || state.waiting.len() < self.n_pieces_max && state.n_bytes + bytes.len() <= WAITING_BYTES_MAX;
        if !has_room {
            return Ok(false);
        }
        state.n_bytes += bytes.len();
        state.waiting.push_back(bytes);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(true)
    }

    /// Ends the body so that the client sees that it is incomplete. What waits for the client is thrown away.
    pub fn give_up(self) {
        self.shared.end(Err(Broken));
    }

    /// Waits until nobody takes pieces any more.
    pub async fn closed(&self) {
        while !self.shared.lock().is_left {
            self.shared.left.notified().await;
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.shared.end(Ok(()));
    }
}

impl Receiver {
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let mut state = self.0.lock();
        if let Some(bytes) = state.waiting.pop_front() {
            state.n_bytes -= bytes.len();
            drop(state);
            self.0.taken.notify_one();
            return Poll::Ready(Some(Ok(bytes)));
        }
        match state.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(broken)) => {
                state.end = Some(Ok(()));
                Poll::Ready(Some(Err(broken)))
            }
            None => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_left = true;
        state.waiting.clear();
        state.n_bytes = 0;
        drop(state);
        self.0.taken.notify_one();
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Body;
    use super::*;

    fn piece(n_bytes: usize) -> Bytes {
        vec![b'x'; n_bytes].into()
    }

    #[tokio::test]
    async fn what_waits_is_limited_in_number_and_in_bytes() {
        let (sender, _body) = Body::channel(3);
        for (n_bytes, is_taken) in [(1, true), (1, true), (1, true), (1, false)] {
            assert_eq!(sender.try_send(piece(n_bytes)), Ok(is_taken));
        }
        let (sender, mut body) = Body::channel(64);
        let large = WAITING_BYTES_MAX + 1;
        assert_eq!(sender.try_send(piece(large)), Ok(true), "a large piece waits alone");
        assert_eq!(sender.try_send(piece(1)), Ok(false));
        assert_eq!(body.next().await.unwrap().unwrap().len(), large);
        assert_eq!(sender.try_send(piece(1)), Ok(true));
        assert_eq!(sender.try_send(piece(large)), Ok(false));
    }

    #[tokio::test]
    async fn a_sender_that_waits_goes_on_when_something_is_taken() {
        let (sender, mut body) = Body::channel(1);
        let sending = tokio::spawn(async move {
            for n_bytes in 1..=100 {
                sender.send(piece(n_bytes)).await?;
            }
            Ok::<(), Broken>(())
        });
        for n_bytes in 1..=100 {
            assert_eq!(body.next().await.unwrap().unwrap().len(), n_bytes);
        }
        assert_eq!(body.next().await, None);
        assert_eq!(sending.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn what_waits_is_thrown_away_when_the_body_is_given_up() {
        let (sender, mut body) = Body::channel(8);
        assert_eq!(sender.try_send(piece(100)), Ok(true));
        sender.give_up();
        assert_eq!(body.next().await, Some(Err(Broken)));
        assert_eq!(body.next().await, None);
    }
}
