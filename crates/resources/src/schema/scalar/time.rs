//! Instants as Go's `time.Parse` reads them in the two layouts of the API, RFC 3339 with and without microseconds.

use jiff::Timestamp;
use jiff::civil::Date;

/// How an instant is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Layout {
    /// In whole seconds; a fraction is read and dropped.
    Seconds,
    /// With exactly six digits of a fraction.
    Micros,
}

impl Layout {
    fn go(self) -> &'static str {
        match self {
            Self::Seconds => "2006-01-02T15:04:05Z07:00",
            Self::Micros => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// What a text has instead of what the layout asks for.
enum Problem<'t> {
    /// This is not what the named part of the layout asks for.
    Part(&'t str, &'static str),
    /// The named part is too great.
    Range(&'static str),
    /// This is behind the end.
    Extra(&'t str),
}

/// The instant as it will be printed, in UTC; `None` is Go's zero time, which is printed as null.
///
/// # Errors
///
/// Go's message about what is wrong.
pub(in crate::schema) fn canonical(text: &str, layout: Layout) -> Result<Option<String>, String> {
    let (seconds, micros) = parse(text, layout).map_err(|problem| match problem {
        Problem::Part(rest, part) => {
            format!("parsing time {text:?} as {:?}: cannot parse {rest:?} as {part:?}", layout.go())
        }
        Problem::Range(what) => format!("parsing time {text:?}: {what} out of range"),
        Problem::Extra(rest) => format!("parsing time {text:?}: extra text: {rest:?}"),
    })?;
    // The year 1, January 1st, is Go's zero.
    if seconds == -62_135_596_800 && micros == 0 {
        return Ok(None);
    }
    let out_of_range = || "Time.MarshalJSON: year outside of range [0,9999]".to_owned();
    let instant = Timestamp::from_second(seconds).map_err(|_| out_of_range())?;
    Ok(Some(match layout {
        Layout::Seconds => instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Layout::Micros => format!("{}.{micros:06}Z", instant.strftime("%Y-%m-%dT%H:%M:%S")),
    }))
}

/// Seconds since 1970 in UTC, and microseconds.
fn parse(text: &str, layout: Layout) -> Result<(i64, u32), Problem<'_>> {
    let mut rest = text;
    let year = digits(&mut rest, 4, "2006")?;
    literal(&mut rest, "-")?;
    let month = digits(&mut rest, 2, "01")?;
    if !(1..=12).contains(&month) {
        return Err(Problem::Range("month"));
    }
    literal(&mut rest, "-")?;
    let day = digits(&mut rest, 2, "02")?;
    literal(&mut rest, "T")?;
    let hour = hour(&mut rest)?;
    if hour >= 24 {
        return Err(Problem::Range("hour"));
    }
    literal(&mut rest, ":")?;
    let minute = digits(&mut rest, 2, "04")?;
    if minute >= 60 {
        return Err(Problem::Range("minute"));
    }
    literal(&mut rest, ":")?;
    let second = digits(&mut rest, 2, "05")?;
    if second >= 60 {
        return Err(Problem::Range("second"));
    }
    let micros = fraction(&mut rest, layout)?;
    let offset = zone(&mut rest)?;
    if !rest.is_empty() {
        return Err(Problem::Extra(rest));
    }
    let date = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
    let date = date.and_then(|((year, month), day)| Date::new(year, month, day).ok());
    let date = date.ok_or(Problem::Range("day"))?;
    let days = i64::from((date - Date::constant(1970, 1, 1)).get_days());
    Ok((days * 86_400 + i64::from(hour * 3_600 + minute * 60 + second) - offset, micros))
}

fn literal<'t>(rest: &mut &'t str, expected: &'static str) -> Result<(), Problem<'t>> {
    *rest = rest.strip_prefix(expected).ok_or(Problem::Part(rest, expected))?;
    Ok(())
}

fn digits<'t>(rest: &mut &'t str, n_digits: usize, part: &'static str) -> Result<u32, Problem<'t>> {
    let found = rest.bytes().take_while(u8::is_ascii_digit).take(n_digits).count();
    if found < n_digits {
        return Err(Problem::Part(rest, part));
    }
    let (number, after) = rest.split_at(n_digits);
    let number = number.parse().map_err(|_| Problem::Part(rest, part))?;
    *rest = after;
    Ok(number)
}

/// Go takes an hour of one digit, too.
fn hour<'t>(rest: &mut &'t str) -> Result<u32, Problem<'t>> {
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).take(2).count().max(1);
    digits(rest, n_digits, "15")
}

fn fraction<'t>(rest: &mut &'t str, layout: Layout) -> Result<u32, Problem<'t>> {
    let after = rest.strip_prefix(['.', ',']);
    match layout {
        Layout::Micros => {
            let mut after = after.ok_or(Problem::Part(rest, ".000000"))?;
            let micros = digits(&mut after, 6, ".000000").map_err(|_| Problem::Part(rest, ".000000"))?;
            *rest = after;
            Ok(micros)
        }
        Layout::Seconds => {
            if let Some(after) = after
                && after.starts_with(|c: char| c.is_ascii_digit())
            {
                *rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            }
            Ok(0)
        }
    }
}

/// How many seconds the zone is ahead of UTC.
fn zone<'t>(rest: &mut &'t str) -> Result<i64, Problem<'t>> {
    const PART: &str = "Z07:00";
    if let Some(after) = rest.strip_prefix('Z') {
        *rest = after;
        return Ok(0);
    }
    let whole = *rest;
    let bad = |_| Problem::Part(whole, PART);
    let is_west = rest.starts_with('-');
    let mut after = rest.strip_prefix(['+', '-']).ok_or(Problem::Part(whole, PART))?;
    let hours = digits(&mut after, 2, PART).map_err(bad)?;
    literal(&mut after, ":").map_err(bad)?;
    let minutes = digits(&mut after, 2, PART).map_err(bad)?;
    if hours > 24 {
        return Err(Problem::Range("time zone offset hour"));
    }
    if minutes > 60 {
        return Err(Problem::Range("time zone offset minute"));
    }
    *rest = after;
    let offset = i64::from(hours * 3_600 + minutes * 60);
    Ok(if is_west { -offset } else { offset })
}
