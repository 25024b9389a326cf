//! How many pods are replaced at once: a number or a percentage.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::NEGATIVE;
use super::super::members::Members as _;
use super::super::report::Report as _;

/// A number that is not below zero, or a percentage.
pub(super) fn int_or_percent(errors: &mut ErrorList, path: &Path, value: Option<&Value>) {
    match value {
        Some(Value::String(text)) => errors.invalid_each(path, text, names::percent(text)),
        value => {
            let number = value.and_then(Value::as_i64).unwrap_or_default();
            if number < 0 {
                errors.invalid(path, number, NEGATIVE);
            }
        }
    }
}

/// A percentage of something must not be more than all of it.
pub(super) fn not_above_all(errors: &mut ErrorList, path: &Path, value: Option<&Value>) {
    if let Some(Value::String(text)) = value
        && percents(text).is_some_and(|percents| percents > 100)
    {
        errors.invalid(path, text.as_str(), "must not be greater than 100%");
    }
}

fn percents(text: &str) -> Option<i64> {
    if !names::percent(text).is_empty() {
        return None;
    }
    text.strip_suffix('%')?.parse().ok()
}

/// The number, or the number of per cents; what is neither counts as none.
pub(super) fn amount(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::String(text)) => percents(text).unwrap_or_default(),
        value => value.and_then(Value::as_i64).unwrap_or_default(),
    }
}

/// The members of a `rollingUpdate` and how errors show one of them.
pub(super) struct RollingUpdate<'v> {
    /// How many pods may be missing.
    pub max_unavailable: Option<&'v Value>,
    /// How many pods there may be too many.
    pub max_surge: Option<&'v Value>,
}

impl<'v> RollingUpdate<'v> {
    /// Reads them.
    pub(super) fn of(value: &'v Value) -> Self {
        Self { max_unavailable: value.member("maxUnavailable"), max_surge: value.member("maxSurge") }
    }
}
