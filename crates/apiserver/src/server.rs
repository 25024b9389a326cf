//! What happens to every request.
//!
//! ```text
//! path and query -> who asks -> may they -> too many at once? -> time limit -> handler -> headers, counters
//! ```

mod headers;
mod inflight;

use std::sync::Arc;
use std::time::Duration;

use apimachinery::Status;
use apimachinery::options::Query;
use component::health::Health;
use component::metrics::ApiServerMetrics;
use component::serving::{Handler, Peer, Request, Response};
use component::shutdown::Shutdown;
use serde_json::json;

pub use inflight::{Inflight, Permit};

use crate::attributes::Attributes;
use crate::authentication::Authentication;
use crate::authorization::{self, Authorized};
use crate::call::Call;
use crate::discovery::Discovery;
use crate::negotiation::{self, Accepted, Transforms};
use crate::openapi::OpenApi;
use crate::registry::Registry;
use crate::reply::Reply;
use crate::{handlers, path, query, service_account, version};

/// The API server.
pub struct Server {
    /// The objects.
    pub registry: Registry,
    /// Who asks.
    pub authentication: Authentication,
    /// Where others reach this server: address and port.
    pub address: String,
    /// What is served.
    pub discovery: Discovery,
    /// The same in full.
    pub openapi: OpenApi,
    /// How the server is.
    pub health: Health,
    /// All counters.
    pub metrics: component::metrics::Registry,
    /// Those that the server counts itself.
    pub counters: ApiServerMetrics,
    /// How many requests at once.
    pub inflight: Inflight,
    /// How long a request may take (`--request-timeout`).
    pub request_timeout: Duration,
    /// How far the end has come.
    pub shutdown: Shutdown,
}

impl Handler for Server {
    async fn handle(self: Arc<Self>, request: Request, peer: Arc<Peer>) -> Response {
        let audit_id = headers::audit_id(request.headers());
        let reply = self.answer(request, &peer).await;
        headers::finish(reply, &audit_id)
    }
}

impl Server {
    async fn answer(&self, request: Request, peer: &Peer) -> Reply {
        let (parts, body) = request.into_parts();
        let Some(path) = query::path(parts.uri.path()) else {
            return Reply::plain_error(&Status::bad_request(
                "the path is not well-formed: it has a wrong escape",
            ));
        };
        let query = query::parse(parts.uri.query().unwrap_or_default());
        let attributes = path::attributes(parts.method.as_str(), &path, Query(&query));
        let now = crate::clock::now();
        let user = match self.authentication.authenticate(&parts.headers, &parts.extensions, peer, now) {
            Ok(user) => {
                self.counters.authentications.with(["success"]).inc();
                user
            }
            Err(_) => {
                self.counters.authentications.with(["failure"]).inc();
                let reply = Reply::plain_error(&Status::unauthorized());
                return reply.with("X-Content-Type-Options", "nosniff");
            }
        };
        if parts.headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
            // To act for somebody else and not be told that one did not would be worse than not to act.
            let message = "impersonation is not supported by this server yet";
            return Reply::plain_error(&Status::bad_request(message));
        }
        let is_long = is_long_running(&attributes);
        let permit = match self.inflight.enter(is_long, attributes.is_read_only()) {
            Ok(permit) => permit,
            Err(reply) => return *reply,
        };
        let call = Call {
            method: parts.method,
            query,
            headers: parts.headers,
            body: Some(body),
            warnings: Vec::new(),
        };
        let what = Counted::of(&attributes, &call);
        let began = Duration::from_nanos(monotonic_ns());
        let authorized = authorization::authorize(self.registry.modes.as_ref(), user, attributes);
        let reply = match authorized {
            Ok(authorized) => self.answer_in_time(authorized, call, is_long).await,
            Err(status) => {
                let accepted = accepted(&call);
                Reply::error(&accepted, &status).with("X-Content-Type-Options", "nosniff")
            }
        };
        let took = Duration::from_nanos(monotonic_ns()).saturating_sub(began);
        what.count(&self.counters, reply.status, (!is_long).then_some(took));
        Reply { body: reply.body.held_with(permit), ..reply }
    }

    async fn answer_in_time(&self, request: Authorized, call: Call, is_long: bool) -> Reply {
        let limit = match time_limit(&call, self.request_timeout) {
            Ok(limit) => limit,
            Err(status) => return Reply::error(&accepted(&call), &status),
        };
        if is_long {
            return self.route(request, call).await;
        }
        tokio::time::timeout(limit, self.route(request, call)).await.unwrap_or_else(|_| {
            let message = "request did not complete within the allotted timeout";
            Reply::plain_error(&Status::timeout(message, 0))
        })
    }

    async fn route(&self, request: Authorized, call: Call) -> Reply {
        let attributes = request.attributes();
        if attributes.is_resource {
            return handlers::resource(self, request, call).await;
        }
        let path = attributes.path.as_str();
        match path {
            "/" | "/index.html" => {
                return Reply::document(200, &accepted(&call), &json!({"paths": self.paths()}));
            }
            "/version" | "/version/" => return Reply::document(200, &accepted(&call), &version::document()),
            "/metrics" => return of_response(self.metrics.answer()),
            _ => {}
        }
        if let Some(response) = self.health.answer(path, &call.query) {
            return of_response(response);
        }
        if let Some(reply) = self.openapi.answer(&call, path) {
            return reply;
        }
        if let Some(accounts) = &self.authentication.service_accounts
            && let Some(reply) = service_account::documents(accounts, path, &self.address).await
        {
            return reply;
        }
        match self.discovery.answer(&call, path) {
            Ok(Some(reply)) => reply,
            Ok(None) => Reply::page_not_found(),
            Err(status) => Reply::error(&accepted(&call), &status),
        }
    }

    /// What there is besides objects, for the index.
    fn paths(&self) -> Vec<String> {
        let mut paths = self.discovery.paths();
        let others = ["/healthz", "/livez", "/readyz", "/metrics", "/openapi/v2", "/openapi/v3", "/version"];
        paths.extend(others.into_iter().map(str::to_owned));
        paths.sort();
        paths
    }
}

