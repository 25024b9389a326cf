//! Label selectors.

mod lexer;
mod parser;
mod requirement;
#[cfg(test)]
mod tests;
mod typed;

use std::fmt;

pub use parser::parse;
pub use requirement::{Operator, Requirement};
pub use typed::{from_document, validate};

use crate::field::FieldError;

/// Labels of an object, as far as selectors need them.
pub trait Labels {
    /// Value of the label `key`; none where the object has no such label.
    fn label(&self, key: &str) -> Option<&str>;
}

/// The `labels` member of a document's metadata. Labels that are no text count as absent.
impl Labels for serde_json::Map<String, serde_json::Value> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }
}

impl Labels for std::collections::BTreeMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

/// Nothing has no label.
impl<L: Labels + ?Sized> Labels for Option<&L> {
    fn label(&self, key: &str) -> Option<&str> {
        (*self)?.label(key)
    }
}

/// Requirements that must all hold. Without any it selects everything; one that can select nothing is
/// [`LabelSelector::nothing`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Sorted by key.
    requirements: Vec<Requirement>,
    selects_nothing: bool,
}

impl LabelSelector {
    /// Of these requirements, in any order.
    pub fn new(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key().cmp(b.key()));
        Self { requirements, selects_nothing: false }
    }

    /// Selects everything.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Selects nothing.
    pub fn nothing() -> Self {
        Self { requirements: Vec::new(), selects_nothing: true }
    }

    /// Whether it selects everything.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty() && !self.selects_nothing
    }

    /// Whether it can select nothing by its form.
    pub fn is_nothing(&self) -> bool {
        self.selects_nothing
    }

    /// Whether it selects an object with these labels.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        !self.selects_nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements, sorted by key.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The one value that a label must have, where the first requirement of that label wants exactly one.
    pub fn exact_value(&self, key: &str) -> Option<&str> {
        let requirement = self.requirements.iter().find(|requirement| requirement.key() == key)?;
        match (requirement.operator(), requirement.values()) {
            (Operator::In | Operator::Equals | Operator::DoubleEquals, [value]) => Some(value),
            _ => None,
        }
    }
}

/// The canonical form: requirements sorted by key, values sorted.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

/// Why a text is no label selector. Displays as upstream's parser does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Something else was expected here.
    #[error("found '{found}', expected: {expected}")]
    Unexpected {
        /// What is there.
        found: String,
        /// What could be there.
        expected: &'static str,
    },
    /// A set does not begin as one.
    #[error("found '{0}' expected: '('")]
    NoSet(String),
    /// A key or value has the wrong format.
    #[error("{0}")]
    Invalid(crate::field::ErrorList),
    /// Within a requirement.
    #[error("unable to parse requirement: {0}")]
    Requirement(#[source] Box<SelectorError>),
}

impl From<FieldError> for SelectorError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(vec![error].into())
    }
}
