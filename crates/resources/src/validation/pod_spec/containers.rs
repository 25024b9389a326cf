//! Containers and init containers.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::dns_label;
use super::super::members::Members as _;
use super::super::report::Report as _;
use super::super::resources::{self, Owner};
use super::{Setting, environment, handlers, is_sidecar, mounts, ports, restart_policy, security};

/// When an image is pulled.
pub(super) const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];

/// What containers are checked against.
#[derive(Clone, Copy)]
pub(super) struct Pod<'p> {
    /// The pod's spec.
    pub spec: &'p Value,
    /// Volumes that are valid.
    pub volumes: &'p [&'p Value],
    /// Names of claims for devices.
    pub claim_names: &'p [&'p str],
    /// What the spec is part of.
    pub setting: Setting<'p>,
}

/// The containers that run at once; there is at least one.
pub(super) fn containers(errors: &mut ErrorList, path: &Path, pod: Pod<'_>) {
    let containers = pod.spec.items("containers");
    if containers.is_empty() {
        errors.required(path, "");
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        let path = path.index(i);
        common(errors, &path, container, pod);
        let name = container.text("name");
        if names.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            names.push(name);
        }
        handlers::lifecycle_and_probes(errors, &path, container, pod.spec);
        restart_policy::validate(errors, &path, container);
    }
    ports::host_port_conflicts(errors, path, containers.iter().enumerate());
}

/// The containers that run one after the other before, or beside the others.
pub(super) fn init_containers(errors: &mut ErrorList, path: &Path, pod: Pod<'_>) {
    let mut names: Vec<&str> =
        pod.spec.items("containers").iter().map(|container| container.text("name")).collect();
    for (i, container) in pod.spec.items("initContainers").iter().enumerate() {
        let item_path = path.index(i);
        common(errors, &item_path, container, pod);
        restart_policy::validate(errors, &item_path, container);
        let name = container.text("name");
        if names.contains(&name) {
            errors.duplicate(&item_path.child("name"), name);
        } else if !name.is_empty() {
            names.push(name);
        }
        // They run one by one; upstream reports conflicts as if each were the only one.
        ports::host_port_conflicts(errors, path, std::iter::once((0, container)));
        if is_sidecar(container) {
            handlers::lifecycle_and_probes(errors, &item_path, container, pod.spec);
        } else {
            for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container.member(name).is_some() {
                    let message = "may not be set for init containers without restartPolicy=Always";
                    errors.forbidden(&item_path.child(name), message);
                }
            }
        }
    }
}

/// What is the same for all kinds of containers.
pub(super) fn common(errors: &mut ErrorList, path: &Path, container: &Value, pod: Pod<'_>) {
    let name = container.text("name");
    if name.is_empty() {
        errors.required(&path.child("name"), "");
    } else {
        dns_label(errors, &path.child("name"), name);
    }
    if container.text("image").is_empty() {
        errors.required(&path.child("image"), "");
    }
    errors.one_of(
        &path.child("terminationMessagePolicy"),
        container.text("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    ports::ports(errors, &path.child("ports"), container.items("ports"));
    environment::variables(errors, &path.child("env"), container.items("env"));
    environment::sources(errors, &path.child("envFrom"), container.items("envFrom"));
    mounts::mounts(errors, &path.child("volumeMounts"), container, pod.volumes);
    mounts::devices(errors, &path.child("volumeDevices"), container, pod.volumes);
    errors.one_of(&path.child("imagePullPolicy"), container.text("imagePullPolicy"), &PULL_POLICIES);
    if let Some(resources) = container.object("resources") {
        let parts = pod.setting.kept.parts_of_pages;
        let path = path.child("resources");
        resources::requirements(errors, &path, resources, Owner::Container, pod.claim_names, parts);
    }
    resize_policy(errors, &path.child("resizePolicy"), container, pod.spec.text("restartPolicy"));
    if let Some(context) = container.object("securityContext") {
        let hosts_users = pod.spec.optional_flag("hostUsers").unwrap_or(true);
        security::security_context(errors, &path.child("securityContext"), context, hosts_users);
    }
}

/// What a change of resources does to a running container (KEP-1287). Upstream reports most at the list.
fn resize_policy(errors: &mut ErrorList, path: &Path, container: &Value, pod_restart_policy: &str) {
    let mut known: Vec<&str> = Vec::new();
    for (i, policy) in container.items("resizePolicy").iter().enumerate() {
        let (name, restart) = (policy.text("resourceName"), policy.text("restartPolicy"));
        if known.contains(&name) {
            errors.duplicate(&path.index(i), super::super::report::named(name));
        }
        known.push(name);
        errors.one_of(path, name, &["cpu", "memory"]);
        errors.one_of(path, restart, &["NotRequired", "RestartContainer"]);
        let is_never = pod_restart_policy == "Never";
        if is_never && restart != "NotRequired" {
            let message = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.invalid(path, super::super::report::named(restart), message);
        }
    }
}

/// Images of pods have no blanks around them; those of templates may.
pub(crate) fn padded_images(errors: &mut ErrorList, path: &Path, containers: &[Value]) {
    for (i, container) in containers.iter().enumerate() {
        padded_image(errors, &path.index(i), container);
    }
}

/// An image with blanks around it.
pub(super) fn padded_image(errors: &mut ErrorList, path: &Path, container: &Value) {
    let image = container.text("image");
    if image.trim() != image {
        errors.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
    }
}
