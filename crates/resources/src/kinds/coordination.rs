//! Leases: `coordination.k8s.io`.

use crate::kind::{Kind, Versions};

const VERSIONS: Versions = &[("coordination.k8s.io", "v1")];

/// `Lease`.
pub(super) static LEASE: Kind = Kind {
    versions: VERSIONS,
    creates_on_update: true,
    allows_unconditional_update: false,
    ..Kind::named("coordination.k8s.io", "Lease", "lease", "leases")
};
