//! Standard base64 with padding, which is how JSON carries bytes.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Why a text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {0}")]
pub(super) struct Base64Error(usize);

/// Decodes a text; line breaks within are skipped.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut n_digits, mut n_padding) = (0_u32, 0, 0);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => continue,
            // Padding fills up the last group, of which at least two digits are data.
            b'=' if n_digits >= 2 => {
                n_padding += 1;
                group <<= 6;
            }
            _ => match digit(byte) {
                Some(value) if n_padding == 0 => group = group << 6 | value,
                _ => return Err(Base64Error(index)),
            },
        }
        n_digits += 1;
        if n_digits == 4 {
            bytes.extend_from_slice(&group.to_be_bytes()[1..4 - n_padding]);
            (group, n_digits) = (0, 0);
        }
    }
    if n_digits == 0 { Ok(bytes) } else { Err(Base64Error(text.len())) }
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Encodes bytes.
pub(in crate::config) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            // n bytes make n + 1 digits; the rest is padding.
            let value = (group >> (18 - 6 * position)) & 63;
            let digit = if position <= chunk.len() { ALPHABET[value as usize] } else { b'=' };
            text.push(char::from(digit));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn knows_the_vectors_of_the_rfc() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in table {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).unwrap(), plain.as_bytes());
        }
        assert_eq!(decode("Zm9v\nYmFy\n").unwrap(), b"foobar");
    }

    #[test]
    fn says_where_a_text_is_not_base64() {
        let table = [("Zm9", 3), ("Z", 1), ("=", 0), ("Zg=x", 3), ("Zg==Zg==", 4), ("Z!", 1)];
        for (text, at) in table {
            assert_eq!(decode(text), Err(Base64Error(at)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decodes_what_it_encoded(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn survives_any_text(text in ".{0,32}") {
            let _ = decode(&text);
        }
    }
}
