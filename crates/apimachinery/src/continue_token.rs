//! Where a list that was cut goes on.
//!
//! Tokens are upstream's: base64 of `{"v":"meta.k8s.io/v1","rv":N,"start":"KEY"}`, with the URL alphabet and
//! without padding. The key is relative to the prefix of the list, and is the one after the last that was sent.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use crate::go;
use crate::json::{self, JsonError};
use crate::status::Status;

const VERSION: &str = "meta.k8s.io/v1";

/// Upstream's decoder does not mind bits that are set after the last byte.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The resource version of a token that goes on with the most recent state.
pub const MOST_RECENT: i64 = -1;

/// A position in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinueToken {
    /// The state that the list shows; [`MOST_RECENT`] for that at the time of asking.
    pub resource_version: i64,
    /// The first key that is still to come, without the prefix of the list.
    pub start_key: String,
}

/// A text that is no token. Displays as upstream does, without `invalid continue token: ` before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContinueTokenError {
    /// It cannot be read.
    #[error("continue key is not valid: {0}")]
    Unreadable(String),
    /// It has no resource version.
    #[error("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")]
    NoResourceVersion,
    /// It has no key.
    #[error("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")]
    NoStartKey,
    /// It has a form that is not known here.
    #[error("continue key is not valid: server does not recognize this encoded version {0}")]
    UnknownVersion(String),
}

impl From<ContinueTokenError> for Status {
    fn from(error: ContinueTokenError) -> Self {
        Self::bad_request(format!("invalid continue token: {error}"))
    }
}

impl ContinueToken {
    /// The position after an object; `key` is the object's, without the prefix of the list.
    pub fn after(resource_version: i64, key: &str) -> Self {
        Self { resource_version, start_key: format!("{key}\0") }
    }

