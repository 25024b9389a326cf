//! Service.

mod addresses;
mod status;
mod traffic;

use apimachinery::meta::validate_labels;
use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::cidr;
use super::formats;
use super::internal;
use super::ip;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;

pub(crate) use addresses::reachable;
pub(crate) use status::validate_points;
pub(crate) use status::validate_status;

pub(super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const ONLY_LOAD_BALANCERS: &str = "may only be used when `type` is 'LoadBalancer'";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// The port of the kubelet, which no load balancer may lead to.
const KUBELET_PORT: i64 = 10250;

/// A day in seconds.
const AFFINITY_SECONDS_MAX: i64 = 86_400;

fn is_headless(spec: &Value) -> bool {
    spec.texts("clusterIPs") == ["None"]
}

/// What is wrong with a Service. Addresses and ports have been allocated.
pub(crate) fn validate(object: &Value) -> ErrorList {
    validate_beside(object, None)
}

fn validate_beside(object: &Value, old: Option<&Value>) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let old_spec = old.and_then(|old| old.object("spec"));
    let service_type = spec.text("type");
    let ports = spec.items("ports");
    if ports.is_empty() && !is_headless(spec) && service_type != "ExternalName" {
        errors.required(&path.child("ports"), "");
    }
    match service_type {
        "LoadBalancer" => {
            for (i, port) in ports.iter().enumerate().filter(|(_, port)| port.int("port") == KUBELET_PORT) {
                let message =
                    format!("may not expose port {KUBELET_PORT} externally since it is used by kubelet");
                errors.invalid(&path.child("ports").index(i), port.int("port"), message);
            }
            not_headless(&mut errors, &path, spec);
        }
        "NodePort" => not_headless(&mut errors, &path, spec),
        "ExternalName" => addresses::of_external_name(&mut errors, &path, spec),
        _ => {}
    }
    for (i, port) in ports.iter().enumerate() {
        validate_port(&mut errors, &path.child("ports").index(i), port, &ports[..i], ports.len() > 1);
    }
    errors.extend(validate_labels(spec.map("selector"), &path.child("selector")));
    affinity(&mut errors, &path, spec);
    addresses::validate(&mut errors, &path, spec, old_spec);
    external_ips(&mut errors, &path, spec, old_spec);
    errors.one_of(&path.child("type"), service_type, &TYPES);
    allocated_ports(&mut errors, &path.child("ports"), ports, service_type);
    source_ranges(&mut errors, object, spec, old_spec);
    traffic::validate(&mut errors, &path, spec, old_spec);
    errors
}

fn not_headless(errors: &mut ErrorList, path: &Path, spec: &Value) {
    if is_headless(spec) {
        let message = format!("may not be set to 'None' for {} services", spec.text("type"));
        errors.invalid(&path.child("clusterIPs").index(0), "None", message);
    }
}

