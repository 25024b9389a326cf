//! The server stands at the edge of the process: here it reads the clock.

use jiff::Timestamp;

/// The time of day.
#[allow(clippy::disallowed_methods, reason = "a server stamps what it stores; everything below is given the time")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A time as documents have it: RFC 3339 in whole seconds.
pub fn print(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
