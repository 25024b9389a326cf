//! How long ago, for people: the ages in tables.

use wire::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A duration in seconds, in one or two units: `90s`, `5m30s`, `2h`, `3d4h`, `400d`, `2y30d`. Below -1 it is
/// `<invalid>`: clocks that differ by a second are no reason to say so.
pub fn human_duration(seconds: i64) -> String {
    let two = |unit: i64, name: char, rest: i64, rest_name: char| {
        let (whole, rest) = (seconds / unit, seconds % unit / rest);
        if rest == 0 { format!("{whole}{name}") } else { format!("{whole}{name}{rest}{rest_name}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(MINUTE, 'm', 1, 's'),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two(HOUR, 'h', MINUTE, 'm'),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two(DAY, 'd', HOUR, 'h'),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(YEAR, 'y', DAY, 'd'),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// How long ago a point in time of a document was; `<unknown>` where there is none, `<invalid>` where it cannot
/// be read.
pub fn age(time: &str, now: Timestamp) -> String {
    if matches!(time, "" | "0001-01-01T00:00:00Z") {
        return "<unknown>".to_owned();
    }
    match time.parse::<Timestamp>() {
        Ok(time) => human_duration(now.as_nanos().saturating_sub(time.as_nanos()) / NANOS_PER_SECOND),
        Err(_) => "<invalid>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_one_or_two_units() {
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 61, "3h1m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR, "8h"),
            (48 * HOUR - 1, "47h"),
            (48 * HOUR, "2d"),
            (50 * HOUR, "2d2h"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY, "8d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + 327 * DAY, "2y327d"),
            (8 * YEAR, "8y"),
            (100 * YEAR, "100y"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn says_how_old_something_is() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(age("2025-12-31T23:59:30Z", now), "30s");
        assert_eq!(age("2026-01-01T00:00:01.5Z", now), "0s");
        assert_eq!(age("2026-01-01T00:01:00Z", now), "<invalid>");
        assert_eq!(age("", now), "<unknown>");
        assert_eq!(age("soon", now), "<invalid>");
    }
}
