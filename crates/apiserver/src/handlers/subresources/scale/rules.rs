//! Which fields of an object its scale shows.

use resources::kind::Kind;
use serde_json::Value;

pub(super) fn of(_: &Kind, _: &Value) -> Value {
    Value::Null
}

pub(super) fn apply(_: &Kind, _: &mut Value, _: &Value) {}
