//! What is wrong with a field.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::Path;
use crate::go;

/// What kind of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorType {
    /// A value is missing.
    Required,
    /// The value is malformed or out of range.
    Invalid,
    /// The value has the wrong type.
    TypeInvalid,
    /// The value is not one of those there are.
    NotSupported,
    /// The field must not be set, or not be changed.
    Forbidden,
    /// A value that must be unique is there twice.
    Duplicate,
    /// What the value refers to is not there.
    NotFound,
    /// The value has too many bytes or characters.
    TooLong,
    /// The value has too few.
    TooShort,
    /// The list has too many items.
    TooMany,
    /// The list has too few items.
    TooFew,
    /// The check itself failed.
    Internal,
}

impl ErrorType {
    /// The words that open the message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::Duplicate => "Duplicate value",
            Self::NotFound => "Not found",
            Self::TooLong => "Too long",
            Self::TooShort => "Too short",
            Self::TooMany => "Too many",
            Self::TooFew => "Too few",
            Self::Internal => "Internal error",
        }
    }

    /// The reason of the cause in a `Status`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::Duplicate => "FieldValueDuplicate",
            Self::NotFound => "FieldValueNotFound",
            Self::TooLong => "FieldValueTooLong",
            Self::TooShort => "FieldValueTooShort",
            Self::TooMany => "FieldValueTooMany",
            Self::TooFew => "FieldValueTooFew",
            Self::Internal => "InternalError",
        }
    }

    const fn shows_value(self) -> bool {
        !matches!(self, Self::Required | Self::Forbidden | Self::TooLong | Self::TooShort | Self::Internal)
    }
}

/// The value that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A string, printed in Go's quotes.
    Text(String),
    /// Printed as it is: numbers, or what the caller has rendered.
    Plain(String),
    /// Not printed.
    Omitted,
}

impl FieldValue {
    /// A list of strings, printed as JSON.
    pub fn list<T: AsRef<str>>(items: &[T]) -> Self {
        let items: Vec<Value> = items.iter().map(|item| Value::from(item.as_ref())).collect();
        Self::from(&Value::from(items))
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<i32> for FieldValue {
    fn from(number: i32) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<usize> for FieldValue {
    fn from(number: usize) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Plain(value.to_string())
    }
}

/// Strings in Go's quotes, all else as compact JSON.
impl From<&Value> for FieldValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            value => Self::Plain(go::compact_json(value)),
        }
    }
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// What kind of mistake it is.
    pub error_type: ErrorType,
    /// Where the field is.
    pub field: String,
    /// The value found there.
    pub value: FieldValue,
    /// What would be right; may be empty.
    pub detail: String,
}

impl FieldError {
    /// An error of any type.
    pub fn new(
        error_type: ErrorType,
        path: &Path,
        value: impl Into<FieldValue>,
        detail: impl Into<String>,
    ) -> Self {
        Self { error_type, field: path.to_string(), value: value.into(), detail: detail.into() }
    }

