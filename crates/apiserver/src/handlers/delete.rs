//! DELETE of an object or of a collection.

use apimachinery::Status;
use apimachinery::meta::Meta;
use apimachinery::options::{DeleteOptions, ListOptions};
use apimachinery::status;
use bytes::Bytes;
use serde_json::Value;

use super::page::Page;
use super::{render, select};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Format, Transforms};
use crate::registry::{Deletion, Removal, Target};
use crate::reply::Reply;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let options = options(call).await?;
    call.warnings.extend(warnings(target, &options));
    let orphans_not = options.orphan_dependents == Some(false);
    let removal = server.registry.delete(request, target, &Deletion { options }).await?;
    let kind = target.kind();
    match removal {
        Removal::Gone(object) if !kind.deletion.returns_object => {
            let meta = Meta::of(&object);
            let body = status::success(&target.group_resource(), meta.name(), meta.uid());
            Ok(Reply::document(200, &accepted, &body))
        }
        Removal::Gone(object) => render::object(server, call, target.served, &accepted, 200, object),
        Removal::Pending(object) => {
            let code = if orphans_not { 202 } else { 200 };
            render::object(server, call, target.served, &accepted, code, object)
        }
    }
}

/// What is said to who deletes Jobs and may not expect that their pods stay.
fn warnings(target: &Target, options: &DeleteOptions) -> Vec<String> {
    let is_job = target.kind().group == "batch" && target.kind().kind == "Job";
    if !is_job || options.propagation_policy.is_some() || options.orphan_dependents.is_some() {
        return Vec::new();
    }
    vec![
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or \
         set propagationPolicy=Orphan to suppress this warning"
            .to_owned(),
    ]
}

/// The options of the body, or of the query if there is no body.
async fn options(call: &mut Call) -> Result<DeleteOptions, Box<Status>> {
    let bytes: Bytes = call.read_body().await?;
    if bytes.is_empty() {
        return DeleteOptions::from_query(call.query());
    }
    match negotiation::body_format(&call.headers)? {
        Format::Json => DeleteOptions::from_body(&bytes),
        Format::Yaml => {
            let text = std::str::from_utf8(&bytes);
            let parsed = text.map_err(|error| error.to_string()).and_then(|text| {
                resources::schema::Schema::parse_yaml(text).map_err(|error| error.to_string())
            });
            let (node, _) = parsed.map_err(|error| Box::new(Status::bad_request(error)))?;
            match node.into_value() {
                Value::Object(members) => DeleteOptions::from_members(&members),
                other => DeleteOptions::from_body(other.to_string().as_bytes()),
            }
        }
    }
}

pub(super) async fn handle_collection(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let mut list_options = ListOptions::decode(call.query())?;
    list_options.set_defaults();
    list_options.validate()?;
    let selection = select::selection(target, &list_options)?;
    let options = options(call).await?;
    call.warnings.extend(warnings(target, &options));
    let page = Page::read(server, target, &selection, &list_options).await?;
    let target = Target { name: String::new(), ..target.clone() };
    server.registry.delete_collection(request, &target, &Deletion { options }, &page.objects).await?;
    render::list(server, call, target.served, &accepted, page)
}
