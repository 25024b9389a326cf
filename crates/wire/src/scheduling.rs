//! Priority classes, workloads and groups of pods.

use serde_json::Value;

use crate::object_macro::wire_struct;
use crate::{Condition, ObjectMeta, PodResourceClaim, PodResourceClaimStatus, TypedLocalObjectReference};

wire_struct! {
    /// A named priority.
    pub struct PriorityClass {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// The priority.
        value: i32,
        /// Whether pods that name no class have it.
        global_default: bool,
        /// `PreemptLowerPriority` (default) or `Never`.
        preemption_policy: Option<String>,
    }

    /// What a set of pods is, as a whole.
    pub struct Workload {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What it consists of.
        spec: WorkloadSpec,
    }

    /// What a workload consists of.
    pub struct WorkloadSpec {
        /// The object that makes the pods.
        controller_ref: Option<TypedLocalObjectReference>,
        /// The groups that its pods form.
        pod_group_templates: Vec<PodGroupTemplate>,
    }

    /// The group that a controller makes copies of.
    pub struct PodGroupTemplate {
        /// Name within the workload.
        name: String,
        /// How its pods are scheduled.
        scheduling_policy: PodGroupSchedulingPolicy,
        /// Where its pods must be together.
        scheduling_constraints: Option<PodGroupSchedulingConstraints>,
        /// Claims that its pods share.
        resource_claims: Vec<PodResourceClaim>,
        /// `Pod` (default) or `PodGroup`.
        disruption_mode: Option<String>,
        /// Name of the priority class.
        priority_class_name: String,
        /// Resolved from the class by admission.
        priority: Option<i32>,
    }

    /// Pods that are scheduled together.
    pub struct PodGroup {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: PodGroupSpec,
        /// What is.
        status: PodGroupStatus,
    }

    /// What a group of pods wants.
    pub struct PodGroupSpec {
        /// The template it is a copy of.
        pod_group_template_ref: Option<PodGroupTemplateReference>,
        /// How its pods are scheduled.
        scheduling_policy: PodGroupSchedulingPolicy,
        /// Where its pods must be together.
        scheduling_constraints: Option<PodGroupSchedulingConstraints>,
        /// Claims that its pods share.
        resource_claims: Vec<PodResourceClaim>,
        /// `Pod` (default) or `PodGroup`.
        disruption_mode: Option<String>,
        /// Name of the priority class.
        priority_class_name: String,
        /// Resolved from the class by admission.
        priority: Option<i32>,
    }

    /// The template a group is a copy of.
    pub struct PodGroupTemplateReference {
        /// A template of a workload.
        workload: Option<WorkloadPodGroupTemplateReference>,
    }

    /// A template of a workload.
    pub struct WorkloadPodGroupTemplateReference {
        /// Name of the workload.
        workload_name: String,
        /// Name of the template within it.
        pod_group_template_name: String,
    }

    /// How the pods of a group are scheduled; exactly one is set.
    pub struct PodGroupSchedulingPolicy {
        /// One by one, like any pod. Has no fields yet.
        basic: Option<Value>,
        /// All or nothing.
        gang: Option<GangSchedulingPolicy>,
    }

    /// All or nothing.
    pub struct GangSchedulingPolicy {
        /// How many pods make it all.
        min_count: i32,
    }

    /// Where the pods of a group must be together.
    pub struct PodGroupSchedulingConstraints {
        /// Within one domain of each of these.
        topology: Vec<TopologyConstraint>,
    }

    /// A topology within which pods must be together.
    pub struct TopologyConstraint {
        /// The node label whose equal values make one domain.
        key: String,
    }

    /// The state of a group of pods.
    pub struct PodGroupStatus {
        /// `PodGroupScheduled` and `DisruptionTarget`.
        conditions: Vec<Condition>,
        /// The claims made from templates.
        resource_claim_statuses: Vec<PodResourceClaimStatus>,
    }
}
