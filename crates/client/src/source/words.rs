//! What the server says on a watch.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{Kind, Object};

use crate::Error;
use crate::error::Refusal;

/// Marks the bookmark after the last object that was there at the beginning.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One event of a watch.
#[derive(Debug)]
pub(super) enum Word {
    /// `ADDED` and `MODIFIED`.
    Upsert(Object),
    /// `DELETED`, with the object as it was in the end.
    Delete(Object),
    /// Nothing has happened up to here.
    Bookmark {
        /// Where one can go on.
        resource_version: String,
        /// Whether everything has been said that was there at the beginning.
        ends_beginning: bool,
    },
    /// The watch cannot go on.
    Error(Refusal),
}

#[derive(Deserialize)]
struct Event<'l> {
    #[serde(borrow)]
    r#type: Cow<'l, str>,
    #[serde(borrow)]
    object: &'l RawValue,
}

#[derive(Deserialize)]
struct Marked {
    metadata: MarkedMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkedMetadata {
    resource_version: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// The text of the object in a line.
pub(super) fn object_text(line: &[u8]) -> Option<&str> {
    serde_json::from_slice::<Event<'_>>(line).ok().map(|event| event.object.get())
}

/// Reads a line. `what` says what it is about in errors.
pub(super) fn read(kind: Kind, line: &[u8], what: &str) -> Result<Word, Error> {
    let misunderstood =
        |error: serde_json::Error| Error::Misunderstood { what: what.to_owned(), problem: error.to_string() };
    let event: Event<'_> = serde_json::from_slice(line).map_err(misunderstood)?;
    let text = event.object.get();
    let object = || wire::decode::json_object(kind, text).map_err(misunderstood);
    match event.r#type.as_ref() {
        "ADDED" | "MODIFIED" => Ok(Word::Upsert(object()?)),
        "DELETED" => Ok(Word::Delete(object()?)),
        "BOOKMARK" => {
            let Marked { metadata } = serde_json::from_str(text).map_err(misunderstood)?;
            let ends = metadata.annotations.as_ref().and_then(|marks| marks.get(INITIAL_EVENTS_END));
            Ok(Word::Bookmark {
                ends_beginning: ends.is_some_and(|value| value == "true"),
                resource_version: metadata.resource_version,
            })
        }
        "ERROR" => Ok(Word::Error(Refusal::read(StatusCode::INTERNAL_SERVER_ERROR, text.as_bytes(), what))),
        unknown => Err(Error::Misunderstood {
            what: what.to_owned(),
            problem: format!("there is no event of type {unknown:?}"),
        }),
    }
}
