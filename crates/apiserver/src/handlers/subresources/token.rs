//! `serviceaccounts/token`: a token for a service account, bound to an object or to nothing.

use apimachinery::field::{FieldError, Path};
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::WriteOptions;
use apimachinery::{ErrorList, GroupKind, GroupResource, Status};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::body::{self, Expected};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::clock;
use crate::negotiation::{self, Transforms};
use crate::registry::Target;
use crate::reply::Reply;
use crate::server::Server;
use crate::service_account::{Bound, Claims, Reference, Settings};

/// How long a token lives if nobody says.
const DEFAULT_SECONDS: i64 = 3600;
const SHORTEST_SECONDS: i64 = 600;
const LONGEST_SECONDS: i64 = 1 << 32;
/// What kubelets ask for on behalf of pods. Whoever asks for exactly this gets a year, and is warned about in time.
const KUBELETS_SECONDS: i64 = 3607;
const YEAR_SECONDS: i64 = 365 * 24 * 3600;

const GROUP: &str = "authentication.k8s.io";

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let format = negotiation::body_format(&call.headers)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_create(call.query())?;
    let expected = Expected::named(GROUP, "v1", "TokenRequest")?;
    let mut asked = body::decode(&expected, &bytes, format, options.field_validation, &mut call.warnings)?;
    body::check_namespace(target, &mut asked)?;
    if !asked["spec"].is_object() {
        asked["spec"] = json!({});
    }
    if asked["spec"]["expirationSeconds"].is_null() {
        asked["spec"]["expirationSeconds"] = DEFAULT_SECONDS.into();
    }
    server.registry.admit_subresource(request, target, &mut asked, options.is_dry_run)?;
    check_name(target, &asked)?;
    let account = server.registry.get(request, target, "").await?.document();
    let account = reference(&account);
    let Some(accounts) = &server.authentication.service_accounts else {
        return Err(Box::new(Status::service_unavailable("this server has no key that signs tokens")));
    };
    let now = clock::now();
    complete(server, target, &account, &mut asked, now)?;
    validate(&asked)?;
    server.registry.validate_subresource(request, target, &asked, options.is_dry_run)?;
    let bound = bind(server, request, target, &asked).await?;
    let (claims, shown) = claims(server, &accounts.settings, &asked, bound, call, now);
    let keys = accounts.settings.keys.wait().await;
    let token = keys.and_then(|keys| keys.sign(&claims).ok()).ok_or_else(|| {
        Box::new(Status::internal_error(
            "the key that signs tokens could not be made; the server's log says why",
        ))
    })?;
    let expires = now.checked_add(SignedDuration::from_secs(shown)).unwrap_or(Timestamp::MAX);
    asked["status"] = json!({"token": token, "expirationTimestamp": clock::print(expires)});
    body::set_type(&mut asked, "authentication.k8s.io/v1", "TokenRequest");
    resources::schema::Schema::get().normalise(expected.of, &mut asked);
    Ok(Reply::document(201, &accepted, &asked))
}

fn kind() -> GroupKind {
    GroupKind::new(GROUP, "TokenRequest")
}

fn check_name(target: &Target, asked: &Value) -> Result<(), Box<Status>> {
    let name = Meta::of(asked).name();
    if name.is_empty() || name == target.name {
        return Ok(());
    }
    let mut errors = ErrorList::new();
    let path = Path::new("metadata").child("name");
    errors.push(FieldError::invalid(&path, name, "must match the service account name if specified"));
    Err(Box::new(Status::invalid(&kind(), &target.name, &errors)))
}

/// Fills in what the request leaves open.
fn complete(
    server: &Server,
    target: &Target,
    account: &Reference,
    asked: &mut Value,
    now: Timestamp,
) -> Result<(), Box<Status>> {
    let uid = Meta::of(asked).uid();
    if !uid.is_empty() && uid != account.uid {
        let resource = GroupResource::new(GROUP, "TokenRequest");
        let own = &account.uid;
        let error = format!(
            "the UID in the token request ({uid}) does not match the UID of the service account ({own})"
        );
        return Err(Box::new(Status::conflict(&resource, &target.name, error)));
    }
    if asked["spec"]["audiences"].as_array().is_none_or(Vec::is_empty) {
        asked["spec"]["audiences"] = server.authentication.api_audiences.clone().into();
    }
    MetaMut::of(asked).set_namespace(&target.namespace);
    let metadata = &mut asked["metadata"];
    metadata["name"] = target.name.as_str().into();
    metadata["uid"] = account.uid.as_str().into();
    metadata["creationTimestamp"] = clock::print(now).into();
    Ok(())
}

