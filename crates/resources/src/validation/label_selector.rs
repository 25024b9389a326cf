//! Selectors by labels inside objects (`metav1.LabelSelector`).

use apimachinery::FieldError;
use apimachinery::Path;
use apimachinery::selectors::labels::{LabelSelector, Operator, Requirement, SelectorError};
use serde_json::{Map, Value};

use super::members::Members as _;

pub use apimachinery::selectors::labels::validate;

/// The selector as requirements. None selects nothing, an empty one everything.
///
/// # Errors
///
/// The first key, operator or value that no selector can have.
pub fn compile(selector: Option<&Value>) -> Result<LabelSelector, SelectorError> {
    let Some(selector) = selector.filter(|selector| selector.is_object()) else {
        return Ok(LabelSelector::nothing());
    };
    let mut requirements = Vec::new();
    for (key, value) in selector.entries("matchLabels") {
        let values = vec![value.as_str().unwrap_or_default().to_owned()];
        requirements.push(Requirement::new(key, Operator::Equals, values)?);
    }
    for expression in selector.items("matchExpressions") {
        let operator = match expression.text("operator") {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                let message = "not a valid label selector operator";
                return Err(FieldError::invalid(&Path::new("operator"), other, message).into());
            }
        };
        let values = expression.texts("values").into_iter().map(str::to_owned).collect();
        requirements.push(Requirement::new(expression.text("key"), operator, values)?);
    }
    Ok(LabelSelector::new(requirements))
}

/// Whether a selector selects an object with these labels.
pub fn matches(selector: &LabelSelector, labels: Option<&Map<String, Value>>) -> bool {
    match labels {
        Some(labels) => selector.matches(labels),
        None => selector.matches(&Map::new()),
    }
}

/// Whether there is neither a label nor an expression in it.
pub fn is_empty(selector: &Value) -> bool {
    selector.map("matchLabels").is_none() && selector.items("matchExpressions").is_empty()
}

/// Whether some value in it is none that a label can have: such selectors may stay where they are stored.
pub fn has_invalid_values(selector: &Value) -> bool {
    let path = Path::new("selector");
    validate(selector, &path, true).iter().count() > validate(selector, &path, false).iter().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn none_selects_nothing_and_an_empty_one_everything() {
        let labels = json!({"a": "b"});
        let labels = labels.as_object();
        for (selector, expected) in [
            (Value::Null, false),
            (json!({}), true),
            (json!({"matchLabels": {"a": "b"}}), true),
            (json!({"matchLabels": {"a": "c"}}), false),
            (json!({"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}), true),
        ] {
            let compiled = compile(Some(&selector)).expect("a selector");
            assert_eq!(matches(&compiled, labels), expected, "{selector}");
        }
        assert!(compile(Some(&json!({"matchExpressions": [{"key": "x", "operator": "Gt"}]}))).is_err());
    }

    #[test]
    fn invalid_values_are_told_from_other_mistakes() {
        assert!(has_invalid_values(
            &json!({"matchExpressions": [{"key": "x", "operator": "In", "values": ["a b"]}]})
        ));
        assert!(!has_invalid_values(
            &json!({"matchExpressions": [{"key": "x y", "operator": "In", "values": ["a"]}]})
        ));
    }
}
