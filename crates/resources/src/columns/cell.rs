//! Values of documents as cells show them.

use std::collections::BTreeSet;

use apimachinery::selectors::labels;
use apimachinery::{duration, go};
use jiff::Timestamp;
use serde_json::Value;
use wire::LabelSelector;

/// What is at a JSON pointer; null is the same as nothing.
pub(super) fn at<'d>(object: &'d Value, pointer: &str) -> Option<&'d Value> {
    object.pointer(pointer).filter(|value| !value.is_null())
}

/// The text at a pointer; empty where there is none.
pub(super) fn text<'d>(object: &'d Value, pointer: &str) -> &'d str {
    at(object, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The text at a pointer, or what is shown instead of none.
pub(super) fn text_or<'d>(object: &'d Value, pointer: &str, absent: &'d str) -> &'d str {
    match text(object, pointer) {
        "" => absent,
        text => text,
    }
}

/// The number at a pointer; 0 where there is none.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    at(object, pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The boolean at a pointer; false where there is none.
pub(super) fn flag(object: &Value, pointer: &str) -> bool {
    at(object, pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The list at a pointer; empty where there is none.
pub(super) fn list<'d>(object: &'d Value, pointer: &str) -> &'d [Value] {
    at(object, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of the list at a pointer.
pub(super) fn texts<'d>(object: &'d Value, pointer: &str) -> impl Iterator<Item = &'d str> {
    list(object, pointer).iter().filter_map(Value::as_str)
}

/// How many entries the map or list at a pointer has.
pub(super) fn count(object: &Value, pointer: &str) -> usize {
    match at(object, pointer) {
        Some(Value::Object(members)) => members.len(),
        Some(Value::Array(items)) => items.len(),
        _ => 0,
    }
}

/// Texts with a separator between.
pub(super) fn joined<'t>(texts: impl IntoIterator<Item = &'t str>, separator: &str) -> String {
    texts.into_iter().collect::<Vec<_>>().join(separator)
}

/// The object's name.
pub(super) fn name(object: &Value) -> Value {
    text(object, "/metadata/name").into()
}

/// The annotation of a key.
pub(super) fn annotation<'d>(object: &'d Value, key: &str) -> &'d str {
    object["metadata"]["annotations"][key].as_str().unwrap_or_default()
}

/// Whether somebody has asked for the object's deletion.
pub(super) fn is_being_deleted(object: &Value) -> bool {
    at(object, "/metadata/deletionTimestamp").is_some()
}

/// How long ago the object was created.
pub(super) fn age(object: &Value, now: Timestamp) -> Value {
    since(object, "/metadata/creationTimestamp", now).into()
}

/// How long ago the time at a pointer was; `<unknown>` where there is none.
pub(super) fn since(object: &Value, pointer: &str, now: Timestamp) -> String {
    duration::age(text(object, pointer), wire_time(now))
}

fn wire_time(time: Timestamp) -> wire::Timestamp {
    let nanos = time.as_nanosecond();
    let nearest = if nanos < 0 { i64::MIN } else { i64::MAX };
    wire::Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(nearest))
}

/// `k=v,k2=v2`, or `<none>`.
pub(super) fn labels(object: &Value, pointer: &str) -> String {
    let members = at(object, pointer).and_then(Value::as_object);
    let pairs: Vec<String> = members
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// The selector at a pointer in its text form; empty if it selects everything or is not there, none if it is not valid.
pub(super) fn selector_text(object: &Value, pointer: &str) -> Option<String> {
    let Some(selector) = at(object, pointer) else { return Some(String::new()) };
    let selector: LabelSelector = serde_json::from_value(selector.clone()).ok()?;
    labels::from_document(&selector).ok().map(|selector| selector.to_string())
}

/// The selector at a pointer as most kinds show it.
pub(super) fn selector(object: &Value, pointer: &str) -> String {
    match selector_text(object, pointer) {
        None => "<error>".to_owned(),
        Some(text) if text.is_empty() => "<none>".to_owned(),
        Some(text) => text,
    }
}

/// A member of each of the elements at a pointer, with commas between: names or images of containers.
pub(super) fn members(object: &Value, pointer: &str, member: &str) -> String {
    joined(list(object, pointer).iter().map(|item| item[member].as_str().unwrap_or_default()), ",")
}

/// A number or a text as text.
pub(super) fn int_or_string(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => go::value_text(other),
    }
}

/// The amount at a pointer; `0` where there is none.
pub(super) fn quantity<'d>(object: &'d Value, resources: &str, resource: &str) -> &'d str {
    at(object, resources).and_then(|amounts| amounts[resource].as_str()).unwrap_or("0")
}

/// Where a load balancer answers: its addresses, or names where it has no addresses, sorted.
pub(super) fn load_balancer(object: &Value) -> BTreeSet<&str> {
    let points = list(object, "/status/loadBalancer/ingress").iter();
    points.map(|point| text_or(point, "/ip", text(point, "/hostname"))).filter(|at| !at.is_empty()).collect()
}

/// The first of a list with what is left out: `a,b,c + 2 more...`.
pub(super) fn with_more(list: &[String], separator: &str, n_all: usize) -> String {
    let text = list.join(separator);
    if n_all > list.len() { format!("{text} + {} more...", n_all - list.len()) } else { text }
}

/// The condition of a type.
pub(super) fn condition<'d>(object: &'d Value, condition_type: &str) -> Option<&'d Value> {
    list(object, "/status/conditions").iter().find(|condition| condition["type"] == condition_type)
}

/// Whether the condition of a type holds.
pub(super) fn condition_holds(object: &Value, condition_type: &str) -> bool {
    list(object, "/status/conditions")
        .iter()
        .any(|condition| condition["type"] == condition_type && condition["status"] == "True")
}
