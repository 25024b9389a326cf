//! FlowSchema, PriorityLevelConfiguration.

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::formats::dns_subdomain;
use super::internal;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};

const GROUP: &str = "flowcontrol.apiserver.k8s.io";
const PRECEDENCE_MAX: i64 = 10_000;

/// What is wrong with a FlowSchema, new or changed.
pub(crate) fn validate_flow_schema(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let precedence = spec.int("matchingPrecedence");
    let precedence_path = path.child("matchingPrecedence");
    if precedence <= 0 {
        errors.invalid(&precedence_path, precedence, "must be a positive value");
    }
    if precedence > PRECEDENCE_MAX {
        let message = format!("must not be greater than {PRECEDENCE_MAX}");
        errors.invalid(&precedence_path, precedence, message);
    }
    if precedence == 1 && object.part("metadata").text("name") != "exempt" {
        let message = "only the schema named 'exempt' may have matchingPrecedence 1";
        errors.invalid(&precedence_path, precedence, message);
    }
    if let Some(method) = spec.object("distinguisherMethod") {
        let methods = ["ByNamespace", "ByUser"];
        if !methods.contains(&method.text("type")) {
            let value = internal::compact(GROUP, "FlowDistinguisherMethod", method);
            let path = path.child("distinguisherMethod").child("type");
            errors.push(FieldError::not_supported(&path, value, &methods));
        }
    }
    let level_path = path.child("priorityLevelConfiguration").child("name");
    match spec.part("priorityLevelConfiguration").text("name") {
        "" => errors.required(&level_path, "must reference a priority level"),
        name => dns_subdomain(&mut errors, &level_path, name),
    }
    for (i, rule) in spec.items("rules").iter().enumerate() {
        validate_rule(&mut errors, &path.child("rules").index(i), rule);
    }
    errors
}

fn validate_rule(errors: &mut ErrorList, path: &Path, rule: &Value) {
    let subjects = rule.items("subjects");
    if subjects.is_empty() {
        errors.required(&path.child("subjects"), "subjects must contain at least one value");
    }
    for (i, subject) in subjects.iter().enumerate() {
        validate_subject(errors, &path.child("subjects").index(i), subject);
    }
    let (resources, others) = (rule.items("resourceRules"), rule.items("nonResourceRules"));
    if resources.is_empty() && others.is_empty() {
        errors.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
    }
    for (i, rule) in resources.iter().enumerate() {
        validate_resource_rule(errors, &path.child("resourceRules").index(i), rule);
    }
    for (i, rule) in others.iter().enumerate() {
        let path = path.child("nonResourceRules").index(i);
        listed(errors, &path, rule, "verbs", "verbs must contain at least one value", "verbs");
        let message = "nonResourceURLs must contain at least one value";
        if listed(errors, &path, rule, "nonResourceURLs", message, "non-resource URLs") {
            for (j, url) in rule.texts("nonResourceURLs").into_iter().enumerate() {
                validate_url(errors, &path.child("nonResourceURLs").index(j), url);
            }
        }
    }
}

fn validate_subject(errors: &mut ErrorList, path: &Path, subject: &Value) {
    let kinds = [("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")];
    let kind = subject.text("kind");
    if !kinds.iter().any(|(known, _)| *known == kind) {
        errors.not_supported(&path.child("kind"), kind, &["Group", "ServiceAccount", "User"]);
        return;
    }
    for (of, name) in kinds {
        let member_path = path.child(name);
        match (of == kind, subject.object(name)) {
            (true, None) => {
                errors.required(&member_path, &format!("{name} is required when subject kind is '{of}'"));
            }
            (true, Some(member)) => validate_member(errors, &member_path, of, member),
            (false, Some(_)) => {
                errors
                    .forbidden(&member_path, format!("{name} is forbidden when subject kind is not '{of}'"));
            }
            (false, None) => {}
        }
    }
}

fn validate_member(errors: &mut ErrorList, path: &Path, kind: &str, member: &Value) {
    match member.text("name") {
        "" => errors.required(&path.child("name"), ""),
        "*" => {}
        name if kind == "ServiceAccount" => dns_subdomain(errors, &path.child("name"), name),
        _ => {}
    }
    if kind == "ServiceAccount" {
        let path = path.child("namespace");
        match member.text("namespace") {
            "" => errors.required(&path, "must specify namespace for service account"),
            "*" => {}
            name => errors.invalid_each(&path, name, names::namespace_name(name)),
        }
    }
}

/// A list that has something in it, and nothing besides `*`. Returns whether each element is still to be looked at.
fn listed(
    errors: &mut ErrorList,
    path: &Path,
    rule: &Value,
    name: &str,
    missing: &str,
    others: &str,
) -> bool {
    let items = rule.texts(name);
    let path = path.child(name);
    if items.is_empty() {
        errors.required(&path, missing);
        return false;
    }
    if items.contains(&"*") {
        if items.len() > 1 {
            let message = format!("if '*' is present, must not specify other {others}");
            errors.invalid(&path, json_or_null(rule.member(name)), message);
        }
        return false;
    }
    true
}

