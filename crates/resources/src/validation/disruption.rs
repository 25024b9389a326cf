//! PodDisruptionBudget.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::{conditions, formats, int_or_percent, internal};

const EVICTION_POLICIES: [&str; 2] = ["AlwaysAllow", "IfHealthyBudget"];

/// What is wrong with a PodDisruptionBudget. A stored selector may keep values that no label can have.
pub(crate) fn validate(object: &Value, is_stored: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    if spec.member("minAvailable").is_some() && spec.member("maxUnavailable").is_some() {
        let value = internal::compact("policy", "PodDisruptionBudgetSpec", spec);
        errors.invalid(&path, value, "minAvailable and maxUnavailable cannot be both set");
    }
    for name in ["minAvailable", "maxUnavailable"] {
        if let Some(bound) = spec.member(name) {
            int_or_percent::validate(&mut errors, &path.child(name), bound);
            int_or_percent::at_most_all(&mut errors, &path.child(name), bound);
        }
    }
    if let Some(selector) = spec.object("selector") {
        errors.extend(labels::validate(selector, &path.child("selector"), !is_stored));
    }
    let policy = spec.optional_text("unhealthyPodEvictionPolicy");
    if let Some(policy) = policy.filter(|policy| !EVICTION_POLICIES.contains(policy)) {
        errors.not_supported(&path.child("unhealthyPodEvictionPolicy"), policy, &EVICTION_POLICIES);
    }
    errors
}

/// What is wrong with a PodDisruptionBudget whose status is changed.
pub(crate) fn validate_status(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    let status = object.part("status");
    conditions::validate(&mut errors, &path.child("conditions"), status.items("conditions"));
    for name in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
        formats::nonnegative(&mut errors, &path, name, status.optional_int(name));
    }
    errors
}