    /// The value is malformed or out of range.
    pub fn invalid(path: &Path, value: impl Into<FieldValue>, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Invalid, path, value, detail)
    }

    /// The value has the wrong type.
    pub fn type_invalid(path: &Path, value: impl Into<FieldValue>, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::TypeInvalid, path, value, detail)
    }

    /// A value is missing.
    pub fn required(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Required, path, FieldValue::Omitted, detail)
    }

    /// The field must not be set.
    pub fn forbidden(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Forbidden, path, FieldValue::Omitted, detail)
    }

    /// A value that must be unique is there twice.
    pub fn duplicate(path: &Path, value: impl Into<FieldValue>) -> Self {
        Self::new(ErrorType::Duplicate, path, value, "")
    }

    /// What the value refers to is not there.
    pub fn not_found(path: &Path, value: impl Into<FieldValue>) -> Self {
        Self::new(ErrorType::NotFound, path, value, "")
    }

    /// The value is not one of `supported`, which are listed in their order.
    pub fn not_supported<T: AsRef<str>>(path: &Path, value: impl Into<FieldValue>, supported: &[T]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|value| go::quote(value.as_ref())).collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        Self::new(ErrorType::NotSupported, path, value, detail)
    }

    /// The value has more than `max` bytes.
    pub fn too_long(path: &Path, max: usize) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self::new(ErrorType::TooLong, path, FieldValue::Omitted, format!("may not be more than {max} {unit}"))
    }

    /// The list has `actual` items, more than `max`.
    pub fn too_many(path: &Path, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(ErrorType::TooMany, path, actual, format!("must have at most {max} {unit}"))
    }

    /// The list has `actual` items, fewer than `min`.
    pub fn too_few(path: &Path, actual: usize, min: usize) -> Self {
        let unit = if min == 1 { "item" } else { "items" };
        Self::new(ErrorType::TooFew, path, actual, format!("must have at least {min} {unit}"))
    }

    /// The check itself failed.
    pub fn internal(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Internal, path, FieldValue::Omitted, detail)
    }

    /// The error without the field: what a cause of a `Status` has as its message.
    pub fn body(&self) -> String {
        let mut body = self.error_type.as_str().to_owned();
        let value = match &self.value {
            _ if !self.error_type.shows_value() => None,
            FieldValue::Text(text) => Some(go::quote(text)),
            FieldValue::Plain(plain) => Some(plain.clone()),
            FieldValue::Omitted => None,
        };
        for part in [value.as_deref(), Some(self.detail.as_str())].into_iter().flatten() {
            if !part.is_empty() {
                body.push_str(": ");
                body.push_str(part);
            }
        }
        body
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

impl std::error::Error for FieldError {}

/// Everything that is wrong with a document, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorList(pub Vec<FieldError>);

impl ErrorList {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Adds an `Invalid` for each of the messages that a check of a format returned.
    pub fn invalid_each(&mut self, path: &Path, value: &str, messages: Vec<String>) {
        self.0.extend(messages.into_iter().map(|message| FieldError::invalid(path, value, message)));
    }

    /// Adds those of another list.
    pub fn extend(&mut self, errors: ErrorList) {
        self.0.extend(errors.0);
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors in order.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }
}

impl From<Vec<FieldError>> for ErrorList {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

impl FromIterator<FieldError> for ErrorList {
    fn from_iter<I: IntoIterator<Item = FieldError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

impl IntoIterator for ErrorList {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One error prints as itself, several as `[a, b]`, and the same text is not printed twice.
impl fmt::Display for ErrorList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = BTreeSet::new();
        let texts = self.0.iter().map(FieldError::to_string).filter(|text| seen.insert(text.clone()));
        let texts: Vec<_> = texts.collect();
        match texts.as_slice() {
            [text] => f.write_str(text),
            texts => write!(f, "[{}]", texts.join(", ")),
        }
    }
}

impl std::error::Error for ErrorList {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prints_values_as_upstream_does() {
        let path = Path::new("f");
        for (error, text) in [
            (FieldError::invalid(&path, "a\n", "no"), r#"f: Invalid value: "a\n": no"#),
            (FieldError::invalid(&path, 0, ""), "f: Invalid value: 0"),
            (FieldError::invalid(&path, &json!({"a": "<"}), "x"), r#"f: Invalid value: {"a":"\u003c"}: x"#),
            (FieldError::invalid(&path, &Value::Null, "x"), "f: Invalid value: null: x"),
            (FieldError::invalid(&path, FieldValue::Omitted, "x"), "f: Invalid value: x"),
            (FieldError::required(&path, ""), "f: Required value"),
            (FieldError::required(&path, "why"), "f: Required value: why"),
            (FieldError::forbidden(&path, "why"), "f: Forbidden: why"),
            (FieldError::duplicate(&path, "x"), r#"f: Duplicate value: "x""#),
            (FieldError::not_found(&path, "x"), r#"f: Not found: "x""#),
            (
                FieldError::not_supported(&path, "C", &["B", "A"]),
                r#"f: Unsupported value: "C": supported values: "B", "A""#,
            ),
            (
                FieldError::not_supported(&path, FieldValue::list(&["Bad"]), &["All"]),
                r#"f: Unsupported value: ["Bad"]: supported values: "All""#,
            ),
            (FieldError::too_long(&path, 128), "f: Too long: may not be more than 128 bytes"),
            (FieldError::too_long(&path, 1), "f: Too long: may not be more than 1 byte"),
            (FieldError::too_many(&path, 9, 8), "f: Too many: 9: must have at most 8 items"),
            (FieldError::internal(&path, "broken"), "f: Internal error: broken"),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn prints_several_in_brackets_and_none_twice() {
        let (a, b) = (FieldError::required(&Path::new("a"), ""), FieldError::required(&Path::new("b"), ""));
        assert_eq!(ErrorList(vec![a.clone(), a.clone()]).to_string(), "a: Required value");
        let both = ErrorList(vec![a.clone(), b, a]);
        assert_eq!(both.to_string(), "[a: Required value, b: Required value]");
    }
}
