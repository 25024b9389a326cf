//! Deployments.

use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::super::formats::{NEGATIVE, nonnegative};
use super::super::members::Members as _;
use super::super::pod_spec::Kept;
use super::super::report::{Report as _, json_or_null};
use super::super::{internal, label_selector};
use super::rollout::{RollingUpdate, amount, int_or_percent, not_above_all};
use super::{counters, pod_template};
use crate::kind::Context;

/// What is wrong with a new deployment.
pub fn validate(_context: Context<'_>, deployment: &Value) -> ErrorList {
    spec(deployment, Kept::default())
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, deployment: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return status(&deployment["status"], &old["status"]);
    }
    let mut errors = spec(deployment, pod_template::kept_of(Some(old), &["spec", "template"]));
    pod_template::selector_stays(&mut errors, deployment, old);
    errors
}

fn spec(deployment: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &deployment["spec"];
    nonnegative(&mut errors, &path, "replicas", spec.optional_int("replicas"));
    let selector = spec.object("selector");
    let selector_path = path.child("selector");
    pod_template::selector(&mut errors, &selector_path, selector, "deployment");
    match label_selector::compile(selector) {
        Err(_) => errors.invalid(&selector_path, pod_template::shown(selector), "invalid label selector"),
        Ok(selector) => {
            let path = path.child("template");
            pod_template::template(&mut errors, &path, &selector, &spec["template"], "ReplicaSet", kept);
        }
    }
    strategy(&mut errors, &path.child("strategy"), &spec["strategy"]);
    nonnegative(&mut errors, &path, "minReadySeconds", spec.optional_int("minReadySeconds"));
    nonnegative(&mut errors, &path, "revisionHistoryLimit", spec.optional_int("revisionHistoryLimit"));
    if let Some(seconds) = spec.optional_int("progressDeadlineSeconds") {
        let path = path.child("progressDeadlineSeconds");
        if seconds < 0 {
            errors.invalid(&path, seconds, NEGATIVE);
        }
        if seconds <= spec.int("minReadySeconds") {
            errors.invalid(&path, seconds, "must be greater than minReadySeconds");
        }
    }
    errors
}

fn strategy(errors: &mut ErrorList, path: &Path, strategy: &Value) {
    let rolling_path = path.child("rollingUpdate");
    let rolling = strategy.object("rollingUpdate");
    match strategy.text("type") {
        "Recreate" if rolling.is_some() => {
            errors.forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => match rolling {
            None => errors.required(&rolling_path, "this should be defaulted and never be nil"),
            Some(rolling) => rolling_update(errors, &rolling_path, &RollingUpdate::of(rolling)),
        },
        _ => {
            let value = internal::compact("apps", "DeploymentStrategy", strategy);
            errors.add(FieldError::not_supported(path, value, &["Recreate", "RollingUpdate"]));
        }
    }
}

fn rolling_update(errors: &mut ErrorList, path: &Path, rolling: &RollingUpdate<'_>) {
    let unavailable_path = path.child("maxUnavailable");
    int_or_percent(errors, &unavailable_path, rolling.max_unavailable);
    int_or_percent(errors, &path.child("maxSurge"), rolling.max_surge);
    if amount(rolling.max_unavailable) == 0 && amount(rolling.max_surge) == 0 {
        let value = match rolling.max_unavailable {
            Some(value) => json_or_null(Some(value)),
            None => 0.into(),
        };
        errors.invalid(&unavailable_path, value, "may not be 0 when `maxSurge` is 0");
    }
    not_above_all(errors, &unavailable_path, rolling.max_unavailable);
}

fn status(status: &Value, old: &Value) -> ErrorList {
    const COUNTERS: [&str; 8] = [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ];
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    counters::counters(&mut errors, &path, status, &COUNTERS);
    let parts = ["updatedReplicas", "readyReplicas", "availableReplicas"];
    let message = "cannot be greater than status.replicas";
    counters::not_above(&mut errors, &path, status, &parts, "replicas", message);
    let message = "cannot be greater than readyReplicas";
    counters::not_above(&mut errors, &path, status, &["availableReplicas"], "readyReplicas", message);
    counters::collisions(&mut errors, &path, status, old);
    errors
}
