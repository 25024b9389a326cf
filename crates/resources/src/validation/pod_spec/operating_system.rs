//! What goes with which operating system (KEP-2802).

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::Report as _;
use super::all_containers;

const NOT_ON_LINUX: &str = "windows options cannot be set for a linux pod";
const NOT_ON_WINDOWS: &str = "cannot be set for a windows pod";

/// Fields of a pod that Windows does not know: where they are in the spec, and whether false is the same as absent.
const OF_PODS: [(&str, bool); 15] = [
    ("securityContext.appArmorProfile", false),
    ("securityContext.seLinuxOptions", false),
    ("hostUsers", false),
    ("hostPID", true),
    ("hostIPC", true),
    ("securityContext.seccompProfile", false),
    ("securityContext.fsGroup", false),
    ("securityContext.fsGroupChangePolicy", false),
    ("securityContext.sysctls", false),
    ("shareProcessNamespace", false),
    ("securityContext.runAsUser", false),
    ("securityContext.runAsGroup", false),
    ("securityContext.supplementalGroups", false),
    ("securityContext.supplementalGroupsPolicy", false),
    ("securityContext.seLinuxChangePolicy", false),
];

/// Settings of a container that Windows does not know.
const OF_CONTAINERS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// What is wrong with a pod that is for one operating system; `path` is the spec.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value, os: &Value) {
    match os.text("name") {
        "" => errors.required(&path.child("os.name"), "cannot be empty"),
        "linux" => linux(errors, path, spec),
        "windows" => windows(errors, path, spec),
        other => errors.not_supported(&path.child("os"), other, &["linux", "windows"]),
    }
}

fn linux(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let holders = std::iter::once((path.clone(), spec)).chain(all_containers(path, spec));
    for (path, holder) in holders {
        if holder.member("securityContext").member("windowsOptions").is_some() {
            errors.forbidden(&path.child("securityContext.windowsOptions"), NOT_ON_LINUX);
        }
    }
}

fn windows(errors: &mut ErrorList, path: &Path, spec: &Value) {
    for (name, false_is_absent) in OF_PODS {
        let value = match name.split_once('.') {
            Some((parent, name)) => spec.member(parent).and_then(|parent| parent.member(name)),
            None => spec.member(name),
        };
        let is_empty = |value: &&Value| {
            (false_is_absent && value.as_bool() == Some(false)) || value.as_array().is_some_and(Vec::is_empty)
        };
        if value.filter(|value| !is_empty(value)).is_some() {
            errors.forbidden(&path.child(name), NOT_ON_WINDOWS);
        }
    }
    for (path, container) in all_containers(path, spec) {
        let context = container.object("securityContext");
        for name in OF_CONTAINERS {
            if context.member(name).is_some() {
                errors.forbidden(&path.child("securityContext").child(name), NOT_ON_WINDOWS);
            }
        }
    }
}
