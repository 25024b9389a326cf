//! CronJob, Job.

use apimachinery::duration::human_duration;
use jiff::Timestamp;
use serde_json::Value;

use super::apps::{CONTAINERS, IMAGES, containers};
use super::cell::{
    age, at, condition_holds, count, is_being_deleted, name, number, selector, since, text, text_or,
};
use super::{AGE, NAME, boolean, integer, string, wide};
use crate::kind::Columns;

/// CronJob.
pub const CRON_JOB: Columns = Columns {
    columns: &[
        NAME,
        string("Schedule", "D:CronJobSpec.schedule"),
        string("Timezone", "D:CronJobSpec.timeZone"),
        boolean("Suspend", "D:CronJobSpec.suspend"),
        integer("Active", "D:CronJobStatus.active"),
        string("Last Schedule", "D:CronJobStatus.lastScheduleTime"),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:JobSpec.selector"),
    ],
    cells: |object, now| {
        let [names, images] = containers(object, "/spec/jobTemplate/spec/template/spec/containers");
        let suspend = match at(object, "/spec/suspend").and_then(Value::as_bool) {
            None => "<unset>",
            Some(true) => "True",
            Some(false) => "False",
        };
        let last_schedule = match at(object, "/status/lastScheduleTime") {
            None => "<none>".to_owned(),
            Some(_) => since(object, "/status/lastScheduleTime", now),
        };
        vec![
            name(object),
            text(object, "/spec/schedule").into(),
            text_or(object, "/spec/timeZone", "<none>").into(),
            suspend.into(),
            count(object, "/status/active").into(),
            last_schedule.into(),
            age(object, now),
            names,
            images,
            selector(object, "/spec/jobTemplate/spec/selector").into(),
        ]
    },
};

/// Job.
pub const JOB: Columns = Columns {
    columns: &[
        NAME,
        string("Status", "Status of the job."),
        string("Completions", "D:JobStatus.succeeded"),
        string("Duration", "Time required to complete the job."),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:JobSpec.selector"),
    ],
    cells: |object, now| {
        let [names, images] = containers(object, "/spec/template/spec/containers");
        vec![
            name(object),
            status(object).into(),
            completions(object).into(),
            duration(object, now).into(),
            age(object, now),
            names,
            images,
            selector(object, "/spec/selector").into(),
        ]
    },
};

fn status(job: &Value) -> &'static str {
    let holds = |condition: &&&'static str| condition_holds(job, condition);
    if let Some(end) = ["Complete", "Failed"].iter().find(holds) {
        return end;
    }
    if is_being_deleted(job) {
        return "Terminating";
    }
    ["Suspended", "FailureTarget", "SuccessCriteriaMet"].iter().find(holds).unwrap_or(&"Running")
}

fn completions(job: &Value) -> String {
    let succeeded = number(job, "/status/succeeded");
    match (at(job, "/spec/completions"), number(job, "/spec/parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> String {
    let time = |pointer| text(job, pointer).parse::<Timestamp>().ok();
    match (time("/status/startTime"), time("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => human_duration(end.unwrap_or(now).duration_since(start).as_secs()),
    }
}
