//! LimitRange.

use std::collections::BTreeSet;

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;
use wire::Quantity;

use super::members::{Members as _, quantity};
use super::parts::Parts as _;
use super::report::{Report as _, named};
use super::resources;

const TYPES: [&str; 3] = ["Pod", "Container", "PersistentVolumeClaim"];

/// What is wrong with a LimitRange, new or changed.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let limits = object.part("spec").items("limits");
    for (i, limit) in limits.iter().enumerate() {
        let path = Path::new("spec").child("limits").index(i);
        let limit_type = limit.text("type");
        validate_type(&mut errors, &path.child("type"), limit_type);
        if limits[..i].iter().any(|other| other.text("type") == limit_type) {
            errors.duplicate(&path.child("type"), named(limit_type));
        }
        validate_names(&mut errors, &path, limit, limit_type);
        validate_amounts(&mut errors, &path, limit);
    }
    errors
}

fn validate_type(errors: &mut ErrorList, path: &Path, limit_type: &str) {
    let messages = names::qualified_name(limit_type);
    let is_name = messages.is_empty();
    errors.invalid_each(path, limit_type, messages);
    if is_name && !limit_type.contains('/') && !TYPES.contains(&limit_type) {
        errors.invalid(path, limit_type, "must be a standard limit type or fully qualified");
    }
}

fn validate_names(errors: &mut ErrorList, path: &Path, limit: &Value, limit_type: &str) {
    let check = |errors: &mut ErrorList, name: &str| {
        for (resource, _) in limit.entries(name) {
            let path = path.child(name).key(resource);
            match limit_type {
                "Pod" | "Container" => resources::container_resource_name(errors, &path, resource),
                _ => {
                    resources::resource_name(errors, &path, resource);
                }
            }
        }
    };
    check(errors, "max");
    check(errors, "min");
    for name in ["default", "defaultRequest"] {
        if limit_type != "Pod" {
            check(errors, name);
        } else if limit.map(name).is_some() {
            errors.forbidden(&path.child(name), "may not be specified when `type` is 'Pod'");
        }
    }
    let has_storage = |name: &str| limit.member(name).member("storage").is_some();
    if limit_type == "PersistentVolumeClaim" && !has_storage("min") && !has_storage("max") {
        let message = "either minimum or maximum storage value is required, but neither was provided";
        errors.required(&path.child("limits"), message);
    }
    check(errors, "maxLimitRequestRatio");
}

/// No amount is beyond another that bounds it.
fn validate_amounts(errors: &mut ErrorList, path: &Path, limit: &Value) {
    let is_pod = limit.text("type") == "Pod";
    let members = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let used = members.iter().filter(|name| !(is_pod && name.starts_with("default")));
    let resources: BTreeSet<&str> =
        used.flat_map(|name| limit.entries(name).map(|(resource, _)| resource)).collect();
    for resource in resources {
        let amount = |name: &str| {
            let is_ignored = is_pod && name.starts_with("default");
            limit.member(name).member(resource).filter(|_| !is_ignored).map(quantity)
        };
        let mut ordered =
            |low: &str, low_word: &str, high: &str, high_word: &str, at: &str, shows_low: bool| {
                if let (Some(low), Some(high)) = (amount(low), amount(high))
                    && low > high
                {
                    let value = if shows_low { low } else { high };
                    let message = format!("{low_word} value {low} is greater than {high_word} value {high}");
                    errors.invalid(&path.child(at).key(resource), value.to_string(), message);
                }
            };
        ordered("min", "min", "max", "max", "min", true);
        ordered("min", "min", "defaultRequest", "default request", "defaultRequest", false);
        ordered("defaultRequest", "default request", "max", "max", "defaultRequest", true);
        ordered("defaultRequest", "default request", "default", "default limit", "defaultRequest", true);
        ordered("min", "min", "default", "default", "default", true);
        ordered("default", "default", "max", "max", "default", false);
        validate_ratio(errors, path, resource, amount("maxLimitRequestRatio"), amount("min"), amount("max"));
        if let (Some(default), Some(request)) = (amount("default"), amount("defaultRequest"))
            && default != request
            && !resources::allows_overcommit(resource)
        {
            let message =
                format!("default value {default} must equal to defaultRequest value {request} in {resource}");
            errors.invalid(&path.child("defaultRequest").key(resource), request.to_string(), message);
        }
    }
}

fn validate_ratio(
    errors: &mut ErrorList,
    path: &Path,
    resource: &str,
    ratio: Option<Quantity>,
    min: Option<Quantity>,
    max: Option<Quantity>,
) {
    let Some(ratio) = ratio else { return };
    let path = path.child("maxLimitRequestRatio").key(resource);
    if ratio < Quantity::from_units(1) {
        errors.invalid(&path, ratio.to_string(), format!("ratio {ratio} is less than 1"));
    }
    let (Some(min), Some(max)) = (min.filter(|min| !min.is_zero()), max) else { return };
    // Small amounts are compared in thousandths, as upstream does.
    let is_small = [ratio, min, max].iter().all(|amount| amount.value() < 1 << 40);
    let number = |amount: Quantity| {
        if is_small { amount.milli_value() as f64 } else { amount.value() as f64 }
    };
    let highest = number(max) / number(min);
    let wanted = if is_small { number(ratio) / 1000.0 } else { number(ratio) };
    if wanted > highest {
        let message = format!("ratio {ratio} is greater than max/min = {highest:.6}");
        errors.invalid(&path, ratio.to_string(), message);
    }
}
