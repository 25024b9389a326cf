//! Requests for resources: one route for all kinds.
//!
//! [`resource`] finds the kind and the verb, checks what upstream's router checks (method, media types), and hands over to
//! the verb's file. What differs between kinds is in the table of kinds and in `subresources`.

mod apply;
mod body;
mod create;
mod delete;
mod frames;
mod get;
mod list;
mod page;
mod patch;
mod quoted;
mod render;
mod select;
mod subresources;
mod update;
mod watch;

pub(crate) use apply::apply_by_server;
pub(crate) use body::{set_type, to_served};
pub(crate) use quoted::member_text;
pub(crate) use subresources::bind;

use apimachinery::Status;
use http::Method;
use resources::kind::{Subresource, Verbs};

use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Transforms};
use crate::registry::Target;
use crate::reply::Reply;
use crate::served::Served;
use crate::server::Server;

/// Answers a request for a resource.
pub async fn resource(server: &Server, request: Authorized, mut call: Call) -> Reply {
    let attributes = request.attributes();
    let kinds = &server.registry.kinds;
    let served = kinds.find(&attributes.group, &attributes.version, &attributes.resource);
    call.warnings = served.map(deprecation).unwrap_or_default();
    let reply = match route(server, &request, &mut call).await {
        Ok(reply) => reply,
        Err(status) => {
            if status.code == 405 {
                // Upstream says what is deprecated where something is served.
                call.warnings.clear();
            }
            let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All);
            Reply::error(&accepted.unwrap_or_default(), &status)
        }
    };
    if let Some(warning) = served.and_then(|served| without_effect(served, attributes))
        && reply.status < 300
        && is_kubectl(&call)
    {
        call.warnings.push(warning);
    }
    reply.with_warnings(call.warnings)
}

async fn route(server: &Server, request: &Authorized, call: &mut Call) -> Result<Reply, Box<Status>> {
    let attributes = request.attributes();
    let kinds = &server.registry.kinds;
    let Some(served) = kinds.find(&attributes.group, &attributes.version, &attributes.resource) else {
        let is_known =
            attributes.prefix == "api" || kinds.all().iter().any(|kind| has_group(kind, &attributes.group));
        if !is_known {
            return Ok(Reply::page_not_found());
        }
        return Err(Box::new(Status::resource_not_found()));
    };
    let subresource = find_subresource(served, attributes)?;
    check_scope(served, attributes)?;
    let verb = check_method(served, subresource, attributes, &call.method)?;
    let is_collection = matches!(verb, Verb::List | Verb::Watch);
    negotiation::check_route(&call.headers, is_collection)?;
    let target = Target::of(request, served);
    // Each in a box of its own size: otherwise every request would carry, and move, as much as the largest of them needs.
    if let Some(subresource) = subresource {
        return Box::pin(subresources::handle(server, request, target, subresource, verb, call)).await;
    }
    match verb {
        Verb::Get => get::handle(server, request, &target, call).await,
        Verb::List => Box::pin(list::handle(server, request, &target, call)).await,
        Verb::Watch => Box::pin(watch::handle(server, request, &target, call)).await,
        Verb::Create => Box::pin(create::handle(server, request, &target, call)).await,
        Verb::Update => Box::pin(update::handle(server, request, &target, call)).await,
        Verb::Patch => Box::pin(patch::handle(server, request, &target, call)).await,
        Verb::Delete => Box::pin(delete::handle(server, request, &target, call)).await,
        Verb::DeleteCollection => Box::pin(delete::handle_collection(server, request, &target, call)).await,
    }
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    fn verbs(self) -> Verbs {
        match self {
            Verb::Get => Verbs::GET,
            Verb::List => Verbs::LIST,
            Verb::Watch => Verbs::WATCH,
            Verb::Create => Verbs::CREATE,
            Verb::Update => Verbs::UPDATE,
            Verb::Patch => Verbs::PATCH,
            Verb::Delete => Verbs::DELETE,
            Verb::DeleteCollection => Verbs::DELETE_COLLECTION,
        }
    }
}

fn has_group(kind: &resources::kind::Kind, group: &str) -> bool {
    kind.versions.iter().any(|(served, _)| *served == group)
}

