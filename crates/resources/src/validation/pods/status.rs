//! `/status`: what is observed of a pod.

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{IMMUTABLE, dns_subdomain, qualified_name, user_or_group};
use super::super::members::Members as _;
use super::super::pod_spec::is_sidecar;
use super::super::report::{Report as _, named};
use super::super::{internal, ip};
use super::{annotation_updates, kept_of};

/// The lists of states of containers, with the list of the containers in the spec.
const STATUSES: [(&str, &str); 3] = [
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
];

/// What is wrong with a changed status.
pub(super) fn validate(pod: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    annotation_updates(&mut errors, pod, old, kept_of(old));
    let (status, old_status) = (&pod["status"], &old["status"]);
    let (spec, old_spec) = (&pod["spec"], &old["spec"]);
    conditions(&mut errors, &Path::new("metadata.conditions"), status);
    let path = Path::new("status");
    if spec.text("nodeName") != old_spec.text("nodeName") {
        errors.forbidden(&path.child("nodeName"), "may not be changed directly");
    }
    let nominated = status.text("nominatedNodeName");
    if !nominated.is_empty() && nominated != old_status.text("nominatedNodeName") {
        let path = path.child("nominatedNodeName");
        dns_subdomain(&mut errors, &path, nominated);
        if !old_spec.text("nodeName").is_empty() {
            errors.forbidden(&path, "may not be set on pods that are already bound to a node");
        }
    }
    if status.text("qosClass") != old_status.text("qosClass") {
        errors.invalid(&path.child("qosClass"), named(status.text("qosClass")), IMMUTABLE);
    }
    for (name, _) in STATUSES {
        transitions(&mut errors, &path.child(name), (status, old_status), name, old_spec);
    }
    claims(&mut errors, &path.child("resourceClaimStatuses"), status, spec);
    pod_addresses(&mut errors, &path.child("podIPs"), status, old_status);
    node_addresses(&mut errors, &path.child("hostIPs"), status, old_status);
    for (name, _) in STATUSES {
        users(&mut errors, &path.child(name), status, name, spec);
    }
    for (name, containers) in STATUSES {
        allocated(&mut errors, &path.child(name), status, name, spec.items(containers));
    }
    errors
}

/// Upstream reports them at a path that does not exist.
fn conditions(errors: &mut ErrorList, path: &Path, status: &Value) {
    for (i, condition) in status.items("conditions").iter().enumerate() {
        let of = condition.text("type");
        if !matches!(of, "PodScheduled" | "Ready" | "Initialized") {
            qualified_name(errors, &path.index(i).child("Type"), of);
        }
    }
}

/// A container that has ended and is not to be started again does not run.
fn transitions(errors: &mut ErrorList, path: &Path, statuses: (&Value, &Value), name: &str, spec: &Value) {
    let (status, old_status) = statuses;
    let policy = if name == "ephemeralContainerStatuses" { "Never" } else { spec.text("restartPolicy") };
    if policy == "Always" {
        return;
    }
    for (i, old) in old_status.items(name).iter().enumerate() {
        let Some(terminated) = old.member("state").and_then(|state| state.member("terminated")) else {
            continue;
        };
        let container = old.text("name");
        let may_restart = (terminated.int("exitCode") != 0 && policy == "OnFailure")
            || has_own_restarts(spec, name, container, terminated.int("exitCode"));
        if may_restart {
            continue;
        }
        let is_back = |new: &&Value| {
            new.text("name") == container && new.member("state").member("terminated").is_none()
        };
        for _ in status.items(name).iter().filter(is_back) {
            errors
                .forbidden(&path.index(i).child("state"), "may not be transitioned to non-terminated state");
        }
    }
}

/// Whether a container's own policy or a rule starts it again (KEP-753, KEP-5307).
fn has_own_restarts(spec: &Value, statuses: &str, name: &str, exit_code: i64) -> bool {
    let list = match statuses {
        "containerStatuses" => "containers",
        "initContainerStatuses" => "initContainers",
        _ => return false,
    };
    // A rule may restart all containers of a pod, whatever they ended with.
    let restarts_all =
        ["containers", "initContainers"].iter().flat_map(|list| spec.items(list)).any(|container| {
            container
                .items("restartPolicyRules")
                .iter()
                .any(|rule| rule.text("action") == "RestartAllContainers")
        });
    let Some(container) = spec.items(list).iter().find(|container| container.text("name") == name) else {
        return restarts_all;
    };
    let by_rule = container.items("restartPolicyRules").iter().any(|rule| {
        let codes = rule.member("exitCodes");
        let is_in = codes.items("values").iter().any(|code| code.as_i64() == Some(exit_code));
        codes.is_some() && is_in == (codes.text("operator") == "In")
    });
    restarts_all
        || is_sidecar(container)
        || by_rule
        || (container.text("restartPolicy") == "OnFailure" && exit_code != 0)
}

