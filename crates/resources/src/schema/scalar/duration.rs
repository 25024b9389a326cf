//! Spans of time as Go's `time.ParseDuration` reads and `Duration.String` prints them.

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The span as Go prints it.
///
/// # Errors
///
/// Go's message about what is wrong.
pub(in crate::schema) fn canonical(text: &str) -> Result<String, String> {
    let nanos = parse(text).map_err(|problem| match problem {
        Problem::Invalid => format!("time: invalid duration {text:?}"),
        Problem::NoUnit => format!("time: missing unit in duration {text:?}"),
        Problem::Unit(unit) => format!("time: unknown unit {unit:?} in duration {text:?}"),
    })?;
    Ok(print(nanos))
}

enum Problem {
    Invalid,
    NoUnit,
    Unit(String),
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS_PER_SECOND,
        "m" => 60 * NANOS_PER_SECOND,
        "h" => 3_600 * NANOS_PER_SECOND,
        _ => return None,
    })
}

fn parse(text: &str) -> Result<i64, Problem> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(Problem::Invalid);
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let n_whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(n_whole);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(Problem::Invalid);
        }
        let n_unit = after.bytes().take_while(|byte| *byte != b'.' && !byte.is_ascii_digit()).count();
        let (unit, after) = after.split_at(n_unit);
        if unit.is_empty() {
            return Err(Problem::NoUnit);
        }
        let nanos = i128::from(unit_nanos(unit).ok_or_else(|| Problem::Unit(unit.to_owned()))?);
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Problem::Invalid)? };
        let part = whole.checked_mul(nanos).ok_or(Problem::Invalid)?;
        // More than 18 digits of a fraction are below a nanosecond whatever the unit is.
        let digits = &fraction[..fraction.len().min(18)];
        let of_unit: i128 =
            if digits.is_empty() { 0 } else { digits.parse().map_err(|_| Problem::Invalid)? };
        let scale = 10_i128.pow(u32::try_from(digits.len()).unwrap_or(0));
        total = total.checked_add(part + of_unit * nanos / scale).ok_or(Problem::Invalid)?;
        rest = after;
    }
    i64::try_from(if is_negative { -total } else { total }).map_err(|_| Problem::Invalid)
}

fn print(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < NANOS_PER_SECOND {
        let (unit, name) = match nanos {
            0..1_000 => return format!("{sign}{nanos}ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{}{name}", nanos / unit, fraction(nanos % unit, unit));
    }
    let seconds = nanos / NANOS_PER_SECOND;
    let rest = fraction(nanos % NANOS_PER_SECOND, NANOS_PER_SECOND);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}{rest}s"),
    }
}

/// `.5` for the half of a unit, nothing for nothing.
fn fraction(part: u64, unit: u64) -> String {
    if part == 0 {
        return String::new();
    }
    let width = unit.ilog10() as usize;
    format!(".{part:0width$}").trim_end_matches('0').to_owned()
}
