//! Strings as small integers.
//!
//! Labels, taints, resource names and topology keys are compared millions of times per second and created
//! rarely. Interned, a comparison is one integer comparison and a map key is four bytes.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::Map;

/// An interned string: equal symbols of one [`Interner`] stand for equal strings.
///
/// The order of symbols is the order of first appearance, not the alphabet.
///
/// An `Option<Symbol>` is four bytes too, so that columns of symbols that may be missing stay small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// The empty string, which every interner knows.
    pub const EMPTY: Symbol = Symbol(NonZeroU32::MIN);

    /// The position of this symbol in its interner, for tables indexed by symbol.
    pub fn index(self) -> usize {
        (self.0.get() - 1) as usize
    }
}

/// The two-way table between strings and [`Symbol`]s.
///
/// Symbols are never freed: what is interned must come from a set that is small compared with the objects
/// that mention it (label keys and values, names of nodes, namespaces, resources and images; not names of pods).
#[derive(Clone, Debug)]
pub struct Interner {
    symbols: Map<Arc<str>, Symbol>,
    strings: Vec<Arc<str>>,
}

impl Default for Interner {
    fn default() -> Self {
        let mut interner = Interner { symbols: Map::default(), strings: Vec::new() };
        let empty = interner.intern("");
        debug_assert_eq!(empty, Symbol::EMPTY);
        interner
    }
}

impl Interner {
    /// The symbol of `text`, made if it is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(&symbol) = self.symbols.get(text) {
            return symbol;
        }
        // 2^32 distinct strings need more than 64 GiB for the table alone: memory ends long before.
        let number = u32::try_from(self.strings.len() + 1).ok().and_then(NonZeroU32::new);
        let symbol = Symbol(number.expect("fewer than 2^32 distinct strings"));
        let shared: Arc<str> = Arc::from(text);
        self.strings.push(Arc::clone(&shared));
        self.symbols.insert(shared, symbol);
        symbol
    }

    /// The symbol of `text` if it has been interned.
    pub fn get(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// The string of `symbol`, which must come from this interner or an earlier clone of it.
    pub fn resolve(&self, symbol: Symbol) -> &str {
        &self.strings[symbol.index()]
    }

    /// How many distinct strings there are.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether only the empty string is there.
    pub fn is_empty(&self) -> bool {
        self.strings.len() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_equal_strings_one_symbol_and_resolves_it_back() {
        let mut interner = Interner::default();
        let zone = interner.intern("topology.kubernetes.io/zone");
        let other = interner.intern("kubernetes.io/hostname");
        assert_ne!(zone, other);
        assert_eq!(interner.intern("topology.kubernetes.io/zone"), zone);
        assert_eq!(interner.resolve(zone), "topology.kubernetes.io/zone");
        assert_eq!(interner.get("never seen"), None);
        assert_eq!(interner.intern(""), Symbol::EMPTY);
        assert_eq!(interner.len(), 3);
    }
}
