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
    let read = |warnings: &mut Vec<String>| {
        let mut object = body::decode(&expected, &bytes, format, options.field_validation, warnings)?;
        check_name(target, &object)?;
        body::check_namespace(target, &mut object)?;
        let said = take_said(&mut object);
        body::complete(target.served, &mut object);
        Ok::<_, Box<Status>>((object, said))
    };
    let (object, said) = read(&mut call.warnings)?;
    let manager = FieldManager::of(target.served, &target.subresource, &options.field_manager, &call.headers);
    let uid = Meta::of(&object).uid().to_owned();
    let mut first = Some((object, said));
    let update = Update {
        // Hardly anybody meets another write, so the object is not copied for that but read again.
        change: &mut |old| {
            let (mut object, said) = first.take().map_or_else(|| read(&mut Vec::new()), Ok)?;
            match old {
                Some(old) => manager.update(old, &mut object, said),
                None => manager.create(&mut object, said),
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
    render::written(server, call, target.served, &accepted, status, outcome.written)
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