    /// The token as it is sent.
    pub fn encode(&self) -> String {
        // Upstream's order of members, so that tokens are the same to the byte.
        let start = go::compact_json(&self.start_key.as_str().into());
        ENGINE.encode(format!(r#"{{"v":"{VERSION}","rv":{},"start":{start}}}"#, self.resource_version))
    }

    /// Reads a token. Fails on what no server has made, and on keys that would leave the list's prefix.
    pub fn decode(text: &str) -> Result<Self, ContinueTokenError> {
        let unreadable = |error: String| ContinueTokenError::Unreadable(error);
        // Line ends do not count, as in upstream's decoder.
        let compact: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let bytes = ENGINE.decode(&compact).map_err(|_| {
            // Where no byte is wrong, the last group of four is too short.
            let is_wrong = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            let at = compact.bytes().position(is_wrong).unwrap_or(compact.len() / 4 * 4);
            unreadable(format!("illegal base64 data at input byte {at}"))
        })?;
        let document = json::decode(&bytes).map_err(|error| unreadable(error.to_string()))?.value;
        let mismatch = |value: &Value, field: &str, wanted: &str| {
            let error = JsonError::mismatch(value, wanted).to_string();
            let field = format!("Go struct field continueToken.{field} of type {wanted}");
            unreadable(error.replace(&format!("Go value of type {wanted}"), &field))
        };
        let text = |field: &str| match &document[field] {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            other => Err(mismatch(other, field, "string")),
        };
        if !document.is_object() && !document.is_null() {
            let error = JsonError::mismatch(&document, "storage.continueToken");
            return Err(unreadable(error.to_string()));
        }
        let version = text("v")?;
        let resource_version = match &document["rv"] {
            Value::Null => 0,
            number => number.as_i64().ok_or_else(|| mismatch(number, "rv", "int64"))?,
        };
        let start_key = text("start")?;
        if version != VERSION {
            return Err(ContinueTokenError::UnknownVersion(version));
        }
        if resource_version == 0 {
            return Err(ContinueTokenError::NoResourceVersion);
        }
        if start_key.is_empty() {
            return Err(ContinueTokenError::NoStartKey);
        }
        let path = start_key.strip_prefix('/').unwrap_or(&start_key);
        // A path that is not in its shortest form could lead out of the prefix.
        if path.split('/').any(|step| matches!(step, "" | "." | "..")) {
            return Err(unreadable(start_key));
        }
        Ok(Self { resource_version, start_key: path.to_owned() })
    }
}

/// The error of a list whose state is not kept any more. `rest` is a token with which the remaining objects can
/// still be had, as they are by then.
pub fn expired(rest: &ContinueToken) -> Status {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                   list without the continue parameter, or use the continue token in this response to retrieve the \
                   remainder of the results. Continuing with the provided token results in an inconsistent list - \
                   objects that were created, modified, or deleted between the time the first chunk was returned and \
                   now may show up in the list.";
    Status { continue_token: rest.encode(), ..Status::expired(message) }
}

/// The list metadata of a page that is not the last: its token, and how many objects remain where that is known.
pub fn page_metadata(
    resource_version: &str,
    token: &ContinueToken,
    remaining_item_count: Option<u64>,
) -> Value {
    let mut metadata = json!({"resourceVersion": resource_version, "continue": token.encode()});
    if let Some(count) = remaining_item_count {
        metadata["remainingItemCount"] = count.into();
    }
    metadata
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(json: &str) -> String {
        ENGINE.encode(json)
    }

    #[test]
    fn is_upstreams_to_the_byte() {
        let token = ContinueToken::after(12, "default/web");
        let text = token.encode();
        assert_eq!(text, encoded("{\"v\":\"meta.k8s.io/v1\",\"rv\":12,\"start\":\"default/web\\u0000\"}"));
        assert_eq!(ContinueToken::decode(&text), Ok(token));
    }

    #[test]
    fn says_why_a_text_is_no_token() {
        for (text, message) in [
            ("?".to_owned(), "continue key is not valid: illegal base64 data at input byte 0"),
            ("abc=".to_owned(), "continue key is not valid: illegal base64 data at input byte 3"),
            ("abcde".to_owned(), "continue key is not valid: illegal base64 data at input byte 4"),
            (encoded("{"), "continue key is not valid: unexpected end of JSON input"),
            (encoded("{}"), "continue key is not valid: server does not recognize this encoded version "),
            (
                encoded(r#"{"v":"v2"}"#),
                "continue key is not valid: server does not recognize this encoded version v2",
            ),
            (
                encoded(r#"{"v":"meta.k8s.io/v1","start":"a"}"#),
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ),
            (
                encoded(r#"{"v":"meta.k8s.io/v1","rv":1}"#),
                "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)",
            ),
            (encoded(r#"{"v":"meta.k8s.io/v1","rv":1,"start":"../a"}"#), "continue key is not valid: ../a"),
            (
                encoded(r#"{"v":"meta.k8s.io/v1","rv":"1"}"#),
                "continue key is not valid: json: cannot unmarshal string into Go struct field continueToken.rv of type \
                 int64",
            ),
        ] {
            let error = ContinueToken::decode(&text).expect_err(message);
            assert_eq!(error.to_string(), message);
            let status = Status::from(error);
            assert_eq!((status.code, status.message), (400, format!("invalid continue token: {message}")));
        }
    }

    #[test]
    fn an_expired_list_can_be_gone_on_with() {
        let rest = ContinueToken { resource_version: MOST_RECENT, start_key: "a\0".to_owned() };
        let body = expired(&rest).to_document();
        assert_eq!(body["metadata"]["continue"], rest.encode());
        assert_eq!((body["code"].as_u64(), body["reason"].as_str()), (Some(410), Some("Expired")));
        let page = page_metadata("5", &rest, Some(3));
        assert_eq!(page["remainingItemCount"], 3);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(rv in 1..i64::MAX, key in "[a-zäß<&.]{1,8}[a-z](/[a-z]{1,4}){0,2}") {
            let token = ContinueToken::after(rv, &key);
            prop_assert_eq!(ContinueToken::decode(&token.encode()), Ok(token));
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}", json in "[{}\":,vrstame0-9./]{0,30}") {
            let _ = ContinueToken::decode(&text);
            let _ = ContinueToken::decode(&encoded(&json));
        }
    }
}
