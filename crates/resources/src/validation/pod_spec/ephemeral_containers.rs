//! Containers that are added to a running pod to look into it (KEP-277).

use apimachinery::{ErrorList, Path};
use serde_json::{Value, json};

use super::super::members::Members as _;
use super::super::report::Report as _;
use super::super::semantic;
use super::containers::{Pod, common, padded_image};

const NOT_HERE: &str = "cannot be set for an Ephemeral Container";

/// What a pod must not depend on such a container for.
const FORBIDDEN: [&str; 9] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

/// What is wrong with them.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, pod: Pod<'_>) {
    let names = |list: &str| -> Vec<&str> {
        pod.spec.items(list).iter().map(|container| container.text("name")).collect()
    };
    let others = [names("containers"), names("initContainers")].concat();
    let mut all = others.clone();
    for (i, container) in pod.spec.items("ephemeralContainers").iter().enumerate() {
        let path = path.index(i);
        common(errors, &path, container, pod);
        padded_image(errors, &path, container);
        let name = container.text("name");
        if all.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            all.push(name);
        }
        let target = container.text("targetContainerName");
        if !target.is_empty() && !others.contains(&target) {
            errors.not_found(&path.child("targetContainerName"), target);
        }
        for name in FORBIDDEN {
            let is_set = container.member(name).is_some_and(|value| {
                !semantic::equal("", "Container", Some(&json!({ name: value })), Some(&json!({})))
            });
            if is_set {
                errors.forbidden(&path.child(name), NOT_HERE);
            }
        }
        parts_of_volumes(errors, &path.child("volumeMounts"), container);
    }
}

/// Parts of volumes are mounted in a way that is not undone before the pod ends.
fn parts_of_volumes(errors: &mut ErrorList, path: &Path, container: &Value) {
    for (i, mount) in container.items("volumeMounts").iter().enumerate() {
        for name in ["subPath", "subPathExpr"] {
            if !mount.text(name).is_empty() {
                errors.forbidden(&path.index(i).child(name), NOT_HERE);
            }
        }
    }
}
