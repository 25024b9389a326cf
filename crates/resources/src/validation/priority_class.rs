//! PriorityClass.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::update::unchanged;

/// The highest priority that is not the system's.
const VALUE_MAX: i64 = 1_000_000_000;

/// The system's own classes.
const SYSTEM: [(&str, i64); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// What is wrong with a PriorityClass.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let name = object.part("metadata").text("name");
    let value = object.int("value");
    if name.starts_with("system-") {
        if let Some(problem) = differs_from_system(object, name, value) {
            let message = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {problem}"
            );
            errors.forbidden(&Path::new("metadata").child("name"), message);
        }
    } else if value > VALUE_MAX {
        let message = format!("maximum allowed value of a user defined priority is {VALUE_MAX}");
        errors.forbidden(&Path::new("value"), message);
    }
    let policies = ["PreemptLowerPriority", "Never"];
    if let Some(policy) = object.optional_text("preemptionPolicy") {
        errors.one_of(&Path::new("preemptionPolicy"), policy, &policies);
    }
    errors
}

fn differs_from_system(object: &Value, name: &str, value: i64) -> Option<String> {
    let Some((_, expected)) = SYSTEM.iter().find(|(system, _)| *system == name) else {
        return Some(format!("{name} is not a known system priority class"));
    };
    if value != *expected {
        return Some(format!("value of {name} PriorityClass must be {expected}"));
    }
    object.flag("globalDefault").then(|| format!("globalDefault of {name} PriorityClass must be false"))
}

/// What is wrong with a changed PriorityClass.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    if object.int("value") != old.int("value") {
        errors.forbidden(&Path::new("value"), "may not be changed in an update.");
    }
    unchanged(&mut errors, &Path::new("preemptionPolicy"), object, old, "preemptionPolicy");
    errors
}
