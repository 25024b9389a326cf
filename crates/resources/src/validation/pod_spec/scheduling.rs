//! Tolerations, gates and claims of devices.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::{dns_label, dns_subdomain, qualified_name};
use super::super::internal;
use super::super::members::Members as _;
use super::super::report::{Report as _, named};

/// What is wrong with tolerations.
pub(super) fn tolerations(errors: &mut ErrorList, path: &Path, tolerations: &[Value]) {
    for (i, toleration) in tolerations.iter().enumerate() {
        let path = path.index(i);
        let operator_path = path.child("operator");
        let (key, value) = (toleration.text("key"), toleration.text("value"));
        let (operator, effect) = (toleration.text("operator"), toleration.text("effect"));
        if !key.is_empty() {
            qualified_name(errors, &path.child("key"), key);
        }
        if key.is_empty() && operator != "Exists" {
            let message =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&operator_path, named(operator), message);
        }
        if toleration.member("tolerationSeconds").is_some() && effect != "NoExecute" {
            let message = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), named(effect), message);
        }
        match operator {
            "Equal" | "" => {
                let messages = names::label_value(value);
                if !messages.is_empty() {
                    errors.invalid(&operator_path, value, messages.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                errors.invalid(&operator_path, value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            "Lt" | "Gt" => errors.not_supported(&operator_path, operator, &["Equal", "Exists", "Lt", "Gt"]),
            other => errors.not_supported(&operator_path, other, &["Equal", "Exists"]),
        }
        const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        if !effect.is_empty() && !EFFECTS.contains(&effect) {
            errors.not_supported(&path.child("effect"), effect, &EFFECTS);
        }
    }
}

/// Tolerations of a pod can be added, and how long one holds can be changed.
pub(crate) fn tolerations_only_added(errors: &mut ErrorList, path: &Path, new: &[Value], old: &[Value]) {
    let same = |a: &Value, b: &Value| {
        ["key", "operator", "value", "effect"].iter().all(|name| a.text(name) == b.text(name))
    };
    if old.iter().any(|old| !new.iter().any(|new| same(old, new))) {
        errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
        return;
    }
    tolerations(errors, path, new);
}

/// Conditions that must be true for the pod to be ready.
pub(super) fn readiness_gates(errors: &mut ErrorList, path: &Path, gates: &[Value]) {
    for (i, gate) in gates.iter().enumerate() {
        qualified_name(errors, &path.index(i).child("conditionType"), gate.text("conditionType"));
    }
}

/// Gates that keep the pod from being scheduled (KEP-3521). Upstream reports them without naming the field.
pub(super) fn scheduling_gates(errors: &mut ErrorList, path: &Path, gates: &[Value]) {
    let mut known: Vec<&str> = Vec::new();
    for (i, gate) in gates.iter().enumerate() {
        let name = gate.text("name");
        qualified_name(errors, &path.index(i), name);
        if known.contains(&name) {
            errors.duplicate(&path.index(i), name);
        }
        known.push(name);
    }
}

/// Claims of devices: by name, or made from a template.
pub(super) fn resource_claims(errors: &mut ErrorList, path: &Path, claims: &[Value]) {
    let mut known: Vec<&str> = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let path = path.index(i);
        let name = claim.text("name");
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        } else if known.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            dns_label(errors, &path.child("name"), name);
            known.push(name);
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let n_sources = sources.iter().filter(|name| claim.optional_text(name).is_some()).count();
        let message = match n_sources {
            0 => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            1 => "",
            _ => "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
        };
        if !message.is_empty() {
            errors.invalid(&path, internal::compact("", "PodResourceClaim", claim), message);
        }
        for source in sources {
            if let Some(name) = claim.optional_text(source) {
                dns_subdomain(errors, &path.child(source), name);
            }
        }
    }
}
