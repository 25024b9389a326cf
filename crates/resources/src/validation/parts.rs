//! Objects within objects.

use serde_json::Value;

use super::members::Members as _;

static NOTHING: Value = Value::Null;

/// Objects within an object, by name.
pub(crate) trait Parts {
    /// A member; null, in which everything is absent, if it is not there.
    fn part(&self, name: &str) -> &Value;
}

impl Parts for Value {
    fn part(&self, name: &str) -> &Value {
        self.member(name).unwrap_or(&NOTHING)
    }
}
