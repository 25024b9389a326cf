//! Affinity, tolerations and topology spread: what a pod says about where it wants to be.

use crate::object_macro::wire_struct;
use crate::{LabelSelector, NodeSelector, NodeSelectorTerm};

wire_struct! {
    /// `spec.affinity` of a pod.
    pub struct Affinity {
        /// Towards nodes.
        node_affinity: Option<NodeAffinity>,
        /// Towards domains that hold certain pods.
        pod_affinity: Option<PodAffinity>,
        /// Away from domains that hold certain pods.
        pod_anti_affinity: Option<PodAntiAffinity>,
    }

    /// Affinity towards nodes.
    pub struct NodeAffinity {
        /// Without a match the pod does not go there.
        required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
        /// Each match adds its weight.
        preferred_during_scheduling_ignored_during_execution: Vec<PreferredSchedulingTerm>,
    }

    /// A weighted node selector term.
    pub struct PreferredSchedulingTerm {
        /// 1 to 100.
        weight: i32,
        /// What is preferred.
        preference: NodeSelectorTerm,
    }

    /// Affinity towards pods.
    pub struct PodAffinity {
        /// All of these must hold.
        required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
        /// Each match adds its weight.
        preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    }

    /// Affinity away from pods.
    pub struct PodAntiAffinity {
        /// None of these may match.
        required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
        /// Each match subtracts its weight.
        preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
    }

    /// A weighted pod affinity term.
    pub struct WeightedPodAffinityTerm {
        /// 1 to 100.
        weight: i32,
        /// The pods and the topology.
        pod_affinity_term: PodAffinityTerm,
    }

    /// Which pods, in which namespaces, within which topology.
    pub struct PodAffinityTerm {
        /// Which pods; absent selects none, empty selects all.
        label_selector: Option<LabelSelector>,
        /// Namespaces by name.
        namespaces: Vec<String>,
        /// Namespaces by label, in union with `namespaces`; absent and no names means the pod's own.
        namespace_selector: Option<LabelSelector>,
        /// The node label whose equal values make one domain.
        topology_key: String,
        /// Labels of the incoming pod that selected pods must share.
        match_label_keys: Vec<String>,
        /// Labels of the incoming pod that selected pods must not share.
        mismatch_label_keys: Vec<String>,
    }

    /// A taint that a pod puts up with.
    pub struct Toleration {
        /// Key of the taint; empty with `Exists` tolerates everything.
        key: String,
        /// `Equal` (also when empty), `Exists`, `Lt` or `Gt`.
        operator: String,
        /// Value to compare with.
        value: String,
        /// Effect of the taint; empty means any.
        effect: String,
        /// How long a `NoExecute` taint is tolerated; absent is forever.
        toleration_seconds: Option<i64>,
    }

    /// How evenly pods must be spread over a topology.
    pub struct TopologySpreadConstraint {
        /// Largest difference allowed between two domains.
        max_skew: i32,
        /// The node label whose equal values make one domain.
        topology_key: String,
        /// `DoNotSchedule` or `ScheduleAnyway`.
        when_unsatisfiable: String,
        /// Which pods are counted; absent counts none.
        label_selector: Option<LabelSelector>,
        /// Fewer domains than this count as if one held no pod; absent is 1.
        min_domains: Option<i32>,
        /// `Honor` (default) or `Ignore`.
        node_affinity_policy: Option<String>,
        /// `Honor` or `Ignore` (default).
        node_taints_policy: Option<String>,
        /// Labels of the incoming pod that counted pods must share.
        match_label_keys: Vec<String>,
    }
}
