//! A YAML or JSON text as a tree that keeps order and repeated keys.
//!
//! Strictness needs both: a map would drop the second of two equal keys without a word.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A value of a configuration file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// Fields in the order of the file, repeated ones included.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What the value is called in messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
        }
    }

    pub(super) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The same as a JSON value; of repeated keys the last one counts.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(key, node)| (key.clone(), node.to_value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

/// Reads a text, which must hold one document; `Err` says what is wrong and where.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(format!("not UTF-8 text: {error}")),
    };
    // JSON is almost YAML: escaped surrogate pairs and tabs are the difference. What merely
    // begins like JSON may still be YAML in flow style.
    let json_error = match text.trim_start().starts_with('{') {
        true => match serde_json::from_str(text) {
            Ok(node) => return Ok(node),
            Err(error) => Some(error),
        },
        false => None,
    };
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        // Kubernetes reads YAML 1.1, where 010 is 8.
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|yaml_error| match json_error {
        Some(error) => format!("json: {error}"),
        None => {
            // The default texts are for programmers of the library.
            let text = yaml_error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
            format!("yaml: {text}")
        }
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        // YAML writes `5.0` and means 5, also where a whole number is wanted.
        if value.fract() == 0.0 && value.abs() < 9e15 {
            return Ok(Node::Number((value as i64).into()));
        }
        let number = Number::from_f64(value);
        number.map(Node::Number).ok_or_else(|| E::custom(format!("{value} is not a number")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(key), value)) = entries.next_entry()? {
            fields.push((key, value));
        }
        Ok(Node::Object(fields))
    }
}

/// A key, which YAML allows to be any scalar and JSON only to be a string.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Text(text) => Ok(Self(text)),
            Node::Bool(value) => Ok(Self(value.to_string())),
            Node::Number(number) => Ok(Self(number.to_string())),
            node => {
                let message = format!("a field name cannot be {}", node.kind());
                Err(serde::de::Error::custom(message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, expected: Value) {
        let node = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(node.to_value(), expected, "{text}");
    }

    #[test]
    fn reads_yaml_as_kubernetes_does() {
        check("a: yes\nb: 'yes'\nc: 010\nd: 5.0\ne: ~\nf:\n", {
            json!({"a": true, "b": "yes", "c": 8, "d": 5, "e": null, "f": null})
        });
        check("a: &x [1, 2]\nb: *x\n", json!({"a": [1, 2], "b": [1, 2]}));
        check("base: &x {p: 1}\nc:\n  <<: *x\n  q: 2\n", {
            json!({"base": {"p": 1}, "c": {"p": 1, "q": 2}})
        });
        check("1: a\ntrue: b\n", json!({"1": "a", "true": "b"}));
        check("# nothing\n", Value::Null);
        check("", Value::Null);
    }

    #[test]
    fn reads_json_and_what_merely_begins_like_it() {
        check(r#"  {"a": "\ud83d\ude80", "b": [1.5, -2]}"#, json!({"a": "🚀", "b": [1.5, -2]}));
        check("{\n\t\"a\": 1\n}", json!({"a": 1}));
        check("{a: b}", json!({"a": "b"}));
    }

    #[test]
    fn keeps_repeated_keys() {
        for text in ["a: 1\na: 2\n", r#"{"a": 1, "a": 2}"#] {
            let (one, two) = (Node::Number(1.into()), Node::Number(2.into()));
            let expected = Node::Object(vec![("a".into(), one), ("a".into(), two)]);
            assert_eq!(parse(text.as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn says_where_a_text_is_broken() {
        let table: [(&[u8], &str); 4] = [
            (b"a: [1, 2", "yaml: "),
            (b"{\"a\": 1", "json: EOF while parsing an object at line 1 column 7"),
            (b"a: \xff", "not UTF-8 text: "),
            (b"a: .nan", "yaml: "),
        ];
        for (text, start) in table {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }

    #[test]
    fn refuses_what_nests_too_deeply_or_repeats_too_much() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let last = level - 1;
            let items = format!("*a{last}, ").repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(parse(bomb.as_bytes()).is_err());
    }
}
