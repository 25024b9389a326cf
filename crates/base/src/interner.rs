//! Strings as small integers.
//!
//! Labels, taints, resource names and topology keys are compared millions of times per second and created
//! rarely. Interned, a comparison is one integer comparison and a map key is four bytes.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::{Map, Set};

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
/// What is interned must come from a set that is small compared with the objects that mention it (label keys, names of
/// nodes, namespaces, resources and images; not names of pods): it is never freed. Strings that come and go with the
/// objects that mention them (values of pod labels, some of which are the name of one Job) are *passing*: they can be
/// swept out, and their symbols then stand for other strings.
#[derive(Clone, Debug)]
pub struct Interner {
    symbols: Map<Arc<str>, Symbol>,
    strings: Vec<Arc<str>>,
    /// Per symbol: whether nobody has interned it for good.
    passing: Vec<bool>,
    free: Vec<Symbol>,
}

impl Default for Interner {
    fn default() -> Self {
        let (symbols, strings, passing, free) = Default::default();
        let mut interner = Interner { symbols, strings, passing, free };
        let empty = interner.intern("");
        debug_assert_eq!(empty, Symbol::EMPTY);
        interner
    }
}

impl Interner {
    /// The symbol of `text`, made if it is new, for good.
    pub fn intern(&mut self, text: &str) -> Symbol {
        match self.symbols.get(text) {
            Some(&symbol) => {
                self.passing[symbol.index()] = false;
                symbol
            }
            None => self.add(text, false),
        }
    }

    /// The symbol of `text`, made if it is new, until it is swept out.
    pub fn intern_passing(&mut self, text: &str) -> Symbol {
        match self.symbols.get(text) {
            Some(&symbol) => symbol,
            None => self.add(text, true),
        }
    }

    fn add(&mut self, text: &str, is_passing: bool) -> Symbol {
        let shared: Arc<str> = Arc::from(text);
        let symbol = match self.free.pop() {
            Some(symbol) => {
                self.strings[symbol.index()] = Arc::clone(&shared);
                self.passing[symbol.index()] = is_passing;
                symbol
            }
            None => {
                self.strings.push(Arc::clone(&shared));
                self.passing.push(is_passing);
                // 2^32 distinct strings need more than 64 GiB for the table alone: memory ends long before.
                let number = u32::try_from(self.strings.len()).ok().and_then(NonZeroU32::new);
                Symbol(number.expect("fewer than 2^32 distinct strings"))
            }
        };
        self.symbols.insert(shared, symbol);
        symbol
    }

    /// Frees passing symbols that are not among `live`; returns how many. Nobody may use them any more.
    pub fn sweep(&mut self, live: &Set<Symbol>) -> usize {
        let n_free = self.free.len();
        for (i, passing) in self.passing.iter_mut().enumerate().filter(|(_, passing)| **passing) {
            let symbol = NonZeroU32::new(i as u32 + 1).map(Symbol).expect("one more than an index");
            if !live.contains(&symbol) {
                // What is free is not passing, so it is not freed twice.
                *passing = false;
                let nothing = Arc::clone(&self.strings[Symbol::EMPTY.index()]);
                self.symbols.remove(&std::mem::replace(&mut self.strings[i], nothing));
                self.free.push(symbol);
            }
        }
        self.free.len() - n_free
    }

    /// The symbol of `text` if it has been interned.
    pub fn get(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// The string of `symbol`, which must come from this interner or an earlier clone of it.
    pub fn resolve(&self, symbol: Symbol) -> &str {
        &self.strings[symbol.index()]
    }

    /// The string of `symbol`, shared.
    pub fn share(&self, symbol: Symbol) -> Arc<str> {
        Arc::clone(&self.strings[symbol.index()])
    }

    /// How many distinct strings there are.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether only the empty string is there.
    pub fn is_empty(&self) -> bool {
        self.symbols.len() <= 1
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

    #[test]
    fn frees_passing_strings_that_nobody_uses() {
        let mut interner = Interner::default();
        let kept = interner.intern("kept");
        let used = interner.intern_passing("used");
        let gone = interner.intern_passing("gone");
        let pinned = interner.intern_passing("pinned");
        assert_eq!(interner.intern("pinned"), pinned);
        assert_eq!(interner.intern_passing("kept"), kept);
        assert_eq!(interner.sweep(&Set::from_iter([used])), 1);
        assert_eq!((interner.get("gone"), interner.len()), (None, 4));
        assert_eq!([kept, used, pinned].map(|symbol| interner.resolve(symbol)), ["kept", "used", "pinned"]);
        assert_eq!(interner.sweep(&Set::from_iter([used])), 0);
        assert_eq!(interner.intern("next"), gone);
        assert_eq!(interner.resolve(gone), "next");
    }
}