fn validate(asked: &Value) -> Result<(), Box<Status>> {
    let seconds = asked["spec"]["expirationSeconds"].as_i64().unwrap_or_default();
    let problem = if seconds < SHORTEST_SECONDS {
        "may not specify a duration less than 10 minutes"
    } else if seconds > LONGEST_SECONDS {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let mut errors = ErrorList::new();
    errors.push(FieldError::invalid(&Path::new("spec").child("expirationSeconds"), seconds, problem));
    Err(Box::new(Status::invalid(&kind(), "", &errors)))
}

/// Finds what the token is to be bound to.
async fn bind(
    server: &Server,
    request: &Authorized,
    target: &Target,
    asked: &Value,
) -> Result<Bound, Box<Status>> {
    let mut bound = Bound::default();
    let wanted = &asked["spec"]["boundObjectRef"];
    if !wanted.is_object() {
        return Ok(bound);
    }
    let text = |member: &str| wanted[member].as_str().unwrap_or_default();
    let (group, version) = text("apiVersion").rsplit_once('/').unwrap_or(("", text("apiVersion")));
    let (kind, name) = (text("kind"), text("name"));
    let (resource, namespace) = match (group, kind) {
        ("", "Pod") => ("pods", target.namespace.as_str()),
        ("", "Secret") => ("secrets", target.namespace.as_str()),
        ("", "Node") => ("nodes", ""),
        _ => {
            let what = format!("{group}/{version}, Kind={kind}");
            let message = format!("cannot bind token to object of type {what}");
            return Err(Box::new(Status::bad_request(message)));
        }
    };
    let object = object(server, request, resource, namespace, name).await?;
    let found = reference(&object);
    if kind == "Pod" {
        let account = object["spec"]["serviceAccountName"].as_str().unwrap_or_default();
        if account != target.name {
            let name = apimachinery::go::quote(&target.name);
            return Err(Box::new(Status::bad_request(format!(
                "cannot bind token for serviceaccount {name} to pod running with different serviceaccount name."
            ))));
        }
        if let Some(node) = object["spec"]["nodeName"].as_str().filter(|node| !node.is_empty()) {
            let stored = object_or_none(server, request, "nodes", "", node).await?;
            let name = node.to_owned();
            bound.node = Some(stored.map_or(Reference { name, uid: String::new() }, |node| reference(&node)));
        }
    }
    let uid = text("uid");
    if !uid.is_empty() && uid != found.uid {
        let error = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been \
             deleted and then recreated"
        );
        return Err(Box::new(Status::conflict(&GroupResource::new(group, kind), name, error)));
    }
    match kind {
        "Pod" => bound.pod = Some(found),
        "Secret" => bound.secret = Some(found),
        _ => bound.node = Some(found),
    }
    Ok(bound)
}

async fn object(
    server: &Server,
    request: &Authorized,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Result<Value, Box<Status>> {
    let found = object_or_none(server, request, resource, namespace, name).await?;
    found.ok_or_else(|| Box::new(Status::not_found(&GroupResource::new("", resource), name)))
}

async fn object_or_none(
    server: &Server,
    request: &Authorized,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Result<Option<Value>, Box<Status>> {
    let Some(served) = server.registry.kinds.stored("", resource) else { return Ok(None) };
    let target =
        Target { served, namespace: namespace.to_owned(), name: name.to_owned(), subresource: String::new() };
    match server.registry.get(request, &target, "").await {
        Ok(found) => Ok(Some(found.document())),
        Err(status) if status.code == 404 => Ok(None),
        Err(status) => Err(status),
    }
}

fn reference(object: &Value) -> Reference {
    let meta = Meta::of(object);
    Reference { name: meta.name().to_owned(), uid: meta.uid().to_owned() }
}

/// What the token says, and how long it lives as far as the client is told.
fn claims(
    server: &Server,
    settings: &Settings,
    asked: &Value,
    bound: Bound,
    call: &mut Call,
    now: Timestamp,
) -> (Claims, i64) {
    let meta = Meta::of(asked);
    let audiences = asked["spec"]["audiences"].as_array().into_iter().flatten();
    let audiences: Vec<String> = audiences.filter_map(Value::as_str).map(str::to_owned).collect();
    let mut seconds = asked["spec"]["expirationSeconds"].as_i64().unwrap_or(DEFAULT_SECONDS);
    let limit = settings.max_expiration_seconds;
    if limit > 0 && seconds > limit {
        call.warnings.push(format!("requested expiration of {seconds} seconds shortened to {limit} seconds"));
        seconds = limit;
    }
    let is_kubelets = seconds == KUBELETS_SECONDS && bound.pod.is_some();
    let is_for_us = audiences.iter().all(|one| server.authentication.api_audiences.contains(one));
    let is_extended = settings.extends_expiration && is_kubelets && is_for_us;
    let lifetime = if is_extended { YEAR_SECONDS } else { seconds };
    let now = now.as_second();
    let claims = Claims {
        issuer: settings.issuers.first().cloned().unwrap_or_default(),
        audiences,
        issued_at: now,
        not_before: now,
        expires_at: now.saturating_add(lifetime),
        id: crate::chance::uid(),
        namespace: meta.namespace().to_owned(),
        service_account: Reference { name: meta.name().to_owned(), uid: meta.uid().to_owned() },
        bound,
        warn_after: is_extended.then(|| now.saturating_add(KUBELETS_SECONDS)),
    };
    (claims, seconds)
}
