//! Work that ends: `batch`.

use crate::kind::{Deletion, Generation, Kind, Subresource, Versions};

const VERSIONS: Versions = &[("batch", "v1")];

/// `CronJob`.
pub(super) static CRON_JOB: Kind = Kind {
    versions: VERSIONS,
    short_names: &["cj"],
    categories: &["all"],
    subresources: &[Subresource::status("CronJob")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
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
    ..Kind::named("batch", "Job", "job", "jobs")
};
