//! What must hold of one label.

use std::fmt;

use super::{Labels, SelectorError};
use crate::field::{ErrorList, FieldError, FieldValue, Path};
use crate::{go, names};

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Has one of the values.
    In,
    /// Has none of the values, or is not there.
    NotIn,
    /// Has the value; written `=`.
    Equals,
    /// Has the value; written `==`.
    DoubleEquals,
    /// Has not the value, or is not there.
    NotEquals,
    /// Is there.
    Exists,
    /// Is not there.
    DoesNotExist,
    /// Is a larger integer.
    GreaterThan,
    /// Is a smaller integer.
    LessThan,
}

/// What must hold of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

impl Requirement {
    /// Fails where the key or a value can be no label's, or where there are too many or too few values.
    pub fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, SelectorError> {
        let mut errors = ErrorList::new();
        // Upstream's path is missing here, so its members stand at the root.
        let path = Path::none();
        if let Some(error) = check_key(key, &path.child("key")) {
            errors.push(error);
        }
        let list = path.child("values");
        let mut demand = |holds: bool, detail: &str| {
            if !holds {
                errors.push(FieldError::invalid(&list, FieldValue::list(&values), detail));
            }
        };
        match operator {
            Operator::In | Operator::NotIn => {
                demand(!values.is_empty(), "for 'in', 'notin' operators, values set can't be empty");
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals => {
                demand(values.len() == 1, "exact-match compatibility requires one single value");
            }
            Operator::Exists | Operator::DoesNotExist => {
                demand(values.is_empty(), "values set must be empty for exists and does not exist");
            }
            Operator::GreaterThan | Operator::LessThan => {
                demand(values.len() == 1, "for 'Gt', 'Lt' operators, exactly one value is required");
                let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                let others = values.iter().enumerate().filter(|(_, value)| go::parse_i64(value).is_err());
                errors.0.extend(
                    others.map(|(i, value)| FieldError::invalid(&list.index(i), value.as_str(), detail)),
                );
            }
        }
        for (i, value) in values.iter().enumerate() {
            let problems = names::label_value(value);
            if !problems.is_empty() {
                let path = list.index(i).key(key);
                errors.push(FieldError::invalid(&path, value.as_str(), problems.join("; ")));
            }
        }
        if errors.is_empty() {
            Ok(Self { key: key.to_owned(), operator, values })
        } else {
            Err(SelectorError::Invalid(errors))
        }
    }

    /// The label it is about.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the label is compared.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// With what it is compared.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether it holds of these labels.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        let label = labels.label(&self.key);
        let is_listed = || label.is_some_and(|label| self.values.iter().any(|value| value == label));
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => is_listed(),
            Operator::NotIn | Operator::NotEquals => !is_listed(),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan => self.compared(label).is_some_and(|(label, value)| label > value),
            Operator::LessThan => self.compared(label).is_some_and(|(label, value)| label < value),
        }
    }

    /// Label and value as integers, where both are.
    fn compared(&self, label: Option<&str>) -> Option<(i64, i64)> {
        let [value] = self.values.as_slice() else { return None };
        Some((go::parse_i64(label?).ok()?, go::parse_i64(value).ok()?))
    }
}

pub(super) fn check_key(key: &str, path: &Path) -> Option<FieldError> {
    let problems = names::qualified_name(key);
    (!problems.is_empty()).then(|| FieldError::invalid(path, key, problems.join("; ")))
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        values.sort_unstable();
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}
