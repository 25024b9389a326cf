//! Writes that wait for the disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::contract::{Committed, Expect, Write};
use crate::error::Error;

/// A commit that waits for its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) key: Bytes,
    pub(super) expect: Expect,
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Committed, Error>>,
    /// The room that it takes, given back with the answer.
    pub(super) room: OwnedSemaphorePermit,
}

/// A queue with a limit in bytes, and one taker that takes everything at once.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    bell: Condvar,
    /// One permit per KiB.
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Request>,
    /// At how many the taker wants to be woken; 0 while it does not sleep. To ring for each one would cost each one a call
    /// of the kernel, and wake a taker who goes on waiting.
    n_wanted: usize,
    is_closed: bool,
}

/// How many are likely to come, and how long to wait for them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    pub(super) n: usize,
    pub(super) wait: Duration,
}

/// What the taker got.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) requests: Vec<Request>,
    /// No more will come.
    pub(super) is_last: bool,
}

impl Queue {
    pub(super) fn new(n_bytes_max: usize) -> Queue {
        // The largest entry has to find room in any case.
        let n_permits = (n_bytes_max.max(crate::contract::ENTRY_BYTES_MAX) >> 10) + 1;
        Queue {
            state: Mutex::new(State::default()),
            bell: Condvar::new(),
            room: Arc::new(Semaphore::new(n_permits)),
        }
    }

    /// A push to a vector or a swap is whole even if somebody else panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for so many bytes.
    pub(super) async fn room(&self, n_bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let n_permits = u32::try_from((n_bytes >> 10) + 1).expect("sizes are checked before");
        Arc::clone(&self.room).acquire_many_owned(n_permits).await.map_err(|_| Error::Closed)
    }

    pub(super) fn push(&self, request: Request) -> Result<(), Error> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Error::Closed);
        }
        state.waiting.push(request);
        let is_wanted = state.n_wanted > 0 && state.waiting.len() >= state.n_wanted;
        if is_wanted {
            state.n_wanted = 0;
        }
        drop(state);
        if is_wanted {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Takes everything that waits; if nothing does, waits for the first, or for so long. If more are `expected`,
    /// then waits for them a little.
    pub(super) fn take(&self, wait: Option<Duration>, expected: Expected) -> Taken {
        let mut state = self.wait(self.state(), wait, 1);
        if !state.waiting.is_empty() && expected.n > 1 {
            state = self.wait(state, Some(expected.wait), expected.n);
        }
        let next = Vec::with_capacity(state.waiting.len());
        Taken { requests: std::mem::replace(&mut state.waiting, next), is_last: state.is_closed }
    }

    /// Waits until so many wait or no more will come, at most for so long.
    fn wait<'q>(
        &self,
        state: MutexGuard<'q, State>,
        wait: Option<Duration>,
        n_wanted: usize,
    ) -> MutexGuard<'q, State> {
        let few = |state: &mut State| {
            let is_few = state.waiting.len() < n_wanted && !state.is_closed;
            state.n_wanted = if is_few { n_wanted } else { 0 };
            is_few
        };
        let mut state = match wait {
            None => self.bell.wait_while(state, few).unwrap_or_else(PoisonError::into_inner),
            Some(wait) => {
                self.bell.wait_timeout_while(state, wait, few).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.n_wanted = 0;
        state
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.room.close();
        self.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const PATIENCE: Duration = Duration::from_secs(60);

    async fn push(queue: &Queue) {
        let (reply, _) = oneshot::channel();
        let room = queue.room(1).await.expect("room");
        let key = Bytes::from_static(b"k");
        queue
            .push(Request { key, expect: Expect::Anything, write: Write::Delete, reply, room })
            .expect("open");
    }

    /// How many are taken by somebody who waits for so many.
    fn taken(queue: &Arc<Queue>, n: usize) -> mpsc::Receiver<usize> {
        let (tell, told) = mpsc::channel();
        let queue = Arc::clone(queue);
        std::thread::spawn(move || {
            let taken = queue.take(None, Expected { n, wait: LONG });
            tell.send(taken.requests.len())
        });
        told
    }

    #[tokio::test]
    async fn the_taker_is_woken_when_as_many_wait_as_it_waits_for() {
        for n in [1, 2, 5] {
            let queue = Arc::new(Queue::new(0));
            let told = taken(&queue, n);
            for _ in 0..n {
                push(&queue).await;
            }
            assert_eq!(told.recv_timeout(PATIENCE), Ok(n));
            // What comes while nobody waits is there for the next.
            push(&queue).await;
            assert_eq!(taken(&queue, 1).recv_timeout(PATIENCE), Ok(1));
        }
    }

    #[tokio::test]
    async fn the_end_wakes_the_taker() {
        let queue = Arc::new(Queue::new(0));
        let told = taken(&queue, 3);
        push(&queue).await;
        queue.close();
        assert_eq!(told.recv_timeout(PATIENCE), Ok(1));
    }
}
