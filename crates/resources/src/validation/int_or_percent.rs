//! Numbers that may be given as a share of something.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::NEGATIVE;
use super::report::Report as _;

/// A number that is not below zero, or a percentage.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, value: &Value) {
    match value {
        Value::String(text) => errors.invalid_each(path, text, names::percent(text)),
        value => {
            if let Some(number) = value.as_i64().filter(|number| *number < 0) {
                errors.invalid(path, number, NEGATIVE);
            }
        }
    }
}

/// No more than all.
pub(crate) fn at_most_all(errors: &mut ErrorList, path: &Path, value: &Value) {
    let Some(text) = value.as_str().filter(|text| names::percent(text).is_empty()) else { return };
    let digits = text.trim_end_matches('%').trim_start_matches('0');
    if digits.len() > 3 || digits.parse::<u32>().is_ok_and(|percent| percent > 100) {
        errors.invalid(path, text, "must not be greater than 100%");
    }
}
