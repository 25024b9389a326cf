//! Where an operation acts: a member or an element, and what holds it.

use serde_json::Value;
use serde_json::map::Map;

use super::OperationError;

/// A member of an object or an element of a list, whether it is there or not.
pub(super) struct Place<'d> {
    parent: Parent<'d>,
    key: String,
}

enum Parent<'d> {
    Object(&'d mut Map<String, Value>),
    List(&'d mut Vec<Value>),
}

/// Finds the place that a JSON pointer names. Its parent must be there, and have members or elements.
pub(super) fn find<'d>(document: &'d mut Value, path: &str) -> Result<Place<'d>, OperationError> {
    let missing = || OperationError::MissingPath(path.to_owned());
    // What is before the first slash does not count.
    let (_, steps) = path.split_once('/').ok_or_else(missing)?;
    let (parents, key) = match steps.rsplit_once('/') {
        Some((parents, key)) => (Some(parents), key),
        None => (None, steps),
    };
    let mut current = document;
    for step in parents.into_iter().flat_map(|parents| parents.split('/')) {
        let step = unescaped(step);
        current = match current {
            Value::Object(members) => members.get_mut(&step).ok_or_else(missing)?,
            Value::Array(items) => {
                let index = index(&step, items.len()).map_err(|_| missing())?;
                items.get_mut(index).ok_or_else(missing)?
            }
            _ => return Err(missing()),
        };
    }
    let parent = match current {
        Value::Object(members) => Parent::Object(members),
        Value::Array(items) => Parent::List(items),
        _ => return Err(missing()),
    };
    Ok(Place { parent, key: unescaped(key) })
}

/// One step of a pointer: `~1` is a slash, `~0` a tilde.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The index that a text names in a list of `length`; negative ones count from its end. It may be beyond it.
fn index(text: &str, length: usize) -> Result<usize, OperationError> {
    let invalid = || OperationError::InvalidIndex(text.to_owned());
    let number: i64 = text.parse().map_err(|_| invalid())?;
    let length = i64::try_from(length).map_err(|_| invalid())?;
    let index = if number < 0 { number + length } else { number };
    usize::try_from(index).map_err(|_| invalid())
}

impl<'d> Place<'d> {
    /// What is there; a member that is not there is none, an element that is not there an error.
    pub(super) fn get(self) -> Result<Option<&'d Value>, OperationError> {
        match self.parent {
            Parent::Object(members) => Ok(members.get(&self.key)),
            Parent::List(items) => {
                let index = index(&self.key, items.len())?;
                let item = items.get(index).ok_or(OperationError::InvalidIndex(self.key))?;
                Ok(Some(item))
            }
        }
    }

    /// Sets the member, or inserts before the element; `-` is the end of the list.
    pub(super) fn add(self, value: Value) -> Result<(), OperationError> {
        match self.parent {
            Parent::Object(members) => {
                members.insert(self.key, value);
            }
            Parent::List(items) if self.key == "-" => items.push(value),
            Parent::List(items) => {
                // Negative indexes count from the end of the list as it will be.
                let index = index(&self.key, items.len() + 1)?;
                if index > items.len() {
                    return Err(OperationError::InvalidIndex(self.key));
                }
                items.insert(index, value);
            }
        }
        Ok(())
    }

    /// Sets the member, or the element that must be there.
    pub(super) fn replace(self, value: Value) -> Result<(), OperationError> {
        match self.parent {
            Parent::Object(members) => {
                members.insert(self.key, value);
            }
            Parent::List(items) => {
                let index = index(&self.key, items.len())?;
                *items.get_mut(index).ok_or(OperationError::InvalidIndex(self.key))? = value;
            }
        }
        Ok(())
    }

    /// Takes away what must be there.
    pub(super) fn remove(self) -> Result<Value, OperationError> {
        match self.parent {
            Parent::Object(members) => {
                members.remove(&self.key).ok_or(OperationError::MissingMember(self.key))
            }
            Parent::List(items) => {
                let index = index(&self.key, items.len())?;
                if index >= items.len() {
                    return Err(OperationError::InvalidIndex(self.key));
                }
                Ok(items.remove(index))
            }
        }
    }
}
