//! Figures as people read them: three digits, with a unit.

/// A count with its thousands apart: `12,345`.
pub(in crate::bench) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A rate or a mean: `12,345`, `12.3`, `0.12`.
pub(in crate::bench) fn rate(n: f64) -> String {
    match n {
        n if n >= 100.0 => count(n.round() as u64),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// A span of time: `830 ns`, `12.3 us`, `4.56 ms`.
pub(in crate::bench) fn nanos(n: u64) -> String {
    let n = n as f64;
    let (n, unit) = match n {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match n {
        n if n >= 100.0 || unit == "ns" => 0,
        n if n >= 10.0 => 1,
        _ => 2,
    };
    format!("{n:.digits$} {unit}")
}

/// An amount of memory: `12.3 MB`, in millions.
pub(in crate::bench) fn bytes(n: u64) -> String {
    let n = n as f64;
    if n < 1e9 { format!("{:.1} MB", n / 1e6) } else { format!("{:.2} GB", n / 1e9) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units_and_few_digits() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(12_345_678)],
            ["0", "999", "1,000", "12,345,678"]
        );
        assert_eq!([rate(0.123), rate(12.34), rate(12_345.6)], ["0.12", "12.3", "12,346"]);
        assert_eq!(
            [nanos(830), nanos(1_234), nanos(12_345), nanos(123_456)],
            ["830 ns", "1.23 us", "12.3 us", "123 us"]
        );
        assert_eq!([nanos(4_560_000), nanos(2_000_000_000)], ["4.56 ms", "2.00 s"]);
        assert_eq!([bytes(12_300_000), bytes(9_870_000_000)], ["12.3 MB", "9.87 GB"]);
    }
}
