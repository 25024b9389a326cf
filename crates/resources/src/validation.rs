//! What is wrong with objects, apart from their metadata.
//!
//! Documents are of the storage version, decoded, normalised and defaulted, and what the server allocates is there. Each
//! kind has `validate` for new objects and `validate_update` for changed ones; `context.subresource` says where. Errors are
//! upstream's, in its order; where upstream walks over a map, whose order differs from run to run there, ours are sorted
//! by key.
//!
//! Nothing here panics on a document, whatever it holds: what has the wrong type reads as absent.

mod address;
mod admission_policies;
mod aggregation;
mod autoscaler;
mod certificates;
mod cidr;
mod claim_spec;
mod claims;
mod conditions;
mod config;
mod definition;
mod disruption;
mod endpoints;
mod event;
mod flow_control;
mod formats;
mod ingress;
mod int_or_percent;
mod internal;
mod ip;
pub mod label_selector;
mod lease;
mod limits;
mod members;
mod namespace;
mod network_policy;
mod node;
mod node_selector;
mod parts;
mod pod_spec;
pub mod pods;
mod priority_class;
mod quota;
#[cfg(test)]
mod random_documents;
#[cfg(test)]
mod random_tests;
mod rbac;
#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod recordings;
mod report;
pub mod resources;
mod runtime_class;
mod semantic;
mod service;
mod storage;
mod tolerations;
mod unified_diff;
mod update;
mod volume;
mod webhooks;
pub mod workloads;

use apimachinery::ErrorList;
use serde_json::Value;

use crate::kind::Context;

/// What is wrong with a new object. `group` is that of the request where a kind is served in two: Event in
/// events.k8s.io must be of the new style.
pub fn validate(group: &str, kind: &str, context: Context<'_>, object: &Value) -> ErrorList {
    match (group, kind) {
        ("", _) => validate_core(kind, context, object),
        ("apps" | "batch", _) => validate_workload(kind, context, object),
        ("admissionregistration.k8s.io", _) => validate_admission(kind, object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::validate(object),
        ("apiregistration.k8s.io", "APIService") => aggregation::validate(object),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::validate(object),
        ("autoscaling", "Scale") => workloads::scales::validate(object),
        ("certificates.k8s.io", "CertificateSigningRequest") => certificates::validate(object),
        ("coordination.k8s.io", "Lease") => lease::validate(object),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::validate_slice(object),
        ("events.k8s.io", "Event") => event::validate_new_style(object),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => flow_control::validate_flow_schema(object),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            flow_control::validate_priority_level(object)
        }
        ("networking.k8s.io", "IPAddress") => address::validate_ip_address(object),
        ("networking.k8s.io", "Ingress") => ingress::validate(object),
        ("networking.k8s.io", "IngressClass") => ingress::validate_class(object),
        ("networking.k8s.io", "NetworkPolicy") => network_policy::validate(object),
        ("networking.k8s.io", "ServiceCIDR") => address::validate_service_cidr(object),
        ("node.k8s.io", "RuntimeClass") => runtime_class::validate(object),
        ("policy", "PodDisruptionBudget") => disruption::validate(object, false),
        ("rbac.authorization.k8s.io", "Role") => rbac::validate_role(object, true),
        ("rbac.authorization.k8s.io", "ClusterRole") => rbac::validate_role(object, false),
        ("rbac.authorization.k8s.io", "RoleBinding") => rbac::validate_binding(object, true),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => rbac::validate_binding(object, false),
        ("resource.k8s.io", "DeviceClass") => claims::validate_class(object),
        ("resource.k8s.io", "ResourceClaim") => claims::validate_claim(object),
        ("resource.k8s.io", "ResourceClaimTemplate") => claims::validate_template(object),
        ("resource.k8s.io", "ResourceSlice") => claims::validate_slice(object),
        ("scheduling.k8s.io", "PriorityClass") => priority_class::validate(object),
        ("storage.k8s.io", "CSIDriver") => storage::validate_driver(object),
        ("storage.k8s.io", "CSINode") => storage::validate_node(object),
        ("storage.k8s.io", "CSIStorageCapacity") => storage::validate_capacity(object),
        ("storage.k8s.io", "StorageClass") => storage::validate_class(object),
        ("storage.k8s.io", "VolumeAttachment") => storage::validate_attachment(object),
        ("storage.k8s.io", "VolumeAttributesClass") => storage::validate_attributes_class(object),
        _ => ErrorList::new(),
    }
}

