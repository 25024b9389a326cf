//! How many requests are answered at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::reply::Reply;

/// How many requests are answered at once (`--max-requests-inflight`, `--max-mutating-requests-inflight`). Those that go
/// on until somebody ends them do not count.
#[derive(Debug)]
pub struct Inflight {
    read_only: Arc<Semaphore>,
    mutating: Arc<Semaphore>,
}

/// Held while a request is answered; nothing for those that do not count.
pub type Permit = Option<OwnedSemaphorePermit>;

impl Inflight {
    /// With these limits; 0 is none.
    pub fn new(n_read_only_max: usize, n_mutating_max: usize) -> Inflight {
        let semaphore = |n: usize| {
            Arc::new(Semaphore::new(if n == 0 { Semaphore::MAX_PERMITS } else { n }))
        };
        Inflight { read_only: semaphore(n_read_only_max), mutating: semaphore(n_mutating_max) }
    }

    /// Begins a request.
    ///
    /// # Errors
    /// The 429 if there are too many.
    pub fn enter(&self, is_long_running: bool, is_read_only: bool) -> Result<Permit, Box<Reply>> {
        if is_long_running {
            return Ok(None);
        }
        let semaphore = if is_read_only { &self.read_only } else { &self.mutating };
        Arc::clone(semaphore).try_acquire_owned().map(Some).map_err(|_| {
            let text = "Too many requests, please try again later.\n";
            Box::new(Reply::text(429, text).with("Retry-After", "1"))
        })
    }
}
