//! Policies: `policy`.

use apimachinery::names::NameRule;

use crate::kind::{Generation, Kind, Subresource, Versions};

const VERSIONS: Versions = &[("policy", "v1")];

/// `PodDisruptionBudget`.
pub(super) static POD_DISRUPTION_BUDGET: Kind = Kind {
    name_rule: NameRule::PathSegment,
    versions: VERSIONS,
    short_names: &["pdb"],
    subresources: &[Subresource::status("PodDisruptionBudget")],
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    has_status: true,
    ..Kind::named("policy", "PodDisruptionBudget", "poddisruptionbudget", "poddisruptionbudgets")
};
