//! Counters in statuses.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::nonnegative;
use super::super::members::Members as _;
use super::super::report::Report as _;

/// Counters that must not be below zero.
pub(super) fn counters(errors: &mut ErrorList, path: &Path, status: &Value, names: &[&str]) {
    for name in names {
        nonnegative(errors, path, name, status.optional_int(name));
    }
}

/// Counters of a part of the pods must not be above the counter of all.
pub(super) fn not_above(
    errors: &mut ErrorList,
    path: &Path,
    status: &Value,
    parts: &[&str],
    whole: &str,
    message: &str,
) {
    for name in parts.iter().filter(|name| status.int(name) > status.int(whole)) {
        errors.invalid(&path.child(name), status.int(name), message);
    }
}

/// The number of collisions never goes down.
pub(super) fn collisions(errors: &mut ErrorList, path: &Path, new: &Value, old: &Value) {
    let (new, old) = (new.optional_int("collisionCount"), old.optional_int("collisionCount"));
    if old.is_some_and(|old| new.is_none_or(|new| new < old)) {
        errors.invalid(&path.child("collisionCount"), new.unwrap_or_default(), "cannot be decremented");
    }
}
