//! The server stands at the edge of the process: here it reads the clock.

use jiff::Timestamp;

/// The time of day.
#[allow(clippy::disallowed_methods, reason = "a server stamps what it stores; everything below is given the time")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
