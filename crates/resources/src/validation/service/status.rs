//! The status of services and ingresses: where load balancers answer.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::parts::Parts as _;
use super::super::report::Report as _;
use super::super::{conditions, ip};
use super::addresses::host_name;

/// What is wrong with a Service whose status is changed.
pub(crate) fn validate_status(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("status").child("loadBalancer");
    let status = object.part("status");
    let ingress = status.part("loadBalancer").items("ingress");
    let is_balanced = object.part("spec").text("type") == "LoadBalancer";
    if !is_balanced && !ingress.is_empty() {
        let message = "may only be used when `spec.type` is 'LoadBalancer'";
        errors.forbidden(&path.child("ingress"), message);
    } else {
        let old_ingress = old.part("status").part("loadBalancer").items("ingress");
        validate_points(&mut errors, &path, ingress, old_ingress, true);
    }
    conditions::validate(&mut errors, &Path::new("status").child("conditions"), status.items("conditions"));
    errors
}

/// Where a load balancer answers. Only those of services say how (`has_mode`).
pub(crate) fn validate_points(
    errors: &mut ErrorList,
    path: &Path,
    points: &[Value],
    old: &[Value],
    has_mode: bool,
) {
    let kept: Vec<&str> = old.iter().map(|point| point.text("ip")).collect();
    for (i, point) in points.iter().enumerate() {
        let path = path.child("ingress").index(i);
        let address = point.text("ip");
        if !address.is_empty() {
            ip::address(errors, &path.child("ip"), address, &kept);
        }
        let mode_path = path.child("ipMode");
        match point.optional_text("ipMode").filter(|_| has_mode) {
            None if has_mode && !address.is_empty() => {
                errors.required(&mode_path, "must be specified when `ip` is set");
            }
            Some(_) if address.is_empty() => {
                errors.forbidden(&mode_path, "may not be specified when `ip` is not set");
            }
            Some(mode) if !matches!(mode, "VIP" | "Proxy") => {
                errors.not_supported(&mode_path, mode, &["Proxy", "VIP"]);
            }
            _ => {}
        }
        if !point.text("hostname").is_empty() {
            host_name(errors, &path.child("hostname"), point.text("hostname"));
        }
    }
}
