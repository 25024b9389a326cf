//! Jobs that are made by a schedule.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::nonnegative;
use super::super::members::Members as _;
use super::super::pod_spec::Kept;
use super::super::report::{Report as _, named};
use super::{cron_schedule, jobs, pod_template, time_zone};
use crate::kind::Context;

/// Names of jobs are the cron job's with eleven characters more.
const NAME_LEN_MAX: usize = 52;

/// What is wrong with a new cron job.
pub fn validate(_context: Context<'_>, cron_job: &Value) -> ErrorList {
    let mut errors = spec(cron_job, None, Kept::default());
    let name = cron_job["metadata"].text("name");
    if name.len() > NAME_LEN_MAX {
        let message = format!("must be no more than {NAME_LEN_MAX} characters");
        errors.invalid(&Path::new("metadata.name"), name, message);
    }
    errors
}

/// What is wrong with a changed one. Its status is not checked.
pub fn validate_update(context: Context<'_>, cron_job: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return ErrorList::new();
    }
    let kept = pod_template::kept_of(Some(old), &["spec", "jobTemplate", "spec", "template"]);
    spec(cron_job, Some(old), kept)
}

fn spec(cron_job: &Value, old: Option<&Value>, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &cron_job["spec"];
    let old_spec = old.and_then(|old| old.member("spec"));
    let zone = spec.optional_text("timeZone");
    let text = spec.text("schedule");
    if text.is_empty() {
        errors.required(&path.child("schedule"), "");
    } else {
        let keeps_zone = old_spec.is_some_and(|old| old.text("schedule").contains("TZ"));
        schedule(&mut errors, &path.child("schedule"), text, keeps_zone, zone.is_some());
    }
    nonnegative(&mut errors, &path, "startingDeadlineSeconds", spec.optional_int("startingDeadlineSeconds"));
    if let Some(zone) =
        zone.filter(|zone| old_spec.is_none_or(|old| old.optional_text("timeZone") != Some(*zone)))
    {
        for message in time_zone::problems(zone) {
            errors.invalid(&path.child("timeZone"), named(zone), message);
        }
    }
    let policy = spec.text("concurrencyPolicy");
    errors.one_of(&path.child("concurrencyPolicy"), policy, &["Allow", "Forbid", "Replace"]);
    jobs::template_errors(&mut errors, &path.child("jobTemplate"), &spec["jobTemplate"], kept);
    for name in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        nonnegative(&mut errors, &path, name, spec.optional_int(name));
    }
    errors
}

fn schedule(errors: &mut ErrorList, path: &Path, text: &str, keeps_zone: bool, has_zone: bool) {
    if let Some(problem) = cron_schedule::problem(text) {
        errors.invalid(path, text, problem);
    }
    if !text.contains("TZ") {
        return;
    }
    if !keeps_zone {
        errors.invalid(path, text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    } else if has_zone {
        errors.invalid(path, text, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
    }
}
