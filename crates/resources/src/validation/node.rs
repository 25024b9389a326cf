//! Node.

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::cidr::{self, Cidr};
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};
use super::{internal, resources};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// What is wrong with a Node.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    taints(&mut errors, object);
    amounts(&mut errors, object);
    let ranges = object.part("spec").texts("podCIDRs");
    let path = Path::new("spec").child("podCIDRs");
    for (i, range) in ranges.iter().enumerate() {
        cidr::cidr(&mut errors, &path.index(i), range, &[]);
    }
    if ranges.len() > 1 {
        let addresses: Vec<_> =
            ranges.iter().filter_map(|range| Cidr::parse_sloppy(range)).map(|range| range.address).collect();
        if !cidr::are_of_both_versions(&addresses) || ranges.len() > 2 {
            let value = json_or_null(object.part("spec").member("podCIDRs"));
            errors.invalid(&path, value, "may specify no more than one CIDR for each IP family");
        }
    }
    errors
}

/// What keeps pods away. Upstream's errors place them in the metadata, where they once were.
fn taints(errors: &mut ErrorList, node: &Value) {
    let path = Path::new("metadata").child("taints");
    let taints = node.part("spec").items("taints");
    for (i, taint) in taints.iter().enumerate() {
        let path = path.index(i);
        let (key, effect) = (taint.text("key"), taint.text("effect"));
        errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
        let problems = names::label_value(taint.text("value"));
        if !problems.is_empty() {
            errors.invalid(&path.child("value"), taint.text("value"), problems.join(";"));
        }
        errors.one_of(&path.child("effect"), effect, &EFFECTS);
        let is_same = |other: &Value| other.text("key") == key && other.text("effect") == effect;
        if taints[..i].iter().any(is_same) {
            let error = FieldError::duplicate(&path, internal::compact("", "Taint", taint));
            errors.push(FieldError {
                detail: "taints must be unique by key and effect pair".to_owned(),
                ..error
            });
        }
    }
}

fn amounts(errors: &mut ErrorList, node: &Value) {
    for name in ["capacity", "allocatable"] {
        let path = Path::new("status").child(name);
        for (resource, amount) in node.part("status").amounts(name) {
            resources::resource_amount(errors, &path.key(resource), resource, amount);
        }
    }
}

/// What is wrong with a changed Node, also if its status is what changed.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    amounts(&mut errors, object);
    let addresses = object.part("status").items("addresses");
    for (i, address) in addresses.iter().enumerate() {
        if addresses[..i].contains(address) {
            let path = Path::new("status").child("addresses").index(i);
            errors.duplicate(&path, internal::compact("", "NodeAddress", address));
        }
    }
    let (spec, old_spec) = (object.member("spec"), old.member("spec"));
    let (ranges, old_ranges) = (spec.texts("podCIDRs"), old_spec.texts("podCIDRs"));
    let path = Path::new("spec");
    if !old_ranges.is_empty() {
        let n_different = match ranges.len() == old_ranges.len() {
            false => 1,
            true => ranges.iter().zip(&old_ranges).filter(|(new, old)| new != old).count(),
        };
        for _ in 0..n_different {
            let message = r#"node updates may not change podCIDR except from "" to valid"#;
            errors.forbidden(&path.child("podCIDRs"), message);
        }
    }
    let old_id = old_spec.text("providerID");
    if !old_id.is_empty() && old_id != spec.text("providerID") {
        let message = r#"node updates may not change providerID except from "" to valid"#;
        errors.forbidden(&path.child("providerID"), message);
    }
    taints(&mut errors, object);
    errors
}
