//! How evenly pods are spread over domains.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{NOT_POSITIVE, qualified_name};
use super::super::label_selector;
use super::super::members::Members as _;
use super::super::report::{Report as _, named};
use super::Kept;

/// What is wrong with constraints.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, constraints: &[Value], kept: Kept) {
    for (i, constraint) in constraints.iter().enumerate() {
        let path = path.index(i);
        if constraint.int("maxSkew") <= 0 {
            errors.invalid(&path.child("maxSkew"), constraint.int("maxSkew"), NOT_POSITIVE);
        }
        let (key, action) = (constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
        if key.is_empty() {
            errors.required(&path.child("topologyKey"), "can not be empty");
        }
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            errors.not_supported(
                &path.child("whenUnsatisfiable"),
                action,
                &["DoNotSchedule", "ScheduleAnyway"],
            );
        }
        let is_same =
            |other: &Value| other.text("topologyKey") == key && other.text("whenUnsatisfiable") == action;
        if constraints.iter().skip(i + 1).any(is_same) {
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.duplicate(&path, format!("{{{key}, {action}}}"));
        }
        if let Some(min) = constraint.optional_int("minDomains") {
            let path = path.child("minDomains");
            if min <= 0 {
                errors.invalid(&path, min, NOT_POSITIVE);
            }
            if action != "DoNotSchedule" {
                let message =
                    format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                errors.invalid(&path, min, message);
            }
        }
        for name in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if let Some(policy) =
                constraint.optional_text(name).filter(|it| !matches!(*it, "Honor" | "Ignore"))
            {
                errors.not_supported(&path.child(name), policy, &["Honor", "Ignore"]);
            }
        }
        label_keys(errors, &path.child("matchLabelKeys"), constraint);
        if !kept.spread_selectors
            && let Some(selector) = constraint.object("labelSelector")
        {
            errors.extend(label_selector::validate(selector, &path.child("labelSelector"), true));
        }
    }
}

/// Labels of the pod itself whose value the counted pods have, too (KEP-3243). The server merges them into the selector
/// of new pods; a key that stands there already may not be named.
fn label_keys(errors: &mut ErrorList, path: &Path, constraint: &Value) {
    const IN_BOTH: &str = "exists in both matchLabelKeys and labelSelector";
    let keys = constraint.texts("matchLabelKeys");
    if keys.is_empty() {
        return;
    }
    let selector = constraint.object("labelSelector");
    if selector.is_none() {
        errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (i, key) in keys.iter().enumerate() {
        qualified_name(errors, &path.index(i), key);
    }
    let Some(selector) = selector else { return };
    let mut selected: Vec<&str> = selector.entries("matchLabels").map(|(key, _)| key).collect();
    for expression in selector.items("matchExpressions") {
        let key = expression.text("key");
        if let Some(i) = keys.iter().rposition(|other| *other == key)
            && selected.contains(&key)
        {
            errors.invalid(&path.index(i), named(key), IN_BOTH);
        }
        selected.push(key);
    }
}
