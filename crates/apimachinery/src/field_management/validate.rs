//! Whether what is applied fits its type.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::items::element_of;
use super::path::PathElement;
use super::types::{FieldType, Relationship, Scalar, Shape};
use crate::go;

/// Checks that an object has the declared fields only, of the right kinds, and no element of a list twice.
///
/// # Errors
/// Upstream's text, all problems in one.
pub fn validate<T: FieldType>(ty: T, value: &Value) -> Result<(), String> {
    let mut problems = Vec::new();
    check(ty, value, "", &mut problems);
    match problems.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        several => Err(format!("errors:\n  {}", several.join("\n  "))),
    }
}

fn check<T: FieldType>(ty: T, value: &Value, path: &str, problems: &mut Vec<String>) {
    let mut say = |problem: String| {
        problems.push(if path.is_empty() { problem } else { format!("{path}: {problem}") });
    };
    match (ty.shape(), value) {
        (_, Value::Null) | (Shape::Deduced | Shape::Opaque, _) => {}
        (Shape::Scalar(scalar), value) => {
            if let Some(problem) = check_scalar(scalar, value) {
                say(problem);
            }
        }
        (Shape::Map { .. }, Value::Object(members)) => check_members(ty, members, path, problems),
        (Shape::Map { .. }, other) => say(format!("expected map, got &{{{}}}", go::value_text(other))),
        (Shape::List(relationship), Value::Array(items)) => {
            check_items(ty, relationship, items, path, problems);
        }
        (Shape::List(_), other) => say(format!("expected list, got &{{{}}}", go::value_text(other))),
    }
}

fn check_scalar(scalar: Scalar, value: &Value) -> Option<String> {
    match (scalar, value) {
        (Scalar::String, Value::String(_))
        | (Scalar::Numeric, Value::Number(_))
        | (Scalar::Boolean, Value::Bool(_))
        | (Scalar::Untyped, Value::String(_) | Value::Number(_) | Value::Bool(_)) => None,
        (Scalar::String, other) => {
            Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", source_text(other)))
        }
        (Scalar::Numeric, other) => {
            Some(format!("expected numeric (int or float), got {}", type_text(other)))
        }
        (Scalar::Boolean, other) => Some(format!("expected boolean, got &{{{}}}", go::value_text(other))),
        (Scalar::Untyped, other) => Some(format!("expected any scalar, got &{{{}}}", go::value_text(other))),
    }
}

fn check_members<T: FieldType>(ty: T, members: &Map<String, Value>, path: &str, problems: &mut Vec<String>) {
    for (name, value) in members {
        let path = format!("{path}.{name}");
        match ty.member(name).ty() {
            Some(of) => check(of, value, &path, problems),
            None => {
                problems.push(format!("{path}: field not declared in schema"));
                return;
            }
        }
    }
}

fn check_items<T: FieldType>(
    list: T,
    relationship: Relationship,
    items: &[Value],
    path: &str,
    problems: &mut Vec<String>,
) {
    let Some(ty) = list.element() else { return };
    let mut seen = BTreeSet::new();
    for (i, item) in items.iter().enumerate() {
        if relationship == Relationship::Atomic {
            check(ty, item, &format!("{path}[{i}]"), problems);
            continue;
        }
        let element: PathElement = match element_of(list, relationship, item) {
            Ok(element) => element,
            Err(problem) => {
                problems.push(format!("{path}: element {i}: {problem}"));
                return;
            }
        };
        let below = format!("{path}{element}");
        if seen.contains(&element) {
            problems.push(format!("{path}: duplicate entries for key {element}"));
            return;
        }
        seen.insert(element);
        check(ty, item, &below, problems);
    }
}

fn type_text(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as `%#v` prints it.
fn source_text(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => go::value_text(value),
        Value::String(text) => go::quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(source_text).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(members) => {
            let mut text = "map[string]interface {}{".to_owned();
            for (i, (name, member)) in members.iter().enumerate() {
                let comma = if i > 0 { ", " } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(text, "{comma}{}:{}", go::quote(name), source_text(member));
            }
            text.push('}');
            text
        }
    }
}
