//! Devices and claims to them (KEP-4381): `resource.k8s.io`.

mod claim;
mod slice;

use crate::defaults;
use crate::kind::{
    Deletion, Generation, Hooks, Kind, SPEC_AND_METADATA, Subresource, UnknownField, Versions,
};
use crate::kinds::{name_rules, selectable};

const VERSIONS: Versions = &[("resource.k8s.io", "v1")];

/// `DeviceClass`.
pub(super) static DEVICE_CLASS: Kind = Kind {
    name_rule: name_rules::LONG_NAME,
    versions: VERSIONS,
    is_namespaced: false,
    generation: Generation::Of(&["spec"]),
    deletion: Deletion::WITH_OBJECT,
    ..Kind::named("resource.k8s.io", "DeviceClass", "deviceclass", "deviceclasses")
};

/// `ResourceClaim`.
pub(super) static RESOURCE_CLAIM: Kind = Kind {
    versions: VERSIONS,
    subresources: &[Subresource::status("ResourceClaim")],
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    deletion: Deletion::WITH_OBJECT,
    strategy: &claim::STRATEGY,
    ..Kind::named("resource.k8s.io", "ResourceClaim", "resourceclaim", "resourceclaims")
};

/// `ResourceClaimTemplate`.
pub(super) static RESOURCE_CLAIM_TEMPLATE: Kind = Kind {
    versions: VERSIONS,
    deletion: Deletion::WITH_OBJECT,
    strategy: &Hooks { set_defaults: defaults::resource::claim_template, ..Hooks::NONE },
    ..Kind::named(
        "resource.k8s.io",
        "ResourceClaimTemplate",
        "resourceclaimtemplate",
        "resourceclaimtemplates",
    )
};

/// `ResourceSlice`.
pub(super) static RESOURCE_SLICE: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    generation: Generation::Of(&["spec"]),
    deletion: Deletion::WITH_OBJECT,
    selectable_fields: selectable::RESOURCE_SLICE,
    unknown_field: UnknownField::NotSupportedForVersion,
    strategy: &slice::STRATEGY,
    ..Kind::named("resource.k8s.io", "ResourceSlice", "resourceslice", "resourceslices")
};
