//! Certificates: `certificates.k8s.io`.

mod signing_request;

use apimachinery::names::NameRule;

use crate::kind::{Kind, Subresource, UnknownField, Versions};
use crate::kinds::selectable;

const VERSIONS: Versions = &[("certificates.k8s.io", "v1")];

/// `CertificateSigningRequest`.
pub(super) static CERTIFICATE_SIGNING_REQUEST: Kind = Kind {
    name_rule: NameRule::PathSegment,
    versions: VERSIONS,
    short_names: &["csr"],
    is_namespaced: false,
    subresources: &[
        Subresource::of_kind("CertificateSigningRequest", "approval"),
        Subresource::status("CertificateSigningRequest"),
    ],
    has_status: true,
    reset_fields: &[
        ("", &[&["spec"], &["status"]]),
        ("status", &[&["spec"], &["status", "conditions"]]),
        ("approval", &[&["spec"], &["status", "certificate"]]),
    ],
    selectable_fields: selectable::SIGNING_REQUEST,
    unknown_field: UnknownField::NotSupported,
    strategy: &signing_request::STRATEGY,
    ..Kind::named(
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequest",
        "certificatesigningrequests",
    )
};
