//! Fields that keep their value.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::formats::IMMUTABLE;
use super::members::Members as _;
use super::report::{Report as _, json_or_null};

/// Whether a member means the same in both; absent and empty do.
pub(crate) fn is_unchanged(object: &Value, old: &Value, name: &str) -> bool {
    let empty = |value: &&Value| {
        !matches!(value, Value::Array(items) if items.is_empty())
            && !matches!(value, Value::Object(members) if members.is_empty())
    };
    object.member(name).filter(empty) == old.member(name).filter(empty)
}

/// A text, a number, or a list or map of such, that must stay what it is.
pub(crate) fn unchanged(errors: &mut ErrorList, path: &Path, object: &Value, old: &Value, name: &str) {
    if is_unchanged(object, old, name) {
        return;
    }
    match object.member(name) {
        None if old.text(name).is_empty() => errors.invalid(path, json_or_null(None), IMMUTABLE),
        None => errors.invalid(path, "", IMMUTABLE),
        value => errors.invalid(path, json_or_null(value), IMMUTABLE),
    }
}
