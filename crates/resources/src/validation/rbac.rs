//! Role, ClusterRole and their bindings.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::dns_subdomain;
use super::internal;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};

const GROUP: &str = "rbac.authorization.k8s.io";

/// What is wrong with a Role or ClusterRole, new or changed.
pub(crate) fn validate_role(object: &Value, is_namespaced: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    for (i, rule) in object.items("rules").iter().enumerate() {
        validate_rule(&mut errors, &Path::new("rules").index(i), rule, is_namespaced);
    }
    if let Some(aggregation) = object.object("aggregationRule").filter(|_| !is_namespaced) {
        let path = Path::new("aggregationRule").child("clusterRoleSelectors");
        let selectors = aggregation.items("clusterRoleSelectors");
        if selectors.is_empty() {
            let message = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            errors.required(&path, message);
        }
        for (i, selector) in selectors.iter().enumerate() {
            errors.extend(labels::validate(selector, &path.index(i), true));
        }
    }
    errors
}

/// One permission.
pub(crate) fn validate_rule(errors: &mut ErrorList, path: &Path, rule: &Value, is_namespaced: bool) {
    if rule.items("verbs").is_empty() {
        errors.required(&path.child("verbs"), "verbs must contain at least one value");
    }
    let urls = rule.items("nonResourceURLs");
    if !urls.is_empty() {
        let value = json_or_null(rule.member("nonResourceURLs"));
        let path = path.child("nonResourceURLs");
        if is_namespaced {
            errors.invalid(&path, value.clone(), "namespaced rules cannot apply to non-resource URLs");
        }
        let names = ["apiGroups", "resources", "resourceNames"];
        if names.iter().any(|name| !rule.items(name).is_empty()) {
            let message = "rules cannot apply to both regular resources and non-resource URLs";
            errors.invalid(&path, value, message);
        }
        return;
    }
    if rule.items("apiGroups").is_empty() {
        errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
    }
    if rule.items("resources").is_empty() {
        errors.required(&path.child("resources"), "resource rules must supply at least one resource");
    }
}

/// What is wrong with a RoleBinding or ClusterRoleBinding.
pub(crate) fn validate_binding(object: &Value, is_namespaced: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("roleRef");
    let role = object.part("roleRef");
    if role.text("apiGroup") != GROUP {
        errors.not_supported(&path.child("apiGroup"), role.text("apiGroup"), &[GROUP]);
    }
    let kinds: &[&str] = if is_namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role.text("kind")) {
        errors.not_supported(&path.child("kind"), role.text("kind"), kinds);
    }
    match role.text("name") {
        "" => errors.required(&path.child("name"), ""),
        name => errors.invalid_each(&path.child("name"), name, names::path_segment_name(name)),
    }
    for (i, subject) in object.items("subjects").iter().enumerate() {
        validate_subject(&mut errors, &Path::new("subjects").index(i), subject, is_namespaced);
    }
    errors
}

fn validate_subject(errors: &mut ErrorList, path: &Path, subject: &Value, is_namespaced: bool) {
    let (name, group) = (subject.text("name"), subject.text("apiGroup"));
    if name.is_empty() {
        errors.required(&path.child("name"), "");
    }
    match subject.text("kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                dns_subdomain(errors, &path.child("name"), name);
            }
            if !group.is_empty() {
                errors.not_supported(&path.child("apiGroup"), group, &[""]);
            }
            if !is_namespaced && subject.text("namespace").is_empty() {
                errors.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                errors.not_supported(&path.child("apiGroup"), group, &[GROUP]);
            }
        }
        other => {
            errors.not_supported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]);
        }
    }
}

/// What is wrong with a changed RoleBinding or ClusterRoleBinding.
pub(crate) fn validate_binding_update(object: &Value, old: &Value, is_namespaced: bool) -> ErrorList {
    let mut errors = validate_binding(object, is_namespaced);
    let role = object.member("roleRef");
    if role != old.member("roleRef") {
        let value = internal::compact(GROUP, "RoleRef", role.unwrap_or(&Value::Null));
        errors.invalid(&Path::new("roleRef"), value, "cannot change roleRef");
    }
    errors
}
