//! What the disruption controller writes into the status of a budget.

use serde_json::Value;
use wire::decode::Sourced;
use wire::{Object, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus};

use crate::cluster_files::is_finished;

/// Computes the status of the budgets that have none. One that comes from an API server keeps what it has, even
/// if that is nothing: its scheduler would see the same.
pub(super) fn compute_statuses(objects: &mut [Sourced]) {
    let statuses: Vec<Option<PodDisruptionBudgetStatus>> = objects
        .iter()
        .map(|sourced| match &sourced.object {
            Object::PodDisruptionBudget(budget) => status_of(budget, objects),
            _ => None,
        })
        .collect();
    for (sourced, status) in objects.iter_mut().zip(statuses) {
        if let (Object::PodDisruptionBudget(budget), Some(status)) = (&mut sourced.object, status) {
            budget.status = status;
        }
    }
}

fn status_of(budget: &PodDisruptionBudget, objects: &[Sourced]) -> Option<PodDisruptionBudgetStatus> {
    let has_status = budget.status != PodDisruptionBudgetStatus::default();
    if has_status || !budget.metadata.resource_version.is_empty() {
        return None;
    }
    let (mut n_expected, mut n_healthy) = (0, 0);
    for pod in objects.iter().filter_map(|sourced| match &sourced.object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }) {
        if is_protected(pod, budget) {
            n_expected += 1;
            n_healthy += i32::from(is_healthy(pod));
        }
    }
    let spec = &budget.spec;
    let desired = match (&spec.min_available, &spec.max_unavailable) {
        (Some(min), _) => amount_of(min, n_expected)?,
        (None, Some(max)) => n_expected.saturating_sub(amount_of(max, n_expected)?).max(0),
        (None, None) => return None,
    };
    Some(PodDisruptionBudgetStatus {
        disruptions_allowed: if n_expected == 0 { 0 } else { n_healthy.saturating_sub(desired).max(0) },
        current_healthy: n_healthy,
        desired_healthy: desired,
        expected_pods: n_expected,
        ..PodDisruptionBudgetStatus::default()
    })
}

fn is_protected(pod: &Pod, budget: &PodDisruptionBudget) -> bool {
    pod.metadata.namespace == budget.metadata.namespace
        && !is_finished(pod)
        && pod.metadata.deletion_timestamp.is_none()
        && budget.spec.selector.as_ref().is_some_and(|selector| selector.matches(&pod.metadata.labels))
}

/// A pod typed by hand rarely says that it is ready; one that runs and does not deny it is taken to be.
fn is_healthy(pod: &Pod) -> bool {
    let denies = pod.status.conditions.iter().any(|it| it.r#type == "Ready" && it.status != "True");
    !pod.spec.node_name.is_empty() && !denies
}

/// A number, or a percentage of `n`, rounded up.
fn amount_of(value: &Value, n: i32) -> Option<i32> {
    match value {
        Value::Number(number) => i32::try_from(number.as_i64()?).ok(),
        Value::String(text) => {
            let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
            let hundredfold = percent.checked_mul(i64::from(n))?;
            i32::try_from(hundredfold.checked_add(99)?.div_euclid(100)).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_up() {
        for (value, n, expected) in [
            (Value::from(3), 10, Some(3)),
            (Value::from("50%"), 3, Some(2)),
            (Value::from("100%"), 7, Some(7)),
            (Value::from("0%"), 7, Some(0)),
            (Value::from("1%"), 0, Some(0)),
            (Value::from("many"), 7, None),
        ] {
            assert_eq!(amount_of(&value, n), expected, "{value} of {n}");
        }
    }
}
