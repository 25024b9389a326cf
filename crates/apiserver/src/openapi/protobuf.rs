//! OpenAPI documents as protobuf, in gnostic's messages (`openapi.v2.Document`, `openapi.v3.Document`).
//!
//! [`encode`] walks a document along a table of messages; [`v2`] and [`v3`] are those tables. What a table does not know is
//! left out; a test holds them against all documents that are served.

pub(super) mod v2;
pub(super) mod v3;

use serde_json::Value;

/// A message, and what of an object goes into it.
pub(super) struct Message {
    /// Members of the object: their names, the numbers of their fields, how they are written.
    members: &'static [(&'static str, u32, Shape)],
    /// Where the other members go, each as a pair of its name and its value.
    others: Option<(u32, Shape)>,
    /// The field of the members that begin with `x-`, each as a pair too; 0 if there is none.
    extensions: u32,
}

/// How a value is written.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Whatever it is, as YAML: gnostic's `Any`.
    Any,
    Message(&'static Message),
    /// A message with one field, which depends on the value; none for number 0.
    Choice(fn(&Value) -> (u32, Shape)),
    /// The values of a list, one after the other; a single value is a list of one.
    Each(&'static Shape),
    /// A message whose only field are the values of a list.
    List(&'static Shape),
}

impl Message {
    const fn of(members: &'static [(&'static str, u32, Shape)], extensions: u32) -> Message {
        Message { members, others: None, extensions }
    }

    /// A message of pairs and nothing else.
    const fn map(of: Shape) -> Message {
        Message { members: &[], others: Some((1, of)), extensions: 0 }
    }

    /// Where a member goes, and whether as a pair.
    fn field(&self, name: &str) -> Option<(u32, Shape, bool)> {
        if let Some((_, number, shape)) = self.members.iter().find(|(known, _, _)| *known == name) {
            return Some((*number, *shape, false));
        }
        if self.extensions > 0 && name.starts_with("x-") {
            return Some((self.extensions, Shape::Any, true));
        }
        self.others.map(|(number, shape)| (number, shape, true))
    }
}

/// The bytes of a document.
pub(super) fn encode(document: &Value, message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(members) = document.as_object() else { return out };
    // Fields in the order of their numbers, as everybody writes them.
    let mut fields: Vec<(u32, Shape, Option<&str>, &Value)> = members
        .iter()
        .filter_map(|(name, value)| {
            let (number, shape, is_pair) = message.field(name)?;
            Some((number, shape, is_pair.then_some(name.as_str()), value))
        })
        .collect();
    fields.sort_by_key(|(number, ..)| *number);
    for (number, shape, name, value) in fields {
        match name {
            Some(name) => {
                let mut pair = Vec::new();
                put_bytes(&mut pair, 1, name.as_bytes());
                put(&mut pair, 2, shape, value, true);
                put_bytes(&mut out, number, &pair);
            }
            None => put(&mut out, number, shape, value, false),
        }
    }
    out
}

/// Writes a field. What a reader takes for granted (empty texts, zero, false) is only written if it `is_chosen`.
fn put(out: &mut Vec<u8>, number: u32, shape: Shape, value: &Value, is_chosen: bool) {
    match shape {
        Shape::Text => {
            let text = value.as_str().unwrap_or_default();
            if is_chosen || !text.is_empty() {
                put_bytes(out, number, text.as_bytes());
            }
        }
        Shape::Boolean => {
            let value = value.as_bool().unwrap_or_default();
            if is_chosen || value {
                put_key(out, number, WIRE_VARINT);
                out.push(u8::from(value));
            }
        }
        Shape::Integer => {
            let value = value.as_i64().unwrap_or_default();
            if is_chosen || value != 0 {
                put_key(out, number, WIRE_VARINT);
                put_varint(out, value.cast_unsigned());
            }
        }
        Shape::Number => {
            let value = value.as_f64().unwrap_or_default();
            if is_chosen || value != 0.0 {
                put_key(out, number, WIRE_64_BITS);
                out.extend(value.to_le_bytes());
            }
        }
        Shape::Any => {
            // JSON is YAML.
            let mut any = Vec::new();
            put_bytes(&mut any, 2, format!("{value}\n").as_bytes());
            put_bytes(out, number, &any);
        }
        Shape::Message(message) => put_bytes(out, number, &encode(value, message)),
        Shape::Choice(choose) => {
            let mut chosen = Vec::new();
            let (field, shape) = choose(value);
            if field > 0 {
                put(&mut chosen, field, shape, value, true);
            }
            put_bytes(out, number, &chosen);
        }
        Shape::Each(of) => match value {
            Value::Array(items) => items.iter().for_each(|item| put(out, number, *of, item, true)),
            one => put(out, number, *of, one, true),
        },
        Shape::List(of) => {
            let mut list = Vec::new();
            put(&mut list, 1, Shape::Each(of), value, true);
            put_bytes(out, number, &list);
        }
    }
}

