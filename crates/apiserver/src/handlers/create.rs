//! POST of a new object.

use apimachinery::Status;
use apimachinery::meta::{self, Meta};
use apimachinery::options::WriteOptions;

use super::body::{self, Expected};
use super::render;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::field_manager::{FieldManager, take_said};
use crate::negotiation::{self, Transforms};
use crate::registry::{New, Target};
use crate::reply::Reply;
use crate::reviews;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let format = negotiation::body_format(&call.headers)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_create(call.query())?;
    let expected = Expected::of(target.served)?;
    let mut object = body::decode(&expected, &bytes, format, options.field_validation, &mut call.warnings)?;
    body::check_namespace(target, &mut object)?;
    let said = take_said(&mut object);
    body::complete(target.served, &mut object);
    let mut managers = None;
    if target.kind().is_stored() {
        meta::wipe_system_fields(&mut object);
    }
    // Questions have owners of their fields like all else that is created.
    let manager = FieldManager::of(target.served, &target.subresource, &options.field_manager, &call.headers);
    let is_answer_stored = accepted.is_verbatim() && target.served.is_stored_version() && !options.is_dry_run;
    if target.kind().is_stored() && is_answer_stored {
        // If the answer is what is stored, nobody reads who owns what before it is stored.
        managers = manager.create_as_text(&mut object, said);
    } else {
        manager.create(&mut object, said);
    }
    body::to_stored(target.served, &mut object);
    if !target.kind().is_stored() {
        let answer = reviews::answer(server, request, target, object, options.is_dry_run).await?;
        return Ok(Reply::document(201, &accepted, &answer));
    }
    let target = Target { name: Meta::of(&object).name().to_owned(), ..target.clone() };
    let new = New { object, managers };
    let created =
        server.registry.create(request, &target, new, options.is_dry_run, &mut call.warnings).await?;
    render::written(server, call, target.served, &accepted, 201, created)
}
