//! `scale`: its `spec.replicas` is owned as a field of the object that it belongs to.

use serde_json::Value;

use super::managed::{Entry, Managed};
use super::path::PathElement;
use super::set::Set;

/// The version of a Scale.
const API_VERSION: &str = "autoscaling/v1";

fn replicas() -> [PathElement; 2] {
    [PathElement::field("spec"), PathElement::field("replicas")]
}

/// Both the Scale and its object have the field in the same place.
fn set_of_replicas() -> Set {
    Set::of_fields(&[&["spec", "replicas"]])
}

/// The managers of a Scale, from those of its object.
pub fn managers_of_scale(of_object: &[Value]) -> Option<Value> {
    let managed = Managed::decode(of_object).unwrap_or_default();
    let owners = managed.0.into_iter().filter(|entry| entry.set.has(&replicas()));
    let owners =
        owners.map(|entry| Entry { api_version: API_VERSION.to_owned(), set: set_of_replicas(), ..entry });
    Managed(owners.collect()).encode()
}

/// The managers of an object, from what they were and those of its changed Scale. Who comes by way of `scale` has no
/// time.
pub fn managers_of_object(of_object: &[Value], of_scale: &[Value], api_version: &str) -> Option<Value> {
    let before = Managed::decode(of_object).unwrap_or_default();
    let mut of_scale = Managed::decode(of_scale).unwrap_or_default();
    let mut managed = Managed::default();
    for entry in before.0 {
        if !entry.set.has(&replicas()) {
            managed.0.push(entry);
            continue;
        }
        let mut in_scale = entry.identity.clone();
        if !in_scale.api_version.is_empty() {
            API_VERSION.clone_into(&mut in_scale.api_version);
        }
        if of_scale.take(&in_scale).is_some() {
            managed.0.push(entry);
            continue;
        }
        // Somebody else has taken it.
        let set = entry.set.difference(&set_of_replicas());
        if !set.is_empty() {
            managed.0.push(Entry { set, ..entry });
        }
    }
    for mut entry in of_scale.0 {
        if !entry.set.has(&replicas()) {
            continue;
        }
        if !entry.identity.api_version.is_empty() {
            api_version.clone_into(&mut entry.identity.api_version);
        }
        let previous = managed.take(&entry.identity);
        managed.put(Entry {
            identity: entry.identity,
            api_version: api_version.to_owned(),
            set: set_of_replicas().union(previous.as_ref().map(|own| own.set.clone()).unwrap_or_default()),
            time: previous.and_then(|own| own.time),
        });
    }
    managed.encode()
}
