//! Members of documents, read and written as defaults and strategies need it.
//!
//! Absent, null and of a wrong type read as empty: what came in through the decoder has no wrong types.

use apimachinery::members::{member, member_mut, member_of};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The members of an object.
pub(crate) type Object = Map<String, Value>;

/// Reading and writing members.
pub(crate) trait Members {
    /// Whether there is such a member, and it is not null.
    fn has(&self, name: &str) -> bool;
    /// A text; empty where there is none.
    fn text(&self, name: &str) -> &str;
    /// True or false; false where there is none.
    fn flag(&self, name: &str) -> bool;
    /// An object.
    fn members(&self, name: &str) -> Option<&Object>;
    /// An object, to be changed.
    fn members_mut(&mut self, name: &str) -> Option<&mut Object>;
    /// An object, made where there is none.
    fn members_made(&mut self, name: &str) -> &mut Object;
    /// The items of a list; none where there is no list.
    fn items(&self, name: &str) -> &[Value];
    /// Does something with each object of a list.
    fn for_each(&mut self, name: &str, change: impl FnMut(&mut Object));
    /// Sets a member.
    fn put(&mut self, name: &str, value: impl Into<Value>);
    /// Sets a member if it is absent.
    fn fill_absent(&mut self, name: &str, value: impl Into<Value>);
    /// Sets a member if it is absent, or a text, number, list or object without anything in it.
    fn fill_empty(&mut self, name: &str, value: impl Into<Value>);
}

impl Members for Object {
    fn has(&self, name: &str) -> bool {
        member(self, name).is_some_and(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> &str {
        member(self, name).and_then(Value::as_str).unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        member(self, name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn members(&self, name: &str) -> Option<&Object> {
        member(self, name)?.as_object()
    }

    fn members_mut(&mut self, name: &str) -> Option<&mut Object> {
        member_mut(self, name)?.as_object_mut()
    }

    fn members_made(&mut self, name: &str) -> &mut Object {
        members_of(self.entry(name).or_insert(Value::Null))
    }

    fn items(&self, name: &str) -> &[Value] {
        member(self, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn for_each(&mut self, name: &str, change: impl FnMut(&mut Object)) {
        let items = member_mut(self, name).and_then(Value::as_array_mut).into_iter().flatten();
        items.filter_map(Value::as_object_mut).for_each(change);
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.insert(name.to_owned(), value.into());
    }

    fn fill_absent(&mut self, name: &str, value: impl Into<Value>) {
        if !self.has(name) {
            self.put(name, value);
        }
    }

    fn fill_empty(&mut self, name: &str, value: impl Into<Value>) {
        match member_mut(self, name) {
            Some(own) if is_empty(own) => *own = value.into(),
            Some(_) => {}
            None => self.put(name, value),
        }
    }
}

/// Whether a value is what upstream cannot tell from none where the field is no pointer.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// The members of a document; what is no object becomes one.
pub(crate) fn members_of(value: &mut Value) -> &mut Object {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made an object above")
}

/// The object at the end of a way of members, if it is there.
pub(crate) fn at<'d>(document: &'d Value, way: &[&str]) -> Option<&'d Object> {
    way.iter().try_fold(document, |value, name| member_of(value, name))?.as_object()
}

/// The object at the end of a way of members, to be changed, if it is there.
pub(crate) fn at_mut<'d>(document: &'d mut Value, way: &[&str]) -> Option<&'d mut Object> {
    way.iter().try_fold(document, |value, name| value.get_mut(name))?.as_object_mut()
}

/// Whether two documents have the same in a member; absent and null are the same.
pub(crate) fn same(a: &Value, b: &Value, member: &str) -> bool {
    a.get(member).unwrap_or(&Value::Null) == b.get(member).unwrap_or(&Value::Null)
}

/// Takes a member from another document, or takes it away where that has none.
pub(crate) fn take_from(document: &mut Value, other: &Value, member: &str) {
    let members = members_of(document);
    match other.get(member) {
        Some(value) => members.put(member, value.clone()),
        None => {
            members.remove(member);
        }
    }
}

/// A point in time as a `Time` prints: whole seconds, UTC.
pub(crate) fn print_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
