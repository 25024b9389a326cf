//! Problems of single fields, in the words of Kubernetes' validation.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use super::Duration;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldErrorKind {
    /// The value is malformed or out of range.
    Invalid,
    /// A value is missing.
    Required,
    /// A value that must be unique is not.
    Duplicate,
    /// The value is not one of the allowed ones.
    Unsupported,
    /// The field must not be set under the present circumstances.
    Forbidden,
}

impl FieldErrorKind {
    /// The words that open the message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid value",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Unsupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
        }
    }

    const fn shows_value(self) -> bool {
        !matches!(self, Self::Required | Self::Forbidden)
    }
}

/// The value that a [`FieldError`] complains about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A string, printed in quotes.
    Text(String),
    /// Anything else, printed as it is.
    Plain(String),
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

impl From<i32> for FieldValue {
    fn from(number: i32) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<usize> for FieldValue {
    fn from(number: usize) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<Duration> for FieldValue {
    fn from(duration: Duration) -> Self {
        Self::Plain(duration.to_string())
    }
}

impl From<&serde_json::Value> for FieldValue {
    fn from(value: &serde_json::Value) -> Self {
        Self::Plain(value.to_string())
    }
}

/// One problem of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where the field is, such as `profiles[0].schedulerName`.
    pub path: String,
    /// What is wrong.
    pub kind: FieldErrorKind,
    /// The value found there; empty where the message does not show it.
    pub value: FieldValue,
    /// What would be right; may be empty.
    pub detail: String,
}

impl FieldError {
    fn new(path: String, kind: FieldErrorKind, value: FieldValue, detail: String) -> Self {
        Self { path, kind, value, detail }
    }

    /// The value is malformed or out of range.
    pub fn invalid(path: impl Into<String>, value: impl Into<FieldValue>, detail: impl Into<String>) -> Self {
        Self::new(path.into(), FieldErrorKind::Invalid, value.into(), detail.into())
    }

    /// A value is missing.
    pub fn required(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(path.into(), FieldErrorKind::Required, "".into(), detail.into())
    }

    /// A value that must be unique is not.
    pub fn duplicate(path: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        Self::new(path.into(), FieldErrorKind::Duplicate, value.into(), String::new())
    }

    /// The value is not one of `supported`.
    pub fn unsupported(path: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let quoted: Vec<_> = supported.iter().map(|value| quote(value)).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        Self::new(path.into(), FieldErrorKind::Unsupported, value.into(), detail)
    }

    /// The field must not be set.
    pub fn forbidden(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(path.into(), FieldErrorKind::Forbidden, "".into(), detail.into())
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind.as_str())?;
        if self.kind.shows_value() {
            match &self.value {
                FieldValue::Text(text) => write!(f, ": {}", quote(text))?,
                FieldValue::Plain(plain) => write!(f, ": {plain}")?,
            }
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldError {}

/// All problems of a configuration together. One prints as itself, several as `[a, b]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_aggregate(f, &self.0)
    }
}

impl std::error::Error for FieldErrors {}

/// Writes several errors the way Kubernetes aggregates them, each text once.
pub(super) fn write_aggregate<E: fmt::Display>(f: &mut fmt::Formatter<'_>, errors: &[E]) -> fmt::Result {
    let mut seen = BTreeSet::new();
    let texts = errors.iter().map(E::to_string).filter(|text| seen.insert(text.clone()));
    let texts: Vec<_> = texts.collect();
    match texts.as_slice() {
        [text] => f.write_str(text),
        texts => write!(f, "[{}]", texts.join(", ")),
    }
}

/// Quotes a string as Go's `%q` does.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() && c.is_ascii() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kubernetes_does() {
        let table = [
            (
                FieldError::invalid("parallelism", 0, "should be positive"),
                "parallelism: Invalid value: 0: should be positive",
            ),
            (FieldError::invalid("name", "a\"b\n", "no"), r#"name: Invalid value: "a\"b\n": no"#),
            (FieldError::required("profiles", ""), "profiles: Required value"),
            (FieldError::required("p", "can not be empty"), "p: Required value: can not be empty"),
            (FieldError::duplicate("p", "x"), r#"p: Duplicate value: "x""#),
            (
                FieldError::unsupported("t", "C", &["A", "B"]),
                r#"t: Unsupported value: "C": supported values: "A", "B""#,
            ),
            (FieldError::forbidden("s", "not here"), "s: Forbidden: not here"),
            (
                FieldError::invalid("d", Duration::from_secs(-1), "too short"),
                "d: Invalid value: -1s: too short",
            ),
        ];
        for (error, text) in table {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn prints_several_in_brackets_and_none_twice() {
        let (a, b) = (FieldError::required("a", ""), FieldError::required("b", ""));
        assert_eq!(FieldErrors(vec![a.clone()]).to_string(), "a: Required value");
        assert_eq!(FieldErrors(vec![a.clone(), b, a]).to_string(), "[a: Required value, b: Required value]");
    }
}
