//! What the scheduler says to those who ask: its health, its metrics, its configuration.
//!
//! Everything goes through [`delegation`] first: probes are answered to everybody, all else to those whom the cluster
//! lets.

mod debug;
mod health;
mod structured;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use client::Connection;
use component::body::Body;
use component::metrics::Registry;
use component::serving::{Handler, Peer, Request, Response};
use delegation::Delegation;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Permission;
use crate::driver::Handle;
use crate::metrics::{Metrics, resources};
use crate::why::{self, LastDecisions};
pub use debug::dump;
pub use health::Checks;

/// From this size on, answers are compressed for those who understand it.
const COMPRESSED_BYTES_MIN: usize = 1024;

/// Sets how much is logged (`-v`).
pub type SetVerbosity = Arc<dyn Fn(u32) + Send + Sync>;

/// What a site needs to know.
pub struct Settings {
    /// Who may ask what; `None` lets everybody ask everything, for clients in the same process.
    pub delegation: Option<Delegation>,
    /// Whether it is well.
    pub checks: Checks,
    /// What it has counted.
    pub metrics: Metrics,
    /// To ask for pods.
    pub connection: Connection,
    /// Only the leader speaks for pods.
    pub permission: Permission,
    /// The configuration in force, as `/configz` shows it.
    pub configuration: Value,
    /// All flags with their values.
    pub flags: Vec<(String, String)>,
    /// When the process started.
    pub started: Timestamp,
    /// Whether debugging is allowed (`enableProfiling`).
    pub profiling: bool,
    /// What `/debug/flags/v` does.
    pub set_verbosity: SetVerbosity,
    /// Why pods wait.
    pub decisions: LastDecisions,
}

/// Answers requests.
pub struct Site {
    settings: Settings,
    handle: Arc<OnceLock<Handle>>,
    /// Told apart from the other metrics, as upstream's.
    slis: Registry,
}

impl Site {
    /// A site. The core can be there later: until then what needs it is empty.
    pub fn new(mut settings: Settings, handle: Arc<OnceLock<Handle>>) -> Site {
        let slis = health::slis(&mut settings.checks);
        Site { settings, handle, slis }
    }

    async fn answer(&self, method: &Method, path: &str, query: &str, headers: &HeaderMap) -> Response {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        match path {
            "/metrics" if *method == Method::DELETE => {
                self.settings.metrics.registry.reset();
                plain(StatusCode::OK, "metrics reset\n")
            }
            "/metrics/slis" if *method == Method::DELETE => {
                self.slis.reset();
                plain(StatusCode::OK, "metrics reset\n")
            }
            _ if !is_read => plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n"),
            "/metrics" => {
                if let Some(handle) = self.handle.get() {
                    self.settings.metrics.look(handle).await;
                }
                metrics(&self.settings.metrics.registry, headers)
            }
            "/metrics/slis" => metrics(&self.slis, headers),
            "/metrics/resources" => self.resources(headers).await,
            "/configz" => {
                let text = json!({ "componentconfig": self.settings.configuration }).to_string();
                answer(StatusCode::OK, "application/json", text)
            }
            "/flagz" => structured::flagz(headers, &self.settings.flags),
            "/statusz" => structured::statusz(headers, self.settings.started),
            _ if path.starts_with("/debug/pprof") && self.settings.profiling => debug::pprof(path),
            "/debug/flags" | "/debug/flags/" if self.settings.profiling => {
                plain(StatusCode::OK, "PUT a number to /debug/flags/v to set how much is logged\n")
            }
            _ if path.starts_with(why::PODS) => self.why(path).await,
            _ => {
                let query = pairs(query);
                let checked = self.settings.checks.answer(path, &query);
                checked.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "404 page not found\n"))
            }
        }
    }

    /// Only the leader's, because all know the same pods.
    async fn resources(&self, headers: &HeaderMap) -> Response {
        if !self.settings.permission.is_given() {
            return plain(StatusCode::OK, "");
        }
        match resources::look(&self.settings.connection).await {
            Ok(registry) => metrics(&registry, headers),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
        }
    }

    async fn why(&self, path: &str) -> Response {
        let words = match self.handle.get() {
            Some(handle) => self.settings.decisions.answer(handle, path).await,
            None => None,
        };
        match words {
            Some(words) => {
                answer(StatusCode::OK, "application/json", String::from_utf8_lossy(&words).into_owned())
            }
            None => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
        }
    }

    async fn set_verbosity(&self, request: Request) -> Response {
        let body = request.into_body().read(64).await;
        let text = body.ok().and_then(|body| String::from_utf8(body.to_vec()).ok()).unwrap_or_default();
        match text.trim().parse::<u32>() {
            Ok(verbosity) => {
                (self.settings.set_verbosity)(verbosity);
                plain(StatusCode::OK, &format!("successfully set klog.logging.verbosity to {verbosity}"))
            }
            Err(error) => plain(
                StatusCode::BAD_REQUEST,
                &format!("failed to set klog.logging.verbosity to {text:?}: {error}"),
            ),
        }
    }
}

impl Handler for Site {
    async fn handle(self: Arc<Self>, mut request: Request, peer: Arc<Peer>) -> Response {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (path, query) = (uri.path(), uri.query().unwrap_or_default());
        let admitted = match &self.settings.delegation {
            Some(delegation) => {
                delegation.admit(method.as_str(), path, request.headers_mut(), &peer).await.map(drop)
            }
            None => Ok(()),
        };
        let mut response = match admitted {
            Err(response) => response,
            Ok(()) if path == "/debug/flags/v" && method == Method::PUT && self.settings.profiling => {
                self.set_verbosity(request).await
            }
            Ok(()) => self.answer(&method, path, query, request.headers()).await,
        };
        let never = HeaderValue::from_static("no-cache, private");
        response.headers_mut().insert(header::CACHE_CONTROL, never);
        tracing::trace!(verb = %method, uri = %uri, resp = response.status().as_u16(), "HTTP");
        response
    }
}

fn plain(code: StatusCode, text: &str) -> Response {
    answer(code, "text/plain; charset=utf-8", text.to_owned())
}

fn answer(code: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn metrics(registry: &Registry, headers: &HeaderMap) -> Response {
    let response = registry.answer();
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if !accepted.is_some_and(|accepted| accepted.contains("gzip")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let (body, is_compressed) = body.compressed(COMPRESSED_BYTES_MIN);
    if is_compressed {
        parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Response::from_parts(parts, body)
}

/// The pairs of a query, decoded.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let bytes = text.replace('+', " ");
        let mut decoded = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) if *first == b'%' => {
                    decoded.push(byte);
                    rest = &tail[2..];
                }
                _ => {
                    decoded.push(*first);
                    rest = tail;
                }
            }
        }
        String::from_utf8_lossy(&decoded).into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        })
        .collect()
}
