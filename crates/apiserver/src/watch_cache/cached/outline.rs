//! The part of a document that selectable fields are in.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep fields are that objects can be selected by: `spec.nodeName` is two levels down. A test holds all kinds to it.
const LEVELS: usize = 2;

/// A document with the texts, numbers and truth values of its upper levels only; everything else is passed over, which
/// takes a tenth of the time of reading it. `None` if it is no JSON object.
pub(super) fn of(stored: &[u8]) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_slice(stored);
    let outline = Outline { levels: LEVELS }.deserialize(&mut reader).ok()??;
    reader.end().ok()?;
    outline.is_object().then_some(outline)
}

/// A member's name, copied only if it has escapes.
#[derive(Deserialize)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

#[derive(Clone, Copy)]
struct Outline {
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for Outline {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outline {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        if self.levels == 0 {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        }
        let mut outline = Map::new();
        while let Some(Name(name)) = members.next_key()? {
            // Metadata is large, and what it can be selected by is in the key.
            if name == "metadata" {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            if let Some(value) = members.next_value_seed(Outline { levels: self.levels - 1 })? {
                outline.insert(name.into_owned(), value);
            }
        }
        Ok(Some(outline.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn upper_levels_stay() {
        let document = json!({
            "metadata": {"name": "x"}, "type": "a\n", "spec": {"nodeName": "n", "n": 3, "on": true, "deep": {"x": 1},
            "list": [{"y": 1}], "nothing": null}, "items": [1],
        });
        let expected = json!({"type": "a\n", "spec": {"nodeName": "n", "n": 3, "on": true}});
        assert_eq!(of(document.to_string().as_bytes()), Some(expected));
        for text in ["", "[]", "7", "{} x", "{\"a\":"] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
    }

    /// Documents in which every field is there that some kind can be selected by.
    fn documents() -> impl Strategy<Value = Value> {
        let words = [
            "spec",
            "status",
            "involvedObject",
            "source",
            "type",
            "reason",
            "reportingComponent",
            "nodeName",
            "restartPolicy",
            "schedulerName",
            "hostNetwork",
            "phase",
            "podIP",
            "nominatedNodeName",
            "unschedulable",
            "replicas",
            "clusterIP",
            "succeeded",
            "signerName",
            "driver",
            "kind",
            "name",
            "uid",
            "namespace",
            "apiVersion",
            "resourceVersion",
            "fieldPath",
            "component",
            "serviceAccountName",
        ];
        let word = proptest::sample::select(words.to_vec()).prop_map(str::to_owned);
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"é]{0,4}".prop_map(Value::from),
            Just(Value::Null),
        ];
        let inner = leaf.prop_recursive(3, 60, 12, {
            let word = word.clone();
            move |inner| {
                prop_oneof![
                    proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                    proptest::collection::btree_map(word.clone(), inner, 0..12)
                        .prop_map(|members| Value::Object(members.into_iter().collect())),
                ]
            }
        });
        proptest::collection::btree_map(word, inner, 0..12)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn every_selectable_field_of_every_kind_is_in_it(document in documents()) {
            let outline = of(document.to_string().as_bytes()).expect("an object");
            for kind in resources::kinds::all() {
                for field in kind.selectable_fields {
                    prop_assert_eq!((field.value)(&outline), (field.value)(&document), "{} {}", kind.kind, field.label);
                }
            }
        }
    }
}