fn validate_port(errors: &mut ErrorList, path: &Path, port: &Value, before: &[Value], demands_name: bool) {
    let name = port.text("name");
    if name.is_empty() {
        if demands_name {
            errors.required(&path.child("name"), "");
        }
    } else {
        formats::dns_label(errors, &path.child("name"), name);
        if before.iter().any(|other| other.text("name") == name) {
            errors.duplicate(&path.child("name"), name);
        }
    }
    formats::port_number(errors, &path.child("port"), port.int("port"));
    errors.one_of(&path.child("protocol"), port.text("protocol"), &PROTOCOLS);
    formats::port(errors, &path.child("targetPort"), port.member("targetPort"));
    if let Some(protocol) = port.optional_text("appProtocol") {
        errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

fn affinity(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let affinity = spec.text("sessionAffinity");
    let config = spec.object("sessionAffinityConfig");
    errors.one_of(&path.child("sessionAffinity"), affinity, &["ClientIP", "None"]);
    let path = path.child("sessionAffinityConfig");
    match affinity {
        "ClientIP" => {
            const NEEDED: &str = "when session affinity type is ClientIP";
            let Some(config) = config else { return errors.required(&path, NEEDED) };
            let path = path.child("clientIP");
            let Some(client_ip) = config.object("clientIP") else { return errors.required(&path, NEEDED) };
            let path = path.child("timeoutSeconds");
            match client_ip.optional_int("timeoutSeconds") {
                None => errors.required(&path, NEEDED),
                Some(seconds) if (1..=AFFINITY_SECONDS_MAX).contains(&seconds) => {}
                Some(seconds) => {
                    let message = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
                    errors.invalid(&path, seconds, message);
                }
            }
        }
        "None" if config.is_some() => {
            errors.forbidden(&path, "must not be set when session affinity is None");
        }
        _ => {}
    }
}

fn external_ips(errors: &mut ErrorList, path: &Path, spec: &Value, old_spec: Option<&Value>) {
    let kept = old_spec.map_or(Vec::new(), |old| old.texts("externalIPs"));
    for (i, address) in spec.texts("externalIPs").into_iter().enumerate() {
        let path = path.child("externalIPs").index(i);
        let n_errors = errors.0.len();
        ip::address(errors, &path, address, &kept);
        if errors.0.len() == n_errors {
            reachable(errors, &path, address);
        }
    }
}

/// Each port of nodes once, and each port of the service.
fn allocated_ports(errors: &mut ErrorList, path: &Path, ports: &[Value], service_type: &str) {
    let node_port = |port: &Value| port.int("nodePort");
    if service_type == "ClusterIP" {
        for (i, _) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
            let message = "may not be used when `type` is 'ClusterIP'";
            errors.forbidden(&path.index(i).child("nodePort"), message);
        }
    }
    let is_same = |name: &'static str, a: &Value, b: &Value| {
        a.text("protocol") == b.text("protocol") && a.int(name) == b.int(name)
    };
    for (i, port) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
        if ports[..i].iter().any(|other| is_same("nodePort", port, other)) {
            errors.duplicate(&path.index(i).child("nodePort"), node_port(port));
        }
    }
    for (i, port) in ports.iter().enumerate() {
        if ports[..i].iter().any(|other| is_same("port", port, other)) {
            let key = serde_json::json!({"protocol": port.text("protocol"), "port": port.int("port")});
            errors.duplicate(&path.index(i), internal::compact("", "ServicePort", &key));
        }
    }
}

/// Who may reach a load balancer: a field, or an annotation from before.
fn source_ranges(errors: &mut ErrorList, object: &Value, spec: &Value, old_spec: Option<&Value>) {
    let is_balanced = spec.text("type") == "LoadBalancer";
    let ranges = spec.texts("loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let path = Path::new("spec").child("LoadBalancerSourceRanges");
        if !is_balanced {
            errors.forbidden(&path, ONLY_LOAD_BALANCERS);
        }
        let kept = old_spec.map_or(Vec::new(), |old| old.texts("loadBalancerSourceRanges"));
        for (i, range) in ranges.into_iter().enumerate() {
            cidr::cidr(errors, &path.index(i), range.trim(), &kept);
        }
        return;
    }
    let Some(text) = object.part("metadata").part("annotations").optional_text(SOURCE_RANGES) else {
        return;
    };
    let path = Path::new("metadata").child("annotations").key(SOURCE_RANGES);
    if !is_balanced {
        errors.forbidden(&path, ONLY_LOAD_BALANCERS);
    }
    if text.trim().is_empty() {
        return;
    }
    for range in text.split(',') {
        cidr::cidr(errors, &path, range.trim(), &[]);
    }
}

/// What is wrong with a changed Service.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let (spec, old_spec) = (object.part("spec"), old.part("spec"));
    addresses::validate_change(&mut errors, &path, spec, old_spec);
    if traffic::needs_health_check(spec)
        && traffic::needs_health_check(old_spec)
        && spec.int("healthCheckNodePort") != old_spec.int("healthCheckNodePort")
    {
        errors.forbidden(&path.child("healthCheckNodePort"), formats::IMMUTABLE);
    }
    errors.extend(validate_beside(object, Some(old)));
    errors
}

#[cfg(test)]
mod tests;
