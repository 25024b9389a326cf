//! Scalars that upstream reads with code of their own: times, spans of time, amounts, base64.
//!
//! Each function gives the text as the object will be printed with it, or upstream's message.

mod base64;
mod duration;
mod time;

pub(super) use base64::{decode as decode_base64, encode as encode_base64};
pub(super) use duration::canonical as canonical_duration;
pub(super) use time::{Layout, canonical as canonical_time};

use wire::Quantity;

const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// An amount as it will be printed; `1000m` is `1`.
///
/// # Errors
///
/// Upstream's message about what is wrong.
pub(super) fn canonical_quantity(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let suffix =
        suffix.strip_prefix('.').map_or(suffix, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let number = &rest[..rest.len() - suffix.len()];
    let after = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let after = after.strip_prefix(['+', '-']).unwrap_or(after);
    if text.is_empty() || after.contains(|c: char| !c.is_ascii_digit()) {
        return Err(WRONG_FORMAT);
    }
    match text.parse::<Quantity>() {
        Ok(quantity) => Ok(quantity.to_string()),
        Err(_) if !number.contains(|c: char| c.is_ascii_digit()) => {
            Err("unable to parse numeric part of quantity")
        }
        Err(_) => Err("unable to parse quantity's suffix"),
    }
}
