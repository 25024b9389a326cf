//! Stateful sets.

use apimachinery::selectors::labels::LabelSelector;
use apimachinery::{ErrorList, Path};
use serde_json::{Value, json};

use super::super::formats::{dns_label, nonnegative};
use super::super::members::Members as _;
use super::super::pod_spec::{self, Kept};
use super::super::report::{Report as _, named};
use super::super::{claim_spec, internal, label_selector, semantic};
use super::rollout::{amount, int_or_percent, not_above_all};
use super::{counters, pod_template};
use crate::kind::Context;

const CHANGEABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// What is wrong with a new stateful set.
pub fn validate(_context: Context<'_>, stateful_set: &Value) -> ErrorList {
    let mut errors = spec(stateful_set, Kept::default());
    let spec = &stateful_set["spec"];
    let path = Path::new("spec");
    if !spec.text("serviceName").is_empty() {
        dns_label(&mut errors, &path.child("serviceName"), spec.text("serviceName"));
    }
    for (i, claim) in spec.items("volumeClaimTemplates").iter().enumerate() {
        let path = path.child("volumeClaimTemplates").index(i).child("spec");
        claim_spec::validate(&mut errors, &path, &claim["spec"]);
    }
    errors
}

/// What is wrong with a changed one.
pub fn validate_update(context: Context<'_>, stateful_set: &Value, old: &Value) -> ErrorList {
    if context.subresource == "status" {
        return status(&stateful_set["status"], &old["status"]);
    }
    let mut errors = spec(stateful_set, pod_template::kept_of(Some(old), &["spec", "template"]));
    let without_changeable = |set: &Value| {
        let mut spec = set["spec"].clone();
        if let Some(members) = spec.as_object_mut() {
            members.retain(|name, _| !CHANGEABLE.contains(&name.as_str()));
        }
        spec
    };
    let (new_rest, old_rest) = (without_changeable(stateful_set), without_changeable(old));
    if !semantic::equal("apps", "StatefulSetSpec", Some(&new_rest), Some(&old_rest)) {
        let message = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                       'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                       'minReadySeconds' are forbidden";
        errors.forbidden(&Path::new("spec"), message);
    }
    errors
}

fn spec(stateful_set: &Value, kept: Kept) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = &stateful_set["spec"];
    match spec.text("podManagementPolicy") {
        "" => errors.required(&path.child("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        other => {
            let path = path.child("podManagementPolicy");
            errors.invalid(&path, named(other), "must be 'OrderedReady' or 'Parallel'");
        }
    }
    update_strategy(&mut errors, &path.child("updateStrategy"), &spec["updateStrategy"]);
    retention_policy(&mut errors, &path.child("persistentVolumeClaimRetentionPolicy"), spec);
    nonnegative(&mut errors, &path, "replicas", spec.optional_int("replicas"));
    nonnegative(&mut errors, &path, "minReadySeconds", spec.optional_int("minReadySeconds"));
    nonnegative(&mut errors, &path.child("ordinals"), "start", spec.member("ordinals").optional_int("start"));
    let selector = spec.object("selector");
    let selector_path = path.child("selector");
    pod_template::selector(&mut errors, &selector_path, selector, "statefulset");
    let path = path.child("template");
    match label_selector::compile(selector) {
        Err(_) => errors.invalid(&selector_path, pod_template::shown(selector), ""),
        Ok(selector) => template(&mut errors, &path, &selector, spec, kept),
    }
    pod_template::runs_for_ever(&mut errors, &path, &spec["template"], "StatefulSet");
    errors
}

/// The template, with the claims as volumes, and without the host name that each pod gets by itself.
fn template(errors: &mut ErrorList, path: &Path, selector: &LabelSelector, spec: &Value, kept: Kept) {
    let template = &spec["template"];
    if !selector.is_everything() {
        pod_template::labels_match(errors, path, selector, template);
    }
    let mut template = template.clone();
    if let Some(pod) = template.get_mut("spec").and_then(Value::as_object_mut) {
        pod.remove("hostname");
        pod.remove("subdomain");
        let mut volumes = pod.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
        for claim in spec.items("volumeClaimTemplates") {
            let name = claim.member("metadata").text("name");
            if !volumes.iter().any(|volume| volume.text("name") == name) {
                volumes.push(json!({ "name": name, "persistentVolumeClaim": { "claimName": name } }));
            }
        }
        pod.insert("volumes".to_owned(), Value::Array(volumes));
    }
    pod_spec::template(errors, path, &template, kept);
}

fn update_strategy(errors: &mut ErrorList, path: &Path, strategy: &Value) {
    let rolling_path = path.child("rollingUpdate");
    let rolling = strategy.object("rollingUpdate");
    match strategy.text("type") {
        "" => errors.required(path, ""),
        "OnDelete" => {
            if let Some(rolling) = rolling {
                let value = internal::compact("apps", "RollingUpdateStatefulSetStrategy", rolling);
                errors.invalid(&rolling_path, value, "only allowed for updateStrategy 'RollingUpdate'");
            }
        }
        "RollingUpdate" => {
            let Some(rolling) = rolling else { return };
            nonnegative(errors, &rolling_path, "partition", rolling.optional_int("partition"));
            let Some(unavailable) = rolling.member("maxUnavailable") else { return };
            let path = rolling_path.child("maxUnavailable");
            int_or_percent(errors, &path, Some(unavailable));
            if amount(Some(unavailable)) == 0 {
                errors.invalid(&path, unavailable, "cannot be 0");
            }
            not_above_all(errors, &path, Some(unavailable));
        }
        _ => {
            let value = internal::compact("apps", "StatefulSetUpdateStrategy", strategy);
            errors.invalid(path, value, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

/// What becomes of claims (KEP-1847).
fn retention_policy(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let Some(policy) = spec.object("persistentVolumeClaimRetentionPolicy") else { return };
    for name in ["whenDeleted", "whenScaled"] {
        let what = policy.text(name);
        if !matches!(what, "Retain" | "Delete") {
            errors.not_supported(&path.child(name), what, &["Retain", "Delete"]);
        }
    }
}

fn status(status: &Value, old: &Value) -> ErrorList {
    const COUNTERS: [&str; 7] = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ];
    let mut errors = ErrorList::new();
    let path = Path::new("status");
    counters::counters(&mut errors, &path, status, &COUNTERS);
    let parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
    let message = "cannot be greater than status.replicas";
    counters::not_above(&mut errors, &path, status, &parts, "replicas", message);
    let message = "cannot be greater than status.readyReplicas";
    counters::not_above(&mut errors, &path, status, &["availableReplicas"], "readyReplicas", message);
    counters::collisions(&mut errors, &path, status, old);
    errors
}
