//! What the creator of an object owns, in one walk.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::items::key_of;
use super::path::PathElement;
use super::set::Set;
use super::types::{FieldType, Relationship, Shape, deduced, elements_of, members_of};

/// `FieldsV1` of everything in a new object that a zero value of its type has not, without what is in `except` or below;
/// `None` if that is nothing. This is what [`super::compare()`] finds between the two, written down at once.
pub fn owned_of_new<T: FieldType>(ty: T, zero: &Value, new: &Value, except: &Set) -> Option<Value> {
    let found = walk(ty, Some(zero), new, Some(except))?;
    Some(Value::Object(found.below))
        .filter(|fields| fields.as_object().is_some_and(|fields| !fields.is_empty()))
}

/// What is owned of a value: itself, what is below it, or both.
struct Owned {
    is_member: bool,
    below: Map<String, Value>,
}

impl Owned {
    fn leaf() -> Owned {
        Owned { is_member: true, below: Map::new() }
    }

    fn into_value(mut self) -> Value {
        if self.is_member && !self.below.is_empty() {
            self.below.insert(".".to_owned(), Value::Object(Map::new()));
        }
        Value::Object(self.below)
    }
}

fn walk<T: FieldType>(ty: T, old: Option<&Value>, new: &Value, except: Option<&Set>) -> Option<Owned> {
    if old == Some(new) {
        return None;
    }
    let shape = match ty.shape() {
        Shape::Deduced => deduced(Some(new)),
        shape => shape,
    };
    let below = match (shape, new) {
        (Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))), Value::Array(items)) => {
            if items.is_empty() && elements_of(old).is_empty() {
                return Some(Owned::leaf());
            }
            below_items(ty, relationship, items)
        }
        (Shape::Map { is_atomic: false }, Value::Object(members)) => {
            let before = members_of(old);
            if members.is_empty() && before.is_none_or(Map::is_empty) {
                return Some(Owned::leaf());
            }
            below_members(ty, before, members, except)
        }
        _ => return Some(Owned::leaf()),
    };
    let owned = Owned { is_member: old.is_none(), below };
    (owned.is_member || !owned.below.is_empty()).then_some(owned)
}

fn below_members<T: FieldType>(
    ty: T,
    before: Option<&Map<String, Value>>,
    members: &Map<String, Value>,
    except: Option<&Set>,
) -> Map<String, Value> {
    let mut below = Map::new();
    for (name, value) in members {
        let Some(of) = ty.member(name).ty() else { continue };
        let mut except_below = None;
        if let Some(except) = except {
            let step = PathElement::field(name);
            if except.members.contains(&step) {
                continue;
            }
            except_below = except.below(&step);
        }
        let old = before.and_then(|before| before.get(name));
        if let Some(owned) = walk(of, old, value, except_below) {
            let mut key = String::with_capacity(name.len() + 2);
            key.push_str("f:");
            key.push_str(name);
            below.insert(key, owned.into_value());
        }
    }
    below
}

/// Zero values have no elements in their lists, so all of these are new. One that is there twice is owned as a whole.
fn below_items<T: FieldType>(list: T, relationship: Relationship, items: &[Value]) -> Map<String, Value> {
    let mut below = Map::new();
    let Some(ty) = list.element() else { return below };
    for item in items {
        let Some(key) = key_of(list, relationship, item) else { continue };
        match below.entry(key) {
            Entry::Vacant(free) => {
                if let Some(owned) = walk(ty, None, item, None) {
                    free.insert(owned.into_value());
                }
            }
            Entry::Occupied(mut taken) => {
                taken.insert(Value::Object(Map::new()));
            }
        }
    }
    below
}
