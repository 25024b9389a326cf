//! Names from `generateName`.

use base::Stream;

/// How many characters are appended.
pub const GENERATED_SUFFIX_LEN: usize = 5;

/// Neither vowels nor characters that look alike, so that no words come out.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The longest generated name: that of a DNS label.
const NAME_LEN_MAX: usize = 63;

/// A name that begins with `base`, which is cut where the whole would be no DNS label any more.
pub fn generate_name(base: &str, random: &mut Stream) -> String {
    let base = &base[..base.floor_char_boundary(NAME_LEN_MAX - GENERATED_SUFFIX_LEN)];
    let mut name = String::with_capacity(base.len() + GENERATED_SUFFIX_LEN);
    name.push_str(base);
    for _ in 0..GENERATED_SUFFIX_LEN {
        name.push(char::from(ALPHABET[random.below(ALPHABET.len())]));
    }
    name
}
