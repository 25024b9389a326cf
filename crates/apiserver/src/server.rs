//! What happens to every request.
//!
//! ```text
//! path and query -> who asks -> is it their turn -> may they -> time limit -> handler -> counters -> gzip, headers
//! ```

mod compression;
mod counted;
mod headers;
mod inflight;
mod to_the_end;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use apimachinery::Status;
use apimachinery::options::Query;
use component::health::Health;
use component::metrics::ApiServerMetrics;
use component::serving::{Handler, Peer, Request, Response};
use component::shutdown::Shutdown;
use http::Method;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use counted::{Counted, Took};
pub use inflight::{Inflight, Permit, TooMany};
use to_the_end::to_the_end;

use crate::addition::Addition;
use crate::attributes::Attributes;
use crate::authentication::{Authentication, AuthenticationError};
use crate::authorization::{self, Authorized};
use crate::call::{Call, TIMED_OUT};
use crate::discovery::Discovery;
use crate::negotiation::{self, Accepted, Transforms};
use crate::openapi::OpenApi;
use crate::registry::Registry;
use crate::reply::Reply;
use crate::user::User;
use crate::{clock, debug, handlers, path, query, service_account, version};

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
    pub counters: Arc<ApiServerMetrics>,
    /// How many requests at once.
    pub inflight: Inflight,
    /// How long a request may take (`--request-timeout`).
    pub request_timeout: Duration,
    /// How long a watch lasts at least if the client does not say (`--min-request-timeout`).
    pub min_request_timeout: Duration,
    /// Whether large answers are compressed for who takes that (the feature gate `APIResponseCompression`).
    pub compresses: bool,
    /// How far the end has come.
    pub shutdown: Shutdown,
    /// Names and values of flags, for who asks.
    pub flags: Vec<(String, String)>,
    /// Since when it is there.
    pub started: Timestamp,
    /// What another component of this process adds, once it is there.
    pub addition: OnceLock<Arc<dyn Addition>>,
}

impl Handler for Server {
    async fn handle(self: Arc<Self>, request: Request, peer: Arc<Peer>) -> Response {
        let audit_id = headers::audit_id(request.headers());
        let compresses = self.compresses && compression::is_wanted(request.headers());
        let is_head = request.method() == Method::HEAD;
        let reply = self.answer(request, &peer).await;
        let reply = if compresses { compression::compress(reply) } else { reply };
        // A client that does not read is not waited for longer than one that does not write. Watches do not end by this.
        let reply = Reply { body: reply.body.within(self.request_timeout), ..reply };
        let reply = if is_head { headers::only(reply) } else { reply };
        headers::finish(reply, &audit_id)
    }
}

