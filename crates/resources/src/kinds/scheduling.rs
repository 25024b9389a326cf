//! Priorities: `scheduling.k8s.io`.

use crate::defaults;
use crate::kind::{Generation, Hooks, Kind, Versions};

const VERSIONS: Versions = &[("scheduling.k8s.io", "v1")];

/// `PriorityClass`.
pub(super) static PRIORITY_CLASS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["pc"],
    is_namespaced: false,
    generation: Generation::Fixed,
    strategy: &Hooks { set_defaults: defaults::core::priority_class, ..Hooks::NONE },
    ..Kind::named("scheduling.k8s.io", "PriorityClass", "priorityclass", "priorityclasses")
};
