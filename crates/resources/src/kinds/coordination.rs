//! Leases: `coordination.k8s.io`.

use serde_json::Value;

use crate::document::at_mut;
use crate::kind::{Hooks, Kind, Versions};

const VERSIONS: Versions = &[("coordination.k8s.io", "v1")];

/// `Lease`.
pub(super) static LEASE: Kind = Kind {
    versions: VERSIONS,
    creates_on_update: true,
    allows_unconditional_update: false,
    strategy: &Hooks {
        prepare_for_create: |_, object| drop_coordination(object),
        prepare_for_update: |_, object, _| drop_coordination(object),
        ..Hooks::NONE
    },
    ..Kind::named("coordination.k8s.io", "Lease", "lease", "leases")
};

/// KEP-4355 is off by default.
fn drop_coordination(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        spec.remove("strategy");
        spec.remove("preferredHolder");
    }
}