const WIRE_VARINT: u32 = 0;
const WIRE_64_BITS: u32 = 1;
const WIRE_BYTES: u32 = 2;

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_key(out: &mut Vec<u8>, number: u32, wire: u32) {
    put_varint(out, u64::from(number << 3 | wire));
}

fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_key(out, number, WIRE_BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::openapi::OpenApi;
    use crate::served::Kinds;

    #[test]
    fn a_small_document_is_these_bytes() {
        let document = json!({
            "openapi": "3.0.0",
            "info": {"title": "T"},
            "paths": {"/a": {"get": {"deprecated": true, "x-k": "v"}}},
        });
        let extension = [&b"\x0a\x03x-k"[..], b"\x12\x06\x12\x04\"v\"\n"].concat();
        let operation = [&[0x50, 1, 0x6a, 13][..], &extension].concat();
        let item = [&[0x22, 17][..], &operation].concat();
        let pair = [&b"\x0a\x02/a\x12\x13"[..], &item].concat();
        let paths = [&[0x0a, 25][..], &pair].concat();
        let expected = [&b"\x0a\x053.0.0\x12\x03\x0a\x01T\x22\x1b"[..], &paths].concat();
        assert_eq!(encode(&document, &v3::DOCUMENT), expected);
    }

    #[test]
    fn numbers_are_as_long_as_they_have_to_be() {
        let schema = json!({"maxLength": 300, "minLength": -1, "maximum": 1.5, "default": 0});
        let mut expected = vec![0x59];
        expected.extend(1.5f64.to_le_bytes());
        expected.extend([0x78, 0xac, 0x02, 0x80, 0x01]);
        expected.extend([0xff; 9]);
        expected.push(1);
        expected.extend([0x8a, 0x02, 9, 9]);
        expected.extend(0f64.to_le_bytes());
        assert_eq!(encode(&schema, &v3::SCHEMA), expected);
    }

    /// Names of members that the table does not know, below a value.
    fn unknown(value: &Value, shape: Shape, found: &mut BTreeSet<String>) {
        match shape {
            Shape::Message(message) => {
                let Some(members) = value.as_object() else {
                    found.insert(format!("no object: {value}"));
                    return;
                };
                for (name, value) in members {
                    match message.field(name) {
                        Some((_, shape, _)) => unknown(value, shape, found),
                        None => {
                            found.insert(name.clone());
                        }
                    }
                }
            }
            Shape::Choice(choose) => {
                let (field, shape) = choose(value);
                if field > 0 {
                    unknown(value, shape, found);
                }
            }
            Shape::Each(of) | Shape::List(of) => match value {
                Value::Array(items) => items.iter().for_each(|item| unknown(item, *of, found)),
                one => unknown(one, *of, found),
            },
            Shape::Text if !value.is_string() => _ = found.insert(format!("no text: {value}")),
            Shape::Boolean if !value.is_boolean() => _ = found.insert(format!("no boolean: {value}")),
            Shape::Integer if !value.is_i64() => _ = found.insert(format!("no whole number: {value}")),
            Shape::Number if !value.is_number() => _ = found.insert(format!("no number: {value}")),
            _ => {}
        }
    }

    #[test]
    fn the_tables_know_everything_that_is_served() {
        let openapi = OpenApi::new(&Kinds::new(resources::kinds::all()));
        let mut found = BTreeSet::new();
        for name in openapi.v3.keys() {
            unknown(&openapi.document_v3(name), Shape::Message(&v3::DOCUMENT), &mut found);
        }
        assert_eq!(found, BTreeSet::new());
        unknown(&openapi.document_v2(), Shape::Message(&v2::DOCUMENT), &mut found);
        assert_eq!(found, BTreeSet::new());
    }
}
