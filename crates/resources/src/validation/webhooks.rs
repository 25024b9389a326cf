//! MutatingWebhookConfiguration, ValidatingWebhookConfiguration. Match conditions are not compiled here.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::port_number;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];
const CONDITIONS_MAX: usize = 64;

/// What is wrong with a configuration of webhooks, new or changed.
pub(crate) fn validate(object: &Value, is_mutating: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let webhooks = object.items("webhooks");
    for (i, webhook) in webhooks.iter().enumerate() {
        let path = Path::new("webhooks").index(i);
        validate_webhook(&mut errors, &path, webhook, is_mutating);
        review_versions(&mut errors, &path.child("admissionReviewVersions"), webhook);
        let name = webhook.text("name");
        if !name.is_empty() && webhooks[..i].iter().any(|other| other.text("name") == name) {
            errors.duplicate(&path.child("name"), name);
        }
    }
    errors
}

fn review_versions(errors: &mut ErrorList, path: &Path, webhook: &Value) {
    let versions = webhook.texts("admissionReviewVersions");
    if versions.is_empty() {
        errors.required(path, "must specify one of v1, v1beta1");
        return;
    }
    for (i, version) in versions.iter().enumerate() {
        if versions[..i].contains(version) {
            errors.invalid(&path.index(i), *version, "duplicate version");
            continue;
        }
        for message in names::dns1035_label(version) {
            errors.invalid(&path.index(i), *version, message);
        }
    }
    if !versions.iter().any(|version| REVIEW_VERSIONS.contains(version)) {
        let value = json_or_null(webhook.member("admissionReviewVersions"));
        errors.invalid(path, value, "must include at least one of v1, v1beta1");
    }
}

fn validate_webhook(errors: &mut ErrorList, path: &Path, webhook: &Value, is_mutating: bool) {
    fully_qualified(errors, &path.child("name"), webhook.text("name"));
    for (i, rule) in webhook.items("rules").iter().enumerate() {
        validate_rule(errors, &path.child("rules").index(i), rule, &OPERATIONS);
    }
    policy(errors, path, webhook, "failurePolicy", &["Fail", "Ignore"]);
    policy(errors, path, webhook, "matchPolicy", &["Equivalent", "Exact"]);
    let effects = ["None", "NoneOnDryRun"];
    match webhook.optional_text("sideEffects") {
        None => errors.required(&path.child("sideEffects"), "must specify one of None, NoneOnDryRun"),
        Some(effect) if !effects.contains(&effect) => {
            errors.not_supported(&path.child("sideEffects"), effect, &effects);
        }
        Some(_) => {}
    }
    if let Some(seconds) = webhook.optional_int("timeoutSeconds").filter(|it| !(1..=30).contains(it)) {
        let message = "the timeout value must be between 1 and 30 seconds";
        errors.invalid(&path.child("timeoutSeconds"), seconds, message);
    }
    selectors(errors, path, webhook);
    if is_mutating {
        policy(errors, path, webhook, "reinvocationPolicy", &["IfNeeded", "Never"]);
    }
    validate_client(errors, &path.child("clientConfig"), webhook.part("clientConfig"));
    match_conditions(errors, &path.child("matchConditions"), webhook);
}

fn fully_qualified(errors: &mut ErrorList, path: &Path, name: &str) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    let messages = names::dns1123_subdomain(name);
    if messages.is_empty() && name.split('.').count() < 3 {
        errors.invalid(path, name, "should be a domain with at least three segments separated by dots");
    }
    errors.invalid_each(path, name, messages);
}

/// A text that may be absent and is one of some.
pub(super) fn policy(errors: &mut ErrorList, path: &Path, of: &Value, name: &str, supported: &[&str]) {
    if let Some(text) = of.optional_text(name).filter(|text| !supported.contains(text)) {
        errors.not_supported(&path.child(name), text, supported);
    }
}

/// Which namespaces and objects are meant.
pub(super) fn selectors(errors: &mut ErrorList, path: &Path, of: &Value) {
    for name in ["namespaceSelector", "objectSelector"] {
        if let Some(selector) = of.object(name) {
            errors.extend(labels::validate(selector, &path.child(name), true));
        }
    }
}

