//! How fast a client may ask.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Rates below this one are this one, so that no sum of times is too large.
const SLOWEST: Duration = Duration::from_secs(3600);

/// A bucket of tokens: a request takes one, and they come back at a steady rate. As client-go's flow control.
#[derive(Debug)]
pub(crate) struct Limit {
    /// From one token to the next.
    interval: Duration,
    /// As many as can be saved.
    burst: u32,
    /// When the bucket will be full again; may be far ahead when many wait.
    full_at: Mutex<Instant>,
}

impl Limit {
    /// `qps` tokens per second, of which `burst` can be saved; no limit if `qps` is not positive, as for client-go.
    pub(crate) fn new(qps: f64, burst: u32) -> Option<Limit> {
        if qps <= 0.0 || qps.is_nan() {
            return None;
        }
        let interval =
            Duration::try_from_secs_f64(1.0 / qps).map_or(SLOWEST, |interval| interval.min(SLOWEST));
        Some(Limit { interval, burst: burst.max(1), full_at: Mutex::new(Instant::now()) })
    }

    /// Waits for a token and takes it. Who asked first goes first.
    pub(crate) async fn pass(&self) {
        let now = Instant::now();
        let full_at = {
            let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
            *full_at = (*full_at).max(now) + self.interval;
            *full_at
        };
        tokio::time::sleep_until(full_at - self.interval * self.burst).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let limit = Limit::new(10.0, 3).expect("a limit");
        let begin = Instant::now();
        let mut passed = Vec::new();
        for _ in 0..5 {
            limit.pass().await;
            passed.push(begin.elapsed().as_millis());
        }
        // Timers have a granularity of a millisecond.
        assert_eq!(passed[..3], [0, 0, 0]);
        assert!((100..=101).contains(&passed[3]) && (200..=202).contains(&passed[4]), "{passed:?}");
        tokio::time::sleep(Duration::from_secs(10)).await;
        let begin = Instant::now();
        for _ in 0..3 {
            limit.pass().await;
        }
        assert_eq!(begin.elapsed(), Duration::ZERO, "no more is saved than a burst");
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        assert!(Limit::new(0.0, 10).is_none());
        assert!(Limit::new(-1.0, 10).is_none());
    }
}
