//! Containers of a pod.

use std::collections::BTreeMap;

use crate::Quantity;
use crate::object_macro::wire_struct;

wire_struct! {
    /// A container, or an init container.
    pub struct Container {
        /// Unique within the pod.
        name: String,
        /// Reference of the image.
        image: String,
        /// Ports it listens on.
        ports: Vec<ContainerPort>,
        /// What it asks for.
        resources: ResourceRequirements,
        /// `Always` makes an init container a sidecar.
        restart_policy: String,
        /// What the exit code decides, before `restart_policy` does.
        restart_policy_rules: Vec<ContainerRestartRule>,
    }

    /// A port of a container.
    pub struct ContainerPort {
        /// Name services may refer to.
        name: String,
        /// Port on the node; 0 is none.
        host_port: i32,
        /// Port in the pod.
        container_port: i32,
        /// `TCP` (also when empty), `UDP` or `SCTP`.
        protocol: String,
        /// Address on the node; empty is all of them.
        #[serde(rename = "hostIP")]
        host_ip: String,
    }

    /// Amounts asked for and allowed at most, of a container, a pod or a volume claim.
    pub struct ResourceRequirements {
        /// What must be free.
        requests: BTreeMap<String, Quantity>,
        /// What may be used at most.
        limits: BTreeMap<String, Quantity>,
        /// Entries of `spec.resourceClaims` that the container uses.
        claims: Vec<ContainerClaim>,
    }

    /// A pod's resource claim that a container uses.
    pub struct ContainerClaim {
        /// Name within `spec.resourceClaims`.
        name: String,
        /// One request of the claim; empty is all of them.
        request: String,
    }

    /// What to do when a container exits with certain codes.
    pub struct ContainerRestartRule {
        /// `Restart` or `RestartAllContainers`.
        action: String,
        /// Which exit codes.
        exit_codes: Option<ContainerRestartRuleOnExitCodes>,
    }

    /// A set of exit codes.
    pub struct ContainerRestartRuleOnExitCodes {
        /// `In` or `NotIn`.
        operator: String,
        /// The codes.
        values: Vec<i32>,
    }

    /// What the kubelet reports of a container.
    pub struct ContainerStatus {
        /// Name of the container.
        name: String,
        /// What is in force at this moment.
        resources: Option<ResourceRequirements>,
        /// What the node has set aside.
        allocated_resources: BTreeMap<String, Quantity>,
    }
}
