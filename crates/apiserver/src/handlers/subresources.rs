//! What is below an object's path.

mod binding;
mod connect;
mod eviction;
mod scale;
mod token;

use apimachinery::Status;
use resources::kind::Subresource;

use super::{Verb, get, patch, update};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::registry::Target;
use crate::reply::Reply;
use crate::server::Server;

pub(crate) use binding::bind;

/// Answers a request for a subresource whose verb has been checked.
pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: Target,
    subresource: &Subresource,
    verb: Verb,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    match (subresource.name, verb) {
        ("scale", _) => scale::handle(server, request, &target, verb, call).await,
        ("binding", Verb::Create) => binding::handle(server, request, &target, call).await,
        ("token", Verb::Create) => token::handle(server, request, &target, call).await,
        ("eviction", Verb::Create) => eviction::handle(server, request, &target, call).await,
        ("status" | "ephemeralcontainers" | "resize" | "approval" | "finalize", Verb::Get) => {
            get::handle(server, request, &target, call).await
        }
        ("status" | "ephemeralcontainers" | "resize" | "approval" | "finalize", Verb::Update) => {
            update::handle(server, request, &target, call).await
        }
        ("status" | "ephemeralcontainers" | "resize" | "approval" | "finalize", Verb::Patch) => {
            patch::handle(server, request, &target, call).await
        }
        _ => connect::handle(server, request, &target, subresource.name, call).await,
    }
}
