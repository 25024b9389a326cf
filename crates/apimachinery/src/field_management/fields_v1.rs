//! Sets of paths as `FieldsV1` writes them.
//!
//! A member is `f:name`, an element of a list `k:{"key":value}`, one of a set `v:value`, a place `i:1`; what is below is
//! inside, and `.` says that an object or element with something below is in the set itself.

use serde_json::{Map, Value};

use super::path::PathElement;
use super::set::Set;

/// A set as `FieldsV1`.
pub fn encode(set: &Set) -> Value {
    Value::Object(encode_level(set))
}

fn encode_level(set: &Set) -> Map<String, Value> {
    let mut level = Map::new();
    for (step, child) in &set.children {
        let mut below = encode_level(child);
        if set.members.contains(step) {
            below.insert(".".to_owned(), Value::Object(Map::new()));
        }
        level.insert(key(step), Value::Object(below));
    }
    for member in set.members.iter().filter(|member| !set.children.contains_key(member)) {
        level.insert(key(member), Value::Object(Map::new()));
    }
    level
}

/// A step as a key.
fn key(step: &PathElement) -> String {
    match step {
        PathElement::Field(name) => format!("f:{name}"),
        PathElement::Key(members) => {
            let members: Map<String, Value> = members.iter().cloned().collect();
            format!("k:{}", Value::Object(members))
        }
        PathElement::Value(value) => format!("v:{value}"),
        PathElement::Index(place) => format!("i:{place}"),
    }
}

/// The set that `FieldsV1` says. Keys of kinds that nobody knows are left out: a later version may know them.
///
/// # Errors
/// Says which key cannot be read, or what is no object.
pub fn decode(fields: &Value) -> Result<Set, String> {
    Ok(decode_level(fields)?.0)
}

/// The set of a level, and whether what it belongs to is in the set itself.
fn decode_level(fields: &Value) -> Result<(Set, bool), String> {
    let Value::Object(level) = fields else { return Err(format!("{fields} is no object of fields")) };
    let mut set = Set::default();
    let mut is_member = level.is_empty();
    for (key, below) in level {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(step) = step(key)? else { continue };
        let (child, is_child_member) = decode_level(below)?;
        if is_child_member {
            set.members.insert(step.clone());
        }
        if !child.is_empty() {
            set.children.insert(step, child);
        }
    }
    Ok((set, is_member))
}

fn step(key: &str) -> Result<Option<PathElement>, String> {
    let Some((kind, text)) = key.split_once(':') else { return Err(format!("{key:?} is no step of a path")) };
    let invalid = |error: &dyn std::fmt::Display| format!("{key:?} is no step of a path: {error}");
    Ok(match kind {
        "f" => Some(PathElement::field(text)),
        "v" => Some(PathElement::Value(serde_json::from_str(text).map_err(|error| invalid(&error))?)),
        "i" => Some(PathElement::Index(text.parse().map_err(|error| invalid(&error))?)),
        "k" => {
            let members: Map<String, Value> = serde_json::from_str(text).map_err(|error| invalid(&error))?;
            Some(PathElement::Key(members.into_iter().collect()))
        }
        _ => None,
    })
}
