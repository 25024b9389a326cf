//! What a pod is asked to be (`PodSpec`), in pods and in templates.

mod affinity;
mod annotations;
mod containers;
mod dns;
mod environment;
mod ephemeral_containers;
mod handlers;
mod identity;
mod kept;
mod mounts;
mod operating_system;
mod pod_resources;
mod ports;
mod projected;
mod restart_policy;
mod scheduling;
mod security;
mod template;
mod topology_spread;
mod volume_plugins;
mod volumes;
mod windows;

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::formats::dns_subdomain;
use super::label_selector;
use super::members::Members as _;
use super::report::Report as _;
use super::resources::{self, Owner};

pub(crate) use annotations::{APP_ARMOR, MIRROR, annotations, profiles_match};
pub(crate) use containers::padded_images;
pub(crate) use kept::Kept;
pub(crate) use scheduling::tolerations_only_added;
pub(crate) use template::template;

/// What a spec is part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'s> {
    /// Whether it is a pod's, not a template's.
    pub is_pod: bool,
    /// The pod's name, which claims are named after; empty of a template.
    pub pod_name: &'s str,
    /// What may stay as it is stored although it is not valid.
    pub kept: Kept,
}

impl Setting<'static> {
    /// A template.
    pub(crate) fn template(kept: Kept) -> Self {
        Self { is_pod: false, pod_name: "", kept }
    }
}

/// What is wrong with a spec.
pub(crate) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value, setting: Setting<'_>) {
    if spec.member("terminationGracePeriodSeconds").is_none() {
        errors.required(&path.child("terminationGracePeriodSeconds"), "");
    }
    let volumes = volumes::volumes(errors, &path.child("volumes"), spec.items("volumes"), setting);
    let claims = spec.items("resourceClaims");
    scheduling::resource_claims(errors, &path.child("resourceClaims"), claims);
    let claim_names: Vec<&str> =
        claims.iter().map(|claim| claim.text("name")).filter(|name| !name.is_empty()).collect();
    let pod = containers::Pod { spec, volumes: &volumes, claim_names: &claim_names, setting };
    containers::containers(errors, &path.child("containers"), pod);
    containers::init_containers(errors, &path.child("initContainers"), pod);
    ephemeral_containers::validate(errors, &path.child("ephemeralContainers"), pod);
    pod_resources::validate(errors, &path.child("resources"), spec, &claim_names, setting.kept);
    ports::match_host_network(errors, &path.child("containers"), spec, setting.is_pod);
    errors.one_of(
        &path.child("restartPolicy"),
        spec.text("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    errors.one_of(
        &path.child("dnsPolicy"),
        spec.text("dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    errors.extend(apimachinery::meta::validate_labels(spec.map("nodeSelector"), &path.child("nodeSelector")));
    security::pod_security_context(errors, path, spec, setting.kept);
    if let Some(affinity) = spec.object("affinity") {
        affinity::validate(errors, &path.child("affinity"), affinity, setting.kept);
    }
    dns::config(errors, &path.child("dnsConfig"), spec);
    scheduling::readiness_gates(errors, &path.child("readinessGates"), spec.items("readinessGates"));
    scheduling::scheduling_gates(errors, &path.child("schedulingGates"), spec.items("schedulingGates"));
    topology_spread::validate(
        errors,
        &path.child("topologySpreadConstraints"),
        spec.items("topologySpreadConstraints"),
        setting.kept,
    );
    windows::host_process(errors, path, spec);
    security::host_users(errors, path, spec);
    identity::host_name_override(errors, path, spec);
    identity::names_and_deadline(errors, path, spec);
    scheduling::tolerations(errors, &path.child("tolerations"), spec.items("tolerations"));
    dns::host_aliases(errors, &path.child("hostAliases"), spec.items("hostAliases"));
    for name in ["priorityClassName", "runtimeClassName"] {
        let is_set = |text: &&str| name == "runtimeClassName" || !text.is_empty();
        if let Some(text) = spec.optional_text(name).filter(is_set) {
            dns_subdomain(errors, &path.child(name), text);
        }
    }
    if let Some(policy) = spec.optional_text("preemptionPolicy") {
        errors.one_of(&path.child("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
    }
    if let Some(overhead) = spec.object("overhead") {
        let limits = serde_json::json!({ "limits": overhead });
        let path = path.child("overhead");
        resources::requirements(errors, &path, &limits, Owner::Container, &[], setting.kept.parts_of_pages);
    }
    if let Some(os) = spec.object("os") {
        operating_system::validate(errors, path, spec, os);
    }
    environment::files_in_volumes(errors, path, spec);
}

/// Every container of a spec with its path, in upstream's order: init containers, containers, ephemeral ones.
pub(crate) fn all_containers<'v>(path: &Path, spec: &'v Value) -> Vec<(Path, &'v Value)> {
    let mut all = Vec::new();
    for name in ["initContainers", "containers", "ephemeralContainers"] {
        let path = path.child(name);
        all.extend(spec.items(name).iter().enumerate().map(|(i, container)| (path.index(i), container)));
    }
    all
}

/// Whether an init container runs beside the others (KEP-753).
pub(crate) fn is_sidecar(container: &Value) -> bool {
    container.text("restartPolicy") == "Always"
}

/// A selector that may have values that no label has, if the stored one has.
fn selector(errors: &mut ErrorList, path: &Path, selector: Option<&Value>, keeps_values: bool) {
    if let Some(selector) = selector {
        errors.extend(label_selector::validate(selector, path, !keeps_values));
    }
}
