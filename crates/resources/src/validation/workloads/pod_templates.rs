//! Templates that stand for themselves.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::pod_spec::{self, Kept};
use super::pod_template;
use crate::kind::Context;

/// What is wrong with a new template.
pub fn validate(_context: Context<'_>, template: &Value) -> ErrorList {
    inner(template, Kept::default())
}

/// What is wrong with a changed one.
pub fn validate_update(_context: Context<'_>, template: &Value, old: &Value) -> ErrorList {
    inner(template, pod_template::kept_of(Some(old), &["template"]))
}

fn inner(template: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    pod_spec::template(&mut errors, &Path::new("template"), &template["template"], kept);
    errors
}
