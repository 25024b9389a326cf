//! Jobs.

mod failure_policy;
mod indexes;
mod status;
mod success_policy;
mod update;

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::{Map, Value, json};

use super::super::formats::nonnegative;
use super::super::members::Members as _;
use super::super::pod_spec::{self, Kept};
use super::super::report::{Report as _, json_or_null, named};
use super::super::{internal, label_selector};
use super::pod_template;
use crate::kind::Context;

const PARALLELISM_MAX: i64 = 100_000;
const FAILED_INDEXES_MAX: i64 = 100_000;

/// From how many completions on each index costs so much that there may be fewer at once.
const MANY_COMPLETIONS: i64 = 100_000;
const PARALLELISM_OF_MANY_MAX: i64 = 10_000;

/// Labels by which a job finds its pods, with the older form first.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// What is wrong with a new job.
pub fn validate(_context: Context<'_>, job: &Value) -> ErrorList {
    job_errors(job, Kept::default(), true)
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, job: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return status::validate(job, old);
    }
    let kept = pod_template::kept_of(Some(old), &["spec", "template"]);
    let mut errors = job_errors(job, kept, has_prefixed_labels(old));
    errors.extend(spec_with_selector(job, kept));
    update::validate(&mut errors, job, old);
    errors
}

/// Whether a stored job has the newer labels: those from before have only the older ones.
fn has_prefixed_labels(job: &Value) -> bool {
    job["spec"]["template"].member("metadata").member("labels").member(UID_LABELS[1]).is_some()
}

fn job_errors(job: &Value, kept: Kept, has_prefixed_labels: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    generated_selector(&mut errors, job, has_prefixed_labels);
    errors.extend(spec_with_selector(job, kept));
    let spec = &job["spec"];
    let completions = spec.int("completions");
    if spec.text("completionMode") == "Indexed" && completions > 0 {
        let name = job["metadata"].text("name");
        let longest = format!("{name}-{}", completions - 1);
        if !names::dns1123_label(&longest).is_empty() {
            let message = format!("will not able to create pod with invalid DNS label: {longest}");
            errors.invalid(&Path::new("metadata.name"), name, message);
        }
    }
    errors
}

/// Selectors are made by the server unless the job says otherwise: by the job's uid, so that no two jobs share pods.
fn generated_selector(errors: &mut ErrorList, job: &Value, has_prefixed_labels: bool) {
    let spec = &job["spec"];
    let Some(selector) = spec.object("selector").filter(|_| !spec.flag("manualSelector")) else { return };
    let metadata = &job["metadata"];
    let (uid, name) = (metadata.text("uid"), metadata.text("name"));
    if uid.is_empty() {
        errors.required(&Path::new("metadata.uid"), "");
    }
    let path = Path::new("spec.template.metadata.labels");
    let labels = spec["template"].member("metadata").member("labels");
    let n_forms = if has_prefixed_labels { 2 } else { 1 };
    let mut expected = Map::new();
    for i in 0..n_forms {
        for (key, value) in [(UID_LABELS[i], uid), (NAME_LABELS[i], name)] {
            expected.insert(key.to_owned(), value.into());
            let path = path.key(key);
            match labels.and_then(|labels| labels.optional_text(key)) {
                None => errors.required(&path, &format!("must be '{value}'")),
                Some(actual) if actual != value => {
                    errors.invalid(&path, json_or_null(labels), format!("must be '{value}'"));
                }
                Some(_) => {}
            }
        }
    }
    if label_selector::compile(Some(selector)).is_ok_and(|it| !label_selector::matches(&it, Some(&expected)))
    {
        let path = Path::new("spec.selector");
        errors.invalid(&path, pod_template::shown(Some(selector)), "`selector` not auto-generated");
    }
}

fn spec_with_selector(job: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &job["spec"];
    spec_errors(&mut errors, &path, spec, kept);
    let selector = spec.object("selector");
    match selector {
        None => errors.required(&path.child("selector"), ""),
        Some(selector) => errors.extend(label_selector::validate(selector, &path.child("selector"), true)),
    }
    if let Ok(selector) = label_selector::compile(selector) {
        pod_template::labels_match(&mut errors, &path.child("template"), &selector, &spec["template"]);
    }
    errors
}

/// What is wrong with the spec of a job, also of one that is to be made.
pub(super) fn spec_errors(errors: &mut ErrorList, path: &Path, spec: &Value, kept: Kept) {
    for name in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        nonnegative(errors, path, name, spec.optional_int(name));
    }
    if spec.member("maxFailedIndexes").is_some() && spec.member("backoffLimitPerIndex").is_none() {
        errors.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if let Some(controller) = spec.optional_text("managedBy") {
        let path = path.child("managedBy");
        errors.extend(names::domain_prefixed_path(&path, controller));
        if controller.len() > 63 {
            errors.add(FieldError::too_long(&path, 63));
        }
    }
    completion_mode(errors, path, spec);
    if let Some(policy) = spec.object("podFailurePolicy") {
        failure_policy::validate(errors, &path.child("podFailurePolicy"), policy, spec);
    }
    if let Some(policy) = spec.object("successPolicy") {
        let path = path.child("successPolicy");
        if spec.text("completionMode") == "Indexed" {
            success_policy::validate(errors, &path, policy, spec.int("completions"));
        } else {
            let value = internal::compact("batch", "SuccessPolicy", policy);
            errors.invalid(&path, value, "requires indexed completion mode");
        }
    }
    replacement_policy(errors, &path.child("podReplacementPolicy"), spec);
    let template = &spec["template"];
    pod_spec::template(errors, &path.child("template"), template, kept);
    restart_policy(errors, &path.child("template.spec.restartPolicy"), spec);
}