fn validate_admission(kind: &str, object: &Value) -> ErrorList {
    match kind {
        "MutatingAdmissionPolicy" => admission_policies::validate_mutating(object),
        "MutatingAdmissionPolicyBinding" => admission_policies::validate_binding(object, true),
        "MutatingWebhookConfiguration" => webhooks::validate(object, true),
        "ValidatingAdmissionPolicy" => admission_policies::validate_validating(object),
        "ValidatingAdmissionPolicyBinding" => admission_policies::validate_binding(object, false),
        "ValidatingWebhookConfiguration" => webhooks::validate(object, false),
        _ => ErrorList::new(),
    }
}

fn validate_workload(kind: &str, context: Context<'_>, object: &Value) -> ErrorList {
    match kind {
        "ControllerRevision" => workloads::controller_revisions::validate(context, object),
        "CronJob" => workloads::cron_jobs::validate(context, object),
        "DaemonSet" => workloads::daemon_sets::validate(context, object),
        "Deployment" => workloads::deployments::validate(context, object),
        "Job" => workloads::jobs::validate(context, object),
        "ReplicaSet" => workloads::replica_sets::validate(context, object),
        "StatefulSet" => workloads::stateful_sets::validate(context, object),
        _ => ErrorList::new(),
    }
}

fn validate_workload_update(kind: &str, context: Context<'_>, object: &Value, old: &Value) -> ErrorList {
    match kind {
        "ControllerRevision" => workloads::controller_revisions::validate_update(context, object, old),
        "CronJob" => workloads::cron_jobs::validate_update(context, object, old),
        "DaemonSet" => workloads::daemon_sets::validate_update(context, object, old),
        "Deployment" => workloads::deployments::validate_update(context, object, old),
        "Job" => workloads::jobs::validate_update(context, object, old),
        "ReplicaSet" => workloads::replica_sets::validate_update(context, object, old),
        "StatefulSet" => workloads::stateful_sets::validate_update(context, object, old),
        _ => ErrorList::new(),
    }
}

fn validate_core(kind: &str, context: Context<'_>, object: &Value) -> ErrorList {
    match kind {
        "ConfigMap" => config::validate_config_map(object),
        "Endpoints" => endpoints::validate_endpoints_object(object),
        "Event" => event::validate(object),
        "LimitRange" => limits::validate(object),
        "Namespace" => namespace::validate(object),
        "Node" => node::validate(object),
        "PersistentVolume" => volume::validate(object),
        "PersistentVolumeClaim" => volume::validate_claim(object),
        "Pod" => pods::validate(context, object),
        "PodTemplate" => workloads::pod_templates::validate(context, object),
        "ReplicationController" => workloads::replication_controllers::validate(context, object),
        "ResourceQuota" => quota::validate(object),
        "Secret" => config::validate_secret(object),
        "Service" => service::validate(object),
        _ => ErrorList::new(),
    }
}

/// What is wrong with a changed object; `context.subresource` says where it is changed. About `group` see [`validate`].
pub fn validate_update(
    group: &str,
    kind: &str,
    context: Context<'_>,
    object: &Value,
    old: &Value,
) -> ErrorList {
    match (context.subresource, group) {
        ("", "") => validate_core_update(kind, context, object, old),
        ("", _) => validate_object_update(group, kind, context, object, old),
        _ => validate_subresource(group, kind, context, object, old),
    }
}

fn validate_core_update(kind: &str, context: Context<'_>, object: &Value, old: &Value) -> ErrorList {
    match kind {
        "ConfigMap" => config::validate_config_map_update(object, old),
        "Endpoints" => endpoints::validate_endpoints_object(object),
        "Event" => event::validate(object),
        "LimitRange" => limits::validate(object),
        "Node" => node::validate_update(object, old),
        "PersistentVolume" => volume::validate_update(object, old),
        "PersistentVolumeClaim" => volume::validate_claim_update(object, old),
        "Pod" => pods::validate_update(context, object, old),
        "PodTemplate" => workloads::pod_templates::validate_update(context, object, old),
        "ReplicationController" => workloads::replication_controllers::validate_update(context, object, old),
        "ResourceQuota" => quota::validate_update(object, old),
        "Secret" => config::validate_secret_update(object, old),
        "Service" => service::validate_update(object, old),
        _ => ErrorList::new(),
    }
}

