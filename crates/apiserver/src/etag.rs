//! Documents that clients keep.

use std::fmt::Write as _;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha512};

/// A document as bytes, with a tag that changes with it.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The document.
    pub body: Bytes,
    /// The tag, quoted.
    pub etag: String,
}

impl Tagged {
    /// Of a document.
    pub fn new(document: &Value) -> Tagged {
        let body = Bytes::from(format!("{document}\n"));
        let etag = format!("\"{}\"", hash(&body));
        Tagged { body, etag }
    }

    /// The tag without quotes.
    pub fn hash(&self) -> &str {
        self.etag.trim_matches('"')
    }
}

/// SHA-512 in upper-case hex.
fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(128);
    for byte in Sha512::digest(bytes) {
        write!(text, "{byte:02X}").expect("a string takes everything");
    }
    text
}

/// Whether the client has the document with this tag.
pub fn not_modified(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(http::header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag
    })
}
