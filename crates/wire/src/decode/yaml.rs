//! YAML: one document, or several.
//!
//! The text is cut at the `---` lines here rather than by the parser, so that each document has its own
//! limits, its number and its line. YAML lets nothing contain such a line, not even a block of text.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};

use super::document;
use super::{DecodeError, Decoded, Origin};

/// As deep as JSON may nest.
const DEPTH_MAX: usize = 128;

/// What aliases may add to a document, in nodes and in bytes. Manifests that people write repeat a few blocks;
/// what machines write has no aliases.
const ALIAS_NODES_MAX: usize = 100_000;
const ALIAS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads a text.
pub(super) fn read(file: &Arc<str>, bytes: &[u8], decoded: &mut Decoded) -> Result<(), DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::Encoding {
        file: Arc::clone(file),
        line: 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
    })?;
    let mut document = 0;
    for chunk in chunks(text) {
        let Tree(tree) = parse(chunk.text).map_err(|error| syntax_error(file, &chunk, &error))?;
        if tree.is_null() {
            continue;
        }
        document += 1;
        let origin = Origin { file: Arc::clone(file), document, item: None, line: chunk.content_line };
        document::read_tree(&tree, &origin, decoded)?;
    }
    Ok(())
}

/// A document's part of the text.
#[derive(Debug, PartialEq)]
struct Chunk<'t> {
    text: &'t str,
    /// The line the text begins on, from 1.
    first_line: usize,
    /// The line of the first content, from 1.
    content_line: usize,
}

/// Cuts a text into documents that have content.
fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut found = Vec::new();
    let mut start = (0, 1);
    let mut content_line = None;
    let mut has_marker = false;
    let mut offset = 0;
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let end = offset + line.len();
        let (begins, ends) = (is_marker(line, "---"), is_marker(line, "..."));
        // A marker after nothing but directives and comments belongs to them.
        if ends || begins && (has_marker || content_line.is_some()) {
            if let Some(content_line) = content_line {
                found.push(Chunk { text: &text[start.0..offset], first_line: start.1, content_line });
            }
            start = if ends { (end, i + 2) } else { (offset, i + 1) };
            content_line = None;
        }
        has_marker = begins || has_marker && !ends;
        let content = if begins { &line[3..] } else { line }.trim_start();
        let is_content = !content.is_empty() && !content.starts_with('#') && !line.starts_with('%') && !ends;
        if is_content && content_line.is_none() {
            content_line = Some(i + 1);
        }
        offset = end;
    }
    if let Some(content_line) = content_line {
        found.push(Chunk { text: &text[start.0..], first_line: start.1, content_line });
    }
    found
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn parse(text: &str) -> Result<Tree, serde_saphyr::Error> {
    // A node takes a byte at least, so that only aliases can reach the limits.
    let n_nodes_max = text.len() + ALIAS_NODES_MAX;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: n_nodes_max,
            max_events: 2 * n_nodes_max,
            max_total_scalar_bytes: text.len() + ALIAS_BYTES_MAX,
            max_aliases: ALIAS_NODES_MAX,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIAS_NODES_MAX },
        // Kubernetes reads YAML 1.1, where 010 is 8.
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
}

fn syntax_error(file: &Arc<str>, chunk: &Chunk<'_>, error: &serde_saphyr::Error) -> DecodeError {
    let error = error.without_snippet();
    let message = UserMessageFormatter.format_message(error);
    let (line, column) = error.location().map_or((1, 1), |at| (at.line() as usize, at.column() as usize));
    DecodeError::Syntax {
        file: Arc::clone(file),
        line: chunk.first_line + line.saturating_sub(1),
        column,
        language: "YAML",
        problem: message.replace(|c: char| c.is_control(), " "),
    }
}

/// A tree in which whole numbers are whole, however they are written: YAML writes `5.0` and means 5.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

/// Below this every whole number is exactly a float.
const WHOLE_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree(Value::Number(value.into())))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Tree, E> {
        if value.fract() == 0.0 && value.abs() < WHOLE_FLOAT_MAX {
            return self.visit_i64(value as i64);
        }
        let number =
            Number::from_f64(value).ok_or_else(|| E::custom(format_args!("{value} is not a number")))?;
        Ok(Tree(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree(Value::String(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree(Value::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Map::new();
        while let Some((Tree(key), Tree(value))) = entries.next_entry()? {
            let key = match key {
                Value::String(key) => key,
                Value::Bool(key) => key.to_string(),
                Value::Number(key) => key.to_string(),
                _ => return Err(A::Error::custom("a key must be text")),
            };
            map.insert(key, value);
        }
        Ok(Tree(Value::Object(map)))
    }
}
