//! The single mistakes behind an error.

use crate::field::FieldError;

/// One mistake. Empty members are not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Which kind of mistake, such as `FieldValueRequired`.
    pub reason: String,
    /// What is wrong.
    pub message: String,
    /// The field it is about.
    pub field: String,
}

impl Cause {
    /// A cause with a message alone.
    pub fn message(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

impl From<&FieldError> for Cause {
    fn from(error: &FieldError) -> Self {
        Self {
            reason: error.error_type.reason().to_owned(),
            message: error.body(),
            field: error.field.clone(),
        }
    }
}
