//! What pods are made from (`PodTemplateSpec`).

use apimachinery::{ErrorList, Path, meta};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::Report as _;
use super::{Kept, Setting, annotations, profiles_match, validate};

/// What is wrong with a template.
pub(crate) fn template(errors: &mut ErrorList, path: &Path, template: &Value, kept: Kept) {
    let spec = &template["spec"];
    let metadata = template.object("metadata");
    let labels = metadata.and_then(|metadata| metadata.map("labels"));
    errors.extend(meta::validate_labels(labels, &path.child("labels")));
    let annotations_path = path.child("annotations");
    let of_template = metadata.and_then(|metadata| metadata.object("annotations"));
    errors.extend(meta::validate_annotations(of_template.and_then(Value::as_object), &annotations_path));
    annotations(errors, &annotations_path, of_template, spec, kept.deletion_cost);
    let spec_path = path.child("spec");
    validate(errors, &spec_path, spec, Setting::template(kept));
    profiles_match(errors, &spec_path, of_template, spec);
    if !spec.items("ephemeralContainers").is_empty() {
        let message = "ephemeral containers not allowed in pod template";
        errors.forbidden(&spec_path.child("ephemeralContainers"), message);
    }
}
