//! Ingress, IngressClass.

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::formats::{self, dns_subdomain};
use super::internal;
use super::ip;
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::service::validate_points;
use super::update::unchanged;

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
const CONTROLLER_LEN_MAX: usize = 250;

/// What is wrong with an Ingress.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = validate_update(object);
    let annotation = object.part("metadata").part("annotations").optional_text(CLASS_ANNOTATION);
    let class = object.part("spec").optional_text("ingressClassName");
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let path = Path::new("annotations").child(CLASS_ANNOTATION);
        errors.invalid(&path, annotation, "must match `ingressClassName` when both are specified");
    }
    errors
}

/// What is wrong with a changed Ingress.
pub(crate) fn validate_update(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let rules = spec.items("rules");
    if rules.is_empty() && spec.object("defaultBackend").is_none() {
        let value = internal::compact_list("networking.k8s.io", "IngressRule", rules);
        errors.invalid(&path, value, "either `defaultBackend` or `rules` must be specified");
    }
    if let Some(backend) = spec.object("defaultBackend") {
        validate_backend(&mut errors, &path.child("defaultBackend"), backend);
    }
    for (i, rule) in rules.iter().enumerate() {
        validate_rule(&mut errors, &path.child("rules").index(i), rule);
    }
    for (i, tls) in spec.items("tls").iter().enumerate() {
        let path = path.child("tls").index(i);
        for (j, host) in tls.texts("hosts").into_iter().enumerate() {
            validate_host(&mut errors, &path.child("hosts").index(j), host);
        }
        if !tls.text("secretName").is_empty() {
            dns_subdomain(&mut errors, &path.child("secretName"), tls.text("secretName"));
        }
    }
    if let Some(class) = spec.optional_text("ingressClassName") {
        dns_subdomain(&mut errors, &path.child("ingressClassName"), class);
    }
    errors
}

fn validate_host(errors: &mut ErrorList, path: &Path, host: &str) {
    if host.contains('*') {
        errors.invalid_each(path, host, names::wildcard_dns1123_subdomain(host));
    } else {
        dns_subdomain(errors, path, host);
    }
}

fn validate_rule(errors: &mut ErrorList, path: &Path, rule: &Value) {
    let host = rule.text("host");
    if !host.is_empty() {
        let path = path.child("host");
        if ip::parse_sloppy(host).is_some() {
            errors.invalid(&path, host, "must be a DNS name, not an IP address");
        }
        validate_host(errors, &path, host);
    }
    let Some(http) = rule.object("http") else { return };
    let path = path.child("http").child("paths");
    let paths = http.items("paths");
    if paths.is_empty() {
        errors.required(&path, "");
    }
    for (i, rule) in paths.iter().enumerate() {
        validate_path(errors, &path.index(i), rule);
    }
}

fn validate_path(errors: &mut ErrorList, path: &Path, rule: &Value) {
    let Some(path_type) = rule.optional_text("pathType") else {
        errors.required(&path.child("pathType"), "pathType must be specified");
        return;
    };
    let text = rule.text("path");
    let text_path = path.child("path");
    let mut demand = |holds: bool, message: String| {
        if !holds {
            errors.invalid(&text_path, text, message);
        }
    };
    match path_type {
        "Exact" | "Prefix" => {
            demand(text.starts_with('/'), "must be an absolute path".to_owned());
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                demand(!text.contains(part), format!("must not contain '{part}'"));
            }
            for end in ["/..", "/."] {
                demand(!text.ends_with(end), format!("cannot end with '{end}'"));
            }
        }
        "ImplementationSpecific" => {
            demand(text.is_empty() || text.starts_with('/'), "must be an absolute path".to_owned());
        }
        other => errors.not_supported(&path.child("pathType"), other, &PATH_TYPES),
    }
    validate_backend(errors, &path.child("backend"), rule.part("backend"));
}

fn validate_backend(errors: &mut ErrorList, path: &Path, backend: &Value) {
    match (backend.object("resource"), backend.object("service")) {
        (Some(_), Some(_)) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (None, None) => errors.invalid(path, "", "resource or service backend is required"),
        (Some(resource), None) => validate_reference(errors, &path.child("resource"), resource),
        (None, Some(service)) => {
            let service_path = path.child("service");
            match service.text("name") {
                "" => errors.required(&service_path.child("name"), ""),
                name => formats::dns_label(errors, &service_path.child("name"), name),
            }
            let port_path = service_path.child("port");
            let port = service.member("port");
            match (port.text("name"), port.int("number")) {
                ("", 0) => errors.required(path, "port name or number is required"),
                ("", number) => formats::port_number(errors, &port_path.child("number"), number),
                (name, 0) => errors.invalid_each(&port_path.child("name"), name, names::port_name(name)),
                _ => errors.invalid(path, "", "cannot set both port name & port number"),
            }
        }
    }
}

fn validate_reference(errors: &mut ErrorList, path: &Path, reference: &Value) {
    if let Some(group) = reference.optional_text("apiGroup") {
        dns_subdomain(errors, &path.child("apiGroup"), group);
    }
    for name in ["kind", "name"] {
        let path = path.child(name);
        match reference.text(name) {
            "" => errors.required(&path, &format!("{name} is required")),
            text => errors.invalid_each(&path, text, names::path_segment_name(text)),
        }
    }
}

/// What is wrong with an Ingress whose status is changed.
pub(crate) fn validate_status(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    fn points(object: &Value) -> &[Value] {
        object
            .get("status")
            .and_then(|status| status.get("loadBalancer"))
            .map_or(&[], |it| it.items("ingress"))
    }
    let path = Path::new("status").child("loadBalancer");
    validate_points(&mut errors, &path, points(object), points(old), false);
    errors
}

/// What is wrong with an IngressClass.
pub(crate) fn validate_class(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let controller = object.part("spec").text("controller");
    if controller.len() > CONTROLLER_LEN_MAX {
        errors.push(FieldError::too_long(&path.child("controller"), CONTROLLER_LEN_MAX));
    }
    errors.extend(names::domain_prefixed_path(&path.child("controller"), controller));
    validate_parameters(&mut errors, &path.child("parameters"), object);
    errors
}

fn validate_parameters(errors: &mut ErrorList, path: &Path, class: &Value) {
    let Some(parameters) = class.part("spec").object("parameters") else { return };
    validate_reference(errors, path, parameters);
    let scope_path = path.child("scope");
    let Some(scope) = parameters.optional_text("scope") else {
        errors.required(&scope_path, "");
        return;
    };
    if !matches!(scope, "Cluster" | "Namespace") {
        errors.not_supported(&scope_path, scope, &["Cluster", "Namespace"]);
    }
    let namespace_path = path.child("namespace");
    match (scope, parameters.optional_text("namespace")) {
        ("Namespace", None) => errors.required(&namespace_path, "`parameters.scope` is set to 'Namespace'"),
        ("Namespace", Some(name)) => {
            errors.invalid_each(&namespace_path, name, names::namespace_name(name));
        }
        ("Cluster", Some(_)) => errors.forbidden(&namespace_path, "`parameters.scope` is set to 'Cluster'"),
        _ => {}
    }
}

/// What is wrong with a changed IngressClass.
pub(crate) fn validate_class_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    unchanged(&mut errors, &path.child("controller"), &object["spec"], &old["spec"], "controller");
    validate_parameters(&mut errors, &path.child("parameters"), object);
    errors
}
