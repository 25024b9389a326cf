//! Where other servers serve groups: `apiregistration.k8s.io`.

mod api_service;

use apimachinery::names::NameRule;

use crate::kind::{Kind, Subresource, Versions};

const VERSIONS: Versions = &[("apiregistration.k8s.io", "v1")];

/// `APIService`.
pub(super) static API_SERVICE: Kind = Kind {
    versions: VERSIONS,
    categories: &["api-extensions"],
    is_namespaced: false,
    key_prefix: "apiregistration.k8s.io/apiservices",
    subresources: &[Subresource::status("APIService")],
    name_rule: NameRule::PathSegment,
    allows_unconditional_update: false,
    has_status: true,
    // Upstream says nothing about what it resets.
    reset_fields: &[("", &[]), ("status", &[])],
    strategy: &api_service::STRATEGY,
    ..Kind::named("apiregistration.k8s.io", "APIService", "apiservice", "apiservices")
};
