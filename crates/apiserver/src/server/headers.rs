//! Headers that every answer has.

use std::borrow::Cow;

use component::body::Body;
use component::serving::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::chance;
use crate::reply::Reply;

const AUDIT_ID: &str = "audit-id";

/// How long an audit id from a client may be.
const AUDIT_ID_LEN_MAX: usize = 64;

/// What tells a request from all others: what the client says, or something random.
pub(super) fn audit_id(headers: &HeaderMap) -> String {
    let said = headers.get(AUDIT_ID).and_then(|value| value.to_str().ok());
    match said.filter(|text| !text.is_empty() && text.len() <= AUDIT_ID_LEN_MAX) {
        Some(text) => text.to_owned(),
        None => chance::uid(),
    }
}

/// The answer to HEAD: what the headers say of the body holds, and there is none.
pub(super) fn only(reply: Reply) -> Reply {
    let n_bytes = reply.body.len();
    let reply = Reply { body: Body::empty(), ..reply };
    match n_bytes {
        Some(n_bytes) => reply.with("Content-Length", n_bytes.to_string()),
        None => reply,
    }
}

/// The answer as it is sent.
pub(super) fn finish(reply: Reply, audit_id: &str) -> Response {
    let mut response = Response::new(reply.body);
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(audit_id) {
        headers.insert(HeaderName::from_static(AUDIT_ID), id);
    }
    if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cache-control")) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    }
    match reply.content_type {
        Cow::Borrowed("") => {}
        Cow::Borrowed(known) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(known));
        }
        Cow::Owned(made) if made.is_empty() => {}
        Cow::Owned(made) => put(headers, CONTENT_TYPE.as_str(), &made),
    }
    for (name, value) in &reply.headers {
        put(headers, name, value);
    }
    response
}

/// Adds a header; one whose value cannot be sent is left out.
fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
        headers.append(name, value);
    }
}