fn validate_object_update(
    group: &str,
    kind: &str,
    context: Context<'_>,
    object: &Value,
    old: &Value,
) -> ErrorList {
    match (group, kind) {
        ("admissionregistration.k8s.io", _) => validate_admission(kind, object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::validate_update(object, old),
        ("apiregistration.k8s.io", "APIService") => aggregation::validate(object),
        ("apps" | "batch", _) => validate_workload_update(kind, context, object, old),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::validate_update(object, old),
        ("certificates.k8s.io", "CertificateSigningRequest") => {
            certificates::validate_update(object, old, "")
        }
        ("autoscaling", "Scale") => workloads::scales::validate(object),
        ("coordination.k8s.io", "Lease") => lease::validate(object),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::validate_slice_update(object, old),
        ("events.k8s.io", "Event") => event::validate_new_style_update(object, old),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => flow_control::validate_flow_schema(object),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            flow_control::validate_priority_level(object)
        }
        ("networking.k8s.io", "IPAddress") => address::validate_ip_address_update(object, old),
        ("networking.k8s.io", "Ingress") => ingress::validate_update(object),
        ("networking.k8s.io", "IngressClass") => ingress::validate_class_update(object, old),
        ("networking.k8s.io", "NetworkPolicy") => network_policy::validate(object),
        ("networking.k8s.io", "ServiceCIDR") => address::validate_service_cidr_update(object, old),
        ("node.k8s.io", "RuntimeClass") => runtime_class::validate_update(object, old),
        ("policy", "PodDisruptionBudget") => disruption::validate(object, true),
        ("rbac.authorization.k8s.io", "Role") => rbac::validate_role(object, true),
        ("rbac.authorization.k8s.io", "ClusterRole") => rbac::validate_role(object, false),
        ("rbac.authorization.k8s.io", "RoleBinding") => rbac::validate_binding_update(object, old, true),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
            rbac::validate_binding_update(object, old, false)
        }
        ("resource.k8s.io", "DeviceClass") => claims::validate_class(object),
        ("resource.k8s.io", "ResourceClaim") => claims::validate_update(object, old, "ResourceClaimSpec"),
        ("resource.k8s.io", "ResourceClaimTemplate") => {
            claims::validate_update(object, old, "ResourceClaimTemplateSpec")
        }
        ("resource.k8s.io", "ResourceSlice") => claims::validate_slice_update(object, old),
        ("scheduling.k8s.io", "PriorityClass") => priority_class::validate_update(object, old),
        ("storage.k8s.io", "CSIDriver") => storage::validate_driver_update(object, old),
        ("storage.k8s.io", "CSINode") => storage::validate_node_update(object, old),
        ("storage.k8s.io", "CSIStorageCapacity") => storage::validate_capacity_update(object, old),
        ("storage.k8s.io", "StorageClass") => storage::validate_class_update(object, old),
        ("storage.k8s.io", "VolumeAttachment") => storage::validate_attachment_update(object, old),
        ("storage.k8s.io", "VolumeAttributesClass") => storage::validate_attributes_class_update(object, old),
        _ => ErrorList::new(),
    }
}

fn validate_subresource(
    group: &str,
    kind: &str,
    context: Context<'_>,
    object: &Value,
    old: &Value,
) -> ErrorList {
    match (group, kind, context.subresource) {
        (_, _, "scale") => workloads::scales::validate(object),
        ("", "Pod", _) => pods::validate_update(context, object, old),
        ("", "ReplicationController", _) => {
            workloads::replication_controllers::validate_update(context, object, old)
        }
        ("apps" | "batch", _, _) => validate_workload_update(kind, context, object, old),
        ("", "Namespace", "finalize") => namespace::validate_finalize(object),
        ("", "Namespace", "status") => namespace::validate_status(object),
        ("", "Node", "status") => node::validate_update(object, old),
        ("", "PersistentVolumeClaim", "status") => volume::validate_claim_status(object),
        ("", "ResourceQuota", "status") => quota::validate_status(object),
        ("", "Service", "status") => service::validate_status(object, old),
        ("networking.k8s.io", "Ingress", "status") => ingress::validate_status(object, old),
        ("policy", "PodDisruptionBudget", "status") => disruption::validate_status(object),
        ("storage.k8s.io", "VolumeAttachment", "status") => storage::validate_attachment_update(object, old),
        ("certificates.k8s.io", "CertificateSigningRequest", subresource) => {
            certificates::validate_update(object, old, subresource)
        }
        _ => ErrorList::new(),
    }
}
