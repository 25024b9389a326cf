//! How many requests are answered at once.

use std::sync::Arc;
use std::time::Duration;

use component::metrics::{ApiServerMetrics, Gauge, Held};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many requests may wait for each one that is answered. What waits costs its headers and a task.
const N_WAITING_PER_TURN: i64 = 50;

/// How many requests are answered at once (`--max-requests-inflight`, `--max-mutating-requests-inflight`). Those that go
/// on until somebody ends them do not count, and administrators and probes always get their turn. Others wait, as with
/// upstream's priority and fairness (KEP-1040), which knows more than two sorts of requests.
#[derive(Debug)]
pub struct Inflight {
    read_only: Turns,
    mutating: Turns,
    wait_max: Duration,
}

#[derive(Debug)]
struct Turns {
    /// `None` without a limit.
    semaphore: Option<Arc<Semaphore>>,
    n_waiting_max: i64,
    running: Arc<Gauge>,
    waiting: Arc<Gauge>,
}

/// Held while a request is answered.
#[derive(Debug)]
pub struct Permit {
    _turn: Option<OwnedSemaphorePermit>,
    _held: Held,
}

/// There are too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Inflight {
    /// With these limits; 0 is none. Requests wait for their turn at most `wait_max`.
    pub fn new(
        n_read_only_max: usize,
        n_mutating_max: usize,
        wait_max: Duration,
        counters: &ApiServerMetrics,
    ) -> Inflight {
        let turns = |name: &str, n_max: usize| Turns {
            semaphore: (n_max > 0).then(|| Arc::new(Semaphore::new(n_max.min(Semaphore::MAX_PERMITS)))),
            n_waiting_max: i64::try_from(n_max).unwrap_or(i64::MAX).saturating_mul(N_WAITING_PER_TURN),
            running: counters.inflight.with([name]),
            waiting: counters.inqueue.with([name]),
        };
        Inflight {
            read_only: turns("readOnly", n_read_only_max),
            mutating: turns("mutating", n_mutating_max),
            wait_max,
        }
    }

    /// Begins a request, when it is its turn. `is_exempt` says that it need not wait.
    ///
    /// # Errors
    /// If there are too many.
    pub async fn enter(&self, is_read_only: bool, is_exempt: bool) -> Result<Permit, TooMany> {
        let turns = if is_read_only { &self.read_only } else { &self.mutating };
        let turn = match &turns.semaphore {
            Some(semaphore) if !is_exempt => Some(turns.take(semaphore, self.wait_max).await?),
            _ => None,
        };
        Ok(Permit { _turn: turn, _held: turns.running.hold() })
    }
}

impl Turns {
    async fn take(
        &self,
        semaphore: &Arc<Semaphore>,
        wait_max: Duration,
    ) -> Result<OwnedSemaphorePermit, TooMany> {
        if let Ok(turn) = Arc::clone(semaphore).try_acquire_owned() {
            return Ok(turn);
        }
        if self.waiting.get() >= self.n_waiting_max {
            return Err(TooMany);
        }
        let _waiting = self.waiting.hold();
        let turn = tokio::time::timeout(wait_max, Arc::clone(semaphore).acquire_owned()).await;
        turn.map_err(|_| TooMany)?.map_err(|_| TooMany)
    }
}

#[cfg(test)]
mod tests {
    use component::metrics::Registry;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_their_turn_and_not_for_ever() {
        let counters = ApiServerMetrics::register(&Registry::new());
        let inflight = Inflight::new(1, 0, Duration::from_secs(15), &counters);
        let first = inflight.enter(true, false).await.unwrap();
        assert_eq!(inflight.enter(true, false).await.unwrap_err(), TooMany);
        assert!(inflight.enter(true, true).await.is_ok(), "administrators do not wait");
        assert!(inflight.enter(false, false).await.is_ok(), "without a limit nobody waits");
        let (second, ()) = tokio::join!(inflight.enter(true, false), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(counters.inqueue.with(["readOnly"]).get(), 1);
            drop(first);
        });
        assert!(second.is_ok());
        assert_eq!(counters.inflight.with(["readOnly"]).get(), 1);
        drop(second);
        assert_eq!(counters.inflight.with(["readOnly"]).get(), 0);
    }

    #[tokio::test]
    async fn not_everybody_may_wait() {
        let counters = ApiServerMetrics::register(&Registry::new());
        let inflight = Arc::new(Inflight::new(1, 0, Duration::from_secs(15), &counters));
        let _first = inflight.enter(true, false).await.unwrap();
        let n_waiting = usize::try_from(N_WAITING_PER_TURN).unwrap();
        for _ in 0..n_waiting {
            let inflight = Arc::clone(&inflight);
            tokio::spawn(async move { inflight.enter(true, false).await.map(drop) });
        }
        while counters.inqueue.with(["readOnly"]).get() < N_WAITING_PER_TURN {
            tokio::task::yield_now().await;
        }
        assert_eq!(inflight.enter(true, false).await.unwrap_err(), TooMany);
    }
}
