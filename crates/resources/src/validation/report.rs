//! Collecting errors.

use apimachinery::field::FieldValue;
use apimachinery::go;
use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

/// Adding one error to a list, in few words.
pub(crate) trait Report {
    /// Adds an error.
    fn add(&mut self, error: FieldError);

    /// A value is missing.
    fn required(&mut self, path: &Path, detail: &str) {
        self.add(FieldError::required(path, detail));
    }

    /// A value is malformed or out of range.
    fn invalid(&mut self, path: &Path, value: impl Into<FieldValue>, detail: impl Into<String>) {
        self.add(FieldError::invalid(path, value, detail));
    }

    /// A field must not be set.
    fn forbidden(&mut self, path: &Path, detail: impl Into<String>) {
        self.add(FieldError::forbidden(path, detail));
    }

    /// A value is there twice.
    fn duplicate(&mut self, path: &Path, value: impl Into<FieldValue>) {
        self.add(FieldError::duplicate(path, value));
    }

    /// What is referred to is not there.
    fn not_found(&mut self, path: &Path, value: impl Into<FieldValue>) {
        self.add(FieldError::not_found(path, value));
    }

    /// A text of a named type is none of those there are.
    fn not_supported(&mut self, path: &Path, text: &str, supported: &[&str]) {
        self.add(FieldError::not_supported(path, named(text), supported));
    }

    /// A text must be one of some, and must be there.
    fn one_of(&mut self, path: &Path, text: &str, supported: &[&str]) {
        if text.is_empty() {
            self.required(path, "");
        } else if !supported.contains(&text) {
            self.not_supported(path, text, supported);
        }
    }

    /// A list has too many items.
    fn at_most(&mut self, path: &Path, n_items: usize, n_items_max: usize) {
        if n_items > n_items_max {
            self.add(FieldError::too_many(path, n_items, n_items_max));
        }
    }
}

impl Report for ErrorList {
    fn add(&mut self, error: FieldError) {
        self.push(error);
    }
}

/// A text whose type has a name of its own: upstream prints such as JSON.
pub(crate) fn named(text: &str) -> FieldValue {
    FieldValue::Plain(go::compact_json(&Value::from(text)))
}

/// A list or map of plain values as JSON; `null` if there is none.
pub(crate) fn json_or_null(value: Option<&Value>) -> FieldValue {
    let is_empty = |value: &&Value| {
        value.as_object().is_some_and(serde_json::Map::is_empty)
            || value.as_array().is_some_and(Vec::is_empty)
    };
    match value.filter(|value| !is_empty(value)) {
        Some(value) => FieldValue::Plain(go::compact_json(value)),
        None => FieldValue::Plain("null".to_owned()),
    }
}
