//! Objects as rows of a table: which columns the kinds have, and what stands in the cells.
//!
//! Every row is a wide one; clients leave out the columns of priority 1. The forms of the cells are those of upstream's
//! printers, on documents of the storage version. [`of`] finds the columns of a kind; kinds for which upstream has no
//! printer get [`NAME_AND_CREATED_AT`].

mod admission;
mod aggregation;
mod apps;
mod autoscaling;
mod batch;
mod cell;
mod certificates;
mod coordination;
mod core;
mod describe;
mod discovery;
mod event;
mod flow_control;
mod internal;
mod networking;
mod node;
mod pod;
mod policy;
mod rbac;
#[cfg(test)]
mod recordings;
mod resource;
mod scheduling;
mod service;
mod storage;
mod volume;

use apimachinery::table::RowCondition;
use serde_json::Value;

use crate::kind::{Column, Columns};

pub use admission::*;
pub use aggregation::*;
pub use apps::*;
pub use autoscaling::*;
pub use batch::*;
pub use certificates::*;
pub use coordination::*;
pub use core::*;
pub use describe::describe;
pub use discovery::*;
pub use event::*;
pub use flow_control::*;
pub use internal::*;
pub use networking::*;
pub use node::*;
pub use pod::*;
pub use policy::*;
pub use rbac::*;
pub use resource::*;
pub use scheduling::*;
pub use service::*;
pub use storage::*;
pub use volume::*;

const NAME: Column = Column { format: "name", ..string("Name", "D:name") };
const AGE: Column = string("Age", "D:age");

const fn column(name: &'static str, ty: &'static str, description: &'static str) -> Column {
    Column { name, ty, format: "", priority: 0, description }
}

const fn string(name: &'static str, description: &'static str) -> Column {
    column(name, "string", description)
}

const fn integer(name: &'static str, description: &'static str) -> Column {
    column(name, "integer", description)
}

const fn boolean(name: &'static str, description: &'static str) -> Column {
    column(name, "boolean", description)
}

/// A column that is shown with `-o wide` only.
const fn wide(name: &'static str, description: &'static str) -> Column {
    Column { priority: 1, ..string(name, description) }
}

/// For kinds that upstream has no printer for: Role, ClusterRole, LimitRange, CSIStorageCapacity and
/// CustomResourceDefinition.
pub const NAME_AND_CREATED_AT: Columns = Columns {
    columns: &[NAME, column("Created At", "date", "D:age")],
    cells: |object, _| vec![cell::name(object), cell::text(object, "/metadata/creationTimestamp").into()],
};

