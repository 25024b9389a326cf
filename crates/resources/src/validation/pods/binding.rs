//! `/binding`: which node a pod is to run on.

use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::Report as _;

/// What is wrong with a binding of a pod.
pub fn validate_binding(binding: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("target");
    let target = binding.object("target");
    let kind = target.text("kind");
    if !matches!(kind, "" | "Node") {
        errors.add(FieldError::not_supported(&path.child("kind"), kind, &["Node", "<empty>"]));
    }
    if target.text("name").is_empty() {
        errors.required(&path.child("name"), "");
    }
    errors
}
