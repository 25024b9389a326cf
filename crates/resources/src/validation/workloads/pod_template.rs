//! Templates of pods that are kept running, and the selector that says which pods are theirs.

use apimachinery::field::FieldValue;
use apimachinery::selectors::labels::LabelSelector;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::IMMUTABLE;
use super::super::label_selector;
use super::super::members::Members as _;
use super::super::pod_spec::{self, Kept};
use super::super::report::{Report as _, json_or_null, named};
use super::super::{internal, semantic};

/// What the template of a stored object breaks already.
pub(super) fn kept_of(old: Option<&Value>, path: &[&str]) -> Kept {
    let template = path.iter().fold(old, |value, name| value.and_then(|value| value.member(name)));
    Kept::of(template.and_then(|it| it.member("spec")), template.and_then(|it| it.member("metadata")))
}

/// A selector as errors show it.
pub(super) fn shown(selector: Option<&Value>) -> FieldValue {
    match selector {
        Some(selector) => internal::compact("meta.k8s.io", "LabelSelector", selector),
        None => FieldValue::Plain("null".to_owned()),
    }
}

/// The template's labels must be those that are selected.
pub(super) fn labels_match(errors: &mut ErrorList, path: &Path, selector: &LabelSelector, template: &Value) {
    let labels = template.member("metadata").and_then(|metadata| metadata.member("labels"));
    if !label_selector::matches(selector, labels.and_then(Value::as_object)) {
        let message = "`selector` does not match template `labels`";
        errors.invalid(&path.child("metadata.labels"), json_or_null(labels), message);
    }
}

/// A selector that must be there and select less than everything; `kind` is what upstream calls its owner.
pub(super) fn selector(errors: &mut ErrorList, path: &Path, selector: Option<&Value>, kind: &str) {
    let Some(selector) = selector else {
        errors.required(path, "");
        return;
    };
    errors.extend(label_selector::validate(selector, path, true));
    if label_selector::is_empty(selector) {
        errors.invalid(path, shown(Some(selector)), format!("empty selector is invalid for {kind}"));
    }
}

/// Pods that are kept running restart always and have no deadline; `kind` is what upstream calls their owner.
pub(super) fn runs_for_ever(errors: &mut ErrorList, path: &Path, template: &Value, kind: &str) {
    let spec = &template["spec"];
    let path = path.child("spec");
    if spec.text("restartPolicy") != "Always" {
        errors.not_supported(&path.child("restartPolicy"), spec.text("restartPolicy"), &["Always"]);
    }
    if spec.member("activeDeadlineSeconds").is_some() {
        let message = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden(&path.child("activeDeadlineSeconds"), message);
    }
}

/// A template of pods that are kept running, with the selector that must match it.
pub(super) fn template(
    errors: &mut ErrorList,
    path: &Path,
    selector: &LabelSelector,
    template: &Value,
    kind: &str,
    kept: Kept,
) {
    if !selector.is_everything() {
        labels_match(errors, path, selector, template);
    }
    pod_spec::template(errors, path, template, kept);
    runs_for_ever(errors, path, template, kind);
}

/// Selectors cannot be changed: pods would be left behind.
pub(super) fn selector_stays(errors: &mut ErrorList, new: &Value, old: &Value) {
    let (new, old) = (new["spec"].member("selector"), old["spec"].member("selector"));
    if !semantic::equal("meta.k8s.io", "LabelSelector", new, old) {
        errors.invalid(&Path::new("spec.selector"), shown(new), IMMUTABLE);
    }
}

/// A text that cannot be changed.
pub(super) fn text_stays(errors: &mut ErrorList, path: &Path, name: &str, new: &Value, old: &Value) {
    if new.optional_text(name) != old.optional_text(name) {
        let value = new.optional_text(name).map_or_else(|| FieldValue::Plain("null".to_owned()), named);
        errors.invalid(&path.child(name), value, IMMUTABLE);
    }
}
