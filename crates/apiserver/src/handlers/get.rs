//! GET of one object.

use apimachinery::Status;
use apimachinery::options::GetOptions;

use super::render;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Transforms};
use crate::registry::Target;
use crate::reply::Reply;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let options = GetOptions::decode(call.query())?;
    if !target.kind().is_stored() {
        return Err(target.not_found());
    }
    let found = server.registry.get(request, target, &options.resource_version).await?;
    if accepted.is_verbatim() && target.served.is_stored_version() {
        let head = server.registry.cache(target.served).head();
        return Ok(render::verbatim(head, 200, &found));
    }
    render::object(server, call, target.served, &accepted, 200, found.document())
}
