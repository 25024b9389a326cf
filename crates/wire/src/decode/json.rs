//! JSON: one object, one per line, or one after the other.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{self, Inherited, Plan};
use super::{DecodeError, Decoded, Origin};
use crate::object::{Kind, Object};

/// Reads an object of a known kind, whatever its text says about that, as an API server sends it.
pub fn json_object(kind: Kind, text: &str) -> serde_json::Result<Object> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object = kind.read(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

/// Reads a text.
pub(super) fn read(file: &Arc<str>, bytes: &[u8], decoded: &mut Decoded) -> Result<(), DecodeError> {
    let mut place = Place { file, bytes, offset: 0, line: 1, document: 0 };
    while place.advance_to_document() {
        let rest = &bytes[place.offset..];
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Quick>();
        let len = match stream.next() {
            Some(Ok(Quick(object))) => {
                decoded.push(object, place.origin())?;
                stream.byte_offset()
            }
            _ => {
                let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
                match stream.next() {
                    Some(Ok(raw)) => read_document(raw.get(), &place, decoded)?,
                    Some(Err(error)) => return Err(place.syntax_error(&error)),
                    None => return Ok(()),
                }
                stream.byte_offset()
            }
        };
        place.skip(len);
    }
    Ok(())
}

/// Where in the text the reading is.
struct Place<'b> {
    file: &'b Arc<str>,
    bytes: &'b [u8],
    offset: usize,
    line: usize,
    document: usize,
}

impl Place<'_> {
    /// Goes to the beginning of the next document, if there is one.
    fn advance_to_document(&mut self) -> bool {
        let rest = &self.bytes[self.offset..];
        let Some(n_blank) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) else { return false };
        self.skip(n_blank);
        self.document += 1;
        true
    }

    fn skip(&mut self, len: usize) {
        let skipped = &self.bytes[self.offset..self.offset + len];
        self.line += skipped.iter().filter(|byte| **byte == b'\n').count();
        self.offset += len;
    }

    fn origin(&self) -> Origin {
        Origin { file: Arc::clone(self.file), document: self.document, item: None, line: self.line }
    }

    /// An error whose place is relative to the beginning of the document.
    fn syntax_error(&self, error: &serde_json::Error) -> DecodeError {
        let line_start =
            self.bytes[..self.offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |i| i + 1);
        let indent = if error.line() <= 1 { self.offset - line_start } else { 0 };
        let line = self.line + error.line().saturating_sub(1);
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let problem = text.strip_suffix(&place).unwrap_or(&text);
        if problem.contains("unicode code point") && std::str::from_utf8(self.bytes).is_err() {
            return DecodeError::Encoding { file: Arc::clone(self.file), line };
        }
        DecodeError::Syntax {
            file: Arc::clone(self.file),
            line,
            column: error.column() + indent,
            language: "JSON",
            problem: problem.to_owned(),
        }
    }
}

/// Reads a document that the quick way did not understand.
fn read_document(raw: &str, place: &Place<'_>, decoded: &mut Decoded) -> Result<(), DecodeError> {
    let origin = place.origin();
    let slowly = |decoded: &mut Decoded| {
        let tree: Value = serde_json::from_str(raw).map_err(|error| place.syntax_error(&error))?;
        document::read_tree(&tree, &origin, decoded)
    };
    let Some(head) = Head::read(raw) else { return slowly(decoded) };
    let problem = |problem| DecodeError::Document { origin: origin.clone(), problem };
    match document::plan(head.kind, head.api_version, head.items.is_some(), None).map_err(problem)? {
        Plan::Skip(kind) => decoded.skip(kind),
        Plan::Read(kind) => match kind.read(&mut serde_json::Deserializer::from_slice(raw.as_bytes())) {
            Ok(object) => decoded.push(object, origin)?,
            Err(_) => slowly(decoded)?,
        },
        Plan::Items(inherited) => {
            let Ok(Items { items }) = serde_json::from_str(raw) else { return slowly(decoded) };
            for (i, item) in items.unwrap_or_default().into_iter().enumerate() {
                let origin = Origin { item: Some(i), ..origin.clone() };
                read_item(item.get(), inherited, origin, place, decoded)?;
            }
        }
    }
    Ok(())
}

/// Reads an item of a list, quickly if it can be.
fn read_item(
    raw: &str,
    inherited: Option<Inherited<'_>>,
    origin: Origin,
    place: &Place<'_>,
    decoded: &mut Decoded,
) -> Result<(), DecodeError> {
    if let Ok(Quick(object)) = serde_json::from_slice(raw.as_bytes()) {
        return decoded.push(object, origin);
    }
    if let Some(head) = Head::read(raw) {
        match document::plan(head.kind, head.api_version, head.items.is_some(), inherited) {
            Ok(Plan::Skip(kind)) => {
                decoded.skip(kind);
                return Ok(());
            }
            Ok(Plan::Read(kind)) => {
                if let Ok(object) = kind.read(&mut serde_json::Deserializer::from_slice(raw.as_bytes())) {
                    return decoded.push(object, origin);
                }
            }
            _ => {}
        }
    }
    let tree: Value = serde_json::from_str(raw).map_err(|error| place.syntax_error(&error))?;
    document::read_tree_item(&tree, inherited, origin, decoded)
}

/// What a document says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'d> {
    #[serde(default, borrow)]
    kind: Option<&'d str>,
    #[serde(default, borrow)]
    api_version: Option<&'d str>,
    #[serde(default)]
    items: Option<IgnoredAny>,
}

impl<'d> Head<'d> {
    /// Reads it, unless that takes more than a look: not from a list, nor from texts with escapes in them.
    fn read(raw: &'d str) -> Option<Self> {
        if raw.starts_with('{') { serde_json::from_str(raw).ok() } else { None }
    }
}

/// The items of a list, unread.
#[derive(Deserialize)]
struct Items<'d> {
    #[serde(default, borrow)]
    items: Option<Vec<&'d RawValue>>,
}

/// An object of a known kind whose first two fields say so, as API servers and kubectl write them; anything
/// else is an error here and is read the slow way.
struct Quick(Object);

impl<'de> Deserialize<'de> for Quick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(QuickVisitor)
    }
}

struct QuickVisitor;

impl<'de> Visitor<'de> for QuickVisitor {
    type Value = Quick;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Quick, A::Error> {
        let unlike = || A::Error::custom("kind and apiVersion do not come first");
        let first: (&str, &str) = fields.next_entry()?.ok_or_else(unlike)?;
        let second: (&str, &str) = fields.next_entry()?.ok_or_else(unlike)?;
        let (kind, api_version) = match (first, second) {
            (("kind", kind), ("apiVersion", api_version)) | (("apiVersion", api_version), ("kind", kind)) => {
                (kind, api_version)
            }
            _ => return Err(unlike()),
        };
        match Kind::from_name(kind) {
            Some(kind) if kind.api_versions().contains(&api_version) => {
                kind.read(MapAccessDeserializer::new(fields)).map(Quick)
            }
            _ => Err(unlike()),
        }
    }
}
