//! NetworkPolicy.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::cidr::{self, Cidr};
use super::formats;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// What is wrong with a NetworkPolicy, new or changed.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    if let Some(selector) = spec.object("podSelector") {
        errors.extend(labels::validate(selector, &path.child("podSelector"), true));
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in spec.items(direction).iter().enumerate() {
            let path = path.child(direction).index(i);
            for (j, port) in rule.items("ports").iter().enumerate() {
                validate_port(&mut errors, &path.child("ports").index(j), port);
            }
            for (j, peer) in rule.items(peers).iter().enumerate() {
                validate_peer(&mut errors, &path.child(peers).index(j), peer);
            }
        }
    }
    let types = spec.texts("policyTypes");
    let path = path.child("policyTypes");
    if types.len() > 2 {
        let value = json_or_null(spec.member("policyTypes"));
        errors.invalid(&path, value, "may not specify more than two policyTypes");
        return errors;
    }
    for (i, policy_type) in types.iter().enumerate() {
        if !matches!(*policy_type, "Ingress" | "Egress") {
            errors.not_supported(&path.index(i), policy_type, &["Ingress", "Egress"]);
        }
    }
    errors
}

fn validate_port(errors: &mut ErrorList, path: &Path, port: &Value) {
    if let Some(protocol) = port.optional_text("protocol").filter(|protocol| !PROTOCOLS.contains(protocol)) {
        errors.not_supported(&path.child("protocol"), protocol, &PROTOCOLS);
    }
    let (port_path, end_path) = (path.child("port"), path.child("endPort"));
    match (port.member("port"), port.optional_int("endPort")) {
        (None, None) => {}
        (None, Some(end)) => {
            errors.invalid(&end_path, end, "may not be specified when `port` is not specified")
        }
        (Some(Value::String(name)), end) => {
            if let Some(end) = end {
                errors.invalid(&end_path, end, "may not be specified when `port` is non-numeric");
            }
            errors.invalid_each(&port_path, name, names::port_name(name));
        }
        (Some(first), end) => {
            let first = first.as_i64().unwrap_or_default();
            formats::port_number(errors, &port_path, first);
            if let Some(end) = end {
                if end < first {
                    // Upstream shows the port here, and not the end.
                    errors.invalid(&end_path, first, "must be greater than or equal to `port`");
                }
                formats::port_number(errors, &end_path, end);
            }
        }
    }
}

fn validate_peer(errors: &mut ErrorList, path: &Path, peer: &Value) {
    let mut n_peers = 0;
    for name in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = peer.object(name) {
            n_peers += 1;
            errors.extend(labels::validate(selector, &path.child(name), true));
        }
    }
    if let Some(block) = peer.object("ipBlock") {
        n_peers += 1;
        validate_block(errors, &path.child("ipBlock"), block);
    }
    match n_peers {
        0 => errors.required(path, "must specify a peer"),
        1 => {}
        _ if peer.object("ipBlock").is_some() => {
            errors.forbidden(path, "may not specify both ipBlock and another peer");
        }
        _ => {}
    }
}

fn validate_block(errors: &mut ErrorList, path: &Path, block: &Value) {
    let text = block.text("cidr");
    if text.is_empty() {
        errors.required(&path.child("cidr"), "");
        return;
    }
    let n_errors = errors.0.len();
    cidr::cidr(errors, &path.child("cidr"), text, &[]);
    let range = Cidr::parse_sloppy(text).filter(|_| errors.0.len() == n_errors);
    for (i, text) in block.texts("except").into_iter().enumerate() {
        let path = path.child("except").index(i);
        let n_errors = errors.0.len();
        cidr::cidr(errors, &path, text, &[]);
        let Some(except) = Cidr::parse_sloppy(text).filter(|_| errors.0.len() == n_errors) else { continue };
        if range.is_some_and(|range| !range.is_strict_superset_of(except)) {
            errors.invalid(&path, text, "must be a strict subset of `cidr`");
        }
    }
}
