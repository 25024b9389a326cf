//! Numbers as Go's client library of Prometheus writes them: bounds of buckets are labels, and labels are compared as text.

/// From this power of ten on, and below the other one, exponents are written.
const LARGE: i32 = 6;
const SMALL: i32 = -4;

/// A number in the text format.
pub(crate) fn number(value: f64) -> String {
    if value == f64::INFINITY {
        return "+Inf".to_owned();
    }
    if value == f64::NEG_INFINITY {
        return "-Inf".to_owned();
    }
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    // The shortest digits that mean this number, and the power of ten of the first.
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (SMALL..LARGE).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_them_as_go_does() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.00001 * 1.5, "1.5000000000000002e-05"),
            (16.384, "16.384"),
            (-2.5, "-2.5"),
            (123_456.0, "123456"),
            (1_048_576.0, "1.048576e+06"),
            (1e21, "1e+21"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
