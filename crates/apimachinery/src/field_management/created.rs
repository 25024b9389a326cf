//! What the creator of an object owns, in one walk that writes it down as text.
//!
//! Every create does this, and the owners of a new object are only stored and sent: they are written as JSON at once,
//! without a document in between.

use serde_json::{Map, Value};

use super::items::{key_of, put_json, put_text};
use super::set::Set;
use super::types::{FieldType, Relationship, Shape, deduced, elements_of, members_of};
use crate::members::member;

/// `FieldsV1` as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsText {
    /// Compact JSON, members sorted by name.
    pub text: String,
    /// How deep its objects are nested; 1 of one whose fields are all leaves is 2.
    pub n_levels: usize,
}

/// `FieldsV1` of everything in a new object that a zero value of its type has not, without what is in `except` or below;
/// `None` if that is nothing. This is what [`super::compare()`] finds between the two, written down at once.
pub fn owned_of_new<T: FieldType>(ty: T, zero: &Value, new: &Value, except: &Set) -> Option<FieldsText> {
    let mut writer = Writer { text: String::with_capacity(1024), n_levels: 0, scratch: String::new() };
    let is_owned = writer.walk(ty, Some(zero), new, Some(except), 1);
    let Writer { text, n_levels, .. } = writer;
    (is_owned && text != NOTHING).then_some(FieldsText { text, n_levels })
}

/// A field with nothing below.
const NOTHING: &str = "{}";

/// What an element says that is itself owned and has something below.
const ITSELF: &str = "\".\":{}";

struct Writer {
    text: String,
    n_levels: usize,
    /// Where elements are put in order.
    scratch: String,
}

/// An element of a list that has been written: what it is told apart by, and where it stands.
struct Written {
    key: String,
    from: usize,
    to: usize,
}

impl Writer {
    /// Writes what is owned of a value; `false`, with nothing written, if that is nothing.
    fn walk<T: FieldType>(
        &mut self,
        ty: T,
        old: Option<&Value>,
        new: &Value,
        except: Option<&Set>,
        level: usize,
    ) -> bool {
        if old == Some(new) {
            return false;
        }
        self.n_levels = self.n_levels.max(level);
        let shape = match ty.shape() {
            Shape::Deduced => deduced(Some(new)),
            shape => shape,
        };
        let start = self.text.len();
        // What was not there before is itself owned.
        let is_member = old.is_none();
        let begin = |writer: &mut Writer| {
            writer.text.push('{');
            if is_member {
                writer.text.push_str(ITSELF);
            }
            writer.text.len()
        };
        let empty_len = match (shape, new) {
            (
                Shape::List(relationship @ (Relationship::Set | Relationship::Keyed(_))),
                Value::Array(items),
            ) if !items.is_empty() || !elements_of(old).is_empty() => {
                let empty_len = begin(self);
                self.items(ty, relationship, items, level);
                empty_len
            }
            (Shape::Map { is_atomic: false }, Value::Object(members))
                if !members.is_empty() || members_of(old).is_some_and(|old| !old.is_empty()) =>
            {
                let empty_len = begin(self);
                self.members(ty, members_of(old), members, except, level);
                empty_len
            }
            _ => {
                self.text.push_str(NOTHING);
                return true;
            }
        };
        if self.text.len() > empty_len {
            self.text.push('}');
            return true;
        }
        self.text.truncate(start);
        if is_member {
            self.text.push_str(NOTHING);
        }
        is_member
    }

    /// A comma after what has been written in the same object.
    fn separate(&mut self) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
    }

    fn members<T: FieldType>(
        &mut self,
        ty: T,
        before: Option<&Map<String, Value>>,
        members: &Map<String, Value>,
        except: Option<&Set>,
        level: usize,
    ) {
        for (name, value) in members {
            let Some(of) = ty.member(name).ty() else { continue };
            if except.is_some_and(|except| except.has_field(name)) {
                continue;
            }
            let start = self.text.len();
            self.separate();
            self.text.push('"');
            self.text.push_str("f:");
            put_text(&mut self.text, name);
            self.text.push_str("\":");
            let old = before.and_then(|before| member(before, name));
            let except = except.and_then(|except| except.below_field(name));
            if !self.walk(of, old, value, except, level + 1) {
                self.text.truncate(start);
            }
        }
    }

    /// Zero values have no elements in their lists, so all of these are new. One that is there twice is owned as a whole.
    fn items<T: FieldType>(&mut self, list: T, relationship: Relationship, items: &[Value], level: usize) {
        let Some(ty) = list.element() else { return };
        self.separate();
        let start = self.text.len();
        let mut written: Vec<Written> = Vec::with_capacity(items.len());
        let mut is_sorted = true;
        for item in items {
            let Some(key) = key_of(list, relationship, item) else { continue };
            is_sorted &= written.last().is_none_or(|last| last.key < key);
            let from = self.text.len();
            self.text.push('"');
            put_text(&mut self.text, &key);
            self.text.push_str("\":");
            self.walk(ty, None, item, None, level + 1);
            written.push(Written { key, from, to: self.text.len() });
            self.text.push(',');
        }
        if !is_sorted {
            self.sort_items(start, written);
        }
        // The last comma, or the one before the first if there is none.
        if self.text.ends_with(',') {
            self.text.pop();
        }
    }

    /// Puts elements in the order of their keys, each with a comma behind.
    fn sort_items(&mut self, start: usize, mut written: Vec<Written>) {
        written.sort_by(|a, b| a.key.cmp(&b.key));
        self.scratch.clear();
        for same in written.chunk_by(|a, b| a.key == b.key) {
            let text = match same {
                [only] => &self.text[only.from..only.to],
                [first, ..] => {
                    self.scratch.push('"');
                    put_text(&mut self.scratch, &first.key);
                    "\":{}"
                }
                [] => "",
            };
            self.scratch.push_str(text);
            self.scratch.push(',');
        }
        self.text.truncate(start);
        self.text.push_str(&self.scratch);
    }
}

/// A list of managers with one who has made the object.
pub(super) fn entry_text(
    manager: &str,
    api_version: &str,
    subresource: &str,
    time: &str,
    fields: &str,
) -> String {
    let mut text = String::with_capacity(fields.len() + 160);
    text.push_str("[{\"apiVersion\":");
    put_json(&mut text, api_version);
    text.push_str(",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":");
    text.push_str(fields);
    text.push_str(",\"manager\":");
    put_json(&mut text, manager);
    text.push_str(",\"operation\":\"Update\"");
    for (name, value) in [(",\"subresource\":", subresource), (",\"time\":", time)] {
        if !value.is_empty() {
            text.push_str(name);
            put_json(&mut text, value);
        }
    }
    text.push_str("}]");
    text
}