impl Server {
    async fn answer(self: &Arc<Self>, request: Request, peer: &Peer) -> Reply {
        let (parts, body) = request.into_parts();
        let Some(path) = query::path(parts.uri.path()) else {
            return Reply::plain_error(&Status::bad_request(
                "the path is not well-formed: it has a wrong escape",
            ));
        };
        let query = query::parse(parts.uri.query().unwrap_or_default());
        let attributes = path::attributes(parts.method.as_str(), &path, Query(&query));
        let Ok(user) = self.authenticate(&parts, peer) else {
            let reply = Reply::plain_error(&Status::unauthorized());
            return reply.with("X-Content-Type-Options", "nosniff");
        };
        if parts.headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
            // To act for somebody else and not be told that one did not would be worse than not to act.
            let message = "impersonation is not supported by this server yet";
            return Reply::plain_error(&Status::bad_request(message));
        }
        let call = Call {
            method: parts.method,
            query,
            headers: parts.headers,
            body: Some(body),
            read_by: None,
            warnings: Vec::new(),
        };
        let counted = self.counted(&attributes, &call);
        let began_ns = clock::monotonic_ns();
        let is_long = is_long_running(&attributes);
        if is_long {
            let held = counted.long_running(&self.counters).hold();
            let reply = self.answer_who_may(user, attributes, call, true).await;
            let reply = counted.count(&self.counters, reply, None);
            return Reply { body: reply.body.held_with(held), ..reply };
        }
        let is_exempt = user.is_in(User::MASTERS) || is_probe(&attributes.path);
        let Ok(permit) = self.inflight.enter(&user, &attributes, is_exempt).await else {
            counted.terminated(&self.counters, 429);
            let reply =
                Reply::text(429, "Too many requests, please try again later.\n").with("Retry-After", "1");
            return counted.count(&self.counters, reply, None);
        };
        let turn_ns = clock::monotonic_ns();
        let reply = self.answer_who_may(user, attributes, call, false).await;
        let end_ns = clock::monotonic_ns();
        if reply.status == 504 {
            counted.terminated(&self.counters, 504);
        }
        let took = Took {
            all: Duration::from_nanos(end_ns - began_ns),
            own: Duration::from_nanos(end_ns - turn_ns),
        };
        let reply = counted.count(&self.counters, reply, Some(took));
        Reply { body: reply.body.held_with(permit), ..reply }
    }

    fn authenticate(&self, parts: &http::request::Parts, peer: &Peer) -> Result<User, AuthenticationError> {
        let began_ns = clock::monotonic_ns();
        let user = self.authentication.authenticate(&parts.headers, &parts.extensions, peer, clock::now());
        let seconds = (clock::monotonic_ns() - began_ns) as f64 / 1e9;
        let result = if user.is_ok() { "success" } else { "failure" };
        self.counters.authentications.with([result]).inc();
        self.counters.authentication_seconds.with([result]).observe(seconds);
        if let Ok(user) = &user {
            self.counters.authenticated.with([counted::username(&user.name)]).inc();
        }
        // HTTP/2 lets one connection ask much: those whom nobody knows have to connect again each time, as upstream
        // demands it (UnauthenticatedHTTP2DOSMitigation).
        let is_nobody = user.as_ref().map_or(true, |user| user.name == User::ANONYMOUS);
        if is_nobody && peer.is_http2() {
            peer.end_connection();
        }
        user
    }

    /// The labels of a request's counters: what nobody serves gets no names.
    fn counted(&self, attributes: &Attributes, call: &Call) -> Counted {
        let is_dry_run = call.query().get("dryRun").is_some();
        let is_apply = negotiation::content_type(&call.headers) == apimachinery::patch::APPLY_PATCH;
        let counted = Counted::of(attributes, is_dry_run, is_apply);
        let kinds = &self.registry.kinds;
        let served = kinds.find(&attributes.group, &attributes.version, &attributes.resource);
        let subresource = attributes.subresource.as_str();
        let is_served =
            |kind: &resources::kind::Kind| subresource.is_empty() || kind.subresource(subresource).is_some();
        match served {
            Some(served) if attributes.is_resource && is_served(served.kind) => counted,
            _ => counted.without_names(),
        }
    }

    async fn answer_who_may(
        self: &Arc<Self>,
        user: User,
        attributes: Attributes,
        call: Call,
        is_long: bool,
    ) -> Reply {
        match self.authorize(user, attributes) {
            Ok(authorized) => self.answer_in_time(authorized, call, is_long).await,
            Err(status) => Reply::error(&accepted(&call), &status).with("X-Content-Type-Options", "nosniff"),
        }
    }

    fn authorize(&self, user: User, attributes: Attributes) -> Result<Authorized, Box<Status>> {
        let began_ns = clock::monotonic_ns();
        let result = authorization::authorize(self.registry.modes.as_ref(), user, attributes);
        let seconds = (clock::monotonic_ns() - began_ns) as f64 / 1e9;
        // Nobody says no: what nobody allows is denied, which upstream counts as no opinion.
        let label = if result.is_ok() { "allowed" } else { "no-opinion" };
        self.counters.authorizations.with([label]).inc();
        self.counters.authorization_seconds.with([label]).observe(seconds);
        result
    }

    async fn answer_in_time(self: &Arc<Self>, request: Authorized, mut call: Call, is_long: bool) -> Reply {
        let limit = match time_limit(&call, self.request_timeout) {
            Ok(limit) => limit,
            Err(status) => return Reply::error(&accepted(&call), &status),
        };
        if is_long {
            return self.route(request, call).await;
        }
        let end = Instant::now() + limit;
        call.read_by = Some(end);
        let answer = async {
            if request.attributes().is_read_only() {
                self.route(request, call).await
            } else {
                self.route_to_the_end(request, call).await
            }
        };
        let answer = timeout_at(end, answer).await;
        answer.unwrap_or_else(|_| Reply::plain_error(&Status::timeout(TIMED_OUT, 0)))
    }

    /// A write that has begun goes on when nobody waits for it any more: it is committed together with others, and what it
    /// has taken or gives back (addresses of services, ports) has to be so if and only if the write is.
    fn route_to_the_end(
        self: &Arc<Self>,
        request: Authorized,
        call: Call,
    ) -> impl Future<Output = Reply> + use<> {
        let server = Arc::clone(self);
        to_the_end(async move { server.route(request, call).await })
    }

    async fn route(&self, request: Authorized, call: Call) -> Reply {
        let attributes = request.attributes();
        if attributes.is_resource {
            return handlers::resource(self, request, call).await;
        }
        let path = attributes.path.as_str();
        let reply = self.answer_path(&call, path).await;
        if reply.status == 404 || takes_method(path, &call.method) {
            return reply;
        }
        Reply::error(&accepted(&call), &Status::method_not_allowed())
    }

    /// The answer about something else than objects.
    async fn answer_path(&self, call: &Call, path: &str) -> Reply {
        match path {
            "/" | "/index.html" => {
                return Reply::document(200, &accepted(call), &json!({"paths": self.paths()}));
            }
            "/version" | "/version/" => return Reply::document(200, &accepted(call), &version::document()),
            "/metrics" => return of_response(self.metrics.answer()),
            _ => {}
        }
        if let Some(response) = self.health.answer(path, &call.query) {
            return of_response(response);
        }
        if let Some(reply) = self.openapi.answer(call, path) {
            return reply;
        }
        if let Some(reply) = debug::answer(self, call, path) {
            return reply;
        }
        if let Some(accounts) = &self.authentication.service_accounts
            && let Some(reply) = service_account::documents(accounts, path, &self.address).await
        {
            return reply;
        }
        match self.discovery.answer(call, path) {
            Ok(Some(reply)) => reply,
            Ok(None) => match self.added(call, path).await {
                Some(response) => of_response(response),
                None => Reply::page_not_found(),
            },
            Err(status) => Reply::error(&accepted(call), &status),
        }
    }

    async fn added(&self, call: &Call, path: &str) -> Option<Response> {
        let addition = self.addition.get().filter(|_| call.method == Method::GET)?;
        addition.answer(path).await
    }

    /// What there is besides objects, for the index.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = self.discovery.paths();
        let others = [
            "/healthz",
            "/livez",
            "/readyz",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/version",
            "/flagz",
            "/statusz",
        ];
        paths.extend(others.into_iter().map(str::to_owned));
        paths.sort();
        paths
    }
}

/// Whether a path that is served can be asked by a method. Upstream routes by method what is about the version, about
/// the resources of a group and about tokens, and does not look at it elsewhere.
fn takes_method(path: &str, method: &Method) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_routed = match parts.as_slice() {
        ["version" | "api" | ".well-known" | "openid", ..] => true,
        ["apis", ..] => parts.len() > 2,
        // Upstream sets counters to zero then; here they only grow.
        ["metrics"] => method == Method::DELETE,
        _ => false,
    };
    method == Method::GET || !is_routed
}

/// Whether a path is asked by who looks after the server: those are always answered.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/livez" | "/readyz")
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
