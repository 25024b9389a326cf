//! Disruption budgets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object_macro::wire_struct;
use crate::{LabelSelector, ObjectMeta, Timestamp};

wire_struct! {
    /// How many of a set of pods may be disrupted at a time.
    pub struct PodDisruptionBudget {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: PodDisruptionBudgetSpec,
        /// What the disruption controller computed.
        status: PodDisruptionBudgetStatus,
    }

    /// What a budget wants.
    pub struct PodDisruptionBudgetSpec {
        /// Which pods it protects; absent protects none, empty all of the namespace.
        selector: Option<LabelSelector>,
        /// A number or a percentage that must stay up.
        min_available: Option<Value>,
        /// A number or a percentage that may be down.
        max_unavailable: Option<Value>,
    }

    /// The state of a budget.
    pub struct PodDisruptionBudgetStatus {
        /// How many more pods may be disrupted now.
        disruptions_allowed: i32,
        /// How many pods are healthy.
        current_healthy: i32,
        /// How many pods must be healthy.
        desired_healthy: i32,
        /// How many pods there are.
        expected_pods: i32,
        /// Pods whose eviction is under way and already counted, with the time it began.
        disrupted_pods: BTreeMap<String, Option<Timestamp>>,
        /// `metadata.generation` this was computed from.
        observed_generation: i64,
    }
}
