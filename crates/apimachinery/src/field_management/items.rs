//! Elements of lists that are owned one by one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::path::PathElement;
use super::types::{FieldType, Relationship};

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
            let value = |key: &str| members.get(key).or_else(|| element?.default_of(key));
            let mut own: Vec<(&str, &Value)> =
                keys.iter().filter_map(|key| Some((*key, value(key)?))).collect();
            own.sort_unstable_by_key(|(name, _)| *name);
            let mut text = "k:{".to_owned();
            for (i, (name, value)) in own.iter().enumerate() {
                let comma = if i > 0 { "," } else { "" };
                // Writing to a string cannot fail. Names of fields need no escapes.
                let _ = write!(text, "{comma}\"{name}\":{value}");
            }
            text.push('}');
            (!own.is_empty()).then_some(text)
        }
        (Relationship::Set, Value::Object(_) | Value::Array(_) | Value::Null) => None,
        (Relationship::Set, scalar) => Some(format!("v:{scalar}")),
        _ => None,
    }
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
