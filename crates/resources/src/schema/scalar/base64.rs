//! Base64 with padding, as Go reads it: line breaks are skipped, nothing else is.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

/// The bytes of a text.
///
/// # Errors
///
/// Where the first byte is that does not fit.
pub(in crate::schema) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut at = 0;
    // Of the group of four digits that is being read.
    let (mut value, mut n_digits) = (0_u32, 0_u32);
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        match byte {
            b'\r' | b'\n' => {}
            b'=' => return finish(bytes, at, value, n_digits, out),
            _ => {
                value = value << 6 | digit(byte).ok_or(at - 1)?;
                n_digits += 1;
                if n_digits == 4 {
                    out.extend_from_slice(&value.to_be_bytes()[1..]);
                    (value, n_digits) = (0, 0);
                }
            }
        }
    }
    // Go reports the place where the incomplete group began, line breaks not counted.
    if n_digits == 0 { Ok(out) } else { Err(at - n_digits as usize) }
}

/// The end of a text, whose first `=` is before `at`.
fn finish(bytes: &[u8], at: usize, value: u32, n_digits: u32, mut out: Vec<u8>) -> Result<Vec<u8>, usize> {
    let mut rest = bytes.iter().enumerate().skip(at).filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    match n_digits {
        0 | 1 => return Err(at - 1),
        2 => {
            match rest.next() {
                None => return Err(bytes.len()),
                Some((_, b'=')) => {}
                Some(_) => return Err(at - 1),
            }
            out.push((value >> 4) as u8);
        }
        _ => out.extend_from_slice(&((value >> 2) as u16).to_be_bytes()),
    }
    match rest.next() {
        None => Ok(out),
        Some((at, _)) => Err(at),
    }
}

/// The text of bytes.
pub(in crate::schema) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut value = 0_u32;
        for at in 0..3 {
            value = value << 8 | u32::from(group.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            if at <= group.len() {
                out.push(char::from(ALPHABET[(value >> (18 - 6 * at)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
