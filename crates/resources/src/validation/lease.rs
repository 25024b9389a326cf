//! Lease.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::{self};
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;

/// What is wrong with a Lease, new or changed.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    if let Some(seconds) = spec.optional_int("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
        errors.invalid(&path.child("leaseDurationSeconds"), seconds, "must be greater than 0");
    }
    formats::nonnegative(&mut errors, &path, "leaseTransitions", spec.optional_int("leaseTransitions"));
    let strategy = spec.optional_text("strategy");
    if let Some(strategy) = strategy {
        errors.invalid_each(&path.child("strategy"), strategy, names::qualified_name(strategy));
    }
    if !spec.text("preferredHolder").is_empty() && strategy.is_none_or(str::is_empty) {
        let message = "may only be specified if `strategy` is defined";
        errors.forbidden(&path.child("preferredHolder"), message);
    }
    errors
}
