//! Conditions of a status (`metav1.Condition`).

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::members::Members as _;
use super::report::Report as _;

const REASON_LEN_MAX: usize = 1024;
const MESSAGE_LEN_MAX: usize = 32 * 1024;

/// What is wrong with conditions.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, conditions: &[Value]) {
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        let condition_type = condition.text("type");
        if conditions[..i].iter().any(|other| other.text("type") == condition_type) {
            errors.duplicate(&path.child("type"), condition_type);
        }
        validate_one(errors, &path, condition);
    }
}

fn validate_one(errors: &mut ErrorList, path: &Path, condition: &Value) {
    let condition_type = condition.text("type");
    if condition_type.is_empty() {
        errors.required(&path.child("type"), "");
    } else {
        errors.invalid_each(&path.child("type"), condition_type, names::qualified_name(condition_type));
    }
    let statuses = ["False", "True", "Unknown"];
    if !statuses.contains(&condition.text("status")) {
        errors.not_supported(&path.child("status"), condition.text("status"), &statuses);
    }
    if condition.int("observedGeneration") < 0 {
        let message = "must be greater than or equal to zero";
        errors.invalid(&path.child("observedGeneration"), condition.int("observedGeneration"), message);
    }
    if condition.text("lastTransitionTime").is_empty() {
        errors.required(&path.child("lastTransitionTime"), "");
    }
    let reason = condition.text("reason");
    if reason.is_empty() {
        errors.required(&path.child("reason"), "");
    } else {
        if !is_reason(reason) {
            let message = "a condition reason must start with alphabetic character, optionally followed by a string of \
                           alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. \
                           'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex \
                           used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
            errors.invalid(&path.child("reason"), reason, message);
        }
        if reason.len() > REASON_LEN_MAX {
            errors.push(FieldError::too_long(&path.child("reason"), REASON_LEN_MAX));
        }
    }
    if condition.text("message").len() > MESSAGE_LEN_MAX {
        errors.push(FieldError::too_long(&path.child("message"), MESSAGE_LEN_MAX));
    }
}

fn is_reason(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b':');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.bytes().all(is_inner)
}
