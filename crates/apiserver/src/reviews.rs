//! Resources that are questions: they are answered, not stored.

use apimachinery::Status;
use apimachinery::meta::Meta;
use serde_json::Value;

use crate::authorization::Authorized;
use crate::authorization::reviews::Reviewer;
use crate::handlers::bind;
use crate::registry::Target;
use crate::server::Server;

/// The question with its answer. A Binding is an order rather than a question, and is carried out.
///
/// # Errors
/// What is wrong with the question, or with the order.
pub async fn answer(
    server: &Server,
    request: &Authorized,
    target: &Target,
    object: Value,
    is_dry_run: bool,
) -> Result<Value, Box<Status>> {
    let kind = target.kind();
    if kind.group.is_empty()
        && kind.kind == "Binding"
        && let Some(pods) = server.registry.kinds.stored("", "pods")
    {
        let name = Meta::of(&object).name().to_owned();
        let subresource = "binding".to_owned();
        let pod = Target { served: pods, name, subresource, namespace: target.namespace.clone() };
        bind(server, request, &pod, &object, is_dry_run, &mut Vec::new()).await?;
        return Ok(crate::reply::success());
    }
    let reviewer = Reviewer {
        modes: &server.registry.modes,
        authentication: &server.authentication,
        user: request.user(),
        now: crate::clock::now(),
    };
    reviewer.answer(kind.plural, &object).unwrap_or_else(|| {
        let message = format!("{} is not answered by this server yet", kind.kind);
        Err(Box::new(Status::service_unavailable(message)))
    })
}