fn find_subresource(
    served: Served,
    attributes: &crate::attributes::Attributes,
) -> Result<Option<&'static Subresource>, Box<Status>> {
    if attributes.subresource.is_empty() {
        return Ok(None);
    }
    let found = served.kind.subresource(&attributes.subresource);
    match found {
        Some(found) if attributes.rest.is_empty() || found.name == "proxy" => Ok(Some(found)),
        _ => Err(Box::new(Status::resource_not_found())),
    }
}

/// Whether the path has a namespace where the kind has one, and none where it has not.
fn check_scope(served: Served, attributes: &crate::attributes::Attributes) -> Result<(), Box<Status>> {
    let is_namespace = served.kind.plural == "namespaces" && served.kind.group.is_empty();
    let has_namespace = !attributes.namespace.is_empty() && !is_namespace;
    let is_across = matches!(attributes.verb.as_str(), "list" | "watch" | "create" | "deletecollection");
    match (served.kind.is_namespaced, has_namespace) {
        (true, true) | (false, false) => Ok(()),
        // The collection is there across namespaces, for reading.
        (true, false) if is_across => Ok(()),
        _ => Err(Box::new(Status::resource_not_found())),
    }
}

fn check_method(
    served: Served,
    subresource: Option<&Subresource>,
    attributes: &crate::attributes::Attributes,
    method: &Method,
) -> Result<Verb, Box<Status>> {
    let refused = || Box::new(Status::method_not_allowed());
    let verb = match attributes.verb.as_str() {
        _ if method == Method::HEAD => return Err(refused()),
        "get" => Verb::Get,
        "list" => Verb::List,
        "watch" => Verb::Watch,
        "create" if subresource.is_some() || attributes.name.is_empty() => Verb::Create,
        "update" if !attributes.name.is_empty() => Verb::Update,
        "patch" if !attributes.name.is_empty() => Verb::Patch,
        "delete" => Verb::Delete,
        "deletecollection" => Verb::DeleteCollection,
        _ => return Err(refused()),
    };
    let is_across = served.kind.is_namespaced && attributes.namespace.is_empty();
    let allowed = subresource.map_or(served.kind.verbs, |subresource| subresource.verbs);
    if !allowed.contains(verb.verbs()) || is_across && !matches!(verb, Verb::List | Verb::Watch) {
        // A collection that cannot be listed but created in is there all the same.
        return Err(refused());
    }
    Ok(verb)
}

/// What is said to people who write something that is kept and has no effect yet. Programs write the same again and
/// again, and take warnings for changes of the API; so they are spared.
fn without_effect(served: Served, attributes: &crate::attributes::Attributes) -> Option<String> {
    if !matches!(attributes.verb.as_str(), "create" | "update" | "patch")
        || !attributes.subresource.is_empty()
    {
        return None;
    }
    let what = match (served.group, served.kind.kind) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => "serves no custom resources",
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => "calls no admission webhooks",
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy"
            | "ValidatingAdmissionPolicyBinding"
            | "MutatingAdmissionPolicy"
            | "MutatingAdmissionPolicyBinding",
        ) => "evaluates no admission policies",
        ("", "ResourceQuota") => "enforces no quotas",
        ("", "LimitRange") => "enforces no limits and sets none by default",
        ("networking.k8s.io", "ServiceCIDR") => {
            "gives out no addresses of services outside --service-cluster-ip-range"
        }
        ("flowcontrol.apiserver.k8s.io", "FlowSchema" | "PriorityLevelConfiguration") => {
            "makes no difference between requests"
        }
        ("apiregistration.k8s.io", "APIService") => "passes no requests on to other servers",
        _ => return None,
    };
    Some(format!("this {} is stored and has no effect: this server {what} yet", served.kind.kind))
}

/// Whether a person asks.
fn is_kubectl(call: &Call) -> bool {
    let agent = call.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.is_some_and(|agent| agent.starts_with("kubectl/"))
}

/// What is said about versions that will go.
fn deprecation(served: Served) -> Vec<String> {
    match (served.group, served.version, served.kind.kind) {
        ("", "v1", "ComponentStatus") => vec!["v1 ComponentStatus is deprecated in v1.19+".to_owned()],
        ("", "v1", "Endpoints") => {
            vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()]
        }
        _ => Vec::new(),
    }
}
