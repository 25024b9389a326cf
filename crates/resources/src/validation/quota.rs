//! ResourceQuota.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::formats::IMMUTABLE;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null, named};
use super::update::is_unchanged;
use super::{internal, resources};

const NAMES: [&str; 19] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// What pods need, by their containers.
const COMPUTE: [&str; 6] =
    ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];

const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

const EXCLUSIVE: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

fn is_standard(name: &str) -> bool {
    NAMES.contains(&name)
        || resources::is_huge_pages(name)
        || name.strip_prefix("requests.").is_some_and(resources::is_huge_pages)
}

/// Whether only some of a resource's users can be counted.
fn can_be_scoped(scope: &str, name: &str) -> bool {
    match scope {
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => name == "pods" || COMPUTE.contains(&name),
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

/// What is wrong with a ResourceQuota.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    amounts(&mut errors, &path, spec, "hard");
    scopes(&mut errors, &path.child("scopes"), spec);
    selector(&mut errors, &path.child("scopeSelector").child("matchExpressions"), spec);
    errors
}

fn amounts(errors: &mut ErrorList, path: &Path, of: &Value, name: &str) {
    for (resource, amount) in of.amounts(name) {
        let path = path.child(name).key(resource);
        resources::resource_name(errors, &path, resource);
        if !resource.contains('/') && !is_standard(resource) {
            errors.invalid(&path, named(resource), "must be a standard resource for quota");
        }
        resources::resource_amount(errors, &path, resource, amount);
    }
}

/// How many of the resources of a quota cannot be counted within a scope.
fn n_unscoped(spec: &Value, scope: &str) -> usize {
    let names = spec.entries("hard").map(|(name, _)| name);
    names.filter(|name| is_standard(name) && !can_be_scoped(scope, name)).count()
}

fn scopes(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let scopes = spec.texts("scopes");
    let value = json_or_null(spec.member("scopes"));
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            errors.invalid(path, value.clone(), "unsupported scope");
        }
        for _ in 0..n_unscoped(spec, scope) {
            errors.invalid(path, value.clone(), "unsupported scope applied to resource");
        }
    }
    for _ in EXCLUSIVE.iter().filter(|pair| pair.iter().all(|scope| scopes.contains(scope))) {
        errors.invalid(path, value.clone(), "conflicting scopes");
    }
}

fn selector(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let Some(selector) = spec.object("scopeSelector") else { return };
    let shown = || internal::compact("", "ScopeSelector", selector);
    let expressions = selector.items("matchExpressions");
    for expression in expressions {
        let scope = expression.text("scopeName");
        if !SCOPES.contains(&scope) {
            errors.invalid(&path.child("scopeName"), named(scope), "unsupported scope");
        }
        for _ in 0..n_unscoped(spec, scope) {
            errors.invalid(path, shown(), "unsupported scope applied to resource");
        }
        let operator = expression.text("operator");
        if !matches!(scope, "PriorityClass" | "VolumeAttributesClass")
            && SCOPES.contains(&scope)
            && operator != "Exists"
        {
            let message = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                           ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                           ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.invalid(&path.child("operator"), named(operator), message);
        }
        let values = expression.items("values");
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let message =
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.required(&path.child("values"), message);
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let message =
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(&path.child("values"), json_or_null(expression.member("values")), message);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid(&path.child("operator"), named(other), "not a valid selector operator"),
        }
    }
    let has = |scope: &&str| expressions.iter().any(|expression| expression.text("scopeName") == *scope);
    for _ in EXCLUSIVE.iter().filter(|pair| pair.iter().all(has)) {
        errors.invalid(path, shown(), "conflicting scopes");
    }
}

/// What is wrong with a changed ResourceQuota.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate(object);
    let (spec, old_spec) = (&object["spec"], &old["spec"]);
    if !is_unchanged(spec, old_spec, "scopes") {
        let mut before = old_spec.texts("scopes");
        let mut after = spec.texts("scopes");
        before.sort_unstable();
        after.sort_unstable();
        if before != after {
            let path = Path::new("spec").child("scopes");
            errors.invalid(&path, json_or_null(spec.member("scopes")), IMMUTABLE);
        }
    }
    errors
}

/// What is wrong with a ResourceQuota whose status is changed.
pub(crate) fn validate_status(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let status = object.part("status");
    for name in ["hard", "used"] {
        amounts(&mut errors, &Path::new("status"), status, name);
    }
    errors
}
