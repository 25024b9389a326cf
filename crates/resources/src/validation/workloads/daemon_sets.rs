//! Daemon sets.

use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::super::formats::nonnegative;
use super::super::members::Members as _;
use super::super::pod_spec::{self, Kept};
use super::super::report::{Report as _, json_or_null};
use super::super::{internal, label_selector};
use super::rollout::{RollingUpdate, amount, int_or_percent, not_above_all};
use super::{counters, pod_template};
use crate::kind::Context;

/// What is wrong with a new daemon set.
pub fn validate(_context: Context<'_>, daemon_set: &Value) -> ErrorList {
    spec(daemon_set, Kept::default())
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, daemon_set: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return status(&daemon_set["status"], &old["status"]);
    }
    let mut errors = spec(daemon_set, pod_template::kept_of(Some(old), &["spec", "template"]));
    pod_template::selector_stays(&mut errors, daemon_set, old);
    errors
}

fn spec(daemon_set: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &daemon_set["spec"];
    let selector = spec.object("selector");
    let selector_path = path.child("selector");
    if let Some(selector) = selector {
        errors.extend(label_selector::validate(selector, &selector_path, true));
    }
    let template = &spec["template"];
    let template_path = path.child("template");
    if let Ok(selector) = label_selector::compile(selector) {
        pod_template::labels_match(&mut errors, &template_path, &selector, template);
    }
    if let Some(selector) = selector.filter(|selector| label_selector::is_empty(selector)) {
        let message = "empty selector is invalid for daemonset";
        errors.invalid(&selector_path, pod_template::shown(Some(selector)), message);
    }
    pod_spec::template(&mut errors, &template_path, template, kept);
    pod_template::runs_for_ever(&mut errors, &template_path, template, "DaemonSet");
    nonnegative(&mut errors, &path, "minReadySeconds", spec.optional_int("minReadySeconds"));
    update_strategy(&mut errors, &path.child("updateStrategy"), &spec["updateStrategy"]);
    nonnegative(&mut errors, &path, "revisionHistoryLimit", spec.optional_int("revisionHistoryLimit"));
    errors
}

fn update_strategy(errors: &mut ErrorList, path: &Path, strategy: &Value) {
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let path = path.child("rollingUpdate");
            match strategy.object("rollingUpdate") {
                None => errors.required(&path, ""),
                Some(rolling) => rolling_update(errors, &path, &RollingUpdate::of(rolling)),
            }
        }
        _ => {
            let value = internal::compact("apps", "DaemonSetUpdateStrategy", strategy);
            errors.add(FieldError::not_supported(path, value, &["RollingUpdate", "OnDelete"]));
        }
    }
}

fn rolling_update(errors: &mut ErrorList, path: &Path, rolling: &RollingUpdate<'_>) {
    let (unavailable_path, surge_path) = (path.child("maxUnavailable"), path.child("maxSurge"));
    int_or_percent(errors, &unavailable_path, rolling.max_unavailable);
    int_or_percent(errors, &surge_path, rolling.max_surge);
    not_above_all(errors, &unavailable_path, rolling.max_unavailable);
    not_above_all(errors, &surge_path, rolling.max_surge);
    match (amount(rolling.max_unavailable) != 0, amount(rolling.max_surge) != 0) {
        (true, true) => {
            let message = "may not be set when maxUnavailable is non-zero";
            errors.invalid(&surge_path, json_or_null(rolling.max_surge), message);
        }
        (false, false) => errors.required(&unavailable_path, "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}

fn status(status: &Value, old: &Value) -> ErrorList {
    const COUNTERS: [&str; 9] = [
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ];
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    counters::counters(&mut errors, &path, status, &COUNTERS);
    counters::collisions(&mut errors, &path, status, old);
    errors
}
