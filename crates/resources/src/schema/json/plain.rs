//! Where strings end.

/// How many bytes there are before the first that ends a string, or means something else in it. Eight are looked at at
/// a time: most bytes of a body are in strings.
pub(super) fn n_plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    /// The highest bit of each byte that is zero, up to the first such byte; what is found beyond may be wrong.
    fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in (0..).step_by(8).zip(words) {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quotes | backslashes | controls) & (ONES * 0x80);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    text.len() - rest.len() + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_end_where_the_first_special_byte_is(text in prop::collection::vec(prop_oneof![any::<u8>(), 0x1e_u8..0x23, 0x5b_u8..0x5e], 0..40)) {
            let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | ..0x20);
            prop_assert_eq!(n_plain(&text), text.iter().take_while(is_plain).count());
        }
    }
}
