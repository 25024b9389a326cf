//! Points in time as objects carry them.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A point in time, in nanoseconds since the Unix epoch.
///
/// It reaches from 1677 to 2262; what lies outside counts as the nearest end, because the only such times in
/// objects are zero values (`0001-01-01T00:00:00Z`), which are only ever compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
}

/// A text that is not a point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: write it like 2026-01-09T23:00:14Z")]
pub struct TimestampError {
    text: String,
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let Ok(time) = text.parse::<jiff::Timestamp>() else {
            return Err(TimestampError { text: text.to_owned() });
        };
        let nanos = time.as_nanosecond();
        let nearest = if nanos < 0 { i64::MIN } else { i64::MAX };
        Ok(Self(i64::try_from(nanos).unwrap_or(nearest)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time}"),
            // jiff's range is wider than ours.
            Err(_) => Err(fmt::Error),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-01-09T23:00:14Z")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, nanos: i64, printed: &str) {
        let time: Timestamp = text.parse().expect(text);
        assert_eq!(time.as_nanos(), nanos, "{text}");
        assert_eq!(time.to_string(), printed, "{text}");
    }

    #[test]
    fn reads_fractions_and_offsets_and_prints_utc() {
        check("1970-01-01T00:00:01Z", 1_000_000_000, "1970-01-01T00:00:01Z");
        check("1970-01-01T02:00:01+02:00", 1_000_000_000, "1970-01-01T00:00:01Z");
        check("1970-01-01T00:00:00.000000001Z", 1, "1970-01-01T00:00:00.000000001Z");
        check("1970-01-01T00:00:00.5Z", 500_000_000, "1970-01-01T00:00:00.5Z");
        check("2026-01-09T23:00:14Z", 1_767_999_614_000_000_000, "2026-01-09T23:00:14Z");
    }

    #[test]
    fn zero_time_is_before_everything() {
        let zero: Timestamp = "0001-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(zero.as_nanos(), i64::MIN);
    }

    #[test]
    fn says_what_is_no_time() {
        let error = "yesterday".parse::<Timestamp>().expect_err("no time");
        assert_eq!(error.to_string(), r#""yesterday" is not a time: write it like 2026-01-09T23:00:14Z"#);
        assert!("2026-01-09T23:00:14".parse::<Timestamp>().is_err());
        assert!("".parse::<Timestamp>().is_err());
    }
}
