//! PUT of an object, or of a subresource that has the form of the object.

use apimachinery::Status;
use apimachinery::meta::Meta;
use apimachinery::options::WriteOptions;

use super::body::{self, Expected};
use super::render;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::field_manager::{FieldManager, take_said};
use crate::negotiation::{self, Transforms};
use crate::registry::{Target, Update};
use crate::reply::Reply;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_update(call.query())?;
    let format = negotiation::body_format(&call.headers)?;
    let expected = Expected::of(target.served)?;
    let mut object = body::decode(&expected, &bytes, format, options.field_validation, &mut call.warnings)?;
    check_name(target, &object)?;
    body::check_namespace(target, &mut object)?;
    let said = take_said(&mut object);
    body::complete(target.served, &mut object);
    let manager = FieldManager::of(target.served, &target.subresource, &options.field_manager, &call.headers);
    let uid = Meta::of(&object).uid().to_owned();
    let update = Update {
        change: &mut |old| {
            let mut object = object.clone();
            match old {
                Some(old) => manager.update(old, &mut object, said.clone()),
                None => manager.create(&mut object, said.clone()),
            }
            body::to_stored(target.served, &mut object);
            Ok(object)
        },
        uid,
        may_create: target.kind().creates_on_update && target.subresource.is_empty(),
        is_dry_run: options.is_dry_run,
        is_internal: false,
    };
    let outcome = server.registry.update(request, target, update, &mut call.warnings).await?;
    let status = if outcome.is_created { 201 } else { 200 };
    let reply = render::object(server, call, target.served, &accepted, status, outcome.object)?;
    Ok(reply)
}

/// Whether the object has the name of the path.
pub(super) fn check_name(target: &Target, object: &serde_json::Value) -> Result<(), Box<Status>> {
    let (own, asked) = (Meta::of(object).name(), &target.name);
    if own.is_empty() {
        return Err(Box::new(Status::bad_request(format!(
            "the name of the object ({asked} based on URL) was undeterminable: name must be provided"
        ))));
    }
    if own != asked {
        return Err(Box::new(Status::bad_request(format!(
            "the name of the object ({own}) does not match the name on the URL ({asked})"
        ))));
    }
    Ok(())
}
