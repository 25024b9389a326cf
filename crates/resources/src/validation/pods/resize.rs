//! `/resize`: CPU and memory of containers, and of the pod as a whole (KEP-1287, KEP-5419).

use apimachinery::{ErrorList, Path};
use serde_json::{Map, Value};

use super::super::members::Members as _;
use super::super::pod_spec::is_sidecar;
use super::super::report::{Report as _, named};
use super::super::semantic;
use super::update::set;
use super::{is_mirror, kept_of, metadata_and_spec, quality_of_service};

const ONLY_CPU_AND_MEMORY: &str = "only cpu and memory resources are mutable";

/// What is wrong with a pod whose resources were changed.
pub(super) fn validate(pod: &Value, old: &Value) -> ErrorList {
    let mut errors = metadata_and_spec(pod, kept_of(old));
    let (new_spec, old_spec) = (&pod["spec"], &old["spec"]);
    if let Some(message) = impossible(old, old_spec) {
        let mut errors = ErrorList::new();
        errors.forbidden(&Path::new(""), message);
        return errors;
    }
    let path = Path::new("spec");
    for name in ["containers", "initContainers"] {
        if let Some(message) = moved(new_spec.items(name), old_spec.items(name)) {
            errors.forbidden(&path.child(name), message);
            return errors;
        }
    }
    let class = |pod: &Value| match pod.member("status").text("qosClass") {
        "" => quality_of_service::class(pod).to_owned(),
        class => class.to_owned(),
    };
    if class(old) != quality_of_service::class(pod) {
        let value = named(pod.member("status").text("qosClass"));
        errors.invalid(&path, value, "Pod QOS Class may not change as a result of resizing");
    }
    if !supports_resize(old) {
        errors.forbidden(&path, "Pod running on node without support for resize");
    }
    for name in ["initContainers", "containers"] {
        let pairs = new_spec.items(name).iter().zip(old_spec.items(name));
        for (i, (new, old)) in pairs.enumerate() {
            if name == "containers" || is_sidecar(old) {
                nothing_removed(&mut errors, &path.child(name).index(i).child("resources"), new, old);
            }
        }
    }
    nothing_removed(&mut errors, &path.child("resources"), new_spec, old_spec);
    let munged = munged(&mut errors, &path, new_spec, old_spec);
    if errors.is_empty() && !semantic::equal("", "PodSpec", Some(&munged), Some(old_spec)) {
        errors.forbidden(&path, ONLY_CPU_AND_MEMORY);
    }
    errors
}

fn impossible(old: &Value, old_spec: &Value) -> Option<&'static str> {
    if is_mirror(old) {
        return Some("static pods cannot be resized");
    }
    (old_spec.member("os").text("name") == "windows").then_some("windows pods cannot be resized")
}

fn moved(new: &[Value], old: &[Value]) -> Option<&'static str> {
    if new.len() != old.len() {
        return Some("containers may not be added or removed on resize");
    }
    let is_renamed = new.iter().zip(old).any(|(new, old)| new.text("name") != old.text("name"));
    is_renamed.then_some("containers may not be renamed or reordered on resize")
}

/// Nodes that can do it report what a running container has.
fn supports_resize(pod: &Value) -> bool {
    let statuses = pod["status"].items("containerStatuses");
    let running = statuses.iter().find(|status| status.member("state").member("running").is_some());
    running.is_none_or(|status| status.member("resources").is_some())
}

/// Requests and limits stay, whatever they become.
fn nothing_removed(errors: &mut ErrorList, path: &Path, new: &Value, old: &Value) {
    for (name, message) in
        [("requests", "resource requests cannot be removed"), ("limits", "resource limits cannot be removed")]
    {
        let has = |holder: &Value, key: &str| holder.member("resources").member(name).member(key).is_some();
        let Some(old) = old.member("resources") else { continue };
        if old.entries(name).any(|(key, _)| !has(new, key)) {
            errors.forbidden(&path.child(name), message);
        }
    }
}

/// The new spec with CPU and memory as they were; reports what else differs of a container.
fn munged(errors: &mut ErrorList, path: &Path, new_spec: &Value, old_spec: &Value) -> Value {
    let mut munged = new_spec.clone();
    put_back(&mut munged, old_spec);
    for name in ["containers", "initContainers"] {
        let Some(containers) = munged.get_mut(name).and_then(Value::as_array_mut) else { continue };
        for (container, old) in containers.iter_mut().zip(old_spec.items(name)) {
            let is_resizable = name == "containers" || is_sidecar(container);
            if is_resizable {
                put_back(container, old);
            }
            let message = match (name, is_resizable) {
                ("containers", _) => ONLY_CPU_AND_MEMORY,
                (_, true) => "only cpu and memory resources for sidecar containers are mutable",
                (_, false) => "resources for non-sidecar init containers are immutable",
            };
            if !semantic::equal("", "Container", Some(container), Some(old)) {
                errors.forbidden(path, message);
            }
        }
    }
    munged
}

/// Sets CPU and memory of requests and limits to what they were. What was not there at all is removed.
fn put_back(holder: &mut Value, old: &Value) {
    let old_resources = old.member("resources");
    if holder.member("resources").is_none() && old_resources.is_none() {
        return;
    }
    let mut resources = Map::new();
    for name in ["limits", "requests"] {
        let Some(old_amounts) = old_resources.member(name).and_then(Value::as_object) else { continue };
        let new_amounts = holder.member("resources").member(name).and_then(Value::as_object);
        let mut amounts = new_amounts.cloned().unwrap_or_default();
        amounts.retain(|key, _| !matches!(key.as_str(), "cpu" | "memory"));
        let counted = old_amounts.iter().filter(|(key, _)| matches!(key.as_str(), "cpu" | "memory"));
        amounts.extend(counted.map(|(key, amount)| (key.clone(), amount.clone())));
        resources.insert(name.to_owned(), Value::Object(amounts));
    }
    if let Some(claims) = holder.member("resources").member("claims") {
        resources.insert("claims".to_owned(), claims.clone());
    }
    if old_resources.is_none() && resources.is_empty() {
        set(holder, "resources", None);
    } else {
        set(holder, "resources", Some(&Value::Object(resources)));
    }
}