fn claims(errors: &mut ErrorList, path: &Path, status: &Value, spec: &Value) {
    let mut known: Vec<&str> = Vec::new();
    for (i, claim) in status.items("resourceClaimStatuses").iter().enumerate() {
        let path = path.index(i).child("name");
        let name = claim.text("name");
        if !spec.items("resourceClaims").iter().any(|claim| claim.text("name") == name) {
            errors.invalid(&path, name, "must match the name of an entry in `spec.resourceClaims`");
        }
        if known.contains(&name) {
            errors.duplicate(&path, name);
        } else {
            known.push(name);
        }
        if let Some(object) = claim.optional_text("resourceClaimName") {
            for message in apimachinery::names::dns1123_subdomain(object) {
                errors.invalid(&path, named(object), message);
            }
        }
    }
}

/// At most one address of each family, none twice.
fn addresses(errors: &mut ErrorList, path: &Path, of: &str, new: &[Value], old: &[Value]) {
    let stored: Vec<&str> = old.iter().map(|it| it.text("ip")).collect();
    for (i, address) in new.iter().enumerate() {
        ip::address(errors, &path.index(i), address.text("ip"), &stored);
    }
    if new.len() < 2 {
        return;
    }
    let n_v6 = new.iter().filter(|it| ip::is_v6(it.text("ip"))).count();
    if new.len() > 2 || n_v6 != 1 {
        let value = internal::compact_list("", of, new);
        errors.invalid(path, value, "may specify no more than one IP for each IP family");
    }
    for (i, address) in new.iter().enumerate() {
        if new[..i].iter().any(|other| other.text("ip") == address.text("ip")) {
            errors.duplicate(&path.index(i), internal::compact("", of, address));
        }
    }
}

fn pod_addresses(errors: &mut ErrorList, path: &Path, status: &Value, old_status: &Value) {
    addresses(errors, path, "PodIP", status.items("podIPs"), old_status.items("podIPs"));
}

fn node_addresses(errors: &mut ErrorList, path: &Path, status: &Value, old_status: &Value) {
    let list = status.items("hostIPs");
    let Some(first) = list.first() else { return };
    if first.text("ip") != status.text("hostIP") {
        errors.invalid(&path.index(0).child("ip"), first.text("ip"), "must be equal to `hostIP`");
    }
    addresses(errors, path, "HostIP", list, old_status.items("hostIPs"));
}

fn users(errors: &mut ErrorList, path: &Path, status: &Value, name: &str, spec: &Value) {
    let os = match spec.member("os") {
        Some(os) => os.text("name"),
        None => "linux",
    };
    for (i, container) in status.items(name).iter().enumerate() {
        let Some(user) = container.member("user").and_then(|user| user.object("linux")) else { continue };
        let path = path.index(i).child("linux");
        match os {
            "windows" => errors.forbidden(&path, "cannot be set for a windows pod"),
            "linux" => {
                for name in ["uid", "gid"] {
                    user_or_group(errors, &path.child(name), user.optional_int(name));
                }
                for (i, group) in user.items("supplementalGroups").iter().enumerate() {
                    user_or_group(errors, &path.child("supplementalGroups").index(i), group.as_i64());
                }
            }
            _ => {}
        }
    }
}

/// The health of devices that a container has (KEP-4680).
fn allocated(errors: &mut ErrorList, path: &Path, status: &Value, name: &str, containers: &[Value]) {
    const HEALTH: [&str; 3] = ["Healthy", "Unhealthy", "Unknown"];
    for (i, container_status) in status.items(name).iter().enumerate() {
        let resources = container_status.items("allocatedResourcesStatus");
        let path = path.index(i).child("allocatedResourcesStatus");
        if name == "ephemeralContainerStatuses" {
            if !resources.is_empty() {
                errors.forbidden(&path, "must not be specified in container status");
            }
            continue;
        }
        let container = containers.iter().find(|it| it.text("name") == container_status.text("name"));
        for (j, resource) in resources.iter().enumerate() {
            let path = path.index(j);
            if let Some(message) =
                container.and_then(|container| unknown_resource(container, resource.text("name")))
            {
                errors.invalid(&path.child("name"), named(resource.text("name")), message);
            }
            let mut known: Vec<&str> = Vec::new();
            for (k, device) in resource.items("resources").iter().enumerate() {
                let path = path.child("resources").index(k);
                if !HEALTH.contains(&device.text("health")) {
                    errors.not_supported(&path.child("health"), device.text("health"), &HEALTH);
                }
                let id = device.text("resourceID");
                if known.contains(&id) {
                    let value: FieldValue = named(id);
                    errors.duplicate(&path.child("resourceID"), value);
                } else {
                    known.push(id);
                }
            }
        }
    }
}

fn unknown_resource(container: &Value, name: &str) -> Option<&'static str> {
    let resources = container.member("resources");
    if name.starts_with("claim:") {
        let is_claim = |claim: &Value| match claim.text("request") {
            "" => name == format!("claim:{}", claim.text("name")),
            request => name == format!("claim:{}/{request}", claim.text("name")),
        };
        let message = "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or \
                       'claim:<claimName>' if request is empty";
        return (!resources.items("claims").iter().any(is_claim)).then_some(message);
    }
    let is_requested = resources.member("requests").member(name).is_some();
    (!is_requested).then_some("must match one of the container's resource requests")
}
