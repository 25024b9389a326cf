//! Custom resources: `apiextensions.k8s.io`.

mod definition;

use crate::kind::{Generation, Kind, SPEC_AND_METADATA, Subresource, Versions};

const VERSIONS: Versions = &[("apiextensions.k8s.io", "v1")];

/// `CustomResourceDefinition`.
pub(super) static CUSTOM_RESOURCE_DEFINITION: Kind = Kind {
    versions: VERSIONS,
    hashed_version: Some("v1beta1"),
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    is_namespaced: false,
    key_prefix: "apiextensions.k8s.io/customresourcedefinitions",
    subresources: &[Subresource::status("CustomResourceDefinition")],
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    strategy: &definition::STRATEGY,
    ..Kind::named(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinition",
        "customresourcedefinitions",
    )
};
