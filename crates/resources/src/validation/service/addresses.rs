//! The addresses of a service and their versions (KEP-563).

use std::net::{IpAddr, Ipv6Addr};

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::{Report as _, json_or_null};
use super::super::{cidr, formats, ip};
use super::is_headless;

const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const KEPT: &str = "may not change once set";

/// Of services that are another name for a host.
pub(super) fn of_external_name(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let message = "may not be set for ExternalName services";
    for name in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.member(name).is_some_and(|value| value.as_array().is_none_or(|items| !items.is_empty())) {
            errors.forbidden(&path.child(name), message);
        }
    }
    let name = spec.text("externalName");
    match name.strip_suffix('.').unwrap_or(name) {
        "" => errors.required(&path.child("externalName"), ""),
        name => errors.invalid_each(&path.child("externalName"), name, names::dns1123_subdomain(name)),
    }
}

pub(super) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value, old_spec: Option<&Value>) {
    if spec.text("type") == "ExternalName" {
        return;
    }
    let n_errors = errors.0.len();
    let (address, addresses) = (spec.text("clusterIP"), spec.texts("clusterIPs"));
    let list = json_or_null(spec.member("clusterIPs"));
    let addresses_path = path.child("clusterIPs");
    match (address, addresses.first()) {
        ("", None) => {}
        ("", Some(_)) => {
            errors.invalid(&addresses_path, list.clone(), "must be empty when `clusterIP` is not specified");
        }
        (_, None) => errors.required(&addresses_path, ""),
        (address, Some(first)) if address != *first => {
            errors.invalid(&addresses_path, list.clone(), "first value must match `clusterIP`");
        }
        _ => {}
    }
    let families = spec.texts("ipFamilies");
    for (i, family) in families.iter().enumerate() {
        let path = path.child("ipFamilies").index(i);
        if !FAMILIES.contains(family) {
            errors.not_supported(&path, family, &FAMILIES);
        }
        if families[..i].contains(family) {
            errors.duplicate(&path, *family);
        }
    }
    if let Some(policy) = spec.optional_text("ipFamilyPolicy").filter(|policy| !POLICIES.contains(policy)) {
        errors.not_supported(&path.child("ipFamilyPolicy"), policy, &POLICIES);
    }
    if has_unusable(errors, &addresses_path, &addresses, old_spec) {
        return;
    }
    let parsed: Vec<IpAddr> = addresses.iter().filter_map(|address| ip::parse_sloppy(address)).collect();
    if addresses.len() > 1 && !cidr::are_of_both_versions(&parsed) {
        errors.invalid(&addresses_path, list, "may specify no more than one IP for each IP family");
    }
    if is_headless(spec) || errors.0.len() > n_errors {
        return;
    }
    for (i, (address, family)) in addresses.iter().zip(&families).enumerate() {
        if (*family == "IPv6") != ip::is_v6(address) {
            let message = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            errors.invalid(&addresses_path.index(i), *address, message);
        }
    }
}

/// Whether one of the addresses is none, so that nothing more can be said about them together.
fn has_unusable(errors: &mut ErrorList, path: &Path, addresses: &[&str], old_spec: Option<&Value>) -> bool {
    let kept = old_spec.map_or(Vec::new(), |old| old.texts("clusterIPs"));
    let list = apimachinery::field::FieldValue::list(addresses);
    let mut is_unusable = false;
    for (i, address) in addresses.iter().enumerate() {
        if i == 0 && *address == "None" {
            if addresses.len() > 1 {
                is_unusable = true;
                errors.invalid(path, list.clone(), "'None' must be the first and only value");
            }
            continue;
        }
        let n_errors = errors.0.len();
        ip::address(errors, &path.index(i), address, &kept);
        is_unusable |= errors.0.len() > n_errors;
    }
    if addresses.len() > 2 {
        errors.invalid(path, list, "may only hold up to 2 values");
    }
    is_unusable
}

/// What may change: a second address and family may come and go.
pub(super) fn validate_change(errors: &mut ErrorList, path: &Path, spec: &Value, old: &Value) {
    let is_external = |spec: &Value| spec.text("type") == "ExternalName";
    if is_external(spec) || is_external(old) || is_headless(spec) && is_headless(old) {
        return;
    }
    change_of(errors, path, spec, old, "clusterIPs", "clusterIP");
    change_of(errors, path, spec, old, "ipFamilies", "ipFamily");
}

fn change_of(errors: &mut ErrorList, path: &Path, spec: &Value, old: &Value, name: &str, one: &str) {
    let (new, old) = (spec.texts(name), old.texts(name));
    let list = json_or_null(spec.member(name));
    let list_path = path.child(name);
    if new.len() == old.len() {
        for i in (0..new.len()).filter(|i| new[*i] != old[*i]) {
            errors.invalid(&list_path.index(i), list.clone(), KEPT);
        }
        return;
    }
    if new.is_empty() {
        errors.invalid(&list_path.index(0), list.clone(), format!("primary {one} can not be unset"));
    } else if !old.is_empty() && new[0] != old[0] {
        errors.invalid(&list_path.index(0), list, KEPT);
    }
    if old.len() > new.len() && new.len() == 1 && spec.text("ipFamilyPolicy") != "SingleStack" {
        let policy = spec.member("ipFamilyPolicy").unwrap_or(&Value::Null);
        let message = format!("must be set to 'SingleStack' when releasing the secondary {one}");
        errors.invalid(&path.child("ipFamilyPolicy"), policy, message);
    }
}

/// Addresses that mean another thing on every machine are none that a service can be reached at.
pub(crate) fn reachable(errors: &mut ErrorList, path: &Path, text: &str) {
    let Some(address) = ip::parse_sloppy(text) else { return };
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        v4 => v4,
    };
    if address.is_unspecified() {
        errors.invalid(path, text, format!("may not be unspecified ({text})"));
    }
    if address.is_loopback() {
        errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    let is_link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    if is_link_local {
        errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    let is_link_local_multicast = match address {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => is_link_local_multicast(v6),
    };
    if is_link_local_multicast {
        errors.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 0xff && second & 0x0f == 0x02
}

/// A host name in a status: not an address.
pub(super) fn host_name(errors: &mut ErrorList, path: &Path, name: &str) {
    formats::dns_subdomain(errors, path, name);
    if ip::parse_sloppy(name).is_some() {
        errors.invalid(path, name, "must be a DNS name, not an IP address");
    }
}
