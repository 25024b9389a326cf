//! Field selectors.

use std::fmt;

/// What must hold of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The field, such as `metadata.name`.
    pub field: String,
    /// Whether it must have the value, or must not.
    pub is_equal: bool,
    /// The value.
    pub value: String,
}

/// Requirements that must all hold; without any it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// The requirements, in the order of their text.
    pub requirements: Vec<FieldRequirement>,
}

/// Why a text is no field selector. Displays as upstream's parser does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldSelectorError {
    /// A part is no requirement.
    #[error("invalid selector: '{selector}'; can't understand '{part}'")]
    NoRequirement {
        /// The whole text.
        selector: String,
        /// The part.
        part: String,
    },
    /// A backslash before a character that needs none.
    #[error("invalid field selector: invalid escape sequence: {}", crate::go::quote(.0))]
    InvalidEscape(String),
    /// A character of the language in a value.
    #[error("invalid field selector: unescaped character in value: {0}")]
    Unescaped(char),
}

impl FieldSelector {
    /// Whether it selects everything.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it selects an object; `field` says what its fields are. Fields that it has not are empty.
    pub fn matches<'o>(&self, field: impl Fn(&str) -> Option<&'o str>) -> bool {
        self.requirements.iter().all(|it| (field(&it.field).unwrap_or_default() == it.value) == it.is_equal)
    }

    /// The one value that a field must have.
    pub fn exact_value(&self, field: &str) -> Option<&str> {
        let found = self.requirements.iter().find(|it| it.field == field && it.is_equal)?;
        Some(&found.value)
    }
}

/// The canonical form, values escaped.
impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let operator = if requirement.is_equal { "=" } else { "!=" };
            write!(f, "{comma}{}{operator}{}", requirement.field, escape(&requirement.value))?;
        }
        Ok(())
    }
}

/// The error of a field that a kind cannot be selected by, where the kind has no fields of its own for that.
pub fn unknown_selector(field: &str) -> String {
    format!(
        "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        crate::go::quote(field)
    )
}

/// The error of a field that a kind cannot be selected by, where the kind has some of its own.
pub fn unsupported_label(field: &str) -> String {
    format!("field label not supported: {field}")
}

/// A value with a backslash before every character of the language.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '=') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => plain.push(c),
                Some(c) => return Err(FieldSelectorError::InvalidEscape(format!("\\{c}"))),
                None => return Err(FieldSelectorError::InvalidEscape("\\".to_owned())),
            },
            ',' | '=' => return Err(FieldSelectorError::Unescaped(c)),
            c => plain.push(c),
        }
    }
    Ok(plain)
}

/// Reads a selector: `field=value`, `field==value` or `field!=value` with commas between; empty parts are
/// skipped. In values a backslash stands before commas, equals signs and backslashes.
pub fn parse(selector: &str) -> Result<FieldSelector, FieldSelectorError> {
    let mut parts = split_at_commas(selector);
    parts.sort_unstable();
    let mut requirements = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let (field, operator, value) = split_at_operator(part).ok_or_else(|| {
            FieldSelectorError::NoRequirement { selector: selector.to_owned(), part: part.to_owned() }
        })?;
        requirements.push(FieldRequirement {
            field: field.to_owned(),
            is_equal: operator != "!=",
            value: unescape(value)?,
        });
    }
    Ok(FieldSelector { requirements })
}

fn split_at_commas(selector: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (i, byte) in selector.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b',' => {
                parts.push(&selector[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&selector[start..]);
    parts
}

/// Splits at the first operator.
fn split_at_operator(part: &str) -> Option<(&str, &str, &str)> {
    for (i, _) in part.char_indices() {
        let rest = &part[i..];
        let operator = ["!=", "==", "="].into_iter().find(|operator| rest.starts_with(operator));
        if let Some(operator) = operator {
            return Some((&part[..i], operator, &rest[operator.len()..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(selector: &str) -> bool {
        let selector = parse(selector).expect(selector);
        selector.matches(|field| match field {
            "metadata.name" => Some("a"),
            "metadata.namespace" => Some("n,=\\"),
            _ => None,
        })
    }

    #[test]
    fn selects_by_equality() {
        for (selector, expected) in [
            ("", true),
            ("metadata.name=a", true),
            ("metadata.name==a", true),
            ("metadata.name!=a", false),
            ("metadata.name=a,", true),
            ("metadata.name=", false),
            ("status.phase=", true),
            ("status.phase!=x", true),
            ("metadata.name=a,status.phase=x", false),
            (r"metadata.namespace=n\,\=\\", true),
        ] {
            assert_eq!(matches(selector), expected, "{selector}");
        }
        assert_eq!(parse("metadata.name=a").expect("a selector").exact_value("metadata.name"), Some("a"));
        assert_eq!(parse("metadata.name!=a").expect("a selector").exact_value("metadata.name"), None);
    }

    #[test]
    fn says_which_part_is_none() {
        for (selector, message) in [
            ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
            ("a=b,c>d", "invalid selector: 'a=b,c>d'; can't understand 'c>d'"),
            (r"a=\b", r#"invalid field selector: invalid escape sequence: "\\b""#),
            ("a=b=c", "invalid field selector: unescaped character in value: ="),
        ] {
            assert_eq!(parse(selector).expect_err(selector).to_string(), message);
        }
        assert_eq!(parse("=a").expect("a selector").requirements[0].field, "");
        let unknown = r#""x" is not a known field selector: only "metadata.name", "metadata.namespace""#;
        assert_eq!(unknown_selector("x"), unknown);
        assert_eq!(unsupported_label("spec.x"), "field label not supported: spec.x");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(fields in proptest::collection::vec(("[a-c.]{1,3}", any::<bool>(), "[x,=\\\\é]{0,4}"), 0..4)) {
            let requirements = fields.into_iter().map(|(field, is_equal, value)| FieldRequirement { field, is_equal, value });
            let mut selector = FieldSelector { requirements: requirements.collect() };
            let again = parse(&selector.to_string()).expect("canonical");
            selector.requirements.sort_by_key(|it| FieldSelector { requirements: vec![it.clone()] }.to_string());
            prop_assert_eq!(again, selector);
        }

        #[test]
        fn never_panics(selector in "\\PC{0,20}") {
            let _ = parse(&selector);
        }
    }
}
