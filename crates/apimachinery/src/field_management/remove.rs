//! Removing of fields.

use serde_json::{Map, Value};

use super::items::element_of;
use super::path::PathElement;
use super::set::Set;
use super::types::{FieldType, Relationship, Shape, deduced};

/// The object without the fields and elements in a set. Null if nothing is left.
pub fn remove<T: FieldType>(ty: T, value: &Value, set: &Set) -> Value {
    let shape = match ty.shape() {
        Shape::Deduced => deduced(Some(value)),
        shape => shape,
    };
    match (shape, value) {
        (Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))), Value::Array(items)) => {
            let kept: Vec<Value> = items
                .iter()
                .filter_map(|item| match (element_of(ty, relationship, item), ty.element()) {
                    (Ok(element), Some(of)) => without(of, item, &element, set),
                    _ => Some(item.clone()),
                })
                .collect();
            if kept.is_empty() { Value::Null } else { kept.into() }
        }
        (Shape::Map { is_atomic: false }, Value::Object(members)) => {
            let kept: Map<String, Value> = members
                .iter()
                .filter_map(|(name, value)| {
                    let element = PathElement::field(name);
                    let value = match ty.member(name).ty() {
                        Some(of) => without(of, value, &element, set)?,
                        None => value.clone(),
                    };
                    Some((name.clone(), value))
                })
                .collect();
            if kept.is_empty() { Value::Null } else { kept.into() }
        }
        // Below something that is owned as a whole nothing can be removed but all of it.
        (Shape::List(_) | Shape::Map { .. }, Value::Array(_) | Value::Object(_)) => Value::Null,
        (_, value) => value.clone(),
    }
}

fn without<T: FieldType>(ty: T, value: &Value, element: &PathElement, set: &Set) -> Option<Value> {
    if set.members.contains(element) {
        return None;
    }
    Some(match set.below(element) {
        Some(below) => remove(ty, value, below),
        None => value.clone(),
    })
}
