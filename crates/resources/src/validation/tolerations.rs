//! What a pod puts up with.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::members::Members as _;
use super::report::{Report as _, named};

/// What is wrong with one toleration.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, toleration: &Value) {
    let (key, operator, effect) =
        (toleration.text("key"), toleration.text("operator"), toleration.text("effect"));
    if !key.is_empty() {
        errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
    }
    let operator_path = path.child("operator");
    if key.is_empty() && operator != "Exists" {
        let message =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.invalid(&operator_path, named(operator), message);
    }
    if toleration.optional_int("tolerationSeconds").is_some() && effect != "NoExecute" {
        let message = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.invalid(&path.child("effect"), named(effect), message);
    }
    let value = toleration.text("value");
    match operator {
        "" | "Equal" => {
            let problems = names::label_value(value);
            if !problems.is_empty() {
                errors.invalid(&operator_path, value, problems.join(";"));
            }
        }
        "Exists" if !value.is_empty() => {
            errors.invalid(&operator_path, value, "value must be empty when `operator` is 'Exists'");
        }
        "Exists" => {}
        "Lt" | "Gt" => errors.not_supported(&operator_path, operator, &["Equal", "Exists", "Lt", "Gt"]),
        other => errors.not_supported(&operator_path, other, &["Equal", "Exists"]),
    }
    let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() && !effects.contains(&effect) {
        errors.not_supported(&path.child("effect"), effect, &effects);
    }
}
