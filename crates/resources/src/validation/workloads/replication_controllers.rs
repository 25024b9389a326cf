//! Replication controllers.

use apimachinery::selectors::labels::LabelSelector;
use apimachinery::{ErrorList, Path};
use serde_json::{Value, json};

use super::super::formats::nonnegative;
use super::super::label_selector;
use super::super::members::Members as _;
use super::super::pod_spec::Kept;
use super::super::report::Report as _;
use super::{pod_template, replica_sets};
use crate::kind::Context;

/// What is wrong with a new replication controller.
pub fn validate(_context: Context<'_>, controller: &Value) -> ErrorList {
    spec(controller, Kept::default())
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, controller: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return replica_sets::status(&controller["status"]);
    }
    spec(controller, pod_template::kept_of(Some(old), &["spec", "template"]))
}

fn spec(controller: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &controller["spec"];
    nonnegative(&mut errors, &path, "minReadySeconds", spec.optional_int("minReadySeconds"));
    if spec.map("selector").is_none() {
        errors.required(&path.child("selector"), "");
    }
    match spec.optional_int("replicas") {
        None => errors.required(&path.child("replicas"), ""),
        replicas => nonnegative(&mut errors, &path, "replicas", replicas),
    }
    let path = path.child("template");
    match spec.object("template") {
        None => errors.required(&path, ""),
        Some(template) => {
            let selector = json!({ "matchLabels": spec["selector"] });
            // Labels that no selector can have are reported where they stand in the template.
            let selector =
                label_selector::compile(Some(&selector)).unwrap_or_else(|_| LabelSelector::everything());
            pod_template::template(&mut errors, &path, &selector, template, "ReplicationController", kept);
        }
    }
    errors
}
