//! Users, groups and privileges.

use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::super::formats::{local_descending_path, user_or_group};
use super::super::internal;
use super::super::members::Members as _;
use super::super::report::{Report as _, named};
use super::{Kept, all_containers, windows};

const SYSCTL_PATTERN: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL_LEN_MAX: usize = 253;

/// The longest path of a file.
const PROFILE_LEN_MAX: usize = 4095;

/// A container's settings. `hosts_users`: the pod's users are the node's.
pub(super) fn security_context(errors: &mut ErrorList, path: &Path, context: &Value, hosts_users: bool) {
    for name in ["runAsUser", "runAsGroup"] {
        user_or_group(errors, &path.child(name), context.optional_int(name));
    }
    if let Some(proc_mount) = context.optional_text("procMount") {
        let path = path.child("procMount");
        errors_if_unknown(errors, &path, proc_mount, &["Default", "Unmasked"]);
        if hosts_users && proc_mount == "Unmasked" {
            errors.invalid(&path, named(proc_mount), "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp_profile(errors, &path.child("seccompProfile"), context.object("seccompProfile"));
    if context.optional_flag("allowPrivilegeEscalation") == Some(false) {
        let shown = || internal::compact("", "SecurityContext", context);
        if context.flag("privileged") {
            let message = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid(path, shown(), message);
        }
        let added = context.member("capabilities").texts("add");
        for _ in added.iter().filter(|capability| **capability == "CAP_SYS_ADMIN") {
            let message =
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.invalid(path, shown(), message);
        }
    }
    windows::options(errors, &path.child("windowsOptions"), context.object("windowsOptions"));
    app_armor_profile(errors, &path.child("appArmorProfile"), context.object("appArmorProfile"));
}

fn errors_if_unknown(errors: &mut ErrorList, path: &Path, text: &str, supported: &[&str]) {
    if !supported.contains(&text) {
        errors.not_supported(path, text, supported);
    }
}

/// A pod's settings; `path` is the spec.
pub(super) fn pod_security_context(errors: &mut ErrorList, path: &Path, spec: &Value, kept: Kept) {
    let path = path.child("securityContext");
    let context = spec.object("securityContext");
    for name in ["fsGroup", "runAsUser", "runAsGroup"] {
        user_or_group(errors, &path.child(name), context.optional_int(name));
    }
    for (i, group) in context.items("supplementalGroups").iter().enumerate() {
        user_or_group(errors, &path.child("supplementalGroups").index(i), group.as_i64());
    }
    if spec.flag("hostPID") && spec.flag("shareProcessNamespace") {
        let message = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.child("shareProcessNamespace"), true, message);
    }
    sysctls(errors, &path.child("sysctls"), spec, kept);
    if let Some(policy) = context.optional_text("fsGroupChangePolicy") {
        errors_if_unknown(errors, &path.child("fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    }
    seccomp_profile(errors, &path.child("seccompProfile"), context.object("seccompProfile"));
    windows::options(errors, &path.child("windowsOptions"), context.object("windowsOptions"));
    app_armor_profile(errors, &path.child("appArmorProfile"), context.object("appArmorProfile"));
    if let Some(policy) = context.optional_text("supplementalGroupsPolicy") {
        errors_if_unknown(errors, &path.child("supplementalGroupsPolicy"), policy, &["Merge", "Strict"]);
    }
    if let Some(policy) = context.optional_text("seLinuxChangePolicy") {
        errors_if_unknown(errors, &path.child("seLinuxChangePolicy"), policy, &["MountOption", "Recursive"]);
    }
}

/// Users of a pod that are not the node's go with no other namespace of the node (KEP-127).
pub(super) fn host_users(errors: &mut ErrorList, path: &Path, spec: &Value) {
    const WITH_OWN_USERS: &str = "when `hostUsers` is false";
    if spec.optional_flag("hostUsers") != Some(false) {
        return;
    }
    for (name, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.flag(name) {
            errors.forbidden(&path.child(shown), WITH_OWN_USERS);
        }
    }
    for (path, container) in all_containers(path, spec) {
        if !container.items("volumeDevices").is_empty() {
            errors.forbidden(&path.child("volumeDevices"), WITH_OWN_USERS);
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let is_outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_segment = |segment: &str| {
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(is_outer)
            && bytes.last().is_some_and(is_outer)
            && bytes.iter().all(|byte| is_outer(byte) || matches!(byte, b'-' | b'_'))
    };
    name.len() <= SYSCTL_LEN_MAX && name.split(['.', '/']).all(is_segment)
}

/// The namespace of the kernel that a parameter belongs to. The first separator tells how names are written: with `/`, dots
/// belong to names.
fn is_of_network(name: &str) -> bool {
    with_dots(name).starts_with("net.")
}

fn is_of_ipc(name: &str) -> bool {
    let name = with_dots(name);
    ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|prefix| name.starts_with(prefix))
        || name == "kernel.sem"
}

fn with_dots(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name.as_bytes().get(at) == Some(&b'/') => name
            .chars()
            .map(|c| {
                if c == '/' {
                    '.'
                } else if c == '.' {
                    '/'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    }
}

/// Whether a pod sets parameters of a namespace that is the node's.
pub(super) fn has_node_sysctls(spec: &Value) -> bool {
    let sysctls = spec.member("securityContext").map_or(&[][..], |context| context.items("sysctls"));
    sysctls.iter().any(|sysctl| node_namespace(spec, sysctl.text("name")).is_some())
}

/// The field that makes a parameter the node's.
fn node_namespace(spec: &Value, sysctl: &str) -> Option<&'static str> {
    if spec.flag("hostNetwork") && is_of_network(sysctl) {
        return Some("hostNetwork");
    }
    (spec.flag("hostIPC") && is_of_ipc(sysctl)).then_some("hostIPC")
}

fn sysctls(errors: &mut ErrorList, path: &Path, spec: &Value, kept: Kept) {
    let mut known: Vec<&str> = Vec::new();
    let context = spec.object("securityContext");
    for (i, sysctl) in context.items("sysctls").iter().enumerate() {
        let path = path.index(i).child("name");
        let name = sysctl.text("name");
        if name.is_empty() {
            errors.required(&path, "");
        } else if !is_sysctl(name) {
            let message =
                format!("must have at most {SYSCTL_LEN_MAX} characters and match regex {SYSCTL_PATTERN}");
            errors.invalid(&path, name, message);
        } else if known.contains(&name) {
            errors.duplicate(&path, name);
        }
        if !kept.node_sysctls
            && let Some(field) = node_namespace(spec, name)
        {
            errors.invalid(&path, name, format!("may not be specified when '{field}' is true"));
        }
        known.push(name);
    }
}

fn seccomp_profile(errors: &mut ErrorList, path: &Path, profile: Option<&Value>) {
    const TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
    let Some(profile) = profile else { return };
    let of = profile.text("type");
    if of.is_empty() {
        errors.required(&path.child("type"), "type is required when seccompProfile is set");
    } else {
        errors_if_unknown(errors, &path.child("type"), of, &TYPES);
    }
    let file_path = path.child("localhostProfile");
    match (of == "Localhost", profile.optional_text("localhostProfile")) {
        (true, None) => errors.required(&file_path, "must be set when seccomp type is Localhost"),
        (true, Some(file)) => local_descending_path(errors, &file_path, file),
        (false, Some(_)) => {
            let shown = internal::compact("", "SeccompProfile", profile);
            errors.invalid(&file_path, shown, "can only be set when seccomp type is Localhost");
        }
        (false, None) => {}
    }
}

fn app_armor_profile(errors: &mut ErrorList, path: &Path, profile: Option<&Value>) {
    const MISSING: &str = "must be set when AppArmor type is Localhost";
    let Some(profile) = profile else { return };
    let file_path = path.child("localhostProfile");
    let file = profile.optional_text("localhostProfile");
    match (profile.text("type"), file) {
        ("Localhost", None) => errors.required(&file_path, MISSING),
        ("Localhost", Some(file)) => {
            if file.trim() != file {
                errors.invalid(&file_path, file, "must not be padded with whitespace");
            } else if file.is_empty() {
                errors.required(&file_path, MISSING);
            }
            if file.len() > PROFILE_LEN_MAX {
                errors.add(FieldError::too_long(&file_path, PROFILE_LEN_MAX));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(file)) => {
            errors.invalid(&file_path, named(file), "can only be set when AppArmor type is Localhost");
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => errors.required(&path.child("type"), "type is required when appArmorProfile is set"),
        (other, _) => {
            errors.not_supported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_parameters_are_told_by_namespace() {
        assert!(is_sysctl("kernel.shm_rmid_forced") && is_sysctl("net/ipv4/conf.a/x"));
        assert!(!is_sysctl("kernel..sem") && !is_sysctl("Kernel.sem") && !is_sysctl(&"a".repeat(254)));
        assert!(is_of_network("net.ipv4.tcp_syncookies") && is_of_network("net/ipv4/x"));
        assert!(is_of_ipc("kernel.sem") && is_of_ipc("kernel/shmall") && is_of_ipc("fs.mqueue.msg_max"));
        assert!(!is_of_ipc("kernel.semx") && !is_of_network("vm.swappiness"));
    }
}
