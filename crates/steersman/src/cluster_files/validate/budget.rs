//! Disruption budgets.

use serde_json::Value;
use wire::PodDisruptionBudget;

use super::fault::{Checked, fault};
use super::{Author, labels};

/// Checks a budget.
pub(super) fn check(budget: &PodDisruptionBudget, author: Author) -> Checked {
    let spec = &budget.spec;
    labels::selector(spec.selector.as_ref(), "spec.selector", author)?;
    if author == Author::ApiServer {
        return Ok(());
    }
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        return fault("spec", "minAvailable and maxUnavailable exclude each other; remove one");
    }
    check_amount(spec.min_available.as_ref(), "spec.minAvailable")?;
    check_amount(spec.max_unavailable.as_ref(), "spec.maxUnavailable")
}

fn check_amount(value: Option<&Value>, field: &str) -> Checked {
    let is_right = match value {
        None => true,
        Some(Value::Number(number)) => {
            number.as_i64().is_some_and(|n| (0..=i64::from(i32::MAX)).contains(&n))
        }
        Some(Value::String(text)) => is_percentage(text),
        Some(_) => false,
    };
    match value {
        Some(value) if !is_right => {
            fault(field, format!("{value} must be a number of pods or a percentage such as \"50%\""))
        }
        _ => Ok(()),
    }
}

fn is_percentage(text: &str) -> bool {
    let digits = text.strip_suffix('%').unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && digits.parse::<u32>().is_ok_and(|percent| percent <= 100)
}
