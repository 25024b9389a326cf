//! Replica sets.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::nonnegative;
use super::super::label_selector;
use super::super::members::Members as _;
use super::super::pod_spec::Kept;
use super::super::report::Report as _;
use super::{counters, pod_template};
use crate::kind::Context;

/// What is wrong with a new replica set.
pub fn validate(_context: Context<'_>, replica_set: &Value) -> ErrorList {
    spec(replica_set, Kept::default())
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, replica_set: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return status(&replica_set["status"]);
    }
    let mut errors = spec(replica_set, pod_template::kept_of(Some(old), &["spec", "template"]));
    pod_template::selector_stays(&mut errors, replica_set, old);
    errors
}

fn spec(replica_set: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &replica_set["spec"];
    nonnegative(&mut errors, &path, "replicas", spec.optional_int("replicas"));
    nonnegative(&mut errors, &path, "minReadySeconds", spec.optional_int("minReadySeconds"));
    let selector = spec.object("selector");
    let selector_path = path.child("selector");
    // Upstream's text, which it shares with deployments.
    pod_template::selector(&mut errors, &selector_path, selector, "deployment");
    match label_selector::compile(selector) {
        Err(_) => errors.invalid(&selector_path, pod_template::shown(selector), "invalid label selector"),
        Ok(selector) => {
            let path = path.child("template");
            pod_template::template(&mut errors, &path, &selector, &spec["template"], "ReplicaSet", kept);
        }
    }
    errors
}

/// The status of replica sets and of replication controllers.
pub(super) fn status(status: &Value) -> ErrorList {
    const COUNTERS: [&str; 6] = [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "terminatingReplicas",
        "observedGeneration",
    ];
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    counters::counters(&mut errors, &path, status, &COUNTERS);
    let parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
    let message = "cannot be greater than status.replicas";
    counters::not_above(&mut errors, &path, status, &parts, "replicas", message);
    let message = "cannot be greater than readyReplicas";
    counters::not_above(&mut errors, &path, status, &["availableReplicas"], "readyReplicas", message);
    errors
}
