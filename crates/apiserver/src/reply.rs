//! Answers, before they are bytes on a connection.

use std::borrow::Cow;

use apimachinery::Status;
use bytes::Bytes;
use component::body::Body;
use serde_json::Value;

use crate::negotiation::{Accepted, Format};

/// An answer.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// What the body is; empty where nothing is said.
    pub content_type: Cow<'static, str>,
    /// Other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// The media type of JSON.
pub const JSON: &str = "application/json";

impl Reply {
    /// An answer with a body of some type.
    pub fn new(status: u16, content_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Reply {
        Reply::of_body(status, content_type, Body::full(body))
    }

    /// An answer whose body comes as it likes.
    pub fn of_body(status: u16, content_type: impl Into<Cow<'static, str>>, body: Body) -> Reply {
        Reply { status, content_type: content_type.into(), headers: Vec::new(), body }
    }

    /// A text.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Reply {
        Reply::new(status, "text/plain; charset=utf-8", body)
    }

    /// What upstream's mux says about paths that nobody serves.
    pub fn page_not_found() -> Reply {
        Reply::text(404, "404 page not found\n").with("X-Content-Type-Options", "nosniff")
    }

    /// A document in the format that was asked for.
    pub fn document(status: u16, accepted: &Accepted, document: &Value) -> Reply {
        Reply::new(status, accepted.format.media_type(), accepted.write(document))
    }

    /// An error in the format that was asked for.
    pub fn error(accepted: &Accepted, error: &Status) -> Reply {
        let mut reply = Reply::document(error.code, accepted, &error.to_document());
        if error.retry_after_seconds() > 0 {
            reply = reply.with("Retry-After", error.retry_after_seconds().to_string());
        }
        reply
    }

    /// An error to a client whose wishes are not known.
    pub fn plain_error(error: &Status) -> Reply {
        Reply::error(&Accepted { format: Format::Json, ..Accepted::default() }, error)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// The same answer with warnings (RFC 7234 `Warning`, code 299).
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<String>) -> Reply {
        let distinct: Vec<&String> =
            warnings.iter().enumerate().filter(|(i, w)| !warnings[..*i].contains(w)).map(|(_, w)| w).collect();
        let n_runes: usize = distinct.iter().map(|warning| warning.chars().count()).sum();
        for warning in distinct {
            let cut: String = if n_runes > WARNING_RUNES_MAX {
                warning.chars().take(WARNING_RUNES_WHEN_MANY).collect()
            } else {
                warning.clone()
            };
            // A header is one line without control characters.
            let escaped: String = cut
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] })
                .collect();
            self.headers.push(("Warning", format!("299 - \"{escaped}\"")));
        }
        self
    }
}

/// How long all warnings of an answer together may be before each is cut.
const WARNING_RUNES_MAX: usize = 4096;

/// What is left of each of them then.
const WARNING_RUNES_WHEN_MANY: usize = 256;

/// The answer to something that was done and has no object to show.
pub fn success() -> Value {
    serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
}