fn validate_resource_rule(errors: &mut ErrorList, path: &Path, rule: &Value) {
    listed(errors, path, rule, "verbs", "verbs must contain at least one value", "verbs");
    listed(
        errors,
        path,
        rule,
        "apiGroups",
        "resource rules must supply at least one api group",
        "api groups",
    );
    listed(errors, path, rule, "resources", "resource rules must supply at least one resource", "resources");
    let namespaces = rule.texts("namespaces");
    if namespaces.is_empty() {
        if !rule.flag("clusterScope") {
            let message = "resource rules that are not cluster scoped must supply at least one namespace";
            errors.required(&path.child("namespaces"), message);
        }
    } else if listed(errors, path, rule, "namespaces", "", "namespaces") {
        for (i, name) in namespaces.into_iter().enumerate() {
            errors.invalid_each(&path.child("namespaces").index(i), name, names::namespace_name(name));
        }
    }
}

fn validate_url(errors: &mut ErrorList, path: &Path, url: &str) {
    let mut demand = |holds: bool, message: &str| {
        if !holds {
            errors.invalid(path, url, message);
        }
    };
    if url.is_empty() {
        return demand(false, "must not be empty");
    }
    if !url.starts_with('/') {
        return demand(false, "must start with slash");
    }
    demand(!url.contains(' '), "must not contain white-space");
    demand(!url.contains("//"), "must not contain double slash");
    let n_wildcards = url.matches('*').count();
    let is_suffix = n_wildcards == 0 || n_wildcards == 1 && url.ends_with("/*");
    demand(is_suffix, "wildcard can only do suffix matching");
}

/// What is wrong with a PriorityLevelConfiguration, new or changed.
pub(crate) fn validate_priority_level(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let level_type = spec.text("type");
    let is_exempt = object.part("metadata").text("name") == "exempt";
    if is_exempt != (level_type == "Exempt") {
        let message = "type must be 'Exempt' if and only if `name` is 'exempt'";
        errors.invalid(&path.child("type"), super::report::named(level_type), message);
    }
    match level_type {
        "Exempt" => {
            if spec.object("limited").is_some() {
                errors.forbidden(&path.child("limited"), "must be nil if the type is not Limited");
            }
        }
        "Limited" => {
            if spec.object("exempt").is_some() {
                errors.forbidden(&path.child("exempt"), "must be nil if the type is Limited");
            }
            match spec.object("limited") {
                None => errors.required(&path.child("limited"), "must not be empty when type is Limited"),
                Some(limited) => validate_limited(&mut errors, &path.child("limited"), limited),
            }
        }
        other => errors.not_supported(&path.child("type"), other, &["Exempt", "Limited"]),
    }
    errors
}

fn validate_limited(errors: &mut ErrorList, path: &Path, limited: &Value) {
    let shares = limited.int("nominalConcurrencyShares");
    if shares < 0 {
        errors.invalid(&path.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
    }
    let response = limited.part("limitResponse");
    let response_path = path.child("limitResponse");
    let queuing_path = response_path.child("queuing");
    match (response.text("type"), response.object("queuing")) {
        ("Reject", Some(_)) => {
            errors.forbidden(&queuing_path, "must be nil if limited.limitResponse.type is not Limited");
        }
        ("Reject", None) => {}
        ("Queue", None) => {
            errors.required(&queuing_path, "must not be empty if limited.limitResponse.type is Limited");
        }
        ("Queue", Some(queuing)) => validate_queuing(errors, &queuing_path, queuing),
        (other, _) => errors.not_supported(&response_path.child("type"), other, &["Queue", "Reject"]),
    }
    if let Some(percent) = limited.optional_int("lendablePercent").filter(|it| !(0..=100).contains(it)) {
        errors.invalid(&path.child("lendablePercent"), percent, "must be between 0 and 100, inclusive");
    }
    if let Some(percent) = limited.optional_int("borrowingLimitPercent").filter(|it| *it < 0) {
        let message = "if specified, must be a non-negative integer";
        errors.invalid(&path.child("borrowingLimitPercent"), percent, message);
    }
}

fn validate_queuing(errors: &mut ErrorList, path: &Path, queuing: &Value) {
    for name in ["queueLengthLimit", "queues", "handSize"] {
        if queuing.int(name) <= 0 {
            errors.invalid(&path.child(name), queuing.int(name), "must be positive");
        }
    }
    let (queues, hand) = (queuing.int("queues"), queuing.int("handSize"));
    if hand > queues {
        let message = format!("should not be greater than queues ({queues})");
        errors.invalid(&path.child("handSize"), hand, message);
    }
}
