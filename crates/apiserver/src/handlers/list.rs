//! GET of a collection.

use apimachinery::Status;
use apimachinery::options::ListOptions;

use super::page::Page;
use super::{render, select};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Transforms};
use crate::registry::Target;
use crate::reply::Reply;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    _: &Authorized,
    target: &Target,
    call: &Call,
) -> Result<Reply, Box<Status>> {
    let mut options = ListOptions::decode(call.query())?;
    options.set_defaults();
    options.validate()?;
    let selection = select::selection(target, &options)?;
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let page = if target.kind().is_stored() {
        Page::read(server, target, &selection, &options).await?
    } else {
        Page::default()
    };
    render::list(server, call, target.served, &accepted, page)
}
