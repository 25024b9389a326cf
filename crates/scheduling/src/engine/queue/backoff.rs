//! How long a pod waits between attempts.

use std::time::Duration;

use base::Now;

use super::QueuedPod;

const SECOND: i64 = 1_000_000_000;

/// The rule of waiting: it doubles with every refusal, or with every error in a row, up to a maximum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    pub(super) initial: Duration,
    pub(super) max: Duration,
    /// Whether times are cut to whole seconds, so that pods whose waits end in the same second are served in the
    /// order of the queue (SchedulerPopFromBackoffQ). A pod then backs off through the whole second in which its
    /// wait ends.
    pub(super) in_seconds: bool,
}

impl Backoff {
    /// When a pod's wait ends; `None` if it need not wait.
    pub(super) fn end(&self, queued: &QueuedPod) -> Option<Now> {
        let count = if queued.n_errors_in_a_row > 0 { queued.n_errors_in_a_row } else { queued.n_refusals };
        if self.max.is_zero() || count == 0 {
            return None;
        }
        let (initial, max) = (self.initial.as_nanos(), self.max.as_nanos());
        let n_doublings = count - 1;
        let wait = if initial > max.checked_shr(n_doublings).unwrap_or(0) {
            max
        } else {
            initial.checked_shl(n_doublings).unwrap_or(0)
        };
        let wait = Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX));
        Some(self.cut(queued.since.after(wait)))
    }

    /// Whether a wait that ends at `end` is over.
    pub(super) fn is_over(&self, end: Now, now: Now) -> bool {
        end < self.cut(now)
    }

    /// Whether a pod still has to wait.
    pub(super) fn is_backing_off(&self, queued: &QueuedPod, now: Now) -> bool {
        self.end(queued).is_some_and(|end| !self.is_over(end, now))
    }

    /// The first moment at which a wait that ends at `end` is over.
    pub(super) fn over_at(&self, end: Now) -> Now {
        end.after(if self.in_seconds { Duration::from_secs(1) } else { Duration::from_nanos(1) })
    }

    fn cut(&self, at: Now) -> Now {
        if self.in_seconds { Now::from_nanos(at.as_nanos().div_euclid(SECOND) * SECOND) } else { at }
    }
}
