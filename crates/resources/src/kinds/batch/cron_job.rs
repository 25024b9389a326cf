//! What CronJobs need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::kind::{Context, Hooks};
use crate::kinds::name_warnings;

/// The strategy of cron jobs.
pub(in crate::kinds) static STRATEGY: Hooks =
    Hooks { set_defaults: defaults::batch::cron_job, warnings, ..Hooks::NONE };

fn warnings(context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    let mut warnings = name_warnings::of_workload(context, object, old);
    let schedule = object["spec"]["schedule"].as_str().unwrap_or_default();
    if old.is_some() && context.subresource.is_empty() && schedule.contains("TZ") {
        warnings.push(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see \
             https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                .to_owned(),
        );
    }
    warnings
}
