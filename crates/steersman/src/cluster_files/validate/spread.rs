//! Topology spread constraints.

use wire::TopologySpreadConstraint;

use super::fault::{Checked, Within, fault, one_of, one_of_or_none};
use super::{Author, affinity, labels};

const HARD: &str = "DoNotSchedule";
const ACTIONS: [&str; 2] = [HARD, "ScheduleAnyway"];
const POLICIES: [&str; 2] = ["Honor", "Ignore"];

/// Checks the constraints of a pod.
pub(super) fn check_all(constraints: &[TopologySpreadConstraint], author: Author) -> Checked {
    for (i, constraint) in constraints.iter().enumerate() {
        check(constraint, &constraints[..i], author).within_item("topologySpreadConstraints", i)?;
    }
    Ok(())
}

fn check(
    constraint: &TopologySpreadConstraint,
    before: &[TopologySpreadConstraint],
    author: Author,
) -> Checked {
    one_of("whenUnsatisfiable", &constraint.when_unsatisfiable, &ACTIONS)?;
    let policy = |policy: &Option<String>, field| {
        one_of_or_none(field, policy.as_deref().unwrap_or_default(), &POLICIES)
    };
    policy(&constraint.node_affinity_policy, "nodeAffinityPolicy")?;
    policy(&constraint.node_taints_policy, "nodeTaintsPolicy")?;
    labels::selector(constraint.label_selector.as_ref(), "labelSelector", author)?;
    if author == Author::ApiServer {
        return Ok(());
    }
    if constraint.max_skew < 1 {
        return fault("maxSkew", format!("{} must be at least 1", constraint.max_skew));
    }
    affinity::check_topology_key(&constraint.topology_key)?;
    if let Some(n) = constraint.min_domains {
        if n < 1 {
            return fault("minDomains", format!("{n} must be at least 1"));
        }
        if constraint.when_unsatisfiable != HARD {
            return fault("minDomains", format!("can only be set where whenUnsatisfiable is {HARD:?}"));
        }
    }
    if !constraint.match_label_keys.is_empty() && constraint.label_selector.is_none() {
        return fault("labelSelector", "is missing: matchLabelKeys adds to it");
    }
    let identity = |it: &TopologySpreadConstraint| (it.topology_key.clone(), it.when_unsatisfiable.clone());
    if before.iter().any(|other| identity(other) == identity(constraint)) {
        let (key, action) = identity(constraint);
        return fault("", format!("there is another one for {key} with {action}; merge them"));
    }
    Ok(())
}
