//! What must not be guessed or repeated: uids, suffixes of names, seeds.

use std::fmt::Write as _;
use std::sync::Mutex;

use base::Stream;

/// A random uid (RFC 9562, version 4).
pub(crate) fn uid() -> String {
    let mut bytes = [0; 16];
    // A system without entropy gives uids that are merely different.
    if getrandom::fill(&mut bytes).is_err() {
        let nanoseconds = crate::clock::now().as_nanosecond();
        bytes.copy_from_slice(&nanoseconds.to_le_bytes());
    }
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

/// A stream of random numbers that several requests share.
#[derive(Debug)]
pub(crate) struct Random(Mutex<Stream>);

impl Random {
    /// A stream that nobody can foresee, for one purpose.
    pub(crate) fn new(purpose: &str) -> Random {
        let mut seed = [0; 8];
        if getrandom::fill(&mut seed).is_err() {
            seed = crate::clock::now().as_microsecond().to_le_bytes();
        }
        Random(Mutex::new(Stream::new(u64::from_le_bytes(seed), purpose)))
    }

    /// Uses the stream.
    pub(crate) fn with<T>(&self, draw: impl FnOnce(&mut Stream) -> T) -> T {
        let mut stream = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut stream)
    }

    /// A number below `n`.
    pub(crate) fn below(&self, n: usize) -> usize {
        self.with(|stream| stream.below(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_have_their_form_and_differ() {
        let (a, b) = (uid(), uid());
        assert_ne!(a, b);
        assert_eq!(a.len(), 36);
        assert_eq!(&a[14..15], "4");
        assert!(matches!(&a[19..20], "8" | "9" | "a" | "b"));
    }
}
