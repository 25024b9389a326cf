//! Endpoints, EndpointSlice.

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::formats::{self, dns_label};
use super::ip;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::service::{PROTOCOLS, reachable};
use super::update::unchanged;

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX: usize = 1000;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;
const TOPOLOGY_MAX: usize = 16;
const HINTS_MAX: usize = 8;

/// What is wrong with an EndpointSlice.
pub(crate) fn validate_slice(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let address_type = object.text("addressType");
    errors.one_of(&Path::new("addressType"), address_type, &ADDRESS_TYPES);
    validate_endpoints(&mut errors, object, address_type);
    validate_slice_ports(&mut errors, object);
    errors
}

fn validate_endpoints(errors: &mut ErrorList, slice: &Value, address_type: &str) {
    let path = Path::new("endpoints");
    let endpoints = slice.items("endpoints");
    if endpoints.len() > ENDPOINTS_MAX {
        errors.push(FieldError::too_many(&path, endpoints.len(), ENDPOINTS_MAX));
        return;
    }
    for (i, endpoint) in endpoints.iter().enumerate() {
        let path = path.index(i);
        let addresses = endpoint.texts("addresses");
        let addresses_path = path.child("addresses");
        if addresses.is_empty() {
            errors.required(&addresses_path, "must contain at least 1 address");
        }
        errors.at_most(&addresses_path, addresses.len(), ADDRESSES_MAX);
        for (j, address) in addresses.into_iter().enumerate() {
            validate_address(errors, &addresses_path.index(j), address, address_type);
        }
        if let Some(node) = endpoint.optional_text("nodeName") {
            formats::dns_subdomain(errors, &path.child("nodeName"), node);
        }
        let topology = endpoint.map("deprecatedTopology");
        let topology_path = path.child("deprecatedTopology");
        errors.at_most(&topology_path, topology.map_or(0, serde_json::Map::len), TOPOLOGY_MAX);
        errors.extend(apimachinery::meta::validate_labels(topology, &topology_path));
        if let Some(host) = endpoint.optional_text("hostname") {
            dns_label(errors, &path.child("hostname"), host);
        }
        validate_hints(errors, &path.child("hints"), endpoint);
    }
}

fn validate_hints(errors: &mut ErrorList, path: &Path, endpoint: &Value) {
    for name in ["forZones", "forNodes"] {
        let hints = endpoint.part("hints").items(name);
        let path = path.child(name);
        errors.at_most(&path, hints.len(), HINTS_MAX);
        for (i, hint) in hints.iter().enumerate() {
            let name_path = path.index(i).child("name");
            if hints[..i].iter().any(|other| other.text("name") == hint.text("name")) {
                errors.duplicate(&name_path, hint.text("name"));
            }
            if name == "forZones" {
                errors.invalid_each(&name_path, hint.text("name"), names::qualified_name(hint.text("name")));
            } else {
                formats::dns_subdomain(errors, &name_path, hint.text("name"));
            }
        }
    }
}

fn validate_address(errors: &mut ErrorList, path: &Path, address: &str, address_type: &str) {
    match address_type {
        "IPv4" | "IPv6" => {
            let n_errors = errors.0.len();
            ip::address(errors, path, address, &[]);
            if errors.0.len() == n_errors && ip::is_v6(address) != (address_type == "IPv6") {
                errors.invalid(path, address, format!("must be a valid {address_type} address"));
            }
            if errors.0.len() == n_errors {
                reachable(errors, path, address);
            }
        }
        "FQDN" => {
            let name = address.strip_suffix('.').unwrap_or(address);
            let messages = names::dns1123_subdomain(name);
            if messages.is_empty() && !name.contains('.') {
                errors.invalid(
                    path,
                    address,
                    "should be a domain with at least two segments separated by dots",
                );
            }
            errors.invalid_each(path, address, messages);
        }
        _ => {}
    }
}

fn validate_slice_ports(errors: &mut ErrorList, slice: &Value) {
    let path = Path::new("ports");
    let ports = slice.items("ports");
    if ports.len() > PORTS_MAX {
        errors.push(FieldError::too_many(&path, ports.len(), PORTS_MAX));
        return;
    }
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        let name = port.text("name");
        if !name.is_empty() {
            dns_label(errors, &path.child("name"), name);
        }
        if ports[..i].iter().any(|other| other.text("name") == name) {
            errors.duplicate(&path.child("name"), name);
        }
        errors.one_of(&path.child("protocol"), port.text("protocol"), &PROTOCOLS);
        if let Some(protocol) = port.optional_text("appProtocol") {
            errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
        }
    }
}

/// What is wrong with a changed EndpointSlice.
pub(crate) fn validate_slice_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_slice(object);
    unchanged(&mut errors, &Path::new("addressType"), object, old, "addressType");
    errors
}

/// What is wrong with an Endpoints, new or changed.
pub(crate) fn validate_endpoints_object(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    for (i, subset) in object.items("subsets").iter().enumerate() {
        let path = Path::new("subsets").index(i);
        let is_empty = |name: &str| subset.items(name).is_empty();
        if is_empty("addresses") && is_empty("notReadyAddresses") {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for name in ["addresses", "notReadyAddresses"] {
            for (j, address) in subset.items(name).iter().enumerate() {
                validate_endpoint_address(&mut errors, &path.child(name).index(j), address);
            }
        }
        let ports = subset.items("ports");
        for (j, port) in ports.iter().enumerate() {
            let path = path.child("ports").index(j);
            match port.text("name") {
                "" if ports.len() > 1 => errors.required(&path.child("name"), ""),
                "" => {}
                name => dns_label(&mut errors, &path.child("name"), name),
            }
            formats::port_number(&mut errors, &path.child("port"), port.int("port"));
            errors.one_of(&path.child("protocol"), port.text("protocol"), &PROTOCOLS);
            if let Some(protocol) = port.optional_text("appProtocol") {
                errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
            }
        }
    }
    errors
}

fn validate_endpoint_address(errors: &mut ErrorList, path: &Path, address: &Value) {
    let text = address.text("ip");
    let n_errors = errors.0.len();
    ip::address(errors, &path.child("ip"), text, &[]);
    if !address.text("hostname").is_empty() {
        dns_label(errors, &path.child("hostname"), address.text("hostname"));
    }
    if let Some(node) = address.optional_text("nodeName") {
        formats::dns_subdomain(errors, &path.child("nodeName"), node);
    }
    if errors.0.len() == n_errors {
        reachable(errors, &path.child("ip"), text);
    }
}
