//! ControllerRevision.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::formats::{self, IMMUTABLE};
use super::members::Members as _;
use super::report::{Report as _, json_or_null};

/// What is wrong with a ControllerRevision.
pub fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("data");
    match object.member("data") {
        None => errors.required(&path, "data is mandatory"),
        Some(Value::Object(_)) => {}
        Some(other) => errors.invalid(&path, other, "data must be a valid JSON object"),
    }
    if object.int("revision") < 0 {
        errors.invalid(&Path::new("revision"), object.int("revision"), formats::NEGATIVE);
    }
    errors
}

/// What is wrong with a changed ControllerRevision.
pub fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate(object);
    if object.member("data") != old.member("data") {
        errors.invalid(&Path::new("data"), json_or_null(object.member("data")), IMMUTABLE);
    }
    errors
}
