//! The selectors inside objects (`matchLabels`, `matchExpressions`).

use serde_json::Value;
use wire::LabelSelector as TypedSelector;

use super::{LabelSelector, Operator, Requirement, SelectorError};
use crate::field::{ErrorList, FieldError, Path};
use crate::names;

/// The same selector as requirements. Fails where it is not valid.
pub fn from_document(selector: &TypedSelector) -> Result<LabelSelector, SelectorError> {
    let mut requirements = Vec::new();
    for (key, value) in &selector.match_labels {
        requirements.push(Requirement::new(key, Operator::Equals, vec![value.clone()])?);
    }
    for expression in &selector.match_expressions {
        let operator = match expression.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => {
                let path = Path::new("operator");
                let message = "not a valid label selector operator";
                return Err(FieldError::invalid(&path, expression.operator.as_str(), message).into());
            }
        };
        requirements.push(Requirement::new(&expression.key, operator, expression.values.clone())?);
    }
    Ok(LabelSelector::new(requirements))
}

/// What is wrong with a selector in a document; `path` is where it stands. `checks_values` is off where a
/// selector that is stored already may keep values that no label can have.
pub fn validate(selector: &Value, path: &Path, checks_values: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let match_labels = path.child("matchLabels");
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        errors.invalid_each(&match_labels, key, names::qualified_name(key));
        errors.invalid_each(&match_labels, value, names::label_value(value));
    }
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    for (i, expression) in expressions.enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values: Vec<&str> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let operator = expression["operator"].as_str().unwrap_or_default();
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let message = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(&path.child("values"), message));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(&path.child("values"), message));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            unknown => {
                let message = "not a valid selector operator";
                errors.push(FieldError::invalid(&path.child("operator"), unknown, message));
            }
        }
        let key = expression["key"].as_str().unwrap_or_default();
        errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
        if checks_values {
            for (i, value) in values.iter().enumerate() {
                errors.invalid_each(&path.child("values").index(i), value, names::label_value(value));
            }
        }
    }
    errors
}
