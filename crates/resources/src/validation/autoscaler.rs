//! HorizontalPodAutoscaler.

use apimachinery::{ErrorList, GroupVersion, Path, names};
use serde_json::Value;
use wire::Quantity;

use super::formats::{NEGATIVE, NOT_POSITIVE};
use super::members::{Members as _, quantity};
use super::parts::Parts as _;
use super::report::{Report as _, named};

const METRIC_TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/// The member that each type of metric fills, in the order in which upstream looks at them.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

const WINDOW_SECONDS_MAX: i64 = 3600;
const PERIOD_SECONDS_MAX: i64 = 1800;

/// What is wrong with a HorizontalPodAutoscaler.
pub(crate) fn validate(object: &Value) -> ErrorList {
    validate_beside(object, None)
}

/// What is wrong with a changed HorizontalPodAutoscaler.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    validate_beside(object, Some(old))
}

fn validate_beside(object: &Value, old: Option<&Value>) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let min = spec.optional_int("minReplicas");
    if let Some(min) = min.filter(|min| *min < 1) {
        errors.invalid(&path.child("minReplicas"), min, "must be greater than or equal to 1");
    }
    let max = spec.int("maxReplicas");
    let max_path = path.child("maxReplicas");
    if max == 0 {
        errors.required(&max_path, "must be set and greater than 0");
    } else if max < 0 {
        errors.invalid(&max_path, max, "must be greater than or equal to 1");
    }
    if min.is_some_and(|min| max < min) {
        errors.invalid(&max_path, max, "must be greater than or equal to `minReplicas`");
    }
    let target = spec.part("scaleTargetRef");
    let is_kept =
        old.is_some_and(|old| old["spec"]["scaleTargetRef"].text("apiVersion") == target.text("apiVersion"));
    validate_reference(&mut errors, &path.child("scaleTargetRef"), target, !is_kept);
    validate_metrics(&mut errors, &path.child("metrics"), spec.items("metrics"), min == Some(0), old);
    for name in ["scaleUp", "scaleDown"] {
        if let Some(rules) = spec.part("behavior").object(name) {
            validate_rules(&mut errors, &path.child("behavior").child(name), rules);
        }
    }
    errors
}

fn validate_reference(errors: &mut ErrorList, path: &Path, reference: &Value, checks_version: bool) {
    for name in ["kind", "name"] {
        let path = path.child(name);
        match reference.text(name) {
            "" => errors.required(&path, ""),
            text => errors.invalid_each(&path, text, names::path_segment_name(text)),
        }
    }
    let version = reference.text("apiVersion");
    if !checks_version || version.is_empty() || reference.text("kind") == "ReplicationController" {
        return;
    }
    let path = path.child("apiVersion");
    match GroupVersion::parse(version) {
        None => errors.invalid(&path, version, format!("unexpected GroupVersion string: {version}")),
        Some(parsed) if parsed.group.is_empty() => {
            errors.invalid(&path, version, "apiVersion must specify API group");
        }
        Some(_) => {}
    }
}

fn validate_metrics(
    errors: &mut ErrorList,
    path: &Path,
    metrics: &[Value],
    scales_to_zero: bool,
    old: Option<&Value>,
) {
    let has = |name: &str| metrics.iter().any(|metric| metric.object(name).is_some());
    for (i, metric) in metrics.iter().enumerate() {
        validate_metric(errors, &path.index(i), metric, old.is_none());
    }
    if scales_to_zero && !has("object") && !has("external") {
        let message =
            "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.forbidden(path, message);
    }
}

fn validate_metric(errors: &mut ErrorList, path: &Path, metric: &Value, checks_version: bool) {
    let metric_type = metric.text("type");
    if metric_type.is_empty() {
        errors.required(&path.child("type"), "must specify a metric source type");
    }
    if !METRIC_TYPES.contains(&metric_type) {
        errors.not_supported(&path.child("type"), metric_type, &METRIC_TYPES);
    }
    let mut present = Vec::new();
    for (_, name) in SOURCES {
        let Some(source) = metric.object(name) else { continue };
        present.push(name);
        if present.len() == 1 {
            validate_source(errors, &path.child(name), name, source, checks_version);
        }
    }
    let expected = SOURCES.iter().find(|(of, _)| *of == metric_type).map(|(_, name)| *name);
    match expected {
        None => errors.not_supported(&path.child("type"), metric_type, &METRIC_TYPES),
        Some(name) if !present.contains(&name) => {
            errors.required(&path.child(name), "must populate information for the given metric source");
        }
        Some(_) => {}
    }
    if present.len() != 1 {
        present.sort_unstable();
        for name in present.into_iter().filter(|name| Some(*name) != expected) {
            errors.forbidden(&path.child(name), "must populate the given metric source only");
        }
    }
}

