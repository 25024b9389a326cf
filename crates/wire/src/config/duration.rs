//! Go's durations, the way the configuration writes them (`15s`, `1m0s`, `1.5h`).

use std::fmt;
use std::str::FromStr;

const NANOS_PER_MICRO: u64 = 1_000;
const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MINUTE: u64 = 60 * NANOS_PER_SECOND;
const NANOS_PER_HOUR: u64 = 60 * NANOS_PER_MINUTE;

/// A signed span of time in nanoseconds.
///
/// Signed, unlike [`std::time::Duration`], because a configuration may say `-1s` and must
/// then be told that the value is out of range, not that it cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of whole seconds; saturates at about 292 years.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SECOND as i64))
    }

    /// A duration of nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The duration in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The same span as a standard duration; `None` if it is negative.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }
}

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text has no number where one is needed, or does not fit into 64 bits.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number is not followed by a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A number is followed by something that is no unit.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// What stands in the unit's place.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (nanos, after) = parse_term(text, rest)?;
            rest = after;
            total = total.checked_add(nanos).filter(|sum| *sum <= 1 << 63).ok_or_else(invalid)?;
        }
        // The most negative value has no positive counterpart, so the sign goes on last.
        let nanos = if negative { -i128::from(total) } else { i128::from(total) };
        i64::try_from(nanos).map(Self).map_err(|_| invalid())
    }
}

/// Reads one `number unit` pair off the front of `rest`; `text` is the whole, for messages.
fn parse_term<'a>(text: &str, rest: &'a str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole_digits, after_whole) = split_while(rest, |c| c.is_ascii_digit());
    let (fraction_digits, after_number) = match after_whole.strip_prefix('.') {
        Some(after_dot) => split_while(after_dot, |c| c.is_ascii_digit()),
        None => ("", after_whole),
    };
    if whole_digits.is_empty() && fraction_digits.is_empty() {
        return Err(invalid());
    }
    let (unit_name, after_unit) = split_while(after_number, |c| c != '.' && !c.is_ascii_digit());
    if unit_name.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let unit = unit_nanos(unit_name)
        .ok_or_else(|| DurationError::UnknownUnit { unit: unit_name.to_owned(), text: text.to_owned() })?;
    let whole = match whole_digits {
        "" => 0,
        digits => digits.parse::<u64>().map_err(|_| invalid())?,
    };
    let nanos = whole
        .checked_mul(unit)
        .and_then(|nanos| nanos.checked_add(fraction_nanos(fraction_digits, unit)))
        .filter(|nanos| *nanos <= 1 << 63)
        .ok_or_else(invalid)?;
    Ok((nanos, after_unit))
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !keep(c)).unwrap_or(text.len()))
}

/// Rounds towards zero; digits beyond what 63 bits hold are dropped, as Go drops them.
fn fraction_nanos(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1_f64);
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        match value.checked_mul(10).and_then(|value| value.checked_add(digit)) {
            Some(next) if next <= 1 << 63 => value = next,
            _ => break,
        }
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // Both the micro sign and the Greek letter mu are in use.
        "us" | "\u{b5}s" | "\u{3bc}s" => NANOS_PER_MICRO,
        "ms" => NANOS_PER_MILLI,
        "s" => NANOS_PER_SECOND,
        "m" => NANOS_PER_MINUTE,
        "h" => NANOS_PER_HOUR,
        _ => return None,
    })
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let nanos = self.0.unsigned_abs();
        match nanos {
            0 => f.write_str("0s"),
            1..NANOS_PER_MICRO => write!(f, "{nanos}ns"),
            NANOS_PER_MICRO..NANOS_PER_MILLI => write_decimal(f, nanos, NANOS_PER_MICRO, "\u{b5}s"),
            NANOS_PER_MILLI..NANOS_PER_SECOND => write_decimal(f, nanos, NANOS_PER_MILLI, "ms"),
            _ => {
                let (hours, minutes) = (nanos / NANOS_PER_HOUR, nanos / NANOS_PER_MINUTE % 60);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write_decimal(f, nanos % NANOS_PER_MINUTE, NANOS_PER_SECOND, "s")
            }
        }
    }
}

/// Writes `nanos / unit` exactly, without trailing zeros.
fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    if !nanos.is_multiple_of(unit) {
        let width = unit.ilog10() as usize;
        let fraction = format!("{:0width$}", nanos % unit);
        write!(f, ".{}", fraction.trim_end_matches('0'))?;
    }
    f.write_str(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_as_go_does() {
        let table = [
            ("0", "0s"),
            ("15s", "15s"),
            ("+5s", "5s"),
            ("-1.5s", "-1.5s"),
            ("90s", "1m30s"),
            ("10m", "10m0s"),
            ("1.5h", "1h30m0s"),
            ("1h1ns", "1h0m0.000000001s"),
            ("1h15m30.918273645s", "1h15m30.918273645s"),
            ("100ms", "100ms"),
            ("1.5us", "1.5\u{b5}s"),
            ("1\u{3bc}s", "1\u{b5}s"),
            (".5m", "30s"),
            ("5.s", "5s"),
            ("0.3333333333333333333h", "20m0s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
        ];
        for (text, printed) in table {
            let duration: Duration = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(duration.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses_with_the_words_of_go() {
        let table = [
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            ("5", r#"time: missing unit in duration "5""#),
            ("5d", r#"time: unknown unit "d" in duration "5d""#),
            ("5 s", r#"time: unknown unit " s" in duration "5 s""#),
            (".s", r#"time: invalid duration ".s""#),
            ("3000000h", r#"time: invalid duration "3000000h""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
        ];
        for (text, message) in table {
            assert_eq!(text.parse::<Duration>().unwrap_err().to_string(), message);
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(text in ".{0,24}") {
            let _ = text.parse::<Duration>();
        }

        #[test]
        fn reads_back_what_it_printed(nanos in any::<i64>()) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
        }
    }
}