/// Requests that go on until somebody ends them.
fn is_long_running(attributes: &Attributes) -> bool {
    attributes.is_resource
        && (matches!(attributes.verb.as_str(), "watch" | "proxy")
            || matches!(attributes.subresource.as_str(), "attach" | "exec" | "proxy" | "log" | "portforward"))
}

fn accepted(call: &Call) -> Accepted {
    negotiation::negotiate(&call.headers, call.query(), Transforms::None).unwrap_or_default()
}

/// How long a request may take: what the client says, but not more than the server does.
fn time_limit(call: &Call, server: Duration) -> Result<Duration, Box<Status>> {
    let Some(text) = call.query().get("timeout").filter(|text| !text.is_empty()) else { return Ok(server) };
    let wanted = component::flags::duration(text).map_err(|_| {
        let quoted = apimachinery::go::quote(text);
        Box::new(Status::bad_request(format!(
            "invalid timeout specified in the request URL - time: invalid duration {quoted}"
        )))
    })?;
    Ok(if wanted.is_zero() { server } else { wanted.min(server) })
}

fn of_response(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let content_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Reply::of_body(parts.status.as_u16(), content_type.unwrap_or_default().to_owned(), body)
}

/// Nanoseconds of a clock that does not jump.
#[allow(clippy::disallowed_methods, reason = "how long requests take is measured at the edge")]
fn monotonic_ns() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The labels of a request's counters.
struct Counted {
    verb: String,
    dry_run: &'static str,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
}

impl Counted {
    fn of(attributes: &Attributes, call: &Call) -> Counted {
        let scope = match attributes {
            _ if !attributes.is_resource => "",
            Attributes { name, .. } if !name.is_empty() => "resource",
            Attributes { namespace, .. } if !namespace.is_empty() => "namespace",
            _ => "cluster",
        };
        let verb = match attributes.verb.as_str() {
            "create" => "POST",
            "update" => "PUT",
            other => &other.to_uppercase(),
        };
        Counted {
            verb: verb.to_owned(),
            dry_run: if call.query().get("dryRun").is_some() { "All" } else { "" },
            group: attributes.group.clone(),
            version: attributes.version.clone(),
            resource: attributes.resource.clone(),
            subresource: attributes.subresource.clone(),
            scope,
        }
    }

    fn count(&self, counters: &ApiServerMetrics, status: u16, took: Option<Duration>) {
        // What nobody serves gets one label, so that counters do not grow with what is asked for.
        let is_unknown = matches!(status, 403..=405) && self.scope != "resource";
        let (group, version, resource, subresource) = if is_unknown {
            ("", "", "", "")
        } else {
            (self.group.as_str(), self.version.as_str(), self.resource.as_str(), self.subresource.as_str())
        };
        let component = "apiserver";
        let what = [&self.verb, self.dry_run, group, version, resource, subresource, self.scope, component];
        let code = status.to_string();
        let mut counted = [""; 9];
        counted[..8].copy_from_slice(&what);
        counted[8] = &code;
        counters.requests.with(counted).inc();
        if let Some(took) = took {
            counters.request_seconds.with(what).observe(took.as_secs_f64());
        }
    }
}
