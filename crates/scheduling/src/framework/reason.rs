//! Why something was refused, as data.

use base::{Interner, Symbol};
use smallvec::SmallVec;

use crate::model::resources::ResourceName;

/// One reason of a refusal: upstream's sentence, and the figures and names behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    text: Text,
    /// What was asked and what was found, for people and programs that want to know more than the sentence.
    pub operands: SmallVec<[Operand; 3]>,
}

/// How the sentence is worded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Text {
    Fixed(&'static str),
    Resource(&'static str, ResourceName),
    Owned(Box<str>),
}

/// A named figure or name.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// What it is: `requested`, `free`, `taint` …
    pub name: &'static str,
    /// The figure or name itself.
    pub value: Value,
}

/// The value of an [`Operand`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An amount of a resource, in its unit.
    Amount(ResourceName, i64),
    /// A number of things.
    Count(i64),
    /// A name.
    Name(Symbol),
    /// Anything else.
    Text(Box<str>),
}

impl Reason {
    /// A reason that is always worded the same.
    pub fn fixed(text: &'static str) -> Reason {
        Reason { text: Text::Fixed(text), operands: SmallVec::new() }
    }

    /// A reason worded as `prefix` followed by a resource's name.
    pub fn about_resource(prefix: &'static str, resource: ResourceName) -> Reason {
        Reason { text: Text::Resource(prefix, resource), operands: SmallVec::new() }
    }

    /// A reason worded freely.
    pub fn text(text: impl Into<Box<str>>) -> Reason {
        Reason { text: Text::Owned(text.into()), operands: SmallVec::new() }
    }

    /// Adds an operand.
    pub fn with(mut self, name: &'static str, value: Value) -> Reason {
        self.operands.push(Operand { name, value });
        self
    }

    /// Upstream's sentence.
    pub fn sentence(&self, symbols: &Interner) -> String {
        match &self.text {
            Text::Fixed(text) => (*text).to_owned(),
            Text::Resource(prefix, resource) => format!("{prefix}{}", resource.as_str(symbols)),
            Text::Owned(text) => text.to_string(),
        }
    }

    /// The same without operands.
    pub fn without_operands(&self) -> Reason {
        Reason { text: self.text.clone(), operands: SmallVec::new() }
    }

    /// Whether both are worded alike, whatever their operands.
    pub fn reads_like(&self, other: &Reason) -> bool {
        self.text == other.text
    }
}

impl Operand {
    /// The operand as people read it: `requested 1500m`, `taint dedicated=gpu:NoSchedule`.
    pub fn describe(&self, symbols: &Interner) -> String {
        format!("{} {}", self.name, self.value.describe(symbols))
    }
}

impl Value {
    /// The value as people read it.
    pub fn describe(&self, symbols: &Interner) -> String {
        match self {
            Value::Amount(resource, amount) if counts_bytes(*resource, symbols) => describe_bytes(*amount),
            Value::Amount(resource, amount) => describe_amount(*resource, *amount),
            Value::Count(n) => n.to_string(),
            Value::Name(symbol) => symbols.resolve(*symbol).to_owned(),
            Value::Text(text) => text.to_string(),
        }
    }

    /// Like [`Value::describe`], but never rounded.
    pub fn describe_exactly(&self, symbols: &Interner) -> String {
        match self {
            Value::Amount(resource, amount) if counts_bytes(*resource, symbols) => exact_bytes(*amount),
            _ => self.describe(symbols),
        }
    }
}

/// Whether a resource is counted in bytes: memory, storage and huge pages are.
pub fn counts_bytes(resource: ResourceName, symbols: &Interner) -> bool {
    match resource {
        ResourceName::Memory | ResourceName::EphemeralStorage => true,
        ResourceName::Cpu => false,
        ResourceName::Scalar(name) | ResourceName::Untracked(name) => {
            symbols.resolve(name).starts_with("hugepages-")
        }
    }
}

/// An amount in the notation that Kubernetes users write: `1500m`, `2Gi`, `3`. Many digits are rounded, so that
/// different amounts can read alike: where they stand side by side, see [`Value::describe_exactly`].
pub fn describe_amount(resource: ResourceName, amount: i64) -> String {
    match resource {
        ResourceName::Cpu if amount % 1000 == 0 => (amount / 1000).to_string(),
        ResourceName::Cpu => format!("{amount}m"),
        ResourceName::Memory | ResourceName::EphemeralStorage => describe_bytes(amount),
        ResourceName::Scalar(_) | ResourceName::Untracked(_) => amount.to_string(),
    }
}

const UNITS: [(u32, &str); 5] = [(50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")];
/// More than this in front of a unit is not read any more, but compared letter by letter.
const FIGURE_MAX: u64 = 99_999;

/// Exact if that takes few digits, otherwise with two decimals.
fn describe_bytes(bytes: i64) -> String {
    let (shift, _) = exact_unit(bytes);
    let is_short = (bytes >> shift).unsigned_abs() <= FIGURE_MAX;
    let rounded = UNITS.iter().find(|(shift, _)| bytes.unsigned_abs() >> shift > 0);
    match rounded {
        Some((shift, suffix)) if !is_short => {
            format!("{:.2}{suffix}", bytes as f64 / (1_i64 << shift) as f64)
        }
        _ => exact_bytes(bytes),
    }
}

/// In the largest unit that divides it.
fn exact_bytes(bytes: i64) -> String {
    match (bytes, exact_unit(bytes)) {
        (0, _) => "0".to_owned(),
        (1, _) => "1 byte".to_owned(),
        (_, (0, _)) => format!("{bytes} bytes"),
        (_, (shift, suffix)) => format!("{}{suffix}", bytes >> shift),
    }
}

fn exact_unit(bytes: i64) -> (u32, &'static str) {
    let divides = |(shift, _): &&(u32, &str)| bytes.trailing_zeros() >= *shift;
    UNITS.iter().find(divides).copied().unwrap_or((0, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_like_quantities() {
        assert_eq!(describe_amount(ResourceName::Cpu, 1500), "1500m");
        assert_eq!(describe_amount(ResourceName::Cpu, -2000), "-2");
        assert_eq!(describe_amount(ResourceName::Memory, 2 << 30), "2Gi");
        assert_eq!(describe_amount(ResourceName::Memory, (9 << 30) + 5), "9.00Gi");
        assert_eq!(describe_amount(ResourceName::Memory, 15_640 << 20), "15640Mi");
        assert_eq!(describe_amount(ResourceName::Memory, 16_014_121 << 10), "15.27Gi");
        assert_eq!(describe_amount(ResourceName::Memory, 97_821), "97821 bytes");
        assert_eq!(describe_amount(ResourceName::Memory, 0), "0");
    }

    #[test]
    fn exact_amounts_differ_where_rounded_ones_do_not() {
        let symbols = Interner::default();
        let exact = |amount| Value::Amount(ResourceName::Memory, amount).describe_exactly(&symbols);
        assert_eq!(exact(16_014_121 << 10), "16014121Ki");
        assert_eq!(exact(16_398_459_905), "16398459905 bytes");
        assert_eq!(exact(-(2 << 30)), "-2Gi");
        assert_eq!(exact(1), "1 byte");
    }

    #[test]
    fn huge_pages_are_bytes() {
        let mut symbols = Interner::default();
        let pages = ResourceName::Scalar(symbols.intern("hugepages-2Mi"));
        assert_eq!(Value::Amount(pages, 512 << 20).describe(&symbols), "512Mi");
    }
}