/// Which requests are meant.
pub(super) fn validate_rule(errors: &mut ErrorList, path: &Path, rule: &Value, operations: &[&str]) {
    let given = rule.texts("operations");
    let operations_path = path.child("operations");
    alone(errors, &operations_path, rule, "operations", "operations");
    for (i, operation) in given.iter().enumerate() {
        if !operations.contains(operation) {
            errors.not_supported(&operations_path.index(i), operation, operations);
        }
    }
    alone(errors, &path.child("apiGroups"), rule, "apiGroups", "API groups");
    alone(errors, &path.child("apiVersions"), rule, "apiVersions", "API versions");
    for (i, version) in rule.texts("apiVersions").into_iter().enumerate() {
        if version.is_empty() {
            errors.required(&path.child("apiVersions").index(i), "");
        }
    }
    resources(errors, &path.child("resources"), rule);
    policy(errors, path, rule, "scope", &["*", "Cluster", "Namespaced"]);
}

/// A list that has something in it, and nothing besides `*`.
fn alone(errors: &mut ErrorList, path: &Path, rule: &Value, name: &str, what: &str) {
    let items = rule.texts(name);
    if items.is_empty() {
        errors.required(path, "");
    }
    if items.len() > 1 && items.contains(&"*") {
        let message = format!("if '*' is present, must not specify other {what}");
        errors.invalid(path, json_or_null(rule.member(name)), message);
    }
}

fn resources(errors: &mut ErrorList, path: &Path, rule: &Value) {
    let resources = rule.texts("resources");
    let value = || json_or_null(rule.member("resources"));
    if resources.is_empty() {
        errors.required(path, "");
    }
    for (i, resource) in resources.iter().enumerate() {
        let path = path.index(i);
        if resource.is_empty() {
            errors.required(&path, "");
            continue;
        }
        let before = &resources[..i];
        match resource.split_once('/') {
            Some((parent, "*")) if parent != "*" => {
                if let Some(sub) =
                    before.iter().find(|it| it.split_once('/').is_some_and(|(of, _)| of == parent))
                {
                    let message = format!("if '{resource}' is present, must not specify {sub}");
                    errors.invalid(&path, *resource, message);
                }
            }
            Some((parent, sub)) if parent != "*" => {
                let all = [format!("{parent}/*"), format!("*/{sub}")];
                if let Some(all) = all.iter().find(|all| before.contains(&all.as_str())) {
                    errors.invalid(
                        &path,
                        *resource,
                        format!("if '{all}' is present, must not specify {resource}"),
                    );
                }
            }
            _ => {}
        }
    }
    if resources.len() > 1 && resources.contains(&"*/*") {
        errors.invalid(path, value(), "if '*/*' is present, must not specify other resources");
    }
    let is_plain = |resource: &&str| !resource.contains('/');
    if resources.contains(&"*") && resources.iter().filter(|resource| is_plain(resource)).count() > 1 {
        let message = "if '*' is present, must not specify other resources without subresources";
        errors.invalid(path, value(), message);
    }
}

/// Where a webhook is called.
pub(super) fn validate_client(errors: &mut ErrorList, path: &Path, client: &Value) {
    match (client.optional_text("url"), client.object("service")) {
        (None, None) | (Some(_), Some(_)) => {
            errors.required(path, "exactly one of url or service is required");
        }
        (Some(url), None) => validate_url(errors, &path.child("url"), url),
        (None, Some(service)) => {
            let path = path.child("service");
            for name in ["name", "namespace"] {
                if service.text(name).is_empty() {
                    errors.required(&path.child(name), &format!("service {name} is required"));
                }
            }
            if let Some(port) = service.optional_int("port") {
                port_number(errors, &path.child("port"), port);
            }
        }
    }
}

fn validate_url(errors: &mut ErrorList, path: &Path, url: &str) {
    const FORM: &str = "; desired format: https://host[/path]";
    let Some(rest) = url.strip_prefix("https://") else {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        errors.invalid(path, scheme, format!("'https' is the only allowed URL scheme{FORM}"));
        return;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        errors.invalid(path, host, format!("host must be specified{FORM}"));
    }
    for (mark, message) in [
        ('@', "user information is not permitted in the URL"),
        ('#', "fragments are not permitted in the URL"),
        ('?', "query parameters are not permitted in the URL"),
    ] {
        if let Some((before, after)) = rest.split_once(mark) {
            errors.invalid(path, if mark == '@' { before } else { after }, message);
        }
    }
}

/// Conditions under which requests are looked at.
pub(super) fn match_conditions(errors: &mut ErrorList, path: &Path, of: &Value) {
    let conditions = of.items("matchConditions");
    errors.at_most(path, conditions.len(), CONDITIONS_MAX);
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        if condition.text("expression").trim().is_empty() {
            errors.required(&path.child("expression"), "");
        }
        let name = condition.text("name");
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            errors.invalid_each(&path.child("name"), name, names::qualified_name(name));
        }
        if !name.is_empty() && conditions[..i].iter().any(|other| other.text("name") == name) {
            errors.duplicate(&path.child("name"), name);
        }
    }
}
