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
            Value::Amount(resource, amount) => describe_amount(*resource, *amount),
            Value::Count(n) => n.to_string(),
            Value::Name(symbol) => symbols.resolve(*symbol).to_owned(),
            Value::Text(text) => text.to_string(),
        }
    }
}

/// An amount in the notation that Kubernetes users write: `1500m`, `2Gi`, `3`.
pub fn describe_amount(resource: ResourceName, amount: i64) -> String {
    match resource {
        ResourceName::Cpu if amount % 1000 == 0 => (amount / 1000).to_string(),
        ResourceName::Cpu => format!("{amount}m"),
        ResourceName::Memory | ResourceName::EphemeralStorage => describe_bytes(amount),
        ResourceName::Scalar(_) | ResourceName::Untracked(_) => amount.to_string(),
    }
}

fn describe_bytes(bytes: i64) -> String {
    for (shift, suffix) in [(50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")] {
        let unit = 1_i64 << shift;
        if bytes != 0 && bytes % unit == 0 {
            return format!("{}{suffix}", bytes / unit);
        }
        if bytes.unsigned_abs() >= 8 * unit.unsigned_abs() {
            return format!("{:.1}{suffix}", bytes as f64 / unit as f64);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_like_quantities() {
        assert_eq!(describe_amount(ResourceName::Cpu, 1500), "1500m");
        assert_eq!(describe_amount(ResourceName::Cpu, -2000), "-2");
        assert_eq!(describe_amount(ResourceName::Memory, 2 << 30), "2Gi");
        assert_eq!(describe_amount(ResourceName::Memory, (9 << 30) + 5), "9.0Gi");
        assert_eq!(describe_amount(ResourceName::Memory, 0), "0");
    }
}
