//! Changes of jobs: most of a job that has begun stays.

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::super::formats::IMMUTABLE;
use super::super::super::members::Members as _;
use super::super::super::report::Report as _;
use super::super::super::{internal, semantic};
use super::super::pod_template::{selector_stays, text_stays};

/// Where pods of a job that waits are to run.
const SCHEDULING: [&str; 3] = ["nodeSelector", "tolerations", "schedulingGates"];

/// What may not be changed; that the new job is valid has been checked.
pub(super) fn validate(errors: &mut ErrorList, job: &Value, old: &Value) {
    let path = Path::new("spec");
    let (new, before) = (&job["spec"], &old["spec"]);
    completions(errors, &path, new, before);
    selector_stays(errors, job, old);
    template(errors, &path.child("template"), new, old);
    text_stays(errors, &path, "completionMode", new, before);
    stays(errors, &path, "podFailurePolicy", "PodFailurePolicy", new, before);
    if new.optional_int("backoffLimitPerIndex") != before.optional_int("backoffLimitPerIndex") {
        errors.invalid(&path.child("backoffLimitPerIndex"), number(new, "backoffLimitPerIndex"), IMMUTABLE);
    }
    text_stays(errors, &path, "managedBy", new, before);
    stays(errors, &path, "successPolicy", "SuccessPolicy", new, before);
}

fn number(spec: &Value, name: &str) -> FieldValue {
    spec.optional_int(name).map_or_else(|| FieldValue::Plain("null".to_owned()), FieldValue::from)
}

fn stays(errors: &mut ErrorList, path: &Path, name: &str, of: &str, new: &Value, before: &Value) {
    let (new, before) = (new.member(name), before.member(name));
    if new.is_some() != before.is_some() || !semantic::equal("batch", of, new, before) {
        let value = match new {
            Some(new) => internal::compact("batch", of, new),
            None => FieldValue::Plain("null".to_owned()),
        };
        errors.invalid(&path.child(name), value, IMMUTABLE);
    }
}

/// The number of indexes can change with the number that run at once (KEP-3715).
fn completions(errors: &mut ErrorList, path: &Path, new: &Value, before: &Value) {
    let (now, was) = (new.optional_int("completions"), before.optional_int("completions"));
    if now == was {
        return;
    }
    let path = path.child("completions");
    if new.text("completionMode") != "Indexed" {
        errors.invalid(&path, number(new, "completions"), IMMUTABLE);
    } else if now.is_some() && now != new.optional_int("parallelism") {
        // That there is a number is checked elsewhere.
        errors.invalid(
            &path,
            number(new, "completions"),
            "can only be modified in tandem with spec.parallelism",
        );
    }
}

/// Whether no pod of a job runs, so that what they will be can be changed (KEP-2926).
fn is_waiting(old: &Value) -> bool {
    let status = &old["status"];
    let is_suspended = status
        .items("conditions")
        .iter()
        .any(|condition| condition.text("type") == "Suspended" && condition.text("status") == "True");
    let has_not_begun = status.member("startTime").is_none() || is_suspended;
    old["spec"].flag("suspend") && has_not_begun && status.int("active") == 0
}

fn template(errors: &mut ErrorList, path: &Path, new: &Value, old: &Value) {
    let none = Value::Null;
    let before = old["spec"].member("template").unwrap_or(&none);
    let mut template = new.member("template").unwrap_or(&none).clone();
    if is_waiting(old) {
        put_back(&mut template, before);
    }
    if !semantic::equal("", "PodTemplateSpec", Some(&template), Some(before)) {
        let value = internal::compact("", "PodTemplateSpec", &template);
        errors.invalid(path, value, IMMUTABLE);
    }
}

/// Sets what may be changed of a waiting job to what it was, so that the rest can be compared.
fn put_back(template: &mut Value, before: &Value) {
    for name in ["labels", "annotations"] {
        set_at(template, &["metadata", name], before.member("metadata").member(name));
    }
    let spec = before.member("spec");
    for name in SCHEDULING {
        set_at(template, &["spec", name], spec.member(name));
    }
    let old_affinity = spec.member("affinity");
    let old_nodes = old_affinity.member("nodeAffinity");
    set_at(template, &["spec", "affinity", "nodeAffinity"], old_nodes);
    let is_empty = template["spec"]["affinity"].as_object().is_some_and(serde_json::Map::is_empty);
    if is_empty && old_affinity.is_none() {
        set_at(template, &["spec", "affinity"], None);
    }
    for list in ["containers", "initContainers"] {
        let Some(containers) = template.get_mut("spec").and_then(|spec| spec.get_mut(list)) else { continue };
        let old_containers = spec.map_or(&[][..], |spec| spec.items(list));
        let containers = containers.as_array_mut().into_iter().flatten();
        for (container, old) in containers.zip(old_containers) {
            set_at(container, &["resources"], old.member("resources"));
        }
    }
}

/// Sets the member at the end of a path, or removes it; parents are made where they are missing.
fn set_at(at: &mut Value, path: &[&str], value: Option<&Value>) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut at = at;
    for name in parents {
        let Some(members) = at.as_object_mut() else { return };
        if !members.get(*name).is_some_and(Value::is_object) {
            if value.is_none() {
                return;
            }
            members.insert((*name).to_owned(), Value::Object(serde_json::Map::new()));
        }
        let Some(next) = members.get_mut(*name) else { return };
        at = next;
    }
    let Some(members) = at.as_object_mut() else { return };
    match value {
        Some(value) => {
            members.insert((*last).to_owned(), value.clone());
        }
        None => {
            members.remove(*last);
        }
    }
}
