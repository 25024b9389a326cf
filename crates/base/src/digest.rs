//! A checksum that stays the same.

/// FNV-1a, 64 bits, fed piece by piece.
///
/// It is written out because a hasher from a library may change its values between versions, and what is
/// recorded today has to be compared by tomorrow's program. It tells accidents apart, not attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    /// The digest of nothing.
    fn default() -> Digest {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Takes in bytes, as if all bytes so far were one text.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Digest {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Digest(bytes.iter().fold(self.0, step))
    }

    /// Takes in a number, as its eight bytes, lowest first.
    #[must_use]
    pub fn number(self, number: u64) -> Digest {
        self.bytes(&number.to_le_bytes())
    }

    /// Takes in a text with its length, so that `ab, c` and `a, bc` differ.
    #[must_use]
    pub fn text(self, text: &str) -> Digest {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    /// The value.
    pub const fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_published_values() {
        let digest = |text: &str| Digest::default().bytes(text.as_bytes()).value();
        assert_eq!(digest(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(digest("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn texts_are_kept_apart() {
        let digest = |texts: &[&str]| texts.iter().fold(Digest::default(), |digest, text| digest.text(text));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["", "a"]), digest(&["a", ""]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
    }
}
