//! Elements of lists that are owned one by one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use smallvec::SmallVec;

use super::path::PathElement;
use super::types::{FieldType, Relationship};
use crate::members::member;

/// What an element of a list is told apart by.
///
/// # Errors
/// Upstream's words for an element that cannot be told apart.
pub(super) fn element_of<T: FieldType>(
    list: T,
    relationship: Relationship,
    item: &Value,
) -> Result<PathElement, String> {
    match relationship {
        Relationship::Atomic => Err("invalid indexing of non-associative list".to_owned()),
        Relationship::Keyed(keys) => keyed(list.element(), keys, item),
        Relationship::Set => match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
            Value::Null => {
                Err("associative list without keys has an element that's an explicit null".to_owned())
            }
            scalar => Ok(PathElement::Value(scalar.clone())),
        },
    }
}

fn keyed<T: FieldType>(element: Option<T>, keys: &[&str], item: &Value) -> Result<PathElement, String> {
    let members = match item {
        Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
        Value::Object(members) => members,
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let value = |key: &str| members.get(key).or_else(|| element?.default_of(key)).cloned();
    let mut own: Vec<(String, Value)> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), value(key)?))).collect();
    if own.is_empty() {
        let keys: Vec<String> = keys.iter().map(|key| crate::go::quote(key)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values \
             for any key fields)",
            keys.join(" ")
        ));
    }
    own.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(PathElement::Key(own))
}

/// What an element of a list is told apart by, as a key of `FieldsV1`, written at once. `None` if it cannot be.
pub(super) fn key_of<T: FieldType>(list: T, relationship: Relationship, item: &Value) -> Option<String> {
    match (relationship, item) {
        (Relationship::Keyed(keys), Value::Object(members)) => {
            let element = list.element();
            let value = |key: &str| member(members, key).or_else(|| element?.default_of(key));
            let mut own: SmallVec<[(&str, &Value); 4]> =
                keys.iter().filter_map(|key| Some((*key, value(key)?))).collect();
            own.sort_unstable_by_key(|(name, _)| *name);
            let mut text = String::with_capacity(48);
            text.push_str("k:{");
            for (i, (name, value)) in own.iter().enumerate() {
                // Names of fields need no escapes.
                text.push_str(if i > 0 { ",\"" } else { "\"" });
                text.push_str(name);
                text.push_str("\":");
                put_value(&mut text, value);
            }
            text.push('}');
            (!own.is_empty()).then_some(text)
        }
        (Relationship::Set, Value::Object(_) | Value::Array(_) | Value::Null) => None,
        (Relationship::Set, scalar) => {
            let mut text = "v:".to_owned();
            put_value(&mut text, scalar);
            Some(text)
        }
        _ => None,
    }
}

fn put_value(into: &mut String, value: &Value) {
    match value {
        Value::String(text) => put_json(into, text),
        other => {
            // Writing to a string cannot fail.
            let _ = write!(into, "{other}");
        }
    }
}

/// Writes a text as JSON.
pub(super) fn put_json(into: &mut String, text: &str) {
    into.push('"');
    put_text(into, text);
    into.push('"');
}

/// Writes a text as JSON without its quotes.
pub(super) fn put_text(into: &mut String, text: &str) {
    let mut rest = text;
    // Quotes, which keys of elements have, and backslashes are written here, what is rarer by the library.
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20)) {
        let (plain, special) = rest.split_at(at);
        into.push_str(plain);
        let (first, after) = special.split_at(1);
        match first {
            "\"" => into.push_str("\\\""),
            "\\" => into.push_str("\\\\"),
            control => {
                let printed = Value::from(control).to_string();
                into.push_str(printed.trim_matches('"'));
            }
        }
        rest = after;
    }
    into.push_str(rest);
}

/// The elements of a list by what they are told apart by. Elements that cannot be are left out.
pub(super) struct Items<'v> {
    /// The elements of the list in order, with what each is told apart by.
    pub(super) in_order: Vec<(PathElement, &'v Value)>,
    by_element: BTreeMap<PathElement, Vec<&'v Value>>,
}

impl<'v> Items<'v> {
    pub(super) fn of<T: FieldType>(list: T, relationship: Relationship, items: &'v [Value]) -> Items<'v> {
        let with_element = |item: &'v Value| Some((element_of(list, relationship, item).ok()?, item));
        let in_order: Vec<(PathElement, &'v Value)> = items.iter().filter_map(with_element).collect();
        let mut by_element: BTreeMap<PathElement, Vec<&'v Value>> = BTreeMap::new();
        for (element, item) in &in_order {
            by_element.entry(element.clone()).or_default().push(item);
        }
        Items { in_order, by_element }
    }

    /// All that are told apart by the same.
    pub(super) fn all(&self, element: &PathElement) -> &[&'v Value] {
        self.by_element.get(element).map_or(&[], Vec::as_slice)
    }

    /// The only one that is told apart by it.
    pub(super) fn only(&self, element: &PathElement) -> Option<&'v Value> {
        match self.all(element) {
            [only] => Some(only),
            _ => None,
        }
    }

    pub(super) fn has(&self, element: &PathElement) -> bool {
        self.by_element.contains_key(element)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &PathElement> {
        self.by_element.keys()
    }
}
