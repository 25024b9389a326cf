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
        drop(state);
        self.bell.notify_one();
        Ok(())
    }

    /// Takes everything that waits; if nothing does, waits for the first, or for so long. If more are `expected`,
    /// then waits for them a little.
    pub(super) fn take(&self, wait: Option<Duration>, expected: Expected) -> Taken {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let mut state = match wait {
            None => self.bell.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner),
            Some(wait) => self.wait(self.state(), wait, idle),
        };
        if !state.waiting.is_empty() && expected.n > 1 {
            let few = |state: &mut State| state.waiting.len() < expected.n && !state.is_closed;
            state = self.wait(state, expected.wait, few);
        }
        Taken { requests: std::mem::take(&mut state.waiting), is_last: state.is_closed }
    }

    fn wait<'q>(
        &self,
        state: MutexGuard<'q, State>,
        wait: Duration,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'q, State> {
        self.bell.wait_timeout_while(state, wait, condition).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.room.close();
        self.bell.notify_one();
    }
}
