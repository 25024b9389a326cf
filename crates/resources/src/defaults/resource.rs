//! Devices and claims to them (KEP-4381).

use serde_json::Value;

use crate::document::{Members as _, Object, at_mut};

/// A ResourceClaim.
pub(crate) fn claim(object: &mut Value) {
    if let Some(devices) = at_mut(object, &["spec", "devices"]) {
        requests(devices);
    }
    if let Some(devices) = at_mut(object, &["status", "allocation", "devices"]) {
        devices.for_each("results", tolerations);
    }
}

/// A ResourceClaimTemplate.
pub(crate) fn claim_template(object: &mut Value) {
    if let Some(devices) = at_mut(object, &["spec", "spec", "devices"]) {
        requests(devices);
    }
}

fn requests(devices: &mut Object) {
    devices.for_each("requests", |request| {
        if let Some(exactly) = request.members_mut("exactly") {
            wanted(exactly);
        }
        request.for_each("firstAvailable", wanted);
    });
}

fn wanted(request: &mut Object) {
    request.fill_empty("allocationMode", "ExactCount");
    if request.text("allocationMode") == "ExactCount" {
        request.fill_empty("count", 1);
    }
    tolerations(request);
}

fn tolerations(of: &mut Object) {
    of.for_each("tolerations", |toleration| toleration.fill_empty("operator", "Equal"));
}
