//! CertificateSigningRequest.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::config::decoded;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, named};

const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

const SECONDS_MIN: i64 = 600;

/// What is wrong with a CertificateSigningRequest.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let request = spec.text("request");
    let pem = decoded(request);
    if block_types(&pem).first().map(String::as_str) != Some("CERTIFICATE REQUEST") {
        errors.invalid(&path.child("request"), named(request), "PEM block type must be CERTIFICATE REQUEST");
    }
    let usages = spec.texts("usages");
    if usages.is_empty() {
        errors.required(&path.child("usages"), "");
    }
    for (i, usage) in usages.iter().enumerate() {
        if !USAGES.contains(usage) {
            errors.not_supported(&path.child("usages").index(i), usage, &USAGES);
        }
    }
    for (i, usage) in usages.iter().enumerate() {
        if usages[..i].contains(usage) {
            errors.duplicate(&path.child("usages").index(i), named(usage));
        }
    }
    let signer = spec.text("signerName");
    if signer == "kubernetes.io/legacy-unknown" {
        let message = "the legacy signerName is not allowed via this API version";
        errors.invalid(&path.child("signerName"), signer, message);
    } else {
        signer_name(&mut errors, &path.child("signerName"), signer);
    }
    if let Some(seconds) = spec.optional_int("expirationSeconds").filter(|seconds| *seconds < SECONDS_MIN) {
        let message = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.invalid(&path.child("expirationSeconds"), seconds, message);
    }
    conditions(&mut errors, &Path::new("status").child("conditions"), object);
    certificate(&mut errors, &Path::new("status").child("certificate"), object);
    errors
}

fn signer_name(errors: &mut ErrorList, path: &Path, name: &str) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    let parts: Vec<&str> = name.split('/').collect();
    let [domain, rest] = parts.as_slice() else {
        let message = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.invalid(path, name, message);
        return;
    };
    let labels: Vec<&str> = domain.split('.').collect();
    if labels.len() < 2 {
        errors.invalid(path, *domain, "should be a domain with at least two segments separated by dots");
    }
    for part in labels {
        for message in names::dns1123_label(part) {
            errors.invalid(path, *domain, format!("validating label {part:?}: {message}"));
        }
    }
    for part in rest.split('.') {
        for message in names::dns1123_label(part) {
            errors.invalid(path, *rest, format!("validating label {part:?}: {message}"));
        }
    }
}

fn conditions(errors: &mut ErrorList, path: &Path, request: &Value) {
    let conditions = request.part("status").items("conditions");
    let has = |before: &[Value], wanted: &str| before.iter().any(|it| it.text("type") == wanted);
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        let (condition_type, status) = (condition.text("type"), condition.text("status"));
        if condition_type.is_empty() {
            errors.required(&path.child("type"), "");
        }
        let statuses: &[&str] = match condition_type {
            "Approved" | "Denied" | "Failed" => &["True"],
            _ => &["False", "True", "Unknown"],
        };
        errors.one_of(&path.child("status"), status, statuses);
        let excluded = match condition_type {
            "Approved" => has(&conditions[..i], "Denied"),
            "Denied" => has(&conditions[..i], "Approved"),
            _ => false,
        };
        if excluded {
            let message = "Approved and Denied conditions are mutually exclusive";
            errors.invalid(&path.child("type"), named(condition_type), message);
        }
        if has(&conditions[..i], condition_type) {
            errors.duplicate(&path.child("type"), named(condition_type));
        }
    }
}

fn certificate(errors: &mut ErrorList, path: &Path, request: &Value) {
    let text = request.part("status").text("certificate");
    if text.is_empty() {
        return;
    }
    let types = block_types(&decoded(text));
    let shown = "<certificate data>";
    if types.is_empty() {
        errors.invalid(path, shown, "must contain at least one CERTIFICATE PEM block");
    } else if let Some(other) = types.iter().find(|block| *block != "CERTIFICATE") {
        errors.invalid(path, shown, format!("only CERTIFICATE PEM blocks are allowed, found {other:?}"));
    }
}

/// What the blocks of a text in PEM are.
fn block_types(pem: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(pem);
    let mut types = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines().map(str::trim_end) {
        let name = |marker: &str| line.strip_prefix(marker)?.strip_suffix("-----").map(str::to_owned);
        if let Some(begun) = name("-----BEGIN ") {
            open = Some(begun);
        } else if let Some(ended) = name("-----END ")
            && open.take().as_ref() == Some(&ended)
        {
            types.push(ended);
        }
    }
    types
}

/// What is wrong with a changed CertificateSigningRequest. Decisions are made at `approval` only, certificates set at
/// `status` only, and neither is taken back.
pub(crate) fn validate_update(object: &Value, old: &Value, subresource: &str) -> ErrorList {
    let mut errors = validate(object);
    let path = Path::new("status");
    let of_type = |object: &Value, wanted: &str| -> Vec<Value> {
        let conditions = object.part("status").items("conditions").iter();
        conditions.filter(|condition| condition.text("type") == wanted).cloned().collect()
    };
    for condition_type in ["Approved", "Denied", "Failed"] {
        if of_type(object, condition_type).len() < of_type(old, condition_type).len() {
            let message = format!("updates may not remove a condition of type \"{condition_type}\"");
            errors.forbidden(&path.child("conditions"), message);
        }
    }
    if subresource != "approval" {
        for condition_type in ["Approved", "Denied"] {
            let (new, before) = (of_type(object, condition_type), of_type(old, condition_type));
            let what = match new.len().cmp(&before.len()) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal if new == before => continue,
                std::cmp::Ordering::Equal => "modify",
                std::cmp::Ordering::Greater => "add",
            };
            let message = format!("updates may not {what} a condition of type \"{condition_type}\"");
            errors.forbidden(&path.child("conditions"), message);
        }
    }
    let (new, before) = (object.part("status").text("certificate"), old.part("status").text("certificate"));
    if new != before {
        let message = match (subresource, before) {
            ("status", "") => return errors,
            ("status", _) => "updates may not modify existing certificate content",
            _ => "updates may not set certificate content",
        };
        errors.forbidden(&path.child("certificate"), message);
    }
    errors
}
