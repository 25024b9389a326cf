//! Points in time as documents have them (RFC 3339).
//!
//! `Time` is in whole seconds, `MicroTime` always has six digits of fractions; both are UTC when the server
//! prints them. Clients may send any offset, and fractions of `Time` are cut off.

mod parse;

pub use parse::TimeError;

use wire::Timestamp;

/// A point in time as a `Time` prints: `2026-01-09T23:00:14Z`.
pub fn print_time(time: Timestamp) -> String {
    seconds_text(of_nanos(time))
}

/// A point in time as a `MicroTime` prints: `2026-01-09T23:00:14.000000Z`.
pub fn print_micro_time(time: Timestamp) -> String {
    micros_text(of_nanos(time))
}

/// The form in which a `Time` that a client sent is kept. Fails as upstream's parser does.
pub fn canonical_time(text: &str) -> Result<String, TimeError> {
    parse::check(text, parse::Layout::Seconds)?;
    Ok(seconds_text(read(text)?))
}

/// The form in which a `MicroTime` that a client sent is kept. It must have six digits of fractions.
pub fn canonical_micro_time(text: &str) -> Result<String, TimeError> {
    parse::check(text, parse::Layout::Micros)?;
    Ok(micros_text(read(text)?))
}

fn of_nanos(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos()))
        .expect("jiff's range has all that 64 bits of nanoseconds reach")
}

/// Reads what has passed the check. It may still be beyond the years 0 to 9999 by its offset.
fn read(text: &str) -> Result<jiff::Timestamp, TimeError> {
    text.replace(',', ".").parse().map_err(|_| TimeError::out_of_range(text, "year"))
}

/// Fractions are cut off, towards the past.
fn seconds_text(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn micros_text(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_seconds_and_micros() {
        for (text, time, micro) in [
            ("2026-01-09T23:00:14Z", "2026-01-09T23:00:14Z", "2026-01-09T23:00:14.000000Z"),
            ("2026-01-09T23:00:14.5Z", "2026-01-09T23:00:14Z", "2026-01-09T23:00:14.500000Z"),
            ("2026-01-09T23:00:14.0000019Z", "2026-01-09T23:00:14Z", "2026-01-09T23:00:14.000001Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.500000Z"),
        ] {
            let parsed: Timestamp = text.parse().expect("a time");
            assert_eq!((print_time(parsed).as_str(), print_micro_time(parsed).as_str()), (time, micro));
        }
    }

    #[test]
    fn brings_times_into_the_form_that_is_kept() {
        assert_eq!(canonical_time("2026-01-09T23:00:14.9+02:00").as_deref(), Ok("2026-01-09T21:00:14Z"));
        assert_eq!(canonical_time("0001-01-01T00:00:00Z").as_deref(), Ok("0001-01-01T00:00:00Z"));
        assert_eq!(canonical_time("9998-01-01T00:00:00Z").as_deref(), Ok("9998-01-01T00:00:00Z"));
        assert_eq!(
            canonical_micro_time("2026-01-09T23:00:14.123456+00:00").as_deref(),
            Ok("2026-01-09T23:00:14.123456Z")
        );
    }

    #[test]
    fn says_where_a_text_is_no_time() {
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, message) in [
            ("x", format!(r#"parsing time "x" as "{layout}": cannot parse "x" as "2006""#)),
            ("", format!(r#"parsing time "" as "{layout}": cannot parse "" as "2006""#)),
            ("2026", format!(r#"parsing time "2026" as "{layout}": cannot parse "" as "-""#)),
            ("2026-1-02", format!(r#"parsing time "2026-1-02" as "{layout}": cannot parse "1-02" as "01""#)),
            (
                "2026-01-02 15:04:05Z",
                format!(
                    r#"parsing time "2026-01-02 15:04:05Z" as "{layout}": cannot parse " 15:04:05Z" as "T""#
                ),
            ),
            (
                "2026-01-02T15:04:05",
                format!(r#"parsing time "2026-01-02T15:04:05" as "{layout}": cannot parse "" as "Z07:00""#),
            ),
            ("2026-13-02T15:04:05Z", r#"parsing time "2026-13-02T15:04:05Z": month out of range"#.to_owned()),
            ("2026-02-30T15:04:05Z", r#"parsing time "2026-02-30T15:04:05Z": day out of range"#.to_owned()),
            ("2026-02-03T25:04:05Z", r#"parsing time "2026-02-03T25:04:05Z": hour out of range"#.to_owned()),
            ("2026-02-03T15:04:05Zx", r#"parsing time "2026-02-03T15:04:05Zx": extra text: "x""#.to_owned()),
        ] {
            assert_eq!(canonical_time(text).expect_err(text).to_string(), message);
        }
        let layout = "2006-01-02T15:04:05.000000Z07:00";
        assert_eq!(
            canonical_micro_time("2026-02-03T15:04:05Z").expect_err("no fractions").to_string(),
            format!(r#"parsing time "2026-02-03T15:04:05Z" as "{layout}": cannot parse "Z" as ".000000""#)
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_stays(text in "[0-9]{4}-(0[1-9]|1[0-2])-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-]0[0-9]:00)") {
            if let Ok(kept) = canonical_time(&text) {
                proptest::prop_assert_eq!(canonical_time(&kept), Ok(kept));
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,30}", near in "[0-9TZ:.+-]{0,30}") {
            for text in [text, near] {
                let _ = canonical_time(&text);
                let _ = canonical_micro_time(&text);
            }
        }
    }
}
