//! What must not be guessed or repeated: uids, suffixes of names, seeds.

use std::cell::RefCell;
use std::sync::Mutex;

use base::Stream;

/// How many random bytes are taken from the system at once: asking it costs as much as 30 uids.
const POOL_LEN: usize = 1024;

thread_local! {
    /// Random bytes, and how many of them are used up.
    static POOL: RefCell<([u8; POOL_LEN], usize)> = const { RefCell::new(([0; POOL_LEN], POOL_LEN)) };
}

/// Random bytes that nobody can foresee and nobody gets twice.
fn random_bytes() -> [u8; 16] {
    POOL.with_borrow_mut(|(pool, used)| {
        if *used == POOL_LEN {
            if getrandom::fill(pool).is_err() {
                // A system without entropy gives uids that are merely different.
                return crate::clock::now().as_nanosecond().to_le_bytes();
            }
            *used = 0;
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&pool[*used..*used + 16]);
        pool[*used..*used + 16].fill(0);
        *used += 16;
        bytes
    })
}

/// A random uid (RFC 9562, version 4).
pub(crate) fn uid() -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
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
