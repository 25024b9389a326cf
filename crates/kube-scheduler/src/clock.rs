//! The time of the core: that of the day when it began, and from then on what has passed.

use base::Now;
use tokio::time::Instant;

/// A clock that nobody sets: the core measures waits, and a correction of the computer's clock must not make them longer
/// or shorter.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Now,
    started: Instant,
}

impl Clock {
    /// A clock that shows the time of day, and goes on from there.
    #[allow(clippy::disallowed_methods, reason = "an edge of the program, where time comes in")]
    pub fn start() -> Clock {
        let start = jiff::Timestamp::now().as_nanosecond();
        Clock::starting_at(Now::from_nanos(i64::try_from(start).unwrap_or(i64::MAX)))
    }

    /// A clock that shows `start` now.
    pub fn starting_at(start: Now) -> Clock {
        Clock { start, started: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Now {
        self.start.after(self.started.elapsed())
    }

    /// When the clock will show a time; now if it has shown it already.
    pub fn instant(&self, at: Now) -> Instant {
        let wait = at.as_nanos().saturating_sub(self.start.as_nanos()).max(0);
        self.started + std::time::Duration::from_nanos(wait.unsigned_abs())
    }
}

/// A time as API objects carry it, to the second or to the microsecond.
pub(crate) fn rfc3339(at: Now, with_micros: bool) -> String {
    let nanos = at.as_nanos();
    let unit = if with_micros { 1_000 } else { 1_000_000_000 };
    let time = jiff::Timestamp::from_nanosecond(i128::from(nanos - nanos.rem_euclid(unit)));
    let time = time.unwrap_or_default();
    if with_micros { format!("{time:.6}") } else { format!("{time:.0}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_shows_what_has_passed() {
        let clock = Clock::starting_at(Now::from_nanos(1_000));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(clock.now(), Now::from_nanos(3_000_001_000));
        assert_eq!(clock.instant(Now::from_nanos(5_000_001_000)) - Instant::now(), Duration::from_secs(2));
        assert!(clock.instant(Now::default()) <= Instant::now());
    }

    #[test]
    fn times_are_written_as_upstream_writes_them() {
        let at = Now::from_nanos(1_767_999_614_123_456_789);
        assert_eq!(rfc3339(at, false), "2026-01-09T23:00:14Z");
        assert_eq!(rfc3339(at, true), "2026-01-09T23:00:14.123456Z");
        assert_eq!(rfc3339(Now::from_nanos(1_000_000_000), true), "1970-01-01T00:00:01.000000Z");
    }
}
