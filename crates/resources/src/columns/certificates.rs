//! CertificateSigningRequest, ClusterTrustBundle, PodCertificateRequest.

use apimachinery::duration::human_duration;
use apimachinery::go;
use serde_json::Value;

use super::cell::{age, at, condition_holds, list, name, text, text_or};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// CertificateSigningRequest.
pub const CERTIFICATE_SIGNING_REQUEST: Columns = Columns {
    columns: &[
        NAME,
        AGE,
        string("SignerName", "D:CertificateSigningRequestSpec.signerName"),
        string("Requestor", "D:CertificateSigningRequestSpec.request"),
        string("RequestedDuration", "D:CertificateSigningRequestSpec.expirationSeconds"),
        string("Condition", "D:CertificateSigningRequestStatus.conditions"),
    ],
    cells: |object, now| {
        let seconds = at(object, "/spec/expirationSeconds").and_then(Value::as_i64);
        vec![
            name(object),
            age(object, now),
            text_or(object, "/spec/signerName", "<none>").into(),
            text(object, "/spec/username").into(),
            seconds.map_or("<none>".to_owned(), human_duration).into(),
            condition(object).into(),
        ]
    },
};

fn condition(request: &Value) -> String {
    let has = |wanted: &str| {
        list(request, "/status/conditions").iter().any(|condition| condition["type"] == wanted)
    };
    let decision = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if text(request, "/status/certificate").is_empty() { "" } else { ",Issued" };
    format!("{decision}{failed}{issued}")
}

/// ClusterTrustBundle.
pub const CLUSTER_TRUST_BUNDLE: Columns = Columns {
    columns: &[NAME, string("SignerName", "D:ClusterTrustBundleSpec.signerName")],
    cells: |object, _| vec![name(object), text_or(object, "/spec/signerName", "<none>").into()],
};

/// PodCertificateRequest.
pub const POD_CERTIFICATE_REQUEST: Columns = Columns {
    columns: &[
        NAME,
        string("PodName", "D:PodCertificateRequestSpec.podName"),
        string("ServiceAccountName", "D:PodCertificateRequestSpec.serviceAccountName"),
        string("NodeName", "D:PodCertificateRequestSpec.nodeName"),
        string("SignerName", "D:PodCertificateRequestSpec.signerName"),
        string("State", "Is the request Pending, Issued, Denied, or Failed?"),
        string("UnverifiedUserAnnotations", "D:PodCertificateRequestSpec.unverifiedUserAnnotations"),
    ],
    cells: |object, _| {
        let states = ["Issued", "Denied", "Failed"];
        let state = states.iter().find(|state| condition_holds(object, state)).unwrap_or(&"Pending");
        let annotations = at(object, "/spec/unverifiedUserAnnotations");
        vec![
            name(object),
            text(object, "/spec/podName").into(),
            text(object, "/spec/serviceAccountName").into(),
            text(object, "/spec/nodeName").into(),
            text(object, "/spec/signerName").into(),
            (*state).into(),
            annotations.map_or("map[]".to_owned(), go::value_text).into(),
        ]
    },
};
