//! Disruption budgets as the disruption controller keeps them: an eviction uses one up, a new pod gives it back.
//!
//! Without that, a budget that allows one disruption would allow one to every preemption of the run.

use base::{Map, Now};
use scheduling::engine::Input;
use wire::{Object, Pod};

use crate::recording::RecordedScheduler;

/// All budgets that allow disruptions, by namespace.
pub(super) struct Budgets(Map<String, Vec<Budget>>);

struct Budget {
    /// The PodDisruptionBudget, as the scheduler knows it now.
    object: Object,
    /// How many disruptions it allowed in the beginning.
    given: i32,
    /// How many pods are down that were up in the beginning. It goes beyond `given` where preemption had no choice
    /// but to violate the budget; then as many pods must come back before the budget allows anything again.
    n_down: i32,
}

impl Budgets {
    /// Finds the budgets. One that allows nothing stays as it is: it does not say how many pods it is short of.
    pub(super) fn of(objects: &[Object]) -> Budgets {
        let mut budgets: Map<String, Vec<Budget>> = Map::default();
        for object in objects {
            let Object::PodDisruptionBudget(budget) = object else { continue };
            let given = budget.status.disruptions_allowed;
            if given > 0 {
                let in_namespace = budgets.entry(budget.metadata.namespace.clone()).or_default();
                in_namespace.push(Budget { object: object.clone(), given, n_down: 0 });
            }
        }
        Budgets(budgets)
    }

    /// Takes note of a pod that was evicted.
    pub(super) fn evicted(&mut self, pod: &Pod, scheduler: &mut RecordedScheduler, now: Now) {
        // Pods that were terminating already are not counted as healthy any more.
        if pod.metadata.deletion_timestamp.is_none() {
            self.shift(pod, 1, scheduler, now);
        }
    }

    /// Takes note of a pod that was placed, and so runs.
    pub(super) fn placed(&mut self, pod: &Pod, scheduler: &mut RecordedScheduler, now: Now) {
        self.shift(pod, -1, scheduler, now);
    }

    fn shift(&mut self, pod: &Pod, n_down: i32, scheduler: &mut RecordedScheduler, now: Now) {
        for budget in self.0.get_mut(&pod.metadata.namespace).into_iter().flatten() {
            let Object::PodDisruptionBudget(object) = &mut budget.object else { continue };
            let selector = object.spec.selector.as_ref().filter(|selector| !selector.is_empty());
            let is_selected = selector.is_some_and(|selector| selector.matches(&pod.metadata.labels));
            // The API server has counted these when it evicted them.
            let is_counted = n_down > 0 && object.status.disrupted_pods.contains_key(&pod.metadata.name);
            if !is_selected || is_counted {
                continue;
            }
            budget.n_down = (budget.n_down + n_down).max(0);
            let allowed = (budget.given - budget.n_down).max(0);
            if allowed != object.status.disruptions_allowed {
                object.status.disruptions_allowed = allowed;
                scheduler.step(Input::Upsert(&budget.object), now);
            }
        }
    }
}
