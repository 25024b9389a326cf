//! Amounts of resources, as exact as Kubernetes keeps them.
//!
//! Upstream keeps an integer with a decimal exponent, or an arbitrary-precision decimal, never finer than
//! nano. One 128-bit count of nanos holds every such amount up to upstream's limit of 2^63-1 and sums of more
//! than ten thousand million of them, so there is one representation and no overflow to think about.

mod display;
mod parse;
mod serial;
#[cfg(test)]
mod tests;

pub use parse::QuantityError;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

const NANOS_PER_UNIT: i128 = 1_000_000_000;
const NANOS_PER_MILLI: i128 = 1_000_000;

/// The largest amount that can be written.
const MAX_NANOS: i128 = i64::MAX as i128 * NANOS_PER_UNIT;

/// How an amount was written, and so is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `500m`, `2`, `3k`.
    #[default]
    DecimalSi,
    /// `512Mi`.
    BinarySi,
    /// `12e6`.
    DecimalExponent,
}

/// An amount of a resource.
///
/// Compared, hashed and calculated with by value; the [`Format`] only matters for printing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { nanos: 0, format: Format::DecimalSi };

    /// An amount in whole units.
    pub const fn from_units(units: i64) -> Self {
        Self { nanos: units as i128 * NANOS_PER_UNIT, format: Format::DecimalSi }
    }

    /// An amount in thousandths.
    pub const fn from_milli(milli: i64) -> Self {
        Self { nanos: milli as i128 * NANOS_PER_MILLI, format: Format::DecimalSi }
    }

    /// An amount in thousand-millionths.
    pub const fn from_nanos(nanos: i128) -> Self {
        Self { nanos, format: Format::DecimalSi }
    }

    /// The same amount, printed another way.
    #[must_use]
    pub const fn with_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// How the amount is printed.
    pub const fn format(self) -> Format {
        self.format
    }

    /// The exact amount in thousand-millionths.
    pub const fn as_nanos(self) -> i128 {
        self.nanos
    }

    /// The amount in whole units, rounded away from zero.
    pub fn value(self) -> i64 {
        clamped(div_away_from_zero(self.nanos, NANOS_PER_UNIT))
    }

    /// The amount in thousandths, rounded away from zero.
    pub fn milli_value(self) -> i64 {
        clamped(div_away_from_zero(self.nanos, NANOS_PER_MILLI))
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }
}

fn div_away_from_zero(nanos: i128, unit: i128) -> i128 {
    let (quotient, remainder) = (nanos / unit, nanos % unit);
    quotient + remainder.signum()
}

fn clamped(amount: i128) -> i64 {
    let nearest = if amount < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(amount).unwrap_or(nearest)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// Zero takes the format of whatever it is combined with, as upstream does, so that a sum over `Mi` prints
/// as `Mi`.
fn combined(left: Quantity, right: Quantity, nanos: i128) -> Quantity {
    Quantity { nanos, format: if left.is_zero() { right.format } else { left.format } }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        combined(self, other, self.nanos.saturating_add(other.nanos))
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        combined(self, other, self.nanos.saturating_sub(other.nanos))
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl<'q> Sum<&'q Quantity> for Quantity {
    fn sum<I: Iterator<Item = &'q Quantity>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}