fn validate_source(errors: &mut ErrorList, path: &Path, name: &str, source: &Value, checks_version: bool) {
    let target = source.part("target");
    let target_path = path.child("target");
    let has = |member: &str| target.member(member).is_some();
    match name {
        "object" => {
            let object = source.part("describedObject");
            validate_reference(errors, &path.child("describedObject"), object, checks_version);
            validate_identifier(errors, &path.child("metric"), source);
            validate_target(errors, &target_path, target);
            if !has("value") && !has("averageValue") {
                errors.required(
                    &target_path.child("averageValue"),
                    "must set either a target value or averageValue",
                );
            }
        }
        "external" => {
            validate_identifier(errors, &path.child("metric"), source);
            validate_target(errors, &target_path, target);
            match (has("value"), has("averageValue")) {
                (false, false) => {
                    let message = "must set either a target value for metric or a per-pod target";
                    errors.required(&target_path.child("averageValue"), message);
                }
                (true, true) => {
                    let message = "may not set both a target value for metric and a per-pod target";
                    errors.forbidden(&target_path.child("value"), message);
                }
                _ => {}
            }
        }
        "pods" => {
            validate_identifier(errors, &path.child("metric"), source);
            validate_target(errors, &target_path, target);
            if target.member("averageValue").is_none_or(|value| quantity(value) <= Quantity::ZERO) {
                errors.required(
                    &target_path.child("averageValue"),
                    "must specify a positive target averageValue",
                );
            }
        }
        _ => {
            if source.text("name").is_empty() {
                errors.required(&path.child("name"), "must specify a resource name");
            }
            if name == "containerResource" && source.text("container").is_empty() {
                errors.required(&path.child("container"), "must specify a container");
            }
            validate_target(errors, &target_path, target);
            match (has("averageUtilization"), has("averageValue")) {
                (false, false) => {
                    let message = "must set either a target raw value or a target utilization";
                    errors.required(&target_path.child("averageUtilization"), message);
                }
                (true, true) => {
                    let message = "may not set both a target raw value and a target utilization";
                    errors.forbidden(&target_path.child("averageValue"), message);
                }
                _ => {}
            }
        }
    }
}

fn validate_identifier(errors: &mut ErrorList, path: &Path, source: &Value) {
    let path = path.child("name");
    match source.part("metric").text("name") {
        "" => errors.required(&path, "must specify a metric name"),
        name => errors.invalid_each(&path, name, names::path_segment_name(name)),
    }
}

fn validate_target(errors: &mut ErrorList, path: &Path, target: &Value) {
    let target_type = target.text("type");
    if target_type.is_empty() {
        errors.required(&path.child("type"), "must specify a metric target type");
    }
    if !matches!(target_type, "Utilization" | "Value" | "AverageValue") {
        let message = "must be either Utilization, Value, or AverageValue";
        errors.invalid(&path.child("type"), named(target_type), message);
    }
    for name in ["value", "averageValue"] {
        if let Some(amount) = target.member(name).map(quantity).filter(|amount| *amount <= Quantity::ZERO) {
            errors.invalid(&path.child(name), named(&amount.to_string()), "must be positive");
        }
    }
    if let Some(percent) = target.optional_int("averageUtilization").filter(|percent| *percent < 1) {
        errors.invalid(&path.child("averageUtilization"), percent, "must be greater than 0");
    }
}

fn validate_rules(errors: &mut ErrorList, path: &Path, rules: &Value) {
    let window_path = path.child("stabilizationWindowSeconds");
    match rules.optional_int("stabilizationWindowSeconds") {
        Some(seconds) if seconds < 0 => {
            errors.invalid(&window_path, seconds, "must be greater than or equal to zero");
        }
        Some(seconds) if seconds > WINDOW_SECONDS_MAX => {
            errors.invalid(
                &window_path,
                seconds,
                format!("must be less than or equal to {WINDOW_SECONDS_MAX}"),
            );
        }
        _ => {}
    }
    let selections = ["Disabled", "Max", "Min"];
    if let Some(selection) = rules.optional_text("selectPolicy").filter(|it| !selections.contains(it)) {
        errors.not_supported(&path.child("selectPolicy"), selection, &selections);
    }
    let policies = rules.items("policies");
    if policies.is_empty() {
        errors.required(&path.child("policies"), "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = path.child("policies").index(i);
        if !matches!(policy.text("type"), "Percent" | "Pods") {
            errors.not_supported(&path.child("type"), policy.text("type"), &["Percent", "Pods"]);
        }
        if policy.int("value") <= 0 {
            errors.invalid(&path.child("value"), policy.int("value"), NOT_POSITIVE);
        }
        let seconds = policy.int("periodSeconds");
        if seconds <= 0 {
            errors.invalid(&path.child("periodSeconds"), seconds, NOT_POSITIVE);
        }
        if seconds > PERIOD_SECONDS_MAX {
            let message = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
            errors.invalid(&path.child("periodSeconds"), seconds, message);
        }
    }
    if let Some(tolerance) = rules.member("tolerance").map(quantity).filter(|it| *it < Quantity::ZERO) {
        errors.invalid(&path.child("tolerance"), tolerance.to_string(), NEGATIVE);
    }
}
