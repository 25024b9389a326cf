//! Who would have to leave one node.

use std::cmp::Reverse;
use std::sync::Arc;

use base::{Now, Symbol};

use super::without_victims;
use crate::cluster::{Budget, Cluster};
use crate::framework::{PostFilterCycle, PreemptionCandidate, Status};
use crate::model::Pod;
use crate::snapshot::{NodeInfo, Row};

/// Finds the victims on one node: removes all pods of lower priority, and if the pod then fits, lets as many
/// of them stay as possible, those that budgets protect and the more important ones first.
pub(crate) fn on_node(cycle: &mut PostFilterCycle<'_, '_>, row: Row) -> Result<PreemptionCandidate, Status> {
    let mut node = cycle.cycle.snapshot.node(row).clone();
    let lower = node.pods().iter().filter(|other| other.priority < cycle.pod.priority);
    let mut potential: Vec<Arc<Pod>> = lower.cloned().collect();
    if potential.is_empty() {
        return Err(without_victims());
    }
    for other in &potential {
        remove(cycle, &mut node, other);
    }
    if let Err(status) = cycle.filters.check_with_nominated(&node) {
        restore(cycle, &mut node, &potential);
        return Err(status);
    }
    potential.sort_by_key(|other| importance(other, cycle.now));
    let (violating, non_violating) = split_by_budgets(&potential, cycle.cycle.cluster);
    let had_both = !violating.is_empty() && !non_violating.is_empty();

    let mut victims = Vec::new();
    let mut n_pdb_violations = 0;
    for (other, violates) in violating
        .into_iter()
        .map(|other| (other, true))
        .chain(non_violating.into_iter().map(|other| (other, false)))
    {
        node.add_pod(Arc::clone(&other));
        cycle.filters.add_pod(&other, &node);
        if cycle.filters.check_with_nominated(&node).is_err() {
            remove(cycle, &mut node, &other);
            n_pdb_violations += usize::from(violates);
            victims.push(other);
        }
    }
    if had_both {
        victims.sort_by_key(|other| importance(other, cycle.now));
    }
    restore(cycle, &mut node, &victims);
    Ok(PreemptionCandidate { row, victims, n_pdb_violations })
}

fn remove(cycle: &mut PostFilterCycle<'_, '_>, node: &mut NodeInfo, other: &Pod) {
    node.remove_pod(&other.uid);
    cycle.filters.remove_pod(other, node);
}

/// The filters are shared by all dry runs of this cycle, so what was taken away is put back.
fn restore(cycle: &mut PostFilterCycle<'_, '_>, node: &mut NodeInfo, removed: &[Arc<Pod>]) {
    for other in removed {
        node.add_pod(Arc::clone(other));
        cycle.filters.add_pod(other, node);
    }
}

/// Smaller is more important: higher priority, then longer running. A pod that has not started counts as
/// started now.
pub(super) fn importance(pod: &Pod, now: Now) -> (Reverse<i32>, i64) {
    (Reverse(pod.priority), start_time(pod, now))
}

/// When a pod started, in nanoseconds since the epoch.
pub(super) fn start_time(pod: &Pod, now: Now) -> i64 {
    pod.start_time.unwrap_or(now.as_nanos())
}

/// Splits pods, given in order of importance, into those whose eviction would violate a disruption budget
/// and the others.
fn split_by_budgets(pods: &[Arc<Pod>], cluster: &Cluster) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
    let mut allowances: Vec<(Symbol, &Budget, i64)> = Vec::new();
    let (mut violating, mut non_violating) = (Vec::new(), Vec::new());
    for pod in pods {
        let shape = &pod.shape;
        let mut violates = false;
        if !shape.labels.is_empty() {
            if !allowances.iter().any(|(namespace, _, _)| *namespace == shape.namespace) {
                let budgets = cluster.budgets(shape.namespace).iter();
                allowances
                    .extend(budgets.map(|budget| (shape.namespace, budget, budget.disruptions_allowed)));
            }
            for (namespace, budget, allowed) in &mut allowances {
                let protects = *namespace == shape.namespace
                    && !budget.selector.is_empty()
                    && budget.selector.matches(&shape.labels)
                    && !budget.disrupted_pods.contains(&*pod.key.name);
                if protects {
                    *allowed -= 1;
                    violates |= *allowed < 0;
                }
            }
        }
        if violates { violating.push(Arc::clone(pod)) } else { non_violating.push(Arc::clone(pod)) }
    }
    (violating, non_violating)
}
