//! Admission: `admissionregistration.k8s.io`.

use crate::defaults;
use crate::kind::{Generation, Hooks, Kind, SPEC_AND_METADATA, Subresource, Versions};
use crate::kinds::status_update;

const VERSIONS: Versions = &[("admissionregistration.k8s.io", "v1")];

/// `MutatingAdmissionPolicy`.
pub(super) static MUTATING_ADMISSION_POLICY: Kind = Kind {
    versions: VERSIONS,
    hashed_version: Some("v1beta1"),
    categories: &["api-extensions"],
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    strategy: &Hooks { set_defaults: defaults::admissionregistration::policy, ..Hooks::NONE },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy",
        "mutatingadmissionpolicy",
        "mutatingadmissionpolicies",
    )
};

/// `MutatingAdmissionPolicyBinding`.
pub(super) static MUTATING_ADMISSION_POLICY_BINDING: Kind = Kind {
    versions: VERSIONS,
    hashed_version: Some("v1beta1"),
    categories: &["api-extensions"],
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    strategy: &Hooks { set_defaults: defaults::admissionregistration::policy_binding, ..Hooks::NONE },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybinding",
        "mutatingadmissionpolicybindings",
    )
};

/// `MutatingWebhookConfiguration`.
pub(super) static MUTATING_WEBHOOK_CONFIGURATION: Kind = Kind {
    versions: VERSIONS,
    categories: &["api-extensions"],
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::Of(&["webhooks"]),
    strategy: &Hooks { set_defaults: defaults::admissionregistration::mutating_webhooks, ..Hooks::NONE },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfiguration",
        "mutatingwebhookconfigurations",
    )
};

/// `ValidatingAdmissionPolicy`.
pub(super) static VALIDATING_ADMISSION_POLICY: Kind = Kind {
    versions: VERSIONS,
    categories: &["api-extensions"],
    is_namespaced: false,
    subresources: &[Subresource::status("ValidatingAdmissionPolicy")],
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    strategy: &Hooks {
        set_defaults: defaults::admissionregistration::policy,
        prepare_for_update: status_update::keeps_metadata,
        ..Hooks::NONE
    },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicy",
        "validatingadmissionpolicies",
    )
};

/// `ValidatingAdmissionPolicyBinding`.
pub(super) static VALIDATING_ADMISSION_POLICY_BINDING: Kind = Kind {
    versions: VERSIONS,
    categories: &["api-extensions"],
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::Of(&["spec"]),
    strategy: &Hooks { set_defaults: defaults::admissionregistration::policy_binding, ..Hooks::NONE },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybinding",
        "validatingadmissionpolicybindings",
    )
};

/// `ValidatingWebhookConfiguration`.
pub(super) static VALIDATING_WEBHOOK_CONFIGURATION: Kind = Kind {
    versions: VERSIONS,
    categories: &["api-extensions"],
    is_namespaced: false,
    allows_unconditional_update: false,
    generation: Generation::Of(&["webhooks"]),
    strategy: &Hooks { set_defaults: defaults::admissionregistration::validating_webhooks, ..Hooks::NONE },
    ..Kind::named(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfiguration",
        "validatingwebhookconfigurations",
    )
};
