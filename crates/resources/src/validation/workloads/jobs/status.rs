//! `/status` of jobs (KEP-4368: any controller may write it, so the server checks what makes sense).
//!
//! Most rules hold only for what has changed: a status that was stored before there was a rule can be written again.

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::super::members::Members as _;
use super::super::super::report::{Report as _, json_or_null};
use super::super::super::{internal, semantic};
use super::super::counters;
use super::indexes;

/// Conditions that end a job, or say that it is about to end. They stay.
const TERMINAL: [&str; 4] = ["Failed", "Complete", "FailureTarget", "SuccessCriteriaMet"];

/// One status beside the one before.
struct Change<'v> {
    new: &'v Value,
    old: &'v Value,
    spec: &'v Value,
}

impl Change<'_> {
    fn is_changed(&self, name: &str) -> bool {
        let only = |status: &Value| serde_json::json!({ name: status.member(name) });
        !semantic::equal("batch", "JobStatus", Some(&only(self.new)), Some(&only(self.old)))
    }

    fn is(&self, condition: &str) -> bool {
        is_true(self.new, condition)
    }

    fn was(&self, condition: &str) -> bool {
        is_true(self.old, condition)
    }

    fn is_finished(&self) -> bool {
        self.is("Complete") || self.is("Failed")
    }

    /// Whether the job has come to its end with this change.
    fn finishes(&self, condition: &str) -> bool {
        self.is(condition) && !self.was(condition)
    }
}

fn is_true(status: &Value, condition: &str) -> bool {
    let mut conditions = status.items("conditions").iter();
    conditions.any(|it| it.text("type") == condition && it.text("status") == "True")
}

/// What is wrong with a changed status.
pub(super) fn validate(job: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    let change = Change { new: &job["status"], old: &old["status"], spec: &job["spec"] };
    counters::counters(
        &mut errors,
        &path,
        change.new,
        &["active", "succeeded", "failed", "ready", "terminating"],
    );
    uncounted(&mut errors, &path.child("uncountedTerminatedPods"), change.new);
    conditions(&mut errors, &path.child("conditions"), &change);
    times(&mut errors, &path, &change);
    pods(&mut errors, &path, &change);
    index_lists(&mut errors, &path, &change);
    if change.new.int("ready") > change.new.int("active")
        && (change.is_changed("ready") || change.is_changed("active"))
    {
        errors.invalid(
            &path.child("ready"),
            change.new.int("ready"),
            "cannot set more ready pods than active",
        );
    }
    never_back(&mut errors, &path, &change);
    errors
}

fn uncounted(errors: &mut ErrorList, path: &Path, status: &Value) {
    let Some(pods) = status.object("uncountedTerminatedPods") else { return };
    let mut known: Vec<&str> = Vec::new();
    for name in ["succeeded", "failed"] {
        for (i, uid) in pods.texts(name).into_iter().enumerate() {
            let path = path.child(name).index(i);
            if uid.is_empty() {
                errors.invalid(&path, uid, "must not be empty");
            } else if known.contains(&uid) {
                errors.duplicate(&path, uid);
            } else {
                known.push(uid);
            }
        }
    }
}

