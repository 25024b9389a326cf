//! Work that ends.

use serde_json::Value;

use super::core::{labels_if_none, template_labels};
use super::pod::template;
use crate::document::{Members as _, Object, at_mut};

/// A Job.
pub(crate) fn job(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if !spec.has("completions") && !spec.has("parallelism") {
        spec.put("completions", 1);
    }
    spec.fill_absent("parallelism", 1);
    // With a limit per index there is none for the whole job.
    let limit = if spec.has("backoffLimitPerIndex") { i32::MAX } else { 6 };
    spec.fill_absent("backoffLimit", limit);
    spec.fill_absent("completionMode", "NonIndexed");
    spec.fill_absent("suspend", false);
    spec.fill_absent("manualSelector", false);
    let replacement = if spec.has("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    spec.fill_absent("podReplacementPolicy", replacement);
    in_every_job(spec);
    if let Some(labels) = template_labels(spec) {
        labels_if_none(object, labels);
    }
}

/// A CronJob. Its jobs get their own defaults when they are made.
pub(crate) fn cron_job(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_empty("concurrencyPolicy", "Allow");
    spec.fill_absent("suspend", false);
    spec.fill_absent("successfulJobsHistoryLimit", 3);
    spec.fill_absent("failedJobsHistoryLimit", 1);
    if let Some(job) = spec.members_mut("jobTemplate").and_then(|template| template.members_mut("spec")) {
        in_every_job(job);
    }
}

/// What the spec of a job has also where it is a template.
fn in_every_job(spec: &mut Object) {
    if let Some(policy) = spec.members_mut("podFailurePolicy") {
        policy.for_each("rules", |rule| {
            rule.for_each("onPodConditions", |condition| condition.fill_empty("status", "True"));
        });
    }
    template(spec, "template");
}
