//! One text to a document.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::syntax;
use crate::go;

/// How many duplicate members are reported: as many as upstream's decoder reports.
const DUPLICATES_MAX: usize = 100;

/// A document, and what a strict reading objects to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The document. Of members that occur twice it has the last.
    pub value: Value,
    /// Paths of members that occur more than once, such as `spec.replicas`, each once.
    pub duplicates: Vec<String>,
}

impl Decoded {
    /// The messages of strict field validation: `duplicate field "spec.replicas"`.
    pub fn strict_errors(&self) -> Vec<String> {
        self.duplicates.iter().map(|path| format!("duplicate field {}", go::quote(path))).collect()
    }
}

/// A text that is no JSON, or not the JSON that is wanted. Displays as upstream's decoder does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(pub(crate) String);

impl JsonError {
    /// What upstream says where it wanted another kind of value.
    pub(crate) fn mismatch(found: &Value, wanted: &str) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        Self(format!("json: cannot unmarshal {found} into Go value of type {wanted}"))
    }
}

/// Reads a document. Bytes that are no UTF-8 become replacement characters, as upstream's decoder has it.
/// Fails on anything that is not one JSON value, and on nesting deeper than 127.
pub fn decode(bytes: &[u8]) -> Result<Decoded, JsonError> {
    let text = String::from_utf8_lossy(bytes);
    let found = Cell::new(false);
    let first = parse(&text, &Seed { found: &found, trail: None })?;
    if !found.get() {
        return Ok(Decoded { value: first, duplicates: Vec::new() });
    }
    // Paths cost something at every member, so they are only made for the texts that need them.
    let trail = RefCell::new(Trail::default());
    let value = parse(&text, &Seed { found: &found, trail: Some(&trail) })?;
    Ok(Decoded { value, duplicates: trail.into_inner().duplicates })
}

fn parse(text: &str, seed: &Seed<'_>) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    parsed.map_err(|error| {
        let message = syntax::error(text.as_bytes());
        JsonError(message.unwrap_or_else(|| format!("json: {error}")))
    })
}

#[derive(Default)]
struct Trail {
    path: String,
    duplicates: Vec<String>,
}

impl Trail {
    fn report(&mut self, member: &str) {
        let path = if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) };
        if self.duplicates.len() < DUPLICATES_MAX && !self.duplicates.contains(&path) {
            self.duplicates.push(path);
        }
    }
}

/// Builds a tree and notes whether any member occurred twice; with a trail, which.
#[derive(Clone, Copy)]
struct Seed<'s> {
    found: &'s Cell<bool>,
    trail: Option<&'s RefCell<Trail>>,
}

impl Seed<'_> {
    /// Goes down one step, and returns where it was.
    fn enter(&self, step: impl FnOnce(&mut String)) -> usize {
        let Some(trail) = self.trail else { return 0 };
        let path = &mut trail.borrow_mut().path;
        let length = path.len();
        step(path);
        length
    }

    fn leave(&self, length: usize) {
        if let Some(trail) = self.trail {
            trail.borrow_mut().path.truncate(length);
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("number is not finite"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let length = self.enter(|path| path.push_str(&format!("[{}]", array.len())));
            let item = items.next_element_seed(self)?;
            self.leave(length);
            match item {
                Some(item) => array.push(item),
                None => return Ok(array.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let length = self.enter(|path| {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&name);
            });
            let value = members.next_value_seed(self)?;
            self.leave(length);
            if object.contains_key(&name) {
                self.found.set(true);
                if let Some(trail) = self.trail {
                    trail.borrow_mut().report(&name);
                }
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_the_last_of_two_members_and_says_where_they_are() {
        let decoded = decode(br#"{"spec":{"replicas":2,"c":[{"a":1},{"a":1,"a":2,"a":3}],"replicas":3}}"#)
            .expect("JSON");
        assert_eq!(decoded.value, json!({"spec": {"replicas": 3, "c": [{"a": 1}, {"a": 3}]}}));
        assert_eq!(decoded.duplicates, ["spec.c[1].a", "spec.replicas"]);
        assert_eq!(decoded.strict_errors()[1], "duplicate field \"spec.replicas\"");
    }

    #[test]
    fn reads_bytes_that_are_no_text_as_replacement_characters() {
        let decoded = decode(b"{\"a\":\"x\xff\"}").expect("JSON");
        assert_eq!(decoded.value, json!({"a": "x\u{fffd}"}));
    }

    #[test]
    fn refuses_nesting_without_end() {
        let text = "[".repeat(100_000);
        assert!(decode(text.as_bytes()).is_err());
        assert!(decode(format!("{text}{}", "]".repeat(100_000)).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_agrees_with_serde(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let ours = decode(&bytes).map(|decoded| decoded.value).ok();
            if let Ok(theirs) = serde_json::from_slice::<Value>(&bytes) {
                prop_assert_eq!(ours, Some(theirs));
            }
        }

        #[test]
        fn finds_a_mistake_in_every_text_that_is_no_json(text in r#"[\[\]{},:"0-9a-z\\. -]{0,12}"#) {
            let ours = decode(text.as_bytes());
            let theirs = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
            // What the scanner lets pass, the parser may only refuse for a number's size.
            if let Err(error) = ours && syntax::error(text.as_bytes()).is_none() {
                prop_assert!(error.to_string().contains("number out of range"), "{}", error);
            }
        }
    }
}
