//! Admission policies and their bindings. Expressions are not compiled here.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, GroupVersion, Path, names};
use serde_json::Value;

use super::formats::dns_subdomain;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null, named};
use super::webhooks::{match_conditions, policy, selectors, validate_rule};

const REASONS: [&str; 4] = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
const ANNOTATIONS_MAX: usize = 20;
const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const MUTATED_OPERATIONS: [&str; 2] = ["CREATE", "UPDATE"];

/// What is wrong with a ValidatingAdmissionPolicy, new or changed.
pub(crate) fn validate_validating(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    begin(&mut errors, &path, spec, &OPERATIONS);
    let (validations, annotations) = (spec.items("validations"), spec.items("auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        let message = "validations or auditAnnotations must contain at least one item";
        errors.required(&path.child("validations"), message);
        errors.required(&path.child("auditAnnotations"), message);
        return errors;
    }
    for (i, validation) in validations.iter().enumerate() {
        validate_validation(&mut errors, &path.child("validations").index(i), validation);
    }
    let path = path.child("auditAnnotations");
    if annotations.len() > ANNOTATIONS_MAX {
        let value = json_or_null(spec.member("auditAnnotations"));
        let message = format!("must not have more than {ANNOTATIONS_MAX} auditAnnotations");
        errors.invalid(&path, value, message);
    }
    for (i, annotation) in annotations.iter().enumerate() {
        let path = path.index(i);
        let key = annotation.text("key");
        if key.is_empty() {
            errors.required(&path.child("key"), "");
        } else {
            errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
        }
        if annotation.text("valueExpression").trim().is_empty() {
            errors.required(&path.child("valueExpression"), "valueExpression is not specified");
        }
        if annotations[..i].iter().any(|other| other.text("key") == key) {
            errors.duplicate(&path.child("key"), key);
        }
    }
    errors
}

/// What both kinds of policy have.
fn begin(errors: &mut ErrorList, path: &Path, spec: &Value, operations: &[&str]) {
    match spec.optional_text("failurePolicy") {
        None => errors.required(&path.child("failurePolicy"), ""),
        Some(_) => policy(errors, path, spec, "failurePolicy", &["Fail", "Ignore"]),
    }
    if let Some(kind) = spec.object("paramKind") {
        validate_param_kind(errors, &path.child("paramKind"), kind);
    }
    let constraints_path = path.child("matchConstraints");
    match spec.object("matchConstraints") {
        None => errors.required(&constraints_path, ""),
        Some(constraints) => {
            validate_match(errors, &constraints_path, constraints, operations);
            if constraints.items("resourceRules").is_empty() {
                errors.required(&constraints_path.child("resourceRules"), "");
            }
        }
    }
    match_conditions(errors, &path.child("matchConditions"), spec);
    let variables = spec.items("variables");
    for (i, variable) in variables.iter().enumerate() {
        let path = path.child("variables").index(i);
        match variable.text("name") {
            "" => errors.required(&path.child("name"), "name is not specified"),
            name if !is_identifier(name) => {
                errors.invalid(&path.child("name"), name, "name is not a valid CEL identifier");
            }
            name if variables[..i].iter().any(|other| other.text("name") == name) => {
                errors.duplicate(&path.child("name"), name);
            }
            _ => {}
        }
        if variable.text("expression").trim().is_empty() {
            errors.required(&path.child("expression"), "expression is not specified");
        }
    }
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn validate_param_kind(errors: &mut ErrorList, path: &Path, kind: &Value) {
    let version = kind.text("apiVersion");
    if version.is_empty() {
        errors.required(&path.child("apiVersion"), "");
    } else if GroupVersion::parse(version).is_none() {
        let message = format!("unexpected GroupVersion string: {version}");
        errors.invalid(&path.child("apiVersion"), version, message);
    }
    match kind.text("kind") {
        "" => errors.required(&path.child("kind"), ""),
        text => {
            for message in names::dns1035_label(&text.to_lowercase()) {
                let message = format!("may have mixed case, but should otherwise match: {message}");
                errors.invalid(&path.child("kind"), text, message);
            }
        }
    }
}

fn validate_match(errors: &mut ErrorList, path: &Path, of: &Value, operations: &[&str]) {
    policy(errors, path, of, "matchPolicy", &["Equivalent", "Exact"]);
    if of.optional_text("matchPolicy").is_none() {
        errors.required(&path.child("matchPolicy"), "");
    }
    selectors(errors, path, of);
    for name in ["resourceRules", "excludeResourceRules"] {
        for (i, rule) in of.items(name).iter().enumerate() {
            validate_rule(errors, &path.child(name).index(i), rule, operations);
        }
    }
}

fn validate_validation(errors: &mut ErrorList, path: &Path, validation: &Value) {
    let expression = validation.text("expression").trim();
    let message = validation.text("message");
    let message_path = path.child("message");
    if expression.is_empty() {
        errors.required(&path.child("expression"), "expression is not specified");
    }
    if !message.is_empty() && message.trim().is_empty() {
        errors.invalid(&message_path, message, "message must be non-empty if specified");
    } else if message.contains('\n') {
        errors.invalid(&message_path, message, "message must not contain line breaks");
    } else if expression.contains('\n') && message.is_empty() {
        errors.required(&message_path, "message must be specified if expression contains line breaks");
    }
    policy(errors, path, validation, "reason", &REASONS);
}

/// What is wrong with a MutatingAdmissionPolicy, new or changed.
pub(crate) fn validate_mutating(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    begin(&mut errors, &path, spec, &MUTATED_OPERATIONS);
    let mutations = spec.items("mutations");
    if mutations.is_empty() {
        errors.required(&path.child("mutations"), "mutations must contain at least one item");
    }
    for (i, mutation) in mutations.iter().enumerate() {
        validate_mutation(&mut errors, &path.child("mutations").index(i), mutation);
    }
    match spec.text("reinvocationPolicy") {
        "" => errors.required(&path.child("reinvocationPolicy"), ""),
        _ => policy(&mut errors, &path, spec, "reinvocationPolicy", &["IfNeeded", "Never"]),
    }
    errors
}

fn validate_mutation(errors: &mut ErrorList, path: &Path, mutation: &Value) {
    let patch_types = [("ApplyConfiguration", "applyConfiguration"), ("JSONPatch", "jsonPatch")];
    let patch_type = mutation.text("patchType");
    let names = patch_types.map(|(patch_type, _)| patch_type);
    errors.one_of(&path.child("patchType"), patch_type, &names);
    if !names.contains(&patch_type) {
        return;
    }
    for (of, name) in patch_types {
        let member_path = path.child(name);
        match (of == patch_type, mutation.object(name)) {
            (true, None) => {
                errors.required(&member_path, &format!("must be specified when patchType is {patch_type}"));
            }
            (true, Some(patch)) if patch.text("expression").trim().is_empty() => {
                errors.required(&member_path.child("expression"), "expression is not specified");
            }
            (false, Some(_)) => {
                let value = json_or_null(mutation.member(name));
                let message = format!("must not be specified when patchType is {patch_type}");
                errors.invalid(&member_path, value, message);
            }
            _ => {}
        }
    }
}

/// What is wrong with the binding of a policy, new or changed.
pub(crate) fn validate_binding(object: &Value, is_mutating: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    match spec.text("policyName") {
        "" => errors.required(&path.child("policyName"), ""),
        name => dns_subdomain(&mut errors, &path.child("policyName"), name),
    }
    if let Some(param) = spec.object("paramRef") {
        validate_param_ref(&mut errors, &path.child("paramRef"), param);
    }
    if let Some(resources) = spec.object("matchResources") {
        let operations: &[&str] = if is_mutating { &MUTATED_OPERATIONS } else { &OPERATIONS };
        validate_match(&mut errors, &path.child("matchResources"), resources, operations);
    }
    if !is_mutating {
        validate_actions(&mut errors, &path.child("validationActions"), spec);
    }
    errors
}

fn validate_param_ref(errors: &mut ErrorList, path: &Path, param: &Value) {
    match (param.text("name"), param.object("selector")) {
        ("", None) => errors.required(path, "one of name or selector must be specified"),
        ("", Some(selector)) => errors.extend(labels::validate(selector, &path.child("selector"), true)),
        (_, Some(_)) => errors.forbidden(&path.child("name"), "name and selector are mutually exclusive"),
        (name, None) => errors.invalid_each(&path.child("name"), name, names::path_segment_name(name)),
    }
    let actions = ["Deny", "Allow"];
    match param.optional_text("parameterNotFoundAction") {
        None => errors.required(&path.child("parameterNotFoundAction"), ""),
        Some(action) if !actions.contains(&action) => {
            errors.not_supported(&path.child("parameterNotFoundAction"), action, &actions);
        }
        Some(_) => {}
    }
}

fn validate_actions(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let actions = spec.texts("validationActions");
    if actions.is_empty() {
        errors.required(path, "at least one validation action is required");
    }
    for (i, action) in actions.iter().enumerate() {
        let supported = ["Audit", "Deny", "Warn"];
        if !supported.contains(action) {
            errors.not_supported(&path.index(i), action, &supported);
        }
        if actions[..i].contains(action) {
            errors.duplicate(&path.index(i), named(action));
        }
    }
    if actions.contains(&"Deny") && actions.contains(&"Warn") {
        let message = "must not contain both Deny and Warn (repeating the same validation failure information in the \
                       API response and headers serves no purpose)";
        errors.invalid(path, json_or_null(spec.member("validationActions")), message);
    }
}
