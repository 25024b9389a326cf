//! Selectors of nodes.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::members::Members as _;
use super::report::{Report as _, named};

/// What is wrong with a selector of nodes.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, selector: &Value) {
    let terms = selector.items("nodeSelectorTerms");
    let path = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.required(&path, "must have at least one node selector term");
    }
    for (i, term) in terms.iter().enumerate() {
        let path = path.index(i);
        for (j, expression) in term.items("matchExpressions").iter().enumerate() {
            label(errors, &path.child("matchExpressions").index(j), expression);
        }
        for (j, expression) in term.items("matchFields").iter().enumerate() {
            field(errors, &path.child("matchFields").index(j), expression);
        }
    }
}

fn label(errors: &mut ErrorList, path: &Path, expression: &Value) {
    let values = expression.texts("values");
    let operator = expression.text("operator");
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            let message = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.required(&path.child("values"), message);
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.forbidden(&path.child("values"), message);
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let message = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.required(&path.child("values"), message);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.invalid(&path.child("operator"), named(other), "not a valid selector operator"),
    }
    let key = expression.text("key");
    errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
}

fn field(errors: &mut ErrorList, path: &Path, expression: &Value) {
    let values = expression.texts("values");
    match expression.text("operator") {
        "In" | "NotIn" if values.len() != 1 => {
            let message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&path.child("values"), message);
        }
        "In" | "NotIn" => {}
        other => errors.invalid(&path.child("operator"), named(other), "not a valid selector operator"),
    }
    if expression.text("key") != "metadata.name" {
        errors.invalid(&path.child("key"), expression.text("key"), "not a valid field selector key");
        return;
    }
    for (i, value) in values.iter().enumerate() {
        let messages = names::dns1123_subdomain(value);
        errors.invalid_each(&path.child("values").index(i), value, messages);
    }
}
