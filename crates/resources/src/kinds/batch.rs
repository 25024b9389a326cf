//! Work that ends: `batch`.

mod cron_job;
mod job;

use crate::kind::{Deletion, Generation, Kind, Subresource, UnknownField, Versions};
use crate::kinds::selectable;

const VERSIONS: Versions = &[("batch", "v1")];

/// `CronJob`.
pub(super) static CRON_JOB: Kind = Kind {
    versions: VERSIONS,
    short_names: &["cj"],
    categories: &["all"],
    subresources: &[Subresource::status("CronJob")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    strategy: &cron_job::STRATEGY,
    ..Kind::named("batch", "CronJob", "cronjob", "cronjobs")
};

/// `Job`.
pub(super) static JOB: Kind = Kind {
    versions: VERSIONS,
    categories: &["all"],
    subresources: &[Subresource::status("Job")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    deletion: Deletion { orphans_by_default: true, ..Deletion::PLAIN },
    selectable_fields: selectable::JOB,
    unknown_field: UnknownField::NotSupportedForKind,
    strategy: &job::STRATEGY,
    ..Kind::named("batch", "Job", "job", "jobs")
};