fn conditions(errors: &mut ErrorList, path: &Path, change: &Change<'_>) {
    if !change.is_changed("conditions") {
        return;
    }
    let refuse = |errors: &mut ErrorList, message: &str| errors.invalid(path, FieldValue::Omitted, message);
    if change.is("Complete") && change.is("Failed") {
        refuse(errors, "cannot set Complete=True and Failed=true conditions");
    }
    if change.is("Complete") && change.is("FailureTarget") {
        refuse(errors, "cannot set Complete=True and FailureTarget=true conditions");
    }
    if change.finishes("Failed") && !change.is("FailureTarget") {
        refuse(errors, "cannot set Failed=True condition without the FailureTarget=true condition");
    }
    if change.finishes("Complete") && !change.is("SuccessCriteriaMet") {
        refuse(errors, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
    }
}

fn times(errors: &mut ErrorList, path: &Path, change: &Change<'_>) {
    let (start, completion) =
        (change.new.optional_text("startTime"), change.new.optional_text("completionTime"));
    let completion_path = path.child("completionTime");
    let shown = || json_or_null(change.new.member("completionTime"));
    if completion.is_some() && !change.is("Complete") && change.is_changed("completionTime") {
        let message = "cannot set completionTime when there is no Complete=True condition";
        errors.invalid(&completion_path, shown(), message);
    }
    if change.finishes("Complete") && completion.is_none() {
        errors.required(&completion_path, "completionTime is required for Complete jobs");
    }
    // Times are in one form, so that texts compare as times do.
    if let (Some(start), Some(completion)) = (start, completion)
        && completion < start
        && (change.is_changed("completionTime") || change.is_changed("startTime"))
    {
        errors.invalid(&completion_path, shown(), "completionTime cannot be set before startTime");
    }
    let finishes = change.finishes("Complete") || change.finishes("Failed");
    if finishes && start.is_none() {
        errors.required(&path.child("startTime"), "startTime is required for finished job");
    }
}

/// A job that is finished has no pods.
fn pods(errors: &mut ErrorList, path: &Path, change: &Change<'_>) {
    if !change.is_finished() {
        return;
    }
    let finishes = change.finishes("Complete") || change.finishes("Failed");
    let concerns = |name: &str| finishes || change.is_changed(name);
    let active = change.new.int("active");
    if active > 0 && concerns("active") {
        errors.invalid(&path.child("active"), active, "active>0 is invalid for finished job");
    }
    let terminating = change.new.int("terminating");
    if terminating > 0 && concerns("terminating") {
        errors.invalid(&path.child("terminating"), terminating, "terminating>0 is invalid for finished job");
    }
    if let Some(uncounted) = change.new.object("uncountedTerminatedPods") {
        let is_empty = uncounted.items("succeeded").is_empty() && uncounted.items("failed").is_empty();
        if !is_empty && concerns("uncountedTerminatedPods") {
            let value = internal::compact("batch", "UncountedTerminatedPods", uncounted);
            errors.invalid(&path.child("uncountedTerminatedPods"), value, "must be empty for finished job");
        }
    }
}

fn index_lists(errors: &mut ErrorList, path: &Path, change: &Change<'_>) {
    let completions = change.spec.int("completions");
    let completed = change.new.text("completedIndexes");
    let failed = change.new.optional_text("failedIndexes");
    let (completed_path, failed_path) = (path.child("completedIndexes"), path.child("failedIndexes"));
    let is_indexed = change.spec.text("completionMode") == "Indexed";
    let mut lists = Vec::new();
    if is_indexed && change.is_changed("completedIndexes") {
        match indexes::intervals(completed, completions) {
            Ok(list) => lists.push(list),
            Err(problem) => {
                errors.invalid(
                    &completed_path,
                    completed,
                    format!("error parsing completedIndexes: {problem}"),
                );
            }
        }
    }
    if is_indexed && change.is_changed("failedIndexes") {
        let failed = failed.unwrap_or_default();
        match indexes::intervals(failed, completions) {
            Ok(list) => lists.push(list),
            Err(problem) => {
                errors.invalid(&failed_path, failed, format!("error parsing failedIndexes: {problem}"));
            }
        }
    }
    if !is_indexed && !completed.is_empty() && change.is_changed("completedIndexes") {
        let message = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errors.invalid(&completed_path, completed, message);
    }
    let Some(failed) = failed else { return };
    if change.spec.member("backoffLimitPerIndex").is_none() && change.is_changed("failedIndexes") {
        let message = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errors.invalid(&failed_path, failed, message);
    }
    let both = (indexes::intervals(completed, completions), indexes::intervals(failed, completions));
    if let (Ok(completed), Ok(failed_list)) = both
        && !lists.is_empty()
        && indexes::overlap(&completed, &failed_list)
    {
        errors.invalid(&failed_path, failed, "failedIndexes and completedIndexes overlap");
    }
}

/// What only goes forward.
fn never_back(errors: &mut ErrorList, path: &Path, change: &Change<'_>) {
    for condition in TERMINAL.iter().filter(|condition| change.was(condition) && !change.is(condition)) {
        let message = format!("cannot disable the terminal {condition}=True condition");
        errors.invalid(&path.child("conditions"), FieldValue::Omitted, message);
    }
    for name in ["failed", "succeeded"] {
        if change.new.int(name) < change.old.int(name) {
            let message = format!("cannot decrease the {name} counter");
            errors.invalid(&path.child(name), change.new.int(name), message);
        }
    }
    let is_suspended = change.spec.flag("suspend");
    if change.old.member("startTime").is_some() && !is_suspended && change.is_changed("startTime") {
        let start_path = path.child("startTime");
        match change.new.member("startTime") {
            None => errors.required(&start_path, "startTime cannot be removed for unsuspended job"),
            start => errors.invalid(
                &start_path,
                json_or_null(start),
                "field is immutable for unsuspended job once set",
            ),
        }
    }
    if change.old.member("completionTime").is_some()
        && change.new.member("completionTime").is_some()
        && change.is_changed("completionTime")
    {
        let value = json_or_null(change.new.member("completionTime"));
        errors.invalid(&path.child("completionTime"), value, "field is immutable");
    }
}
