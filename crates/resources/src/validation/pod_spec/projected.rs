//! Volumes that are put together from several sources, and files with facts about the pod.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{file_mode, local_path};
use super::super::internal;
use super::super::label_selector;
use super::super::members::Members as _;
use super::super::report::{Report as _, json_or_null};
use super::environment::{self, FieldUse};
use super::volume_plugins::demand;
use super::volumes::key_to_path;

const SOURCES: [&str; 6] =
    ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];

/// What is wrong with a projected volume. `keeps_token_paths`: tokens of the stored one are outside.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, volume: &Value, keeps_token_paths: bool) {
    file_mode(errors, &path.child("defaultMode"), volume.optional_int("defaultMode"));
    let mut files: Vec<&str> = Vec::new();
    for (i, source) in volume.items("sources").iter().enumerate() {
        let source_path = path.child("sources").index(i);
        let mut n_sources = 0;
        for name in SOURCES {
            let Some(member) = source.object(name) else { continue };
            n_sources += 1;
            let member_path = source_path.child(name);
            match name {
                "secret" | "configMap" => {
                    demand(errors, &member_path, member, &["name"]);
                    for (i, item) in member.items("items").iter().enumerate() {
                        key_to_path(errors, &member_path.child("items").index(i), item);
                        add_file(errors, path, &mut files, item.text("path"), member.text("name"));
                    }
                }
                "downwardAPI" => {
                    for file in member.items("items") {
                        downward_api_file(errors, &member_path, file);
                        add_file(errors, path, &mut files, file.text("path"), file.text("path"));
                    }
                }
                "serviceAccountToken" => token(errors, path, &member_path, member, keeps_token_paths),
                "clusterTrustBundle" => {
                    trust_bundle(errors, &member_path, member);
                    add_file(errors, path, &mut files, member.text("path"), member.text("path"));
                }
                _ => certificate(errors, path, &member_path, member, &mut files),
            }
        }
        if n_sources > 1 {
            errors.forbidden(&source_path, "may not specify more than 1 volume type per source");
        }
    }
}

/// Two files cannot be at one place; `culprit` is whose file it is.
fn add_file<'v>(errors: &mut ErrorList, path: &Path, files: &mut Vec<&'v str>, file: &'v str, culprit: &str) {
    if file.is_empty() {
        return;
    }
    if files.contains(&file) {
        errors.invalid(path, culprit, "conflicting duplicate paths");
    } else {
        files.push(file);
    }
}

/// A file with a fact about the pod.
pub(super) fn downward_api_file(errors: &mut ErrorList, path: &Path, file: &Value) {
    demand(errors, path, file, &["path"]);
    local_path(errors, &path.child("path"), file.text("path"));
    match (file.object("fieldRef"), file.object("resourceFieldRef")) {
        (Some(field), resource) => {
            environment::field_ref(errors, &path.child("fieldRef"), field, FieldUse::File);
            if resource.is_some() {
                let message = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.invalid(path, "resource", message);
            }
        }
        (None, Some(resource)) => {
            environment::resource_field_ref(
                errors,
                &path.child("resourceFieldRef"),
                resource,
                FieldUse::File,
            );
        }
        (None, None) => errors.required(path, "one of fieldRef and resourceFieldRef is required"),
    }
    file_mode(errors, &path.child("mode"), file.optional_int("mode"));
}

/// A token of the pod's service account. Upstream reports its path at the volume.
fn token(errors: &mut ErrorList, volume_path: &Path, path: &Path, token: &Value, keeps_path: bool) {
    let seconds = token.int("expirationSeconds");
    let seconds_path = path.child("expirationSeconds");
    if seconds < 10 * 60 {
        errors.invalid(&seconds_path, seconds, "may not specify a duration less than 10 minutes");
    }
    if seconds > 1 << 32 {
        errors.invalid(&seconds_path, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    let file = token.text("path");
    if file.is_empty() {
        errors.required(&volume_path.child("path"), "");
    } else if !keeps_path {
        local_path(errors, &volume_path.child("path"), file);
    }
}

/// Certificates of authorities that a signer stands for (KEP-3257).
fn trust_bundle(errors: &mut ErrorList, path: &Path, bundle: &Value) {
    let selector = bundle.member("labelSelector");
    match (bundle.optional_text("name"), bundle.optional_text("signerName")) {
        (Some(_), Some(_)) => {
            let value = internal::compact("", "ClusterTrustBundleProjection", bundle);
            errors.invalid(path, value, "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                errors.required(&path.child("name"), "must be a valid object name");
            }
            trust_bundle_name(errors, &path.child("name"), name);
            if selector.is_some() {
                let message = "labelSelector must be unset if name is specified";
                errors.invalid(&path.child("labelSelector"), json_or_null(selector), message);
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                errors.required(&path.child("signerName"), "must be a valid signer name");
            }
            errors.extend(apimachinery::names::domain_prefixed_path(&path.child("signerName"), signer));
            if let Some(selector) = selector {
                errors.extend(label_selector::validate(selector, &path.child("labelSelector"), true));
            }
        }
        (None, None) => errors.required(path, "either name or signerName must be specified"),
    }
    demand(errors, path, bundle, &["path"]);
    local_path(errors, &path.child("path"), bundle.text("path"));
}

/// Bundles of a signer are named after it: `example.com:signer:name`.
fn trust_bundle_name(errors: &mut ErrorList, path: &Path, name: &str) {
    let own = name.rsplit_once(':').map_or(name, |(_, own)| own);
    for message in apimachinery::names::dns1123_subdomain(own) {
        errors.invalid(path, name, format!("not a valid clustertrustbundlename: {message}"));
    }
}

/// A key and a certificate for the pod (KEP-4317).
fn certificate<'v>(
    errors: &mut ErrorList,
    volume_path: &Path,
    path: &Path,
    certificate: &'v Value,
    files: &mut Vec<&'v str>,
) {
    const KEY_TYPES: [&str; 6] = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
    let signer = certificate.text("signerName");
    errors.extend(apimachinery::names::domain_prefixed_path(&path.child("signerName"), signer));
    let key_type = certificate.text("keyType");
    if !KEY_TYPES.contains(&key_type) {
        errors.not_supported(&path.child("keyType"), key_type, &KEY_TYPES);
    }
    if let Some(seconds) = certificate.optional_int("maxExpirationSeconds") {
        let path = path.child("maxExpirationSeconds");
        if seconds < 3600 {
            errors.invalid(&path, seconds, "must be greater than or equal to 3600");
        } else if seconds > 91 * 24 * 3600 {
            errors.invalid(&path, seconds, "must be less than or equal to 7862400");
        }
    }
    let mut n_files = 0;
    for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let file = certificate.text(name);
        if !file.is_empty() {
            n_files += 1;
            local_path(errors, &path.child(name), file);
            add_file(errors, volume_path, files, file, file);
        }
    }
    if n_files == 0 {
        errors.required(
            path,
            "specify at least one of credentialBundlePath, keyPath, and certificateChainPath",
        );
    }
}
