//! Where an operation acts: a member or an element, and what holds it.

use serde_json::Value;
use serde_json::map::Map;

use crate::go;

/// A member of an object or an element of a list, whether it is there or not.
pub(super) struct Place<'d> {
    parent: Parent<'d>,
    key: String,
}

enum Parent<'d> {
    Object(&'d mut Map<String, Value>),
    List(&'d mut Vec<Value>),
}

/// What is wrong with a member or element.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The member is not there.
    #[error("Unable to remove nonexistent key: {0}: missing value")]
    MissingMember(String),
    /// No element of the list has this index.
    #[error("Unable to access invalid index: {0}: invalid index referenced")]
    InvalidIndex(i64),
    /// Elements have numbers.
    #[error("strconv.Atoi: parsing {}: invalid syntax", go::quote(.0))]
    NotAnIndex(String),
    /// New elements have numbers too.
    #[error("value was not a proper array index: '{0}': strconv.Atoi: parsing {quoted}: invalid syntax", quoted = go::quote(.0))]
    NotANewIndex(String),
}

/// Finds the place that a JSON pointer names. None where its parent is not there, or has neither members nor
/// elements.
pub(super) fn find<'d>(document: &'d mut Value, path: &str) -> Option<Place<'d>> {
    // What is before the first slash does not count.
    let (_, steps) = path.split_once('/')?;
    let (parents, key) = match steps.rsplit_once('/') {
        Some((parents, key)) => (Some(parents), key),
        None => (None, steps),
    };
    let mut current = document;
    for step in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let step = unescaped(step);
        current = match current {
            Value::Object(members) => members.get_mut(&step)?,
            Value::Array(items) => {
                let index = index(&step, items.len()).ok()?;
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    let parent = match current {
        Value::Object(members) => Parent::Object(members),
        Value::Array(items) => Parent::List(items),
        _ => return None,
    };
    Some(Place { parent, key: unescaped(key) })
}

/// One step of a pointer: `~1` is a slash, `~0` a tilde.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The index that a text names among `length` elements; negative ones count from the end.
fn index(text: &str, length: usize) -> Result<usize, PlaceError> {
    let number: i64 = text.parse().map_err(|_| PlaceError::NotAnIndex(text.to_owned()))?;
    let from_start = if number < 0 { number.checked_add_unsigned(length as u64) } else { Some(number) };
    from_start
        .and_then(|index| usize::try_from(index).ok())
        .filter(|index| *index < length)
        .ok_or(PlaceError::InvalidIndex(number))
}

impl<'d> Place<'d> {
    /// The last step of the pointer.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// What is there; a member that is not there is none, an element that is not there an error.
    pub(super) fn get(self) -> Result<Option<&'d Value>, PlaceError> {
        match self.parent {
            Parent::Object(members) => Ok(members.get(&self.key)),
            Parent::List(items) => Ok(Some(&items[index(&self.key, items.len())?])),
        }
    }

    /// Sets the member, or inserts before the element; `-` is the end of the list.
    pub(super) fn add(self, value: Value) -> Result<(), PlaceError> {
        match self.parent {
            Parent::Object(members) => {
                members.insert(self.key, value);
            }
            Parent::List(items) if self.key == "-" => items.push(value),
            Parent::List(items) => {
                // Indexes are those of the list as it will be.
                let index = index(&self.key, items.len() + 1).map_err(|error| match error {
                    PlaceError::NotAnIndex(text) => PlaceError::NotANewIndex(text),
                    error => error,
                })?;
                items.insert(index, value);
            }
        }
        Ok(())
    }

    /// Sets the member, or the element that must be there.
    pub(super) fn replace(self, value: Value) -> Result<(), PlaceError> {
        match self.parent {
            Parent::Object(members) => {
                members.insert(self.key, value);
            }
            Parent::List(items) => {
                let index = index(&self.key, items.len())?;
                items[index] = value;
            }
        }
        Ok(())
    }

    /// Takes away what must be there.
    pub(super) fn remove(self) -> Result<Value, PlaceError> {
        match self.parent {
            Parent::Object(members) => members.remove(&self.key).ok_or(PlaceError::MissingMember(self.key)),
            Parent::List(items) => {
                let index = index(&self.key, items.len())?;
                Ok(items.remove(index))
            }
        }
    }
}
