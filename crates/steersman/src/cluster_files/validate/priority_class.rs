//! Priority classes.

use wire::PriorityClass;

use super::Author;
use super::fault::{Checked, fault, one_of_or_none};
use super::pod::PREEMPTION_POLICIES;

/// Above this is room for the classes of the system.
const USER_PRIORITY_MAX: i32 = 1_000_000_000;
const SYSTEM_PREFIX: &str = "system-";

/// Checks a priority class.
pub(super) fn check(class: &PriorityClass, author: Author) -> Checked {
    if let Some(policy) = &class.preemption_policy {
        one_of_or_none("preemptionPolicy", policy, &PREEMPTION_POLICIES)?;
    }
    let is_of_system = class.metadata.name.starts_with(SYSTEM_PREFIX);
    if author == Author::Hand && !is_of_system && class.value > USER_PRIORITY_MAX {
        return fault("value", format!("{} must be at most {USER_PRIORITY_MAX}", class.value));
    }
    Ok(())
}
