//! Priorities: `scheduling.k8s.io`.

use crate::kind::{Generation, Kind, Versions};

const VERSIONS: Versions = &[("scheduling.k8s.io", "v1")];

/// `PriorityClass`.
pub(super) static PRIORITY_CLASS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["pc"],
    is_namespaced: false,
    generation: Generation::Fixed,
    ..Kind::named("scheduling.k8s.io", "PriorityClass", "priorityclass", "priorityclasses")
};
