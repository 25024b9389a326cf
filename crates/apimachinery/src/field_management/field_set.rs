//! All fields of an object.

use serde_json::{Map, Value};

use super::items::Items;
use super::path::PathElement;
use super::set::Set;
use super::types::{FieldType, Member, Relationship, Shape, deduced};

/// What somebody owns who says the object: its leaves, the elements of its lists, its empty objects, and members whose
/// names come from data.
pub fn field_set<T: FieldType>(ty: T, value: &Value) -> Set {
    let mut set = Set::default();
    fill(ty, value, &mut set);
    set
}

/// Fills in what is below a value; whether the value itself is in the set.
fn fill<T: FieldType>(ty: T, value: &Value, set: &mut Set) -> bool {
    let shape = match ty.shape() {
        Shape::Deduced => deduced(Some(value)),
        shape => shape,
    };
    match (shape, value) {
        (Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))), value) => {
            if let Value::Array(items) = value {
                fill_items(ty, relationship, items, set);
            }
            false
        }
        (Shape::Map { is_atomic: false }, value) => {
            if let Value::Object(members) = value {
                fill_members(ty, members, set);
            }
            false
        }
        _ => true,
    }
}

fn fill_items<T: FieldType>(list: T, relationship: Relationship, items: &[Value], set: &mut Set) {
    let Some(ty) = list.element() else { return };
    let items = Items::of(list, relationship, items);
    for (element, item) in &items.in_order {
        if items.only(element).is_some() {
            let mut below = Set::default();
            fill(ty, item, &mut below);
            put(set, element, below);
        }
        set.members.insert(element.clone());
    }
}

fn fill_members<T: FieldType>(ty: T, members: &Map<String, Value>, set: &mut Set) {
    for (name, value) in members {
        let member = ty.member(name);
        let Some(below_ty) = member.ty() else { continue };
        let mut below = Set::default();
        let is_leaf = fill(below_ty, value, &mut below);
        let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        let element = PathElement::field(name);
        put(set, &element, below);
        if is_leaf || is_empty || matches!(member, Member::Free(_)) {
            set.members.insert(element);
        }
    }
}

fn put(set: &mut Set, element: &PathElement, below: Set) {
    if !below.is_empty() {
        set.children.insert(element.clone(), below);
    }
}
