//! Certificates: `certificates.k8s.io`.

use crate::kind::{Kind, Subresource, Versions};

const VERSIONS: Versions = &[("certificates.k8s.io", "v1")];

/// `CertificateSigningRequest`.
pub(super) static CERTIFICATE_SIGNING_REQUEST: Kind = Kind {
    versions: VERSIONS,
    short_names: &["csr"],
    is_namespaced: false,
    subresources: &[
        Subresource::of_kind("CertificateSigningRequest", "approval"),
        Subresource::status("CertificateSigningRequest"),
    ],
    has_status: true,
    ..Kind::named(
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequest",
        "certificatesigningrequests",
    )
};
