//! Whether the node affinity that a profile adds to its pods can be evaluated.

use serde_json::json;

use super::super::{FieldError, NodeAffinityArgs};
use super::names;
use crate::{NodeSelectorRequirement, NodeSelectorTerm};

const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
const FIELD_OPERATORS: [&str; 2] = ["In", "NotIn"];

/// Checks the arguments of NodeAffinity.
pub fn validate_node_affinity_args(args: &NodeAffinityArgs, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(affinity) = &args.added_affinity else { return errors };
    let path = if path.is_empty() { "addedAffinity".to_owned() } else { format!("{path}.addedAffinity") };
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        let path = format!("{path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
        for (index, term) in selector.node_selector_terms.iter().enumerate() {
            validate_term(term, &format!("{path}[{index}]"), &mut errors);
        }
    }
    let preferred = &affinity.preferred_during_scheduling_ignored_during_execution;
    for (index, term) in preferred.iter().enumerate() {
        // A preference without weight is never evaluated.
        if term.weight != 0 {
            let path = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution[{index}]");
            validate_term(&term.preference, &path, &mut errors);
        }
    }
    errors
}

fn validate_term(term: &NodeSelectorTerm, path: &str, errors: &mut Vec<FieldError>) {
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        validate_expression(requirement, &format!("{path}.matchExpressions[{index}]"), errors);
    }
    for (index, requirement) in term.match_fields.iter().enumerate() {
        let path = format!("{path}.matchFields[{index}]");
        let NodeSelectorRequirement { operator, values, .. } = requirement;
        if !FIELD_OPERATORS.contains(&operator.as_str()) {
            errors.push(FieldError::unsupported(format!("{path}.operator"), operator, &FIELD_OPERATORS));
        } else if values.len() != 1 {
            errors.push(FieldError::invalid(
                format!("{path}.values"),
                &json!(values),
                "must have one element",
            ));
        }
    }
}

fn validate_expression(requirement: &NodeSelectorRequirement, path: &str, errors: &mut Vec<FieldError>) {
    let NodeSelectorRequirement { key, operator, values } = requirement;
    if !OPERATORS.contains(&operator.as_str()) {
        errors.push(FieldError::unsupported(format!("{path}.operator"), operator, &OPERATORS));
        return;
    }
    let wrong_key = names::qualified_name_errors(key);
    if !wrong_key.is_empty() {
        let detail = wrong_key.join("; ");
        errors.push(FieldError::invalid(format!("{path}.key"), key.as_str(), detail));
    }
    let values_path = format!("{path}.values");
    let wrong_count = match operator.as_str() {
        "In" | "NotIn" if values.is_empty() => Some("for 'in', 'notin' operators, values set can't be empty"),
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            Some("values set must be empty for exists and does not exist")
        }
        "Gt" | "Lt" if values.len() != 1 => Some("for 'Gt', 'Lt' operators, exactly one value is required"),
        _ => None,
    };
    if let Some(detail) = wrong_count {
        errors.push(FieldError::invalid(values_path.as_str(), &json!(values), detail));
    }
    let compares = matches!(operator.as_str(), "Gt" | "Lt");
    for (index, value) in
        values.iter().enumerate().filter(|(_, value)| compares && value.parse::<i64>().is_err())
    {
        let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
        errors.push(FieldError::invalid(format!("{values_path}[{index}]"), value.as_str(), detail));
    }
    for (index, value) in values.iter().enumerate() {
        let wrong = names::label_value_errors(value);
        if !wrong.is_empty() {
            let path = format!("{values_path}[{index}]");
            errors.push(FieldError::invalid(path, value.as_str(), wrong.join("; ")));
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
