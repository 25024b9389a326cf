//! Time that is handed in.

use std::time::Duration;

/// An instant as nanoseconds since 1970-01-01T00:00:00Z, handed to decision code by whoever drives it.
///
/// Live programs read a clock at their edge, simulations and tests advance it as they like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Now(i64);

impl Now {
    /// The instant `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Now {
        Now(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// This instant moved forward by `wait`, saturating at the end of time.
    pub fn after(self, wait: Duration) -> Now {
        Now(self.0.saturating_add(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_forward_and_saturates() {
        assert_eq!(Now::from_nanos(5).after(Duration::from_nanos(7)), Now::from_nanos(12));
        assert_eq!(Now::from_nanos(5).after(Duration::MAX), Now::from_nanos(i64::MAX));
    }
}
