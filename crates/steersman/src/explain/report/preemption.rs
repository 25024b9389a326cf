//! What preemption could do, as data.

use serde::Serialize;

/// What preemption could do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Preemption {
    /// Where the pod is nominated to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::explain) chosen: Option<String>,
    /// Why it does not help, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::explain) obstacles: Option<Obstacles>,
    /// The same in PostFilter's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::explain) message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::explain) candidates: Vec<Candidate>,
}

/// A node where preemption makes room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Candidate {
    pub(in crate::explain) node: String,
    pub(in crate::explain) victims: Vec<Victim>,
    pub(in crate::explain) pdb_violations: usize,
    /// It is one of those that harm least.
    pub(in crate::explain) is_best: bool,
    pub(in crate::explain) is_chosen: bool,
}

/// A pod that would have to go.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Victim {
    pub(in crate::explain) pod: String,
    pub(in crate::explain) priority: i32,
}

/// Why preemption does not help. Every node is counted once.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::explain) struct Obstacles {
    /// The pod's `preemptionPolicy` is `Never`.
    pub(in crate::explain) never_preempts: bool,
    /// The pod's nominated node, if pods are leaving it to make room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::explain) is_waiting_on: Option<String>,
    /// Nodes whose refusal does not depend on the pods that run there.
    pub(in crate::explain) n_not_about_pods: usize,
    /// Nodes on which nothing of lower priority runs.
    pub(in crate::explain) n_nothing_lower: usize,
    /// Nodes on which removing everything of lower priority is not enough.
    pub(in crate::explain) n_not_enough: usize,
}
