//! IPAddress, ServiceCIDR.

use std::net::IpAddr;

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::cidr::{self, Cidr};
use super::formats::{self, IMMUTABLE};
use super::internal;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};

/// What is wrong with an IPAddress.
pub(crate) fn validate_ip_address(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec").child("parentRef");
    let Some(parent) = object.part("spec").object("parentRef") else {
        errors.required(&path, "");
        return errors;
    };
    if !parent.text("group").is_empty() {
        formats::dns_subdomain(&mut errors, &path.child("group"), parent.text("group"));
    }
    for (name, is_required) in [("resource", true), ("name", true), ("namespace", false)] {
        let path = path.child(name);
        match parent.text(name) {
            "" if is_required => errors.required(&path, ""),
            "" => {}
            text => errors.invalid_each(&path, text, names::path_segment_name(text)),
        }
    }
    errors
}

/// What is wrong with a changed IPAddress.
pub(crate) fn validate_ip_address_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let parent = object.part("spec").member("parentRef");
    if parent != old.part("spec").member("parentRef") {
        let value = internal::compact("networking.k8s.io", "ParentReference", parent.unwrap_or(&Value::Null));
        errors.invalid(&Path::new("spec").child("parentRef"), value, IMMUTABLE);
    }
    errors
}

/// What is wrong with a ServiceCIDR.
pub(crate) fn validate_service_cidr(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec").child("cidrs");
    let ranges = object.part("spec").texts("cidrs");
    if ranges.is_empty() {
        errors.required(&path, "at least one CIDR required");
        return errors;
    }
    let list = json_or_null(object.part("spec").member("cidrs"));
    if ranges.len() > 2 {
        errors.invalid(&path, list.clone(), "may only hold up to 2 values");
    }
    if ranges.len() == 2 {
        let addresses: Vec<IpAddr> =
            ranges.iter().filter_map(|range| Cidr::parse_sloppy(range)).map(|range| range.address).collect();
        if !cidr::are_of_both_versions(&addresses) {
            errors.invalid(&path, list, "may specify no more than one IP for each IP family");
        }
    }
    for (i, range) in ranges.into_iter().enumerate() {
        cidr::canonical_cidr(&mut errors, &path.index(i), range);
    }
    errors
}

/// What is wrong with a changed ServiceCIDR: only a second range may be added.
pub(crate) fn validate_service_cidr_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec").child("cidrs");
    let ranges = object.part("spec").texts("cidrs");
    let old_ranges = old.part("spec").texts("cidrs");
    let list = || json_or_null(object.part("spec").member("cidrs"));
    if ranges.len() < old_ranges.len() || old_ranges.len() == 2 && ranges.len() != 2 {
        errors.invalid(&path, list(), IMMUTABLE);
        return errors;
    }
    for (i, (new, _)) in ranges.iter().zip(&old_ranges).enumerate().filter(|(_, (new, old))| new != old) {
        errors.invalid(&path.index(i), *new, IMMUTABLE);
    }
    if ranges.len() > old_ranges.len() {
        errors.extend(validate_service_cidr(object));
    }
    errors
}
