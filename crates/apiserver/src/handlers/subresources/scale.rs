//! `scale`: how many there are to be, in the form that all scalable kinds share.

use apimachinery::Status;
use apimachinery::field::{FieldError, Path};
use apimachinery::meta::Meta;
use apimachinery::options::WriteOptions;
use apimachinery::{ErrorList, GroupKind};
use resources::kinds::scale;
use serde_json::Value;

use super::super::body::{self, Expected};
use super::super::{Verb, patch, update};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Accepted, Transforms};
use crate::registry::{Target, Update};
use crate::reply::Reply;
use crate::server::Server;

/// Who asked for what, and how it is answered.
struct Request<'r> {
    server: &'r Server,
    request: &'r Authorized,
    target: &'r Target,
    accepted: Accepted,
}

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    verb: Verb,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    match verb {
        Verb::Get => {
            let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
            let found = server.registry.get(request, target, "").await?;
            let scale = scale::of(target.kind(), &found.document());
            Ok(Reply::document(200, &accepted, &scale))
        }
        Verb::Update => put(server, request, target, call).await,
        _ => patched(server, request, target, call).await,
    }
}

async fn put(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_update(call.query())?;
    let format = negotiation::body_format(&call.headers)?;
    let mut warnings = Vec::new();
    let expected = Expected::named("autoscaling", "v1", "Scale")?;
    let mut sent = body::decode(&expected, &bytes, format, options.field_validation, &mut warnings)?;
    update::check_name(target, &sent)?;
    update::check_namespace(target, &mut sent)?;
    let request = Request { server, request, target, accepted };
    let reply = request.write(options.is_dry_run, &mut warnings, &mut |_| Ok(sent.clone())).await?;
    Ok(reply.with_warnings(warnings))
}

async fn patched(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let media_type = patch::media_type(call)?;
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_patch(call.query(), false)?;
    let patch = patch::Patch::read(media_type, &bytes)?;
    let expected = Expected::named("autoscaling", "v1", "Scale")?;
    let mut own_warnings = Vec::new();
    let mut warnings = Vec::new();
    let request = Request { server, request, target, accepted };
    let change = &mut |current: Value| {
        own_warnings.clear();
        let mut scale = patch.apply(&expected, current, options.field_validation, &mut own_warnings)?;
        update::check_name(target, &scale)?;
        update::check_namespace(target, &mut scale)?;
        Ok(scale)
    };
    let reply = request.write(options.is_dry_run, &mut warnings, change).await?;
    own_warnings.append(&mut warnings);
    Ok(reply.with_warnings(own_warnings))
}

impl Request<'_> {
    /// Writes the scale that `change` makes of the current one into the object.
    async fn write(
        &self,
        is_dry_run: bool,
        warnings: &mut Vec<String>,
        change: &mut (dyn FnMut(Value) -> Result<Value, Box<Status>> + Send),
    ) -> Result<Reply, Box<Status>> {
        let target = self.target;
        let kind = target.kind();
        let mut apply = |old: Option<&Value>| {
            let old = old.cloned().unwrap_or_default();
            let scale = change(scale::of(kind, &old))?;
            check(target, &scale, &old)?;
            let mut object = old;
            scale::apply(kind, &mut object, &scale);
            Ok(object)
        };
        let update = Update { change: &mut apply, uid: String::new(), may_create: false, is_dry_run };
        let outcome = self.server.registry.update(self.request, target, update, warnings).await?;
        Ok(Reply::document(200, &self.accepted, &scale::of(kind, &outcome.object)))
    }
}

/// Whether a scale can be that of the object.
fn check(target: &Target, scale: &Value, old: &Value) -> Result<(), Box<Status>> {
    let mut errors = ErrorList::new();
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    if replicas < 0 {
        let path = Path::new("spec").child("replicas");
        errors.push(FieldError::invalid(&path, replicas, "must be greater than or equal to 0"));
    }
    if !errors.is_empty() {
        let kind = GroupKind::new("autoscaling", "Scale");
        return Err(Box::new(Status::invalid(&kind, &target.name, &errors)));
    }
    let (sent, current) = (Meta::of(scale), Meta::of(old));
    let resource = target.kind().group_resource();
    let uid = sent.uid();
    if !uid.is_empty() && uid != current.uid() {
        let own = current.uid();
        let error = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {own}");
        return Err(Box::new(Status::conflict(&resource, &target.name, error)));
    }
    let version = sent.resource_version();
    if !version.is_empty() && version != current.resource_version() {
        return Err(Box::new(Status::modified(&resource, &target.name)));
    }
    Ok(())
}
