//! Reading amounts.

use std::str::FromStr;

use super::{Format, MAX_NANOS, NANOS_PER_UNIT, Quantity};

/// A text that is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a quantity: {problem}; write a number with an optional suffix, such as 500m, 2 or 1.5Gi"
)]
pub struct QuantityError {
    text: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("it is empty")]
    Empty,
    #[error("it does not begin with a number")]
    NoDigits,
    #[error("there is a space in it")]
    Space,
    #[error(
        "{0:?} is not one of the suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3"
    )]
    Suffix(String),
}

/// What a suffix multiplies by.
#[derive(Clone, Copy)]
enum Scale {
    /// Ten to the power of this.
    Ten(i64, Format),
    /// Two to the power of this.
    Two(u32),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text).map_err(|problem| QuantityError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Quantity, Problem> {
    let (is_negative, unsigned) = match text.as_bytes().first() {
        None => return Err(Problem::Empty),
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        Some(_) => (false, text),
    };
    let (whole, rest) = split_digits(unsigned);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Problem::NoDigits);
    }
    if suffix.contains(char::is_whitespace) {
        return Err(Problem::Space);
    }
    let scale = scale(suffix).ok_or_else(|| Problem::Suffix(suffix.to_owned()))?;
    let whole = whole.trim_start_matches('0');
    let (nanos, mut format) = match scale {
        Scale::Ten(exponent, format) => (decimal(whole, fraction, exponent), format),
        Scale::Two(exponent) => (binary(whole, fraction, exponent), Format::BinarySi),
    };
    let nanos = nanos.min(MAX_NANOS);
    if format == Format::BinarySi && 0 < nanos && nanos < NANOS_PER_UNIT {
        // Upstream's rule: a part of one unit has no binary notation.
        format = Format::DecimalSi;
    }
    Ok(Quantity { nanos: if is_negative { -nanos } else { nanos }, format })
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn scale(suffix: &str) -> Option<Scale> {
    let ten = |exponent| Some(Scale::Ten(exponent, Format::DecimalSi));
    match suffix {
        "n" => ten(-9),
        "u" => ten(-6),
        "m" => ten(-3),
        "" => ten(0),
        "k" => ten(3),
        "M" => ten(6),
        "G" => ten(9),
        "T" => ten(12),
        "P" => ten(15),
        "E" => ten(18),
        "Ki" => Some(Scale::Two(10)),
        "Mi" => Some(Scale::Two(20)),
        "Gi" => Some(Scale::Two(30)),
        "Ti" => Some(Scale::Two(40)),
        "Pi" => Some(Scale::Two(50)),
        "Ei" => Some(Scale::Two(60)),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            Some(Scale::Ten(exponent, Format::DecimalExponent))
        }
    }
}

/// `whole.fraction` times ten to the power of `exponent`, in nanos rounded up; `whole` has no leading zeros.
/// More than the largest amount comes out as something not smaller than that.
fn decimal(whole: &str, fraction: &str, exponent: i64) -> i128 {
    let is_zero = whole.is_empty() && fraction.bytes().all(|digit| digit == b'0');
    if is_zero {
        return 0;
    }
    // Where the point of the nanos stands, counted from the left of the digits. However far away that is, the
    // loop ends: some digit is not zero, and less than thirty steps after it the limit is passed.
    let point = (whole.len() as i64).saturating_add(exponent).saturating_add(9);
    let mut nanos: i128 = 0;
    let mut digits = whole.bytes().chain(fraction.bytes());
    let mut left = point;
    while left > 0 {
        nanos = nanos * 10 + i128::from(digits.next().map_or(0, |digit| digit - b'0'));
        if nanos > MAX_NANOS {
            return MAX_NANOS;
        }
        left -= 1;
    }
    // A point to the left of all digits leaves every one of them below a nano.
    nanos + i128::from(digits.any(|digit| digit != b'0'))
}

/// `whole.fraction` times two to the power of `exponent`, in nanos rounded up.
fn binary(whole: &str, fraction: &str, exponent: u32) -> i128 {
    let factor = NANOS_PER_UNIT << exponent;
    let mut nanos: i128 = 0;
    for digit in whole.bytes() {
        nanos = nanos * 10 + i128::from(digit - b'0') * factor;
        if nanos > MAX_NANOS {
            return MAX_NANOS;
        }
    }
    // From the last digit to the first, because rounding up at every step then equals rounding up once.
    let mut part: i128 = 0;
    for digit in fraction.bytes().rev() {
        let tenfold = i128::from(digit - b'0') * factor + part;
        part = (tenfold + 9) / 10;
    }
    nanos + part
}
