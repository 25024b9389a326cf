//! `scale`: how many there are to be, in the form that all scalable kinds share.

use apimachinery::Status;
use apimachinery::field::{FieldError, Path};
use apimachinery::field_management::scale::{managers_of_object, managers_of_scale};
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::WriteOptions;
use apimachinery::patch::APPLY_PATCH;
use apimachinery::{ErrorList, GroupKind};
use resources::kinds::scale;
use serde_json::Value;

use super::super::apply::{self, Applied};
use super::super::body::{self, Expected};
use super::super::{Verb, patch, update};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::field_manager::FieldManager;
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
    let expected = Expected::named("autoscaling", "v1", "Scale")?;
    let mut sent = body::decode(&expected, &bytes, format, options.field_validation, &mut call.warnings)?;
    update::check_name(target, &sent)?;
    body::check_namespace(target, &mut sent)?;
    let manager = FieldManager::of(target.served, "scale", &options.field_manager, &call.headers);
    let change = &mut |current: &Value| {
        let mut scale = sent.clone();
        manager.update(current, &mut scale, None);
        Ok(scale)
    };
    let request = Request { server, request, target, accepted };
    request.write(options.is_dry_run, &mut call.warnings, change).await
}

async fn patched(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let media_type = patch::media_type(call)?;
    if media_type == APPLY_PATCH {
        return applied(server, request, target, call).await;
    }
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_patch(call.query(), false)?;
    let patch = patch::Patch::read(media_type, &bytes)?;
    let expected = Expected::named("autoscaling", "v1", "Scale")?;
    let mut own_warnings = Vec::new();
    let manager = FieldManager::of(target.served, "scale", &options.field_manager, &call.headers);
    let request = Request { server, request, target, accepted };
    let change = &mut |current: &Value| {
        own_warnings.clear();
        let mut scale =
            patch.apply(&expected, current.clone(), options.field_validation, &mut own_warnings)?;
        update::check_name(target, &scale)?;
        body::check_namespace(target, &mut scale)?;
        manager.update(current, &mut scale, None);
        Ok(scale)
    };
    let reply = request.write(options.is_dry_run, &mut call.warnings, change).await;
    call.warnings.append(&mut own_warnings);
    reply
}

async fn applied(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_patch(call.query(), true)?;
    let applied = Applied::read(&bytes, options.field_validation);
    let expected = Expected::named("autoscaling", "v1", "Scale")?;
    let mut own_warnings = Vec::new();
    let manager = FieldManager::of(target.served, "scale", &options.field_manager, &call.headers);
    let request = Request { server, request, target, accepted };
    let change = &mut |current: &Value| {
        own_warnings.clear();
        let merged = manager.apply(Some(current), &applied.object()?, options.force)?;
        applied.check_strictly(&mut own_warnings)?;
        let mut scale = apply::decode(&expected, &merged)?;
        body::check_namespace(target, &mut scale)?;
        update::check_name(target, &scale)?;
        Ok(scale)
    };
    let reply = request.write(options.is_dry_run, &mut call.warnings, change).await;
    call.warnings.append(&mut own_warnings);
    reply
}

impl Request<'_> {
    /// Writes the scale that `change` makes of the current one into the object.
    async fn write(
        &self,
        is_dry_run: bool,
        warnings: &mut Vec<String>,
        change: &mut (dyn FnMut(&Value) -> Result<Value, Box<Status>> + Send),
    ) -> Result<Reply, Box<Status>> {
        let target = self.target;
        let kind = target.kind();
        let mut apply = |old: Option<&Value>| {
            let old = old.cloned().unwrap_or_default();
            let managers = Meta::of(&old).managed_fields();
            let mut current = scale::of(kind, &old);
            let own = managers_of_scale(managers).unwrap_or_default();
            MetaMut::of(&mut current).set("managedFields", own);
            let scale = change(&current)?;
            check(target, &scale, &old)?;
            let of_scale = Meta::of(&scale).managed_fields();
            let version = target.served.api_version();
            let managers = managers_of_object(managers, of_scale, &version).unwrap_or_default();
            let mut object = old;
            scale::apply(kind, &mut object, &scale);
            MetaMut::of(&mut object).set("managedFields", managers);
            Ok(object)
        };
        let update = Update {
            change: &mut apply,
            uid: String::new(),
            may_create: false,
            is_dry_run,
            is_internal: false,
        };
        let outcome = self.server.registry.update(self.request, target, update, warnings).await?;
        Ok(Reply::document(200, &self.accepted, &scale::of(kind, &outcome.written.into_object())))
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
