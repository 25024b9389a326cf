//! Merging of what is applied into what is there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::items::{Items, element_of};
use super::path::PathElement;
use super::types::{FieldType, Relationship, Shape, deduced, elements_of, members_of};

/// Merges what is applied into an object: applied leaves win, everything else stays.
pub fn merge<T: FieldType>(ty: T, live: &Value, applied: &Value) -> Value {
    merged(ty, Some(live), Some(applied)).unwrap_or_default()
}

fn merged<T: FieldType>(ty: T, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    let Some(new) = applied else { return live.cloned() };
    let shape = match ty.shape() {
        Shape::Deduced if new.is_null() => deduced(live),
        Shape::Deduced if live.is_none_or(Value::is_null) => deduced(applied),
        Shape::Deduced if deduced(live) != deduced(applied) => return applied.cloned(),
        Shape::Deduced => deduced(applied),
        shape => shape,
    };
    match shape {
        Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))) => {
            let (old, new) = (elements_of(live), elements_of(applied));
            if old.is_empty() && new.is_empty() {
                return applied.cloned();
            }
            let items = merged_items(ty, relationship, old, new);
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Shape::Map { is_atomic: false } => {
            let (old, new) = (members_of(live), members_of(applied));
            if old.is_none_or(Map::is_empty) && new.is_none_or(Map::is_empty) {
                return applied.cloned();
            }
            let members = merged_members(ty, old, new);
            (!members.is_empty()).then_some(Value::Object(members))
        }
        _ => applied.cloned(),
    }
}

fn merged_members<T: FieldType>(
    ty: T,
    live: Option<&Map<String, Value>>,
    applied: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, old) in live.into_iter().flatten() {
        let new = applied.and_then(|applied| applied.get(name));
        let value = match ty.member(name).ty() {
            Some(ty) => merged(ty, Some(old), new),
            None => Some(new.unwrap_or(old).clone()),
        };
        out.extend(value.map(|value| (name.clone(), value)));
    }
    let is_new = |name: &str| live.is_none_or(|live| !live.contains_key(name));
    for (name, new) in applied.into_iter().flatten().filter(|(name, _)| is_new(name)) {
        out.insert(name.clone(), new.clone());
    }
    out
}

/// Elements that both have are in the order in which they are applied; what only one of them has stays near the
/// neighbours that it has there.
fn merged_items<T: FieldType>(
    list: T,
    relationship: Relationship,
    old: &[Value],
    new: &[Value],
) -> Vec<Value> {
    let Some(ty) = list.element() else { return new.to_vec() };
    let live = Items::of(list, relationship, old);
    let applied = Items::of(list, relationship, new);
    let mut shared = applied.in_order.iter().map(|(element, _)| element).filter(|element| live.has(element));
    let mut next_shared = shared.next();
    let mut done: BTreeSet<&PathElement> = BTreeSet::new();
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    let (mut l, mut r) = (0, 0);
    while l < live.in_order.len() || r < applied.in_order.len() {
        let here = live.in_order.get(l);
        let there = applied.in_order.get(r);
        if let (Some((element, _)), Some((other, _))) = (here, there) {
            if element == other {
                out.extend(merged(ty, live.only(element), applied.only(element)));
                done.insert(element);
                l += 1;
                r += 1;
                next_shared = shared.next();
                continue;
            }
            if applied.has(element) && next_shared.is_some_and(|next| next != element) {
                // It will come when its turn is in what is applied.
                l += 1;
                continue;
            }
        }
        if let Some((element, item)) = here {
            if !applied.has(element) {
                out.push((*item).clone());
                l += 1;
                continue;
            }
            if done.contains(element) {
                l += 1;
            }
        }
        if let Some((element, _)) = there {
            out.extend(merged(ty, live.only(element), applied.only(element)));
            done.insert(element);
            r += 1;
            if next_shared == Some(element) {
                next_shared = shared.next();
            }
        } else if here.is_some_and(|(element, _)| !done.contains(element)) {
            l += 1;
        }
    }
    // What cannot be told apart is nobody's, and stays.
    out.extend(old.iter().filter(|item| element_of(list, relationship, item).is_err()).cloned());
    out
}
