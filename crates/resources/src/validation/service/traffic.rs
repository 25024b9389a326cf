//! Which endpoints traffic goes to, and what load balancers are told.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats;
use super::super::members::Members as _;
use super::super::report::{Report as _, named};
use super::ONLY_LOAD_BALANCERS;

const POLICIES: [&str; 2] = ["Cluster", "Local"];

/// Whether something outside asks nodes whether they have endpoints.
pub(super) fn needs_health_check(spec: &Value) -> bool {
    spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
}

fn is_reached_from_outside(spec: &Value) -> bool {
    match spec.text("type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.items("externalIPs").is_empty(),
        _ => false,
    }
}

pub(super) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value, old_spec: Option<&Value>) {
    let is_balanced = spec.text("type") == "LoadBalancer";
    match (is_balanced, spec.member("allocateLoadBalancerNodePorts")) {
        // Upstream's path lacks its root here.
        (true, None) => errors.required(&Path::new("allocateLoadBalancerNodePorts"), ""),
        (false, Some(_)) => {
            errors.forbidden(&path.child("allocateLoadBalancerNodePorts"), ONLY_LOAD_BALANCERS)
        }
        _ => {}
    }
    class(errors, &path.child("loadBalancerClass"), spec, old_spec);
    external(errors, path, spec);
    let policy_path = path.child("internalTrafficPolicy");
    match spec.optional_text("internalTrafficPolicy") {
        None if matches!(spec.text("type"), "ClusterIP" | "NodePort" | "LoadBalancer") => {
            errors.required(&policy_path, "");
        }
        Some(policy) if !POLICIES.contains(&policy) => errors.not_supported(&policy_path, policy, &POLICIES),
        _ => {}
    }
    let distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
    let distribution = spec.optional_text("trafficDistribution");
    if let Some(distribution) = distribution.filter(|distribution| !distributions.contains(distribution)) {
        errors.not_supported(&path.child("trafficDistribution"), distribution, &distributions);
    }
}

fn class(errors: &mut ErrorList, path: &Path, spec: &Value, old_spec: Option<&Value>) {
    let is_balanced = |spec: &Value| spec.text("type") == "LoadBalancer";
    let class = spec.optional_text("loadBalancerClass");
    let was_balanced = old_spec.filter(|old| is_balanced(old));
    if let Some(old) = was_balanced.filter(|_| is_balanced(spec)) {
        if old.optional_text("loadBalancerClass") != class {
            errors.invalid(
                path,
                spec.member("loadBalancerClass").unwrap_or(&Value::Null),
                "may not change once set",
            );
        }
        return;
    }
    let Some(class) = class else { return };
    if is_balanced(spec) {
        errors.invalid_each(path, class, names::qualified_name(class));
    } else {
        errors.forbidden(path, ONLY_LOAD_BALANCERS);
    }
}

fn external(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let policy = spec.text("externalTrafficPolicy");
    let policy_path = path.child("externalTrafficPolicy");
    if is_reached_from_outside(spec) {
        errors.one_of(&policy_path, policy, &POLICIES);
    } else if !policy.is_empty() {
        errors.invalid(&policy_path, named(policy), "may only be set for externally-accessible services");
    }
    let port_path = path.child("healthCheckNodePort");
    match (needs_health_check(spec), spec.int("healthCheckNodePort")) {
        (false, 0) => {}
        (false, port) => {
            let message =
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&port_path, port, message);
        }
        (true, 0) => errors.required(&port_path, ""),
        (true, port) => formats::port_number(errors, &port_path, port),
    }
}
