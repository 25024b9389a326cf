//! The server stands at the edge of the process: here it reads the clock.

use std::cell::RefCell;

use jiff::Timestamp;

/// The time of day.
#[allow(
    clippy::disallowed_methods,
    reason = "a server stamps what it stores; everything below is given the time"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A time as documents have it: RFC 3339 in whole seconds.
pub(crate) fn print(time: Timestamp) -> String {
    thread_local! {
        /// What was printed last: a busy server stamps many objects with the same second.
        static LAST: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    LAST.with_borrow_mut(|(second, text)| {
        // Before 1970 the second that a time is printed as is not the one that it is in.
        if *second != time.as_second() || time.as_second() < 0 {
            *text = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            *second = time.as_second();
        }
        text.clone()
    })
}

/// Nanoseconds of a clock that does not jump.
#[allow(clippy::disallowed_methods, reason = "how long things take is measured at the edge")]
pub(crate) fn monotonic_ns() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
