//! What a pod is called, whose it is, where and how long it runs.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::{dns_label, dns_subdomain};
use super::super::members::Members as _;
use super::super::report::Report as _;

const HOST_NAME_LEN_MAX: usize = 64;

/// A host name that is not the pod's (KEP-4762); `path` is the spec.
pub(super) fn host_name_override(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let Some(name) = spec.optional_text("hostnameOverride") else { return };
    let path = path.child("hostnameOverride");
    if spec.flag("setHostnameAsFQDN") {
        errors.forbidden(&path, "may not be specified when setHostnameAsFQDN is true");
    }
    if spec.flag("hostNetwork") {
        errors.forbidden(&path, "may not be specified when hostNetwork is true");
    }
    if name.len() > HOST_NAME_LEN_MAX {
        errors.invalid(&path, name, format!("must be no more than {HOST_NAME_LEN_MAX} characters"));
    }
    errors.invalid_each(&path, name, names::dns1123_subdomain(name));
}

/// Names that others refer to the pod by, and its deadline; `path` is the spec.
pub(super) fn names_and_deadline(errors: &mut ErrorList, path: &Path, spec: &Value) {
    for name in ["serviceAccountName", "nodeName"] {
        if !spec.text(name).is_empty() {
            dns_subdomain(errors, &path.child(name), spec.text(name));
        }
    }
    if let Some(seconds) = spec.optional_int("activeDeadlineSeconds")
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let message = "must be between 1 and 2147483647, inclusive";
        errors.invalid(&path.child("activeDeadlineSeconds"), seconds, message);
    }
    for name in ["hostname", "subdomain"] {
        if !spec.text(name).is_empty() {
            dns_label(errors, &path.child(name), spec.text(name));
        }
    }
}
