//! What the standard library lacks and every layer above needs.
//!
//! | module | what it is |
//! |---|---|
//! | [`digest`] | a checksum whose values never change |
//! | [`interner`] | strings that are compared often, as 32-bit [`Symbol`]s |
//! | [`map`] | hash maps and sets with a fixed seed, so that iteration order is the same in every process |
//! | [`now`] | instants that are handed in, never read from a clock |
//! | [`rng`] | one seeded random stream per purpose |
//! | [`spelling`] | how far apart two words are |
//!
//! Not here: any word of Kubernetes, async, input or output. Nothing in this crate reads a clock or an
//! entropy source; whoever stands at the edge of the process does and hands the value in.

pub mod digest;
pub mod interner;
pub mod map;
pub mod now;
pub mod rng;
pub mod spelling;

pub use digest::Digest;
pub use interner::{Interner, Symbol};
pub use map::{Map, Set};
pub use now::Now;
pub use rng::Stream;
