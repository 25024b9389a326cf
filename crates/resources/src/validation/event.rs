//! Event. In group events.k8s.io more is demanded of it than in the core group.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::IMMUTABLE;
use super::internal;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::update::unchanged;

const TEXT_LEN_MAX: usize = 128;
const MESSAGE_LEN_MAX: usize = 1024;

/// What is wrong with an Event in the core group, new or changed.
pub(crate) fn validate(object: &Value) -> ErrorList {
    validate_both_styles(object, "reportingComponent")
}

/// Whether an Event has a time tells old from new ones, of which more is demanded.
fn validate_both_styles(object: &Value, controller_field: &str) -> ErrorList {
    let mut errors = ErrorList::new();
    let namespace = object.part("metadata").text("namespace");
    let about = object.part("involvedObject").text("namespace");
    let is_old = object.text("eventTime").is_empty();
    let agrees = match (is_old, about) {
        (true, "") => matches!(namespace, "" | "default"),
        (true, about) => namespace == about,
        (false, about) => !about.is_empty() || matches!(namespace, "default" | "kube-system"),
    };
    if !agrees {
        let path = Path::new("involvedObject").child("namespace");
        errors.invalid(&path, about, "does not match event.namespace");
    }
    if is_old {
        return errors;
    }
    let controller = object.text("reportingComponent");
    let path = Path::new(controller_field);
    if controller.is_empty() {
        errors.required(&path, "");
    }
    errors.invalid_each(&path, controller, names::qualified_name(controller));
    for name in ["reportingInstance", "action", "reason"] {
        let (text, path) = (object.text(name), Path::new(name));
        if text.is_empty() {
            errors.required(&path, "");
        }
        if text.len() > TEXT_LEN_MAX {
            errors.invalid(&path, "", format!("can have at most {TEXT_LEN_MAX} characters"));
        }
    }
    if object.text("message").len() > MESSAGE_LEN_MAX {
        let message = format!("can have at most {MESSAGE_LEN_MAX} characters");
        errors.invalid(&Path::new("message"), "", message);
    }
    errors
}

/// What is wrong with an Event that is created in events.k8s.io.
pub(crate) fn validate_new_style(object: &Value) -> ErrorList {
    let mut errors = validate_both_styles(object, "reportingController");
    if object.text("eventTime").is_empty() {
        errors.required(&Path::new("eventTime"), "");
    }
    series(&mut errors, object);
    let event_type = object.text("type");
    if !matches!(event_type, "Normal" | "Warning") {
        errors.invalid(&Path::new("type"), "", format!("has invalid value: {event_type}"));
    }
    for name in ["firstTimestamp", "lastTimestamp"] {
        if !object.text(name).is_empty() {
            errors.invalid(&Path::new(name), "", "needs to be unset");
        }
    }
    if object.int("count") != 0 {
        errors.invalid(&Path::new("count"), "", "needs to be unset");
    }
    let source = object.member("source");
    if !source.text("component").is_empty() || !source.text("host").is_empty() {
        errors.invalid(&Path::new("source"), "", "needs to be unset");
    }
    errors
}

fn series(errors: &mut ErrorList, event: &Value) {
    let Some(series) = event.object("series") else { return };
    let path = Path::new("series");
    if series.int("count") < 2 {
        errors.invalid(&path.child("count"), "", "should be at least 2");
    }
    if series.text("lastObservedTime").is_empty() {
        errors.required(&path.child("lastObservedTime"), "");
    }
}

/// What is wrong with an Event that is changed in events.k8s.io: only the series may.
pub(crate) fn validate_new_style_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_both_styles(object, "reportingController");
    if object.member("series") != old.member("series") {
        series(&mut errors, object);
    }
    let reference = |errors: &mut ErrorList, name: &str| {
        if object.member(name) != old.member(name) {
            let value = object.member(name).unwrap_or(&Value::Null);
            errors.invalid(&Path::new(name), internal::compact("", "ObjectReference", value), IMMUTABLE);
        }
    };
    reference(&mut errors, "involvedObject");
    for name in ["reason", "message"] {
        unchanged(&mut errors, &Path::new(name), object, old, name);
    }
    if object.member("source") != old.member("source") {
        let value = object.member("source").unwrap_or(&Value::Null);
        errors.invalid(&Path::new("source"), internal::compact("", "EventSource", value), IMMUTABLE);
    }
    // Upstream compares the reason twice.
    for name in ["firstTimestamp", "lastTimestamp", "count", "reason", "type", "eventTime", "action"] {
        unchanged(&mut errors, &Path::new(name), object, old, name);
    }
    reference(&mut errors, "related");
    unchanged(&mut errors, &Path::new("reportingController"), object, old, "reportingComponent");
    unchanged(&mut errors, &Path::new("reportingInstance"), object, old, "reportingInstance");
    errors
}
