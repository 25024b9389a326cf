//! Printing amounts the one way Kubernetes prints them.

use std::fmt;

use super::{Format, NANOS_PER_UNIT, Quantity};

const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl fmt::Display for Quantity {
    /// The shortest whole number with a suffix: no fraction, no lost digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        match self.format {
            Format::BinarySi if self.is_binary() => {
                let (number, times) = reduced(self.nanos / NANOS_PER_UNIT, 1024, BINARY_SUFFIXES.len() - 1);
                write!(f, "{number}{}", BINARY_SUFFIXES[times])
            }
            Format::BinarySi | Format::DecimalSi => {
                let (number, times) = reduced(self.nanos, 1000, DECIMAL_SUFFIXES.len() - 1);
                write!(f, "{number}{}", DECIMAL_SUFFIXES[times])
            }
            Format::DecimalExponent => {
                let (number, times) = reduced(self.nanos, 1000, usize::MAX);
                match times as i64 * 3 - 9 {
                    0 => write!(f, "{number}"),
                    exponent => write!(f, "{number}e{exponent}"),
                }
            }
        }
    }
}

impl Quantity {
    /// Whether a binary suffix could be used: small amounts and parts of units print as decimals.
    fn is_binary(self) -> bool {
        self.nanos % NANOS_PER_UNIT == 0 && (self.nanos / NANOS_PER_UNIT).abs() >= 1024
    }
}

/// Divides as often as it goes without remainder, and says how often; the number must not be zero.
fn reduced(mut number: i128, base: i128, times_max: usize) -> (i128, usize) {
    let mut times = 0;
    while times < times_max && number % base == 0 {
        number /= base;
        times += 1;
    }
    (number, times)
}
