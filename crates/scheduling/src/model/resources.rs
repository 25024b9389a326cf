//! Amounts of resources in the scheduler's units.

use base::{Interner, Symbol};
use smallvec::SmallVec;
use wire::Quantity;

use super::Compiler;

/// Amounts per scalar resource, sorted by symbol, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scalars(SmallVec<[(Symbol, i64); 1]>);

impl Scalars {
    /// The amount of `name`, 0 if it is not listed.
    pub fn get(&self, name: Symbol) -> i64 {
        self.find(name).unwrap_or(0)
    }

    /// The amount of `name` if it is listed.
    pub fn find(&self, name: Symbol) -> Option<i64> {
        self.0.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
    }

    /// Sets the amount of `name`.
    pub fn set(&mut self, name: Symbol, amount: i64) {
        match self.0.binary_search_by_key(&name, |entry| entry.0) {
            Ok(i) => self.0[i].1 = amount,
            Err(i) => self.0.insert(i, (name, amount)),
        }
    }

    /// All entries, ordered by symbol.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, i64)> + '_ {
        self.0.iter().copied()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Amounts of every kind of resource that the scheduler tracks; others are dropped when an object is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub milli_cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// Local ephemeral storage in bytes.
    pub ephemeral_storage: i64,
    /// Extended resources, huge pages and attachable volumes, in pieces or bytes.
    pub scalars: Scalars,
}

impl Resources {
    /// Compiles a resource list, rounding each exact amount up once.
    pub fn compile<'q>(
        list: impl IntoIterator<Item = (&'q str, Quantity)>,
        compiler: &mut Compiler<'_>,
    ) -> Resources {
        let mut resources = Resources::default();
        for (name, quantity) in list {
            match name {
                "cpu" => resources.milli_cpu = quantity.milli_value(),
                "memory" => resources.memory = quantity.value(),
                "ephemeral-storage" => resources.ephemeral_storage = quantity.value(),
                _ if is_scalar(name) => {
                    let symbol = compiler.symbol(name);
                    resources.scalars.set(symbol, quantity.value());
                }
                _ => {}
            }
        }
        resources
    }

    /// Adds `other`. Sums beyond 2^63 wrap, as upstream's do: only so does taking away undo it.
    pub fn add(&mut self, other: &Resources) {
        self.combine(other, i64::wrapping_add);
    }

    /// Subtracts `other`. A scalar that reaches 0 stays listed, as upstream's map keeps its key.
    pub fn subtract(&mut self, other: &Resources) {
        self.combine(other, i64::wrapping_sub);
    }

    fn combine(&mut self, other: &Resources, op: fn(i64, i64) -> i64) {
        self.milli_cpu = op(self.milli_cpu, other.milli_cpu);
        self.memory = op(self.memory, other.memory);
        self.ephemeral_storage = op(self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in other.scalars.iter() {
            self.scalars.set(name, op(self.scalars.get(name), amount));
        }
    }

    /// Whether there is less of some resource here than in `other`, or a scalar of `other` is missing.
    pub fn is_less_in_some(&self, other: &Resources) -> bool {
        self.milli_cpu < other.milli_cpu
            || self.memory < other.memory
            || self.ephemeral_storage < other.ephemeral_storage
            || other
                .scalars
                .iter()
                .any(|(name, amount)| self.scalars.find(name).is_none_or(|own| own < amount))
    }

    /// The amount of one resource, 0 if it is not there.
    pub fn get(&self, name: ResourceName) -> i64 {
        match name {
            ResourceName::Cpu => self.milli_cpu,
            ResourceName::Memory => self.memory,
            ResourceName::EphemeralStorage => self.ephemeral_storage,
            ResourceName::Scalar(symbol) => self.scalars.get(symbol),
            ResourceName::Untracked(_) => 0,
        }
    }
}

/// The name of a resource, classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceName {
    /// `cpu`, in thousandths of a core.
    Cpu,
    /// `memory`, in bytes.
    Memory,
    /// `ephemeral-storage`, in bytes.
    EphemeralStorage,
    /// A scalar resource.
    Scalar(Symbol),
    /// A name that the scheduler does not track.
    Untracked(Symbol),
}

impl ResourceName {
    /// Classifies a name.
    pub fn compile(name: &str, compiler: &mut Compiler<'_>) -> ResourceName {
        match name {
            "cpu" => ResourceName::Cpu,
            "memory" => ResourceName::Memory,
            "ephemeral-storage" => ResourceName::EphemeralStorage,
            _ if is_scalar(name) => ResourceName::Scalar(compiler.symbol(name)),
            _ => ResourceName::Untracked(compiler.symbol(name)),
        }
    }

    /// The name as the API spells it.
    pub fn as_str(self, symbols: &Interner) -> &str {
        match self {
            ResourceName::Cpu => "cpu",
            ResourceName::Memory => "memory",
            ResourceName::EphemeralStorage => "ephemeral-storage",
            ResourceName::Scalar(symbol) | ResourceName::Untracked(symbol) => symbols.resolve(symbol),
        }
    }
}

/// Whether the scheduler counts this resource in whole units per node.
pub fn is_scalar(name: &str) -> bool {
    name.starts_with("hugepages-")
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
        || is_extended(name)
}

/// Whether this is an extended resource: a name with a domain outside `kubernetes.io` that a quota can name.
pub fn is_extended(name: &str) -> bool {
    name.contains('/')
        && !name.contains("kubernetes.io/")
        && !name.starts_with("requests.")
        && wire::selector::is_qualified_name(&format!("requests.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_names_as_upstream_does() {
        assert!(is_scalar("hugepages-2Mi"));
        assert!(is_scalar("example.com/gpu") && is_extended("example.com/gpu"));
        assert!(is_scalar("x.kubernetes.io/thing") && !is_extended("x.kubernetes.io/thing"));
        assert!(is_scalar("attachable-volumes-aws-ebs"));
        assert!(!is_scalar("gpu"));
        assert!(!is_extended("requests.example.com/gpu"));
        assert!(!is_extended("example.com/has space"));
    }
}
