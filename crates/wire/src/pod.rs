//! Pods.

use std::collections::BTreeMap;

use crate::object_macro::wire_struct;
use crate::{
    Affinity, Condition, Container, ContainerStatus, ObjectMeta, Quantity, ResourceRequirements, Timestamp,
    Toleration, TopologySpreadConstraint, Volume,
};

wire_struct! {
    /// A pod.
    pub struct Pod {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: PodSpec,
        /// What is.
        status: PodStatus,
    }

    /// The pod that a controller makes copies of.
    pub struct PodTemplateSpec {
        /// Labels and annotations of the copies.
        metadata: ObjectMeta,
        /// Spec of the copies.
        spec: PodSpec,
    }

    /// What a pod wants.
    pub struct PodSpec {
        /// The node it is bound to, or empty.
        node_name: String,
        /// Which scheduler places it.
        scheduler_name: String,
        /// Resolved from the class by admission; absent is 0.
        priority: Option<i32>,
        /// Name of the priority class.
        priority_class_name: String,
        /// `PreemptLowerPriority` (default) or `Never`.
        preemption_policy: Option<String>,
        /// Node labels that must be there.
        node_selector: BTreeMap<String, String>,
        /// Affinity of all three sorts.
        affinity: Option<Affinity>,
        /// Taints it puts up with.
        tolerations: Vec<Toleration>,
        /// How it spreads over topologies.
        topology_spread_constraints: Vec<TopologySpreadConstraint>,
        /// The containers that run side by side.
        containers: Vec<Container>,
        /// The containers that run first, in order.
        init_containers: Vec<Container>,
        /// What the sandbox needs on top of the containers.
        overhead: BTreeMap<String, Quantity>,
        /// Amounts for the pod as a whole.
        resources: Option<ResourceRequirements>,
        /// Whether it uses the node's network.
        host_network: bool,
        /// Whether it runs in the node's user namespace; absent is yes.
        host_users: Option<bool>,
        /// What must be removed before it may be scheduled.
        scheduling_gates: Vec<PodSchedulingGate>,
        /// The group it is scheduled with.
        scheduling_group: Option<PodSchedulingGroup>,
        /// Its volumes.
        volumes: Vec<Volume>,
        /// Its resource claims.
        resource_claims: Vec<PodResourceClaim>,
        /// Seconds between asking it to stop and killing it; absent is 30.
        termination_grace_period_seconds: Option<i64>,
        /// `Always` (also when empty), `OnFailure` or `Never`.
        restart_policy: String,
    }

    /// A gate that holds a pod back.
    pub struct PodSchedulingGate {
        /// Name of the gate.
        name: String,
    }

    /// The group a pod is scheduled with.
    pub struct PodSchedulingGroup {
        /// A PodGroup in the same namespace.
        pod_group_name: String,
    }

    /// A resource claim of a pod: an existing one, or a template for one of its own.
    pub struct PodResourceClaim {
        /// Name containers refer to.
        name: String,
        /// A ResourceClaim in the same namespace.
        resource_claim_name: String,
        /// A ResourceClaimTemplate in the same namespace.
        resource_claim_template_name: String,
    }

    /// What a pod is doing.
    pub struct PodStatus {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        phase: String,
        /// The node that preemption is making room on.
        nominated_node_name: String,
        /// `PodScheduled` and others.
        conditions: Vec<Condition>,
        /// When the kubelet first saw it.
        start_time: Option<Timestamp>,
        /// Status of the containers.
        container_statuses: Vec<ContainerStatus>,
        /// Status of the init containers.
        init_container_statuses: Vec<ContainerStatus>,
        /// Pod-level amounts in force at this moment.
        resources: Option<ResourceRequirements>,
        /// Pod-level amounts the node has set aside.
        allocated_resources: BTreeMap<String, Quantity>,
        /// The claims made from templates.
        resource_claim_statuses: Vec<PodResourceClaimStatus>,
        /// The claim that serves extended resources with devices.
        extended_resource_claim_status: Option<PodExtendedResourceClaimStatus>,
        /// How a resize proceeds; superseded by conditions.
        resize: String,
        /// `Guaranteed`, `Burstable` or `BestEffort`.
        qos_class: String,
        /// `metadata.generation` the kubelet last acted on.
        observed_generation: i64,
    }

    /// The claim made for an entry of `spec.resourceClaims`.
    pub struct PodResourceClaimStatus {
        /// Name of the entry.
        name: String,
        /// Name of the claim; empty if none was needed.
        resource_claim_name: String,
    }

    /// The claim made for a pod's extended resources.
    pub struct PodExtendedResourceClaimStatus {
        /// Name of the claim.
        resource_claim_name: String,
        /// Which request of it serves which container.
        request_mappings: Vec<ContainerExtendedResourceRequest>,
    }

    /// A container's extended resource and the request that serves it.
    pub struct ContainerExtendedResourceRequest {
        /// Name of the container.
        container_name: String,
        /// Name of the resource.
        resource_name: String,
        /// Name of the request in the claim.
        request_name: String,
    }
}