fn completion_mode(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let mode = spec.optional_text("completionMode");
    if let Some(mode) = mode.filter(|mode| !matches!(*mode, "NonIndexed" | "Indexed")) {
        errors.not_supported(&path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    match mode {
        Some("Indexed") => indexed(errors, path, spec),
        None | Some("NonIndexed") => {
            for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(number) = spec.optional_int(name) {
                    errors.invalid(&path.child(name), number, "requires indexed completion mode");
                }
            }
        }
        Some(_) => {}
    }
}

fn indexed(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let (completions_path, parallelism_path) = (path.child("completions"), path.child("parallelism"));
    let failed_path = path.child("maxFailedIndexes");
    let completions = spec.optional_int("completions");
    let parallelism = spec.optional_int("parallelism");
    let failed = spec.optional_int("maxFailedIndexes");
    if completions.is_none() {
        errors.required(&completions_path, "when completion mode is Indexed");
    }
    if let Some(parallelism) = parallelism.filter(|it| *it > PARALLELISM_MAX) {
        let message =
            format!("must be less than or equal to {PARALLELISM_MAX} when completion mode is Indexed");
        errors.invalid(&parallelism_path, parallelism, message);
    }
    if let (Some(failed), Some(completions)) = (failed, completions)
        && failed > completions
    {
        errors.invalid(&failed_path, failed, "must be less than or equal to completions");
    }
    if let Some(failed) = failed.filter(|it| *it > FAILED_INDEXES_MAX) {
        errors.invalid(&failed_path, failed, format!("must be less than or equal to {FAILED_INDEXES_MAX}"));
    }
    let has_many = completions.is_some_and(|it| it > MANY_COMPLETIONS);
    if !has_many || spec.member("backoffLimitPerIndex").is_none() {
        return;
    }
    let message = format!(
        "must be less than or equal to {PARALLELISM_OF_MANY_MAX} when completions are above {MANY_COMPLETIONS} and used \
         with backoff limit per index"
    );
    if failed.is_none() {
        let message = format!("must be specified when completions is above {MANY_COMPLETIONS}");
        errors.required(&failed_path, &message);
    }
    if let Some(parallelism) = parallelism.filter(|it| *it > PARALLELISM_OF_MANY_MAX) {
        errors.invalid(&parallelism_path, parallelism, message.as_str());
    }
    if let Some(failed) = failed.filter(|it| *it > PARALLELISM_OF_MANY_MAX) {
        errors.invalid(&failed_path, failed, message);
    }
}

/// When a pod is replaced (KEP-3939).
fn replacement_policy(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let Some(policy) = spec.optional_text("podReplacementPolicy") else { return };
    let supported: &[&str] = if spec.object("podFailurePolicy").is_some() {
        &["Failed"]
    } else {
        &["Failed", "TerminatingOrFailed"]
    };
    if !supported.contains(&policy) {
        errors.not_supported(path, policy, supported);
    }
}

fn restart_policy(errors: &mut ErrorList, path: &Path, spec: &Value) {
    match spec["template"].member("spec").text("restartPolicy") {
        // Always is what is filled in where nothing is said.
        "" | "Always" => errors.required(path, "valid values: \"OnFailure\", \"Never\""),
        "Never" => {}
        "OnFailure" => {
            if spec.object("podFailurePolicy").is_some() {
                let message = "only \"Never\" is supported when podFailurePolicy is specified";
                errors.invalid(path, named("OnFailure"), message);
            }
        }
        other => errors.not_supported(path, other, &["OnFailure", "Never"]),
    }
}

/// What is wrong with a job that is to be made from a template; `path` is the template.
pub(super) fn template_errors(errors: &mut ErrorList, path: &Path, template: &Value, kept: Kept) {
    let path = path.child("spec");
    let spec = &template["spec"];
    spec_errors(errors, &path, spec, kept);
    if let Some(selector) = spec.object("selector") {
        let path = path.child("selector");
        errors.invalid(&path, pod_template::shown(Some(selector)), "`selector` will be auto-generated");
    }
    if spec.flag("manualSelector") {
        let value: apimachinery::field::FieldValue = (&json!(true)).into();
        errors.add(FieldError::not_supported(&path.child("manualSelector"), value, &["nil", "false"]));
    }
}
