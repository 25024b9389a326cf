//! Annotations that mean something for pods.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::local_descending_path;
use super::super::members::Members as _;
use super::super::report::Report as _;
use super::{all_containers, scheduling};

/// Says that a pod is the image of one that the kubelet runs by itself.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const SECCOMP_OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The beginning of annotations that name the AppArmor profile of a container.
pub(crate) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Whether the cost of deleting a pod is a number, if it is there.
pub(super) fn has_valid_deletion_cost(annotations: Option<&Value>) -> bool {
    let Some(cost) = annotations.and_then(|annotations| annotations.optional_text(DELETION_COST)) else {
        return true;
    };
    // Numbers are written in one way only: no leading zeros, no plus sign.
    let has_odd_start = cost.starts_with('+') || (cost.starts_with('0') && cost != "0");
    !has_odd_start && cost.parse::<i32>().is_ok()
}

/// What is wrong with a pod's or template's annotations; `path` is where they are.
pub(crate) fn annotations(
    errors: &mut ErrorList,
    path: &Path,
    annotations: Option<&Value>,
    spec: &Value,
    keeps_deletion_cost: bool,
) {
    let Some(annotations) = annotations else { return };
    if let Some(value) = annotations.optional_text(MIRROR)
        && spec.text("nodeName").is_empty()
    {
        errors.invalid(&path.key(MIRROR), value, "must set spec.nodeName if mirror pod annotation is set");
    }
    tolerations(errors, path, annotations.text(TOLERATIONS));
    if !keeps_deletion_cost && !has_valid_deletion_cost(Some(annotations)) {
        errors.invalid(&path.key(DELETION_COST), annotations.text(DELETION_COST), "must be a 32bit integer");
    }
    if let Some(profile) = annotations.optional_text(SECCOMP_OF_POD) {
        seccomp_profile(errors, &path.child(SECCOMP_OF_POD), profile);
    }
    let entries = annotations.as_object().into_iter().flatten();
    let texts = entries.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()));
    for (key, profile) in texts.clone().filter(|(key, _)| key.starts_with(SECCOMP_OF_CONTAINER)) {
        seccomp_profile(errors, &path.child(key), profile);
    }
    for (key, profile) in texts {
        let Some(container) = key.strip_prefix(APP_ARMOR) else { continue };
        let containers = all_containers(&Path::new("spec"), spec);
        if !containers.iter().any(|(_, it)| it.text("name") == container) {
            errors.invalid(&path.key(key), container, "container not found");
        }
        let is_known =
            matches!(profile, "" | "runtime/default" | "unconfined") || profile.starts_with("localhost/");
        if !is_known {
            let message = format!("invalid AppArmor profile name: {}", apimachinery::go::quote(profile));
            errors.invalid(&path.key(key), profile, message);
        }
    }
}

/// Tolerations were in an annotation before there was a field.
fn tolerations(errors: &mut ErrorList, path: &Path, text: &str) {
    if text.is_empty() {
        return;
    }
    match serde_json::from_str::<Vec<Value>>(text) {
        Ok(tolerations) => scheduling::tolerations(errors, &path.child(TOLERATIONS), &tolerations),
        Err(error) => errors.invalid(path, TOLERATIONS, error.to_string()),
    }
}

fn seccomp_profile(errors: &mut ErrorList, path: &Path, profile: &str) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        profile => match profile.strip_prefix("localhost/") {
            Some(file) => local_descending_path(errors, path, file),
            None => errors.invalid(path, profile, "must be a valid seccomp profile"),
        },
    }
}

/// Profiles that are said in annotations and in fields must be the same.
pub(crate) fn profiles_match(errors: &mut ErrorList, path: &Path, annotations: Option<&Value>, spec: &Value) {
    let Some(annotations) = annotations else { return };
    let of_pod = spec.member("securityContext");
    if let Some(profile) = of_pod.member("seccompProfile")
        && let Some(annotation) = annotations.optional_text(SECCOMP_OF_POD)
    {
        let path = path.child("securityContext.seccompProfile");
        profile_matches(errors, &path, "seccomp", annotation, profile);
    }
    let containers = all_containers(path, spec);
    for (path, container) in &containers {
        let key = format!("{SECCOMP_OF_CONTAINER}{}", container.text("name"));
        if let Some(profile) = container.member("securityContext").member("seccompProfile")
            && let Some(annotation) = annotations.optional_text(&key)
        {
            let path = path.child("securityContext.seccompProfile");
            profile_matches(errors, &path, "seccomp", annotation, profile);
        }
    }
    if spec.member("os").text("name") == "windows" {
        return;
    }
    for (path, container) in &containers {
        let key = format!("{APP_ARMOR}{}", container.text("name"));
        let profile = container.object("securityContext").and_then(|it| it.member("appArmorProfile"));
        let profile = profile.or(spec.object("securityContext").and_then(|it| it.member("appArmorProfile")));
        if let (Some(profile), Some(annotation)) = (profile, annotations.optional_text(&key)) {
            let path = path.child("securityContext.appArmorProfile");
            profile_matches(errors, &path, "apparmor", annotation, profile);
        }
    }
}

fn profile_matches(errors: &mut ErrorList, path: &Path, what: &str, annotation: &str, profile: &Value) {
    let type_matches = match profile.text("type") {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => {
            annotation == "runtime/default" || (what == "seccomp" && annotation == "docker/default")
        }
        "Localhost" => annotation.starts_with("localhost/"),
        _ => true,
    };
    if !type_matches {
        let message = format!("{what} type in annotation and field must match");
        errors.forbidden(&path.child("type"), message);
    } else if profile.text("type") == "Localhost"
        && annotation.strip_prefix("localhost/") != profile.optional_text("localhostProfile")
    {
        let message = format!("{what} profile in annotation and field must match");
        errors.forbidden(&path.child("localhostProfile"), message);
    }
}
