//! States that a controller can go back to.

use apimachinery::{ErrorList, Path, go};
use serde_json::Value;

use super::super::formats::{IMMUTABLE, nonnegative};
use super::super::members::Members as _;
use super::super::report::Report as _;
use crate::kind::Context;

/// What is wrong with a new revision.
pub fn validate(_context: Context<'_>, revision: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("data");
    match revision.member("data") {
        None => errors.required(&path, "data is mandatory"),
        Some(data) if !data.is_object() => {
            let value = apimachinery::field::FieldValue::Plain(go::compact_json(data));
            errors.invalid(&path, value, "data must be a valid JSON object");
        }
        Some(_) => {}
    }
    nonnegative(&mut errors, &Path::none(), "revision", revision.optional_int("revision"));
    errors
}

/// What is wrong with a changed one: its data stays.
pub fn validate_update(context: Context<'_>, revision: &Value, old: &Value) -> ErrorList {
    let mut errors = validate(context, revision);
    if revision.member("data") != old.member("data") {
        let none = Value::Null;
        let value = apimachinery::field::FieldValue::from(revision.member("data").unwrap_or(&none));
        errors.invalid(&Path::new("data"), value, IMMUTABLE);
    }
    errors
}
