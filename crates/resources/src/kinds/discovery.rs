//! Endpoints of services: `discovery.k8s.io`.

use crate::kind::{Generation, Kind, Versions};

const VERSIONS: Versions = &[("discovery.k8s.io", "v1")];

/// `EndpointSlice`.
pub(super) static ENDPOINT_SLICE: Kind = Kind {
    versions: VERSIONS,
    generation: Generation::Own,
    ..Kind::named("discovery.k8s.io", "EndpointSlice", "endpointslice", "endpointslices")
};
