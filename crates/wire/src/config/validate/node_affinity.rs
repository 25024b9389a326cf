//! Whether the node affinity that a profile adds to its pods can be evaluated.

use serde_json::json;

use super::super::{FieldError, FieldErrorKind, NodeAffinityArgs};
use super::names;
use crate::selector::{SelectorError, SelectorProblem, validate_node_selector, validate_node_selector_term};

/// Checks the arguments of NodeAffinity.
pub fn validate_node_affinity_args(args: &NodeAffinityArgs, path: &str) -> Vec<FieldError> {
    let Some(affinity) = &args.added_affinity else { return Vec::new() };
    let path = if path.is_empty() { "addedAffinity".to_owned() } else { format!("{path}.addedAffinity") };
    let mut errors = Vec::new();
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        let path = format!("{path}.requiredDuringSchedulingIgnoredDuringExecution");
        errors.extend(validate_node_selector(selector, &path));
    }
    let preferred = &affinity.preferred_during_scheduling_ignored_during_execution;
    for (index, term) in preferred.iter().enumerate() {
        // A preference without weight is never evaluated.
        if term.weight != 0 {
            let path = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution[{index}]");
            errors.extend(validate_node_selector_term(&term.preference, &path));
        }
    }
    errors.into_iter().map(in_words_of_validation).collect()
}

fn in_words_of_validation(error: SelectorError) -> FieldError {
    let SelectorError { field, problem } = error;
    let list =
        |values: Vec<String>, detail: &str| FieldError::invalid(field.as_str(), &json!(values), detail);
    match problem {
        SelectorProblem::Operator { operator, supported } => FieldError {
            path: field,
            kind: FieldErrorKind::Unsupported,
            value: operator.into(),
            detail: format!("supported values: {supported}"),
        },
        SelectorProblem::ValuesMissing => {
            list(Vec::new(), "for 'in', 'notin' operators, values set can't be empty")
        }
        SelectorProblem::ValuesNotEmpty(values) => {
            list(values, "values set must be empty for exists and does not exist")
        }
        SelectorProblem::NotOneValue(values) => {
            list(values, "for 'Gt', 'Lt' operators, exactly one value is required")
        }
        SelectorProblem::NotOneElement(values) => list(values, "must have one element"),
        SelectorProblem::NotAnInteger(value) => {
            FieldError::invalid(field, value, "for 'Gt', 'Lt' operators, the value must be an integer")
        }
        SelectorProblem::Key(key) => {
            let detail = names::qualified_name_errors(&key).join("; ");
            FieldError::invalid(field, key, detail)
        }
        SelectorProblem::Value(value) => {
            let detail = names::label_value_errors(&value).join("; ");
            FieldError::invalid(field, value, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn check(affinity: Value, expected: &[&str]) {
        let args = NodeAffinityArgs { added_affinity: serde_json::from_value(affinity).unwrap() };
        let errors = validate_node_affinity_args(&args, "args");
        let texts: Vec<_> = errors.iter().map(FieldError::to_string).collect();
        let expected: Vec<_> = expected.iter().map(|text| format!("args.addedAffinity.{text}")).collect();
        assert_eq!(texts, expected);
    }

    fn required(term: Value) -> Value {
        json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}, term]}})
    }

    #[test]
    fn accepts_what_can_be_evaluated() {
        assert_eq!(validate_node_affinity_args(&NodeAffinityArgs::default(), ""), []);
        let expressions = json!({"matchExpressions": [
            {"key": "a", "operator": "In", "values": ["x", "y"]},
            {"key": "a.b/c", "operator": "Exists"},
            {"key": "a", "operator": "Gt", "values": ["5"]},
        ], "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]});
        check(required(expressions), &[]);
        check(
            json!({"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 0, "preference": {"matchExpressions": [{"key": "a", "operator": "Foo"}]}},
            ]}),
            &[],
        );
    }

    #[test]
    fn refuses_what_cannot_be_evaluated() {
        let term = "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1]";
        let table = [
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Foo"}]}),
                "matchExpressions[0].operator: Unsupported value: \"Foo\": supported values: \"In\", \
                 \"NotIn\", \"Exists\", \"DoesNotExist\", \"Gt\", \"Lt\"",
            ),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
                "matchExpressions[0].values: Invalid value: []: for 'in', 'notin' operators, values set \
                 can't be empty",
            ),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]}),
                "matchExpressions[0].values: Invalid value: [\"x\"]: values set must be empty for exists \
                 and does not exist",
            ),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Lt", "values": ["1", "2"]}]}),
                "matchExpressions[0].values: Invalid value: [\"1\",\"2\"]: for 'Gt', 'Lt' operators, \
                 exactly one value is required",
            ),
            (
                json!({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["x"]}]}),
                "matchExpressions[0].values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value \
                 must be an integer",
            ),
            (
                json!({"matchFields": [{"key": "metadata.name", "operator": "Exists"}]}),
                "matchFields[0].operator: Unsupported value: \"Exists\": supported values: \"In\", \"NotIn\"",
            ),
            (
                json!({"matchFields": [{"key": "metadata.name", "operator": "In"}]}),
                "matchFields[0].values: Invalid value: []: must have one element",
            ),
        ];
        for (wrong, text) in table {
            check(required(wrong), &[&format!("{term}.{text}")]);
        }
    }

    #[test]
    fn refuses_names_that_no_label_can_have() {
        let wrong = json!({"matchExpressions": [{"key": "-", "operator": "In", "values": ["-"]}]});
        let added = serde_json::from_value(json!({
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": wrong}],
        }));
        let args = NodeAffinityArgs { added_affinity: added.unwrap() };
        let errors = validate_node_affinity_args(&args, "");
        let paths: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
        let term = "addedAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]";
        assert_eq!(
            paths,
            [format!("{term}.matchExpressions[0].key"), format!("{term}.matchExpressions[0].values[0]"),]
        );
    }
}
