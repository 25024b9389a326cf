//! What can go wrong with a request.

use std::error::Error as StdError;
use std::fmt::Write;

use http::StatusCode;
use serde::Deserialize;

/// Why a request had no success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kubeconfig, or the service account that stands in for it, is of no use.
    #[error("{0}")]
    Access(String),
    /// The server was not reached, or did not finish its answer.
    #[error("{server}: {problem}")]
    Unreachable {
        /// Where it was looked for.
        server: String,
        /// What happened, with its causes.
        problem: String,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The server's answer makes no sense.
    #[error("{what}: the answer of the API server is not understood: {problem}")]
    Misunderstood {
        /// What was asked.
        what: String,
        /// What is wrong with the answer.
        problem: String,
    },
}

/// A Status that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status code.
    pub code: StatusCode,
    /// One word for programs: `Expired`, `Conflict` …; empty if the answer was no Status.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// How many seconds to wait before the next try, if the server says so.
    pub retry_after_seconds: Option<u64>,
}

/// A Status as the server writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    retry_after_seconds: Option<u64>,
}

impl Refusal {
    /// Reads the body of an answer that is no success. `code` is the status code that it came with.
    pub(crate) fn read(code: StatusCode, body: &[u8], what: &str) -> Refusal {
        let Ok(status) = serde_json::from_slice::<Status>(body) else {
            let text = String::from_utf8_lossy(body);
            let text = text.trim();
            let message = if text.is_empty() {
                format!("{what}: the server answered {code}")
            } else {
                format!("{what}: {code}: {text}")
            };
            return Refusal { code, reason: String::new(), message, retry_after_seconds: None };
        };
        let message = if status.message.is_empty() { format!("{what}: {code}") } else { status.message };
        Refusal {
            code: StatusCode::from_u16(status.code).unwrap_or(code),
            reason: status.reason,
            message,
            retry_after_seconds: status.details.and_then(|details| details.retry_after_seconds),
        }
    }

    /// Whether what was asked for is too far in the past, so that one has to begin anew.
    pub fn is_expired(&self) -> bool {
        self.code == StatusCode::GONE || self.reason == "Expired"
    }
}

impl Error {
    /// The refusal, if the server was reached and said no.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Access(_) | Error::Unreachable { .. } | Error::Misunderstood { .. } => None,
        }
    }

    /// Whether what was asked for is too far in the past.
    pub fn is_expired(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_expired)
    }
}

/// An error with its causes, each said once.
pub(crate) fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            // Writing to a string does not fail.
            let _ = write!(text, ": {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_and_anything_else_is_quoted() {
        let body =
            br#"{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version: 1 (5)"}"#;
        let expired = Refusal::read(StatusCode::GONE, body, "listing pods");
        assert!(expired.is_expired());
        assert_eq!(expired.to_string(), "too old resource version: 1 (5)");
        let busy =
            br#"{"code":429,"reason":"TooManyRequests","message":"later","details":{"retryAfterSeconds":7}}"#;
        assert_eq!(Refusal::read(StatusCode::TOO_MANY_REQUESTS, busy, "").retry_after_seconds, Some(7));
        let proxy = Refusal::read(StatusCode::BAD_GATEWAY, b"no upstream\n", "listing pods");
        assert_eq!(proxy.to_string(), "listing pods: 502 Bad Gateway: no upstream");
        assert!(!proxy.is_expired());
        let silent = Refusal::read(StatusCode::BAD_GATEWAY, b"", "listing pods");
        assert_eq!(silent.to_string(), "listing pods: the server answered 502 Bad Gateway");
    }
}
