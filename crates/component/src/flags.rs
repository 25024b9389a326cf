//! Values of command line flags that upstream's components have in common.

use std::time::Duration;

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// An entry of a map has no value.
    #[error("{entry:?} has no value: KEY=VALUE is expected, several of them with commas")]
    NoValue {
        /// The entry.
        entry: String,
    },
    /// A value is neither true nor false.
    #[error("{key}={value:?} is neither true nor false")]
    NoBoolean {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
    /// A text is no duration.
    #[error("{0:?} is no duration: numbers with units are expected, such as 300ms, 1.5h or 2h45m")]
    NoDuration(String),
}

/// Reads `a=x,b=y`. Empty is no entry. Of a key that is there twice, both are returned.
///
/// # Errors
/// If an entry has no `=`.
pub fn pairs(text: &str) -> Result<Vec<(&str, &str)>, FlagError> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let pair = |entry: &'_ str| FlagError::NoValue { entry: entry.to_owned() };
    entries.map(|entry| entry.split_once('=').ok_or_else(|| pair(entry))).collect()
}

/// Reads `A=true,B=false`, as `--feature-gates` has it.
///
/// # Errors
/// If an entry has no value, or one that is neither true nor false.
pub fn switches(text: &str) -> Result<Vec<(&str, bool)>, FlagError> {
    let switch = |(key, value): (&'_ str, &'_ str)| match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        value => Err(FlagError::NoBoolean { key: key.to_owned(), value: value.to_owned() }),
    };
    pairs(text)?.into_iter().map(|pair| Ok((pair.0, switch(pair)?))).collect()
}

/// Reads a duration as upstream's flags have it: `1m30s`, `1.5h`, `0`. Negative ones are refused.
///
/// # Errors
/// If it is none, or is longer than 292 years.
pub fn duration(text: &str) -> Result<Duration, FlagError> {
    let bad = || FlagError::NoDuration(text.to_owned());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, tail) = rest.split_at(digits);
        let length = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(length);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        let number: f64 = number.parse().map_err(|_| bad())?;
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())?;
        total = total.checked_add(part).ok_or_else(bad)?;
        rest = tail;
    }
    // The largest that upstream can hold: 64 bits of nanoseconds.
    if total > Duration::from_nanos(i64::MAX.unsigned_abs()) { Err(bad()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, milliseconds) in [
            ("0", Some(0)),
            ("1m0s", Some(60_000)),
            ("1.5h", Some(5_400_000)),
            ("2h45m", Some(9_900_000)),
            ("300ms", Some(300)),
            (".5s", Some(500)),
            ("", None),
            ("5", None),
            ("-1s", None),
            ("1d", None),
            (".s", None),
            ("999999999h", None),
        ] {
            let read = duration(text).ok().map(|duration| duration.as_millis());
            assert_eq!(read, milliseconds, "{text}");
        }
        assert!(duration("1d").unwrap_err().to_string().starts_with("\"1d\" is no duration"));
    }

    #[test]
    fn reads_switches() {
        assert_eq!(switches("A=true, B=0,"), Ok(vec![("A", true), ("B", false)]));
        assert_eq!(switches("A").unwrap_err(), FlagError::NoValue { entry: "A".into() });
        assert_eq!(switches("A=yes").unwrap_err().to_string(), "A=\"yes\" is neither true nor false");
    }
}
