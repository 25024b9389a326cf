//! Where pods want to be or not to be.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::{dns_subdomain, qualified_name};
use super::super::members::Members as _;
use super::super::report::{Report as _, named};
use super::{Kept, selector};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// What is wrong with affinity.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, affinity: &Value, kept: Kept) {
    if let Some(nodes) = affinity.object("nodeAffinity") {
        node_affinity(errors, &path.child("nodeAffinity"), nodes, kept);
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        if let Some(pods) = affinity.object(name) {
            pod_affinity(errors, &path.child(name), pods, kept);
        }
    }
}

fn node_affinity(errors: &mut ErrorList, path: &Path, affinity: &Value, kept: Kept) {
    if let Some(required) = affinity.object(REQUIRED) {
        let path = path.child(REQUIRED).child("nodeSelectorTerms");
        let terms = required.items("nodeSelectorTerms");
        if terms.is_empty() {
            errors.required(&path, "must have at least one node selector term");
        }
        for (i, term) in terms.iter().enumerate() {
            node_selector_term(errors, &path.index(i), term, kept.node_values);
        }
    }
    for (i, preferred) in affinity.items(PREFERRED).iter().enumerate() {
        let path = path.child(PREFERRED).index(i);
        weight(errors, &path, preferred);
        if let Some(term) = preferred.object("preference") {
            // Values that no label has were always allowed here.
            node_selector_term(errors, &path.child("preference"), term, true);
        }
    }
}

fn weight(errors: &mut ErrorList, path: &Path, preferred: &Value) {
    let weight = preferred.int("weight");
    if !(1..=100).contains(&weight) {
        errors.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

fn node_selector_term(errors: &mut ErrorList, path: &Path, term: &Value, keeps_values: bool) {
    for (i, expression) in term.items("matchExpressions").iter().enumerate() {
        node_labels(errors, &path.child("matchExpressions").index(i), expression, keeps_values);
    }
    for (i, expression) in term.items("matchFields").iter().enumerate() {
        node_fields(errors, &path.child("matchFields").index(i), expression);
    }
}

fn node_labels(errors: &mut ErrorList, path: &Path, expression: &Value, keeps_values: bool) {
    let values = expression.texts("values");
    let values_path = path.child("values");
    match expression.text("operator") {
        "In" | "NotIn" if values.is_empty() => {
            errors.required(&values_path, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.forbidden(
                &values_path,
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            );
        }
        "Gt" | "Lt" if values.len() != 1 => {
            errors.required(&values_path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.invalid(&path.child("operator"), named(other), "not a valid selector operator"),
    }
    qualified_name(errors, &path.child("key"), expression.text("key"));
    if !keeps_values {
        for (i, value) in values.iter().enumerate() {
            errors.invalid_each(&values_path.index(i), value, names::label_value(value));
        }
    }
}

/// The only field of nodes that can be selected by is their name.
fn node_fields(errors: &mut ErrorList, path: &Path, expression: &Value) {
    let values = expression.texts("values");
    match expression.text("operator") {
        "In" | "NotIn" if values.len() != 1 => {
            let message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&path.child("values"), message);
        }
        "In" | "NotIn" => {}
        other => errors.invalid(&path.child("operator"), named(other), "not a valid selector operator"),
    }
    match expression.text("key") {
        "metadata.name" => {
            for (i, value) in values.iter().enumerate() {
                dns_subdomain(errors, &path.child("values").index(i), value);
            }
        }
        other => errors.invalid(&path.child("key"), other, "not a valid field selector key"),
    }
}

fn pod_affinity(errors: &mut ErrorList, path: &Path, affinity: &Value, kept: Kept) {
    for (i, term) in affinity.items(REQUIRED).iter().enumerate() {
        pod_affinity_term(errors, &path.child(REQUIRED).index(i), term, kept);
    }
    for (i, preferred) in affinity.items(PREFERRED).iter().enumerate() {
        let path = path.child(PREFERRED).index(i);
        weight(errors, &path, preferred);
        let none = Value::Null;
        let term = preferred.member("podAffinityTerm").unwrap_or(&none);
        pod_affinity_term(errors, &path.child("podAffinityTerm"), term, kept);
    }
}

fn pod_affinity_term(errors: &mut ErrorList, path: &Path, term: &Value, kept: Kept) {
    for name in ["labelSelector", "namespaceSelector"] {
        selector(errors, &path.child(name), term.object(name), kept.selector_values);
    }
    for namespace in term.texts("namespaces") {
        errors.invalid_each(&path.child("namespace"), namespace, names::namespace_name(namespace));
    }
    label_keys(errors, path, term);
    let key = term.text("topologyKey");
    if key.is_empty() {
        errors.required(&path.child("topologyKey"), "can not be empty");
    }
    qualified_name(errors, &path.child("topologyKey"), key);
}

/// Labels of the pod itself that others must have, or must not have, with the same value (KEP-3633).
fn label_keys(errors: &mut ErrorList, path: &Path, term: &Value) {
    let selector = term.object("labelSelector");
    for name in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.texts(name);
        if keys.is_empty() {
            continue;
        }
        if selector.is_none() {
            errors.forbidden(&path.child(name), "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in keys.iter().enumerate() {
            qualified_name(errors, &path.child(name).index(i), key);
        }
    }
    let keys = term.texts("matchLabelKeys");
    if let Some(selector) = selector {
        // What is made of a label key stands at the end of the selector. Once before is once too many.
        let mut selected: Vec<&str> = selector.entries("matchLabels").map(|(key, _)| key).collect();
        for expression in selector.items("matchExpressions") {
            let key = expression.text("key");
            if let Some(i) = keys.iter().rposition(|other| *other == key)
                && selected.contains(&key)
            {
                errors.invalid(&path.index(i), key, "exists in both matchLabelKeys and labelSelector");
            }
            selected.push(key);
        }
    }
    let others = term.texts("mismatchLabelKeys");
    for (i, key) in keys.iter().enumerate().filter(|(_, key)| others.contains(key)) {
        let message = "exists in both matchLabelKeys and mismatchLabelKeys";
        errors.invalid(&path.child("matchLabelKeys").index(i), *key, message);
    }
}
