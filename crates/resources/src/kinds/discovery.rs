//! Endpoints of services: `discovery.k8s.io`.

mod endpoint_slice;

use crate::kind::{Generation, Kind, Versions};

const VERSIONS: Versions = &[("discovery.k8s.io", "v1")];

/// `EndpointSlice`.
pub(super) static ENDPOINT_SLICE: Kind = Kind {
    versions: VERSIONS,
    generation: Generation::Own,
    strategy: &endpoint_slice::STRATEGY,
    ..Kind::named("discovery.k8s.io", "EndpointSlice", "endpointslice", "endpointslices")
};
