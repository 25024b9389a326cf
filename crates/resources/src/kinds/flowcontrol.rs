//! Priority and fairness (KEP-1040): `flowcontrol.apiserver.k8s.io`.

use crate::defaults;
use crate::kind::{Generation, Hooks, Kind, SPEC_AND_METADATA, Subresource, Versions};
use crate::kinds::status_update;

const VERSIONS: Versions = &[("flowcontrol.apiserver.k8s.io", "v1")];

/// `FlowSchema`.
pub(super) static FLOW_SCHEMA: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    subresources: &[Subresource::status("FlowSchema")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    strategy: &Hooks {
        set_defaults: defaults::flowcontrol::flow_schema,
        prepare_for_update: status_update::keeps_metadata,
        ..Hooks::NONE
    },
    ..Kind::named("flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschema", "flowschemas")
};

/// `PriorityLevelConfiguration`.
pub(super) static PRIORITY_LEVEL_CONFIGURATION: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    subresources: &[Subresource::status("PriorityLevelConfiguration")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    strategy: &Hooks {
        set_defaults: defaults::flowcontrol::priority_level,
        prepare_for_update: status_update::keeps_metadata,
        ..Hooks::NONE
    },
    ..Kind::named(
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        "prioritylevelconfiguration",
        "prioritylevelconfigurations",
    )
};