/// The columns of a built-in kind.
pub fn of(group: &str, kind: &str) -> Columns {
    match (group, kind) {
        ("", "ComponentStatus") => COMPONENT_STATUS,
        ("", "ConfigMap") => CONFIG_MAP,
        ("", "Endpoints") => ENDPOINTS,
        ("" | "events.k8s.io", "Event") => EVENT,
        ("", "Namespace") => NAMESPACE,
        ("", "Node") => NODE,
        ("", "PersistentVolume") => PERSISTENT_VOLUME,
        ("", "PersistentVolumeClaim") => PERSISTENT_VOLUME_CLAIM,
        ("", "Pod") => POD,
        ("", "PodTemplate") => POD_TEMPLATE,
        ("", "ReplicationController") => REPLICATION_CONTROLLER,
        ("", "ResourceQuota") => RESOURCE_QUOTA,
        ("", "Secret") => SECRET,
        ("", "Service") => SERVICE,
        ("", "ServiceAccount") => SERVICE_ACCOUNT,
        ("apiregistration.k8s.io", "APIService") => API_SERVICE,
        ("apps", "ControllerRevision") => CONTROLLER_REVISION,
        ("apps", "DaemonSet") => DAEMON_SET,
        ("apps", "Deployment") => DEPLOYMENT,
        ("apps", "ReplicaSet") => REPLICA_SET,
        ("apps", "StatefulSet") => STATEFUL_SET,
        ("autoscaling", "HorizontalPodAutoscaler") => HORIZONTAL_POD_AUTOSCALER,
        ("autoscaling", "Scale") => SCALE,
        ("batch", "CronJob") => CRON_JOB,
        ("batch", "Job") => JOB,
        ("coordination.k8s.io", "Lease") => LEASE,
        ("coordination.k8s.io", "LeaseCandidate") => LEASE_CANDIDATE,
        ("discovery.k8s.io", "EndpointSlice") => ENDPOINT_SLICE,
        ("node.k8s.io", "RuntimeClass") => RUNTIME_CLASS,
        ("policy", "PodDisruptionBudget") => POD_DISRUPTION_BUDGET,
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => CLUSTER_ROLE_BINDING,
        ("rbac.authorization.k8s.io", "RoleBinding") => ROLE_BINDING,
        ("admissionregistration.k8s.io", _) => of_admission(kind),
        ("certificates.k8s.io", _) => of_certificates(kind),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => FLOW_SCHEMA,
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => PRIORITY_LEVEL_CONFIGURATION,
        ("internal.apiserver.k8s.io", "StorageVersion") => STORAGE_VERSION,
        ("storagemigration.k8s.io", "StorageVersionMigration") => STORAGE_VERSION_MIGRATION,
        ("networking.k8s.io", _) => of_networking(kind),
        ("resource.k8s.io", _) => of_resource(kind),
        ("scheduling.k8s.io", _) => of_scheduling(kind),
        ("storage.k8s.io", _) => of_storage(kind),
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_admission(kind: &str) -> Columns {
    match kind {
        "MutatingAdmissionPolicy" => MUTATING_ADMISSION_POLICY,
        "MutatingAdmissionPolicyBinding" => MUTATING_ADMISSION_POLICY_BINDING,
        "MutatingWebhookConfiguration" => MUTATING_WEBHOOK_CONFIGURATION,
        "ValidatingAdmissionPolicy" => VALIDATING_ADMISSION_POLICY,
        "ValidatingAdmissionPolicyBinding" => VALIDATING_ADMISSION_POLICY_BINDING,
        "ValidatingWebhookConfiguration" => VALIDATING_WEBHOOK_CONFIGURATION,
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_certificates(kind: &str) -> Columns {
    match kind {
        "CertificateSigningRequest" => CERTIFICATE_SIGNING_REQUEST,
        "ClusterTrustBundle" => CLUSTER_TRUST_BUNDLE,
        "PodCertificateRequest" => POD_CERTIFICATE_REQUEST,
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_networking(kind: &str) -> Columns {
    match kind {
        "IPAddress" => IP_ADDRESS,
        "Ingress" => INGRESS,
        "IngressClass" => INGRESS_CLASS,
        "NetworkPolicy" => NETWORK_POLICY,
        "ServiceCIDR" => SERVICE_CIDR,
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_resource(kind: &str) -> Columns {
    match kind {
        "DeviceClass" => DEVICE_CLASS,
        "DeviceTaintRule" => DEVICE_TAINT_RULE,
        "ResourceClaim" => RESOURCE_CLAIM,
        "ResourceClaimTemplate" => RESOURCE_CLAIM_TEMPLATE,
        "ResourcePoolStatusRequest" => RESOURCE_POOL_STATUS_REQUEST,
        "ResourceSlice" => RESOURCE_SLICE,
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_scheduling(kind: &str) -> Columns {
    match kind {
        "PodGroup" => POD_GROUP,
        "PriorityClass" => PRIORITY_CLASS,
        "Workload" => WORKLOAD,
        _ => NAME_AND_CREATED_AT,
    }
}

fn of_storage(kind: &str) -> Columns {
    match kind {
        "CSIDriver" => CSI_DRIVER,
        "CSINode" => CSI_NODE,
        "StorageClass" => STORAGE_CLASS,
        "VolumeAttachment" => VOLUME_ATTACHMENT,
        "VolumeAttributesClass" => VOLUME_ATTRIBUTES_CLASS,
        _ => NAME_AND_CREATED_AT,
    }
}

/// What marks the row of an object: pods that have ended are shown differently.
pub fn row_conditions(group: &str, kind: &str, object: &Value) -> Vec<RowCondition> {
    match (group, kind) {
        ("", "Pod") => pod::row_conditions(object),
        _ => Vec::new(),
    }
}
