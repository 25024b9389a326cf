//! Objects into answers.

use apimachinery::Status;
use apimachinery::table::{
    ColumnDefinition, IncludeObject, Row, RowCondition, TableOptions, list_instead_of_object,
    object_instead_of_list, partial_object_metadata, partial_object_metadata_list, table,
};
use bytes::{BufMut, Bytes, BytesMut};
use component::body::Body;
use jiff::Timestamp;
use resources::kind::Kind;
use serde_json::{Value, json};

use super::body::to_served;
use super::page::Page;
use crate::call::Call;
use crate::document;
use crate::negotiation::{Accepted, Target};
use crate::registry::{Found, Written};
use crate::reply::{JSON, Reply};
use crate::served::Served;
use crate::server::Server;

/// How large the pieces of a list are, about.
const PIECE_BYTES: usize = 64 << 10;

/// A stored object as it is.
pub(super) fn verbatim(head: &str, status: u16, found: &Found) -> Reply {
    let [begin, rest] = document::served(head, &found.stored, found.revision);
    Reply::of_body(status, JSON, Body::parts([begin, rest, Bytes::from_static(b"\n")]))
}

/// An object that was written, in the form that was asked for: if that is the stored one, it is not printed again.
pub(super) fn written(
    server: &Server,
    call: &Call,
    served: Served,
    accepted: &Accepted,
    status: u16,
    written: Written,
) -> Result<Reply, Box<Status>> {
    match &written {
        Written::Stored(found) if accepted.is_verbatim() && served.is_stored_version() => {
            Ok(verbatim(server.registry.cache(served).head(), status, found))
        }
        _ => object(server, call, served, accepted, status, written.into_object()),
    }
}

/// An object of the stored version, in the form that was asked for.
pub(super) fn object(
    _: &Server,
    call: &Call,
    served: Served,
    accepted: &Accepted,
    status: u16,
    object: Value,
) -> Result<Reply, Box<Status>> {
    let options = TableOptions::decode(call.query());
    let options = if accepted.target == Target::Table { options? } else { TableOptions::default() };
    let document = transformed(served, accepted, options, object)?;
    Ok(Reply::document(status, accepted, &document))
}

/// One object in the form that was asked for.
pub(super) fn transformed(
    served: Served,
    accepted: &Accepted,
    options: TableOptions,
    mut object: Value,
) -> Result<Value, Box<Status>> {
    let kind = served.kind;
    Ok(match accepted.target {
        Target::Object => {
            to_served(served, &mut object);
            object
        }
        Target::Table => {
            let row = row(kind, &object, crate::clock::now());
            to_served(served, &mut object);
            if options.include_object == IncludeObject::Metadata {
                leave_converted_out(kind, &mut object);
            }
            let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
            let document = table(&columns(kind), &metadata, [(row, &object)], options);
            of_version(document, accepted)
        }
        Target::Partial => {
            leave_converted_out(kind, &mut object);
            of_version(partial_object_metadata(&object), accepted)
        }
        Target::PartialList => return Err(Box::new(object_instead_of_list(&internal_name(kind, "")))),
    })
}

/// Upstream takes metadata from the form that it computes with. What it makes into an annotation when it converts that to
/// a version is not in there yet.
fn leave_converted_out(kind: &Kind, object: &mut Value) {
    if (kind.group, kind.kind) != ("apps", "DaemonSet") {
        return;
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.remove("deprecated.daemonset.template.generation");
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

fn of_version(mut document: Value, accepted: &Accepted) -> Value {
    let version = format!("meta.k8s.io/{}", accepted.target_version);
    for item in document.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        item["apiVersion"] = version.as_str().into();
    }
    for row in document.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
        if row["object"]["kind"] == "PartialObjectMetadata" {
            row["object"]["apiVersion"] = version.as_str().into();
        }
    }
    document["apiVersion"] = version.into();
    document
}

/// Upstream's name of a kind's type, such as `core.Pod`.
fn internal_name(kind: &Kind, suffix: &str) -> String {
    let package = kind.group.split('.').next().unwrap_or_default();
    let package = if package.is_empty() { "core" } else { package };
    format!("{package}.{}{suffix}", kind.kind)
}

/// The columns of a kind.
pub(super) fn columns(kind: &Kind) -> Vec<ColumnDefinition> {
    let columns = resources::columns::of(kind.group, kind.kind);
    columns
        .columns
        .iter()
        .map(|column| ColumnDefinition {
            name: column.name.to_owned(),
            column_type: column.ty.to_owned(),
            format: column.format.to_owned(),
            description: resources::columns::describe(column).to_owned(),
            priority: column.priority,
        })
        .collect()
}

/// An object of the stored version as a row.
pub(super) fn row(kind: &Kind, object: &Value, now: Timestamp) -> Row {
    let columns = resources::columns::of(kind.group, kind.kind);
    let mut row = Row::new((columns.cells)(object, now));
    if kind.kind == "Pod" && kind.group.is_empty() {
        let (reason, message) = match object["status"]["phase"].as_str() {
            Some("Succeeded") => ("Succeeded", "The pod has completed successfully."),
            Some("Failed") => ("Failed", "The pod failed."),
            _ => return row,
        };
        row.conditions.push(RowCondition {
            condition_type: "Completed".to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        });
    }
    row
}

/// A list in the form that was asked for.
pub(super) fn list(
    server: &Server,
    call: &Call,
    served: Served,
    accepted: &Accepted,
    page: Page,
) -> Result<Reply, Box<Status>> {
    if accepted.is_verbatim() && served.is_stored_version() && !served.kind.versions.is_empty() {
        return Ok(verbatim_list(server, served, page));
    }
    let metadata = list_metadata(&page);
    let kind = served.kind;
    let now = crate::clock::now();
    let documents =
        page.objects.iter().filter_map(|cached| document::decode(&cached.stored, cached.revision));
    let body = match accepted.target {
        Target::Object => {
            let items: Vec<Value> = documents
                .map(|mut item| {
                    to_served(served, &mut item);
                    document::without_type(&mut item);
                    item
                })
                .collect();
            json!({
                "kind": format!("{}List", kind.kind),
                "apiVersion": served.api_version(),
                "metadata": metadata,
                "items": items,
            })
        }
        Target::Table => {
            let options = TableOptions::decode(call.query())?;
            let rows: Vec<(Row, Value)> = documents
                .map(|mut object| {
                    let row = row(kind, &object, now);
                    to_served(served, &mut object);
                    if options.include_object == IncludeObject::Metadata {
                        leave_converted_out(kind, &mut object);
                    }
                    (row, object)
                })
                .collect();
            let columns = columns(kind);
            let is_empty = rows.is_empty();
            let rows = rows.iter().map(|(row, object)| (row.clone(), object));
            let mut table = table(&columns, &metadata, rows, options);
            // Upstream's general printer makes its list of rows with the first of them.
            if is_empty && columns.iter().any(|column| column.column_type == "date") {
                table["rows"] = Value::Null;
            }
            of_version(table, accepted)
        }
        Target::PartialList => {
            let items = documents.map(|mut object| {
                leave_converted_out(kind, &mut object);
                object
            });
            let items: Vec<Value> = items.collect();
            of_version(partial_object_metadata_list(&metadata, &items), accepted)
        }
        Target::Partial => return Err(Box::new(list_instead_of_object(&internal_name(kind, "List")))),
    };
    Ok(Reply::document(200, accepted, &body))
}

fn list_metadata(page: &Page) -> Value {
    let version = page.revision.to_string();
    match &page.rest {
        Some(token) => apimachinery::continue_token::page_metadata(&version, token, page.n_remaining),
        None if page.revision == 0 => json!({}),
        None => json!({"resourceVersion": version}),
    }
}

/// A list of stored objects as they are, made piece by piece while it is sent.
fn verbatim_list(server: &Server, served: Served, page: Page) -> Reply {
    let head = server.registry.cache(served).head().to_owned();
    let mut out = BytesMut::with_capacity(256);
    let kind = served.kind.kind;
    let version = served.api_version();
    out.put_slice(format!(r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":"#).as_bytes());
    out.put_slice(list_metadata(&page).to_string().as_bytes());
    out.put_slice(b",\"items\":[");
    let begin = out.freeze();
    let n_bytes: usize = page.objects.iter().map(|cached| cached.stored.len() + 48).sum();
    let mut objects = page.objects.into_iter();
    let mut is_first = true;
    let mut pieces = std::iter::from_fn(move || {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES.min(n_bytes + 64));
        for cached in objects.by_ref() {
            if !is_first {
                piece.put_u8(b',');
            }
            is_first = false;
            document::put_item(&mut piece, &head, &cached.stored, cached.revision);
            if piece.len() >= PIECE_BYTES {
                break;
            }
        }
        (!piece.is_empty()).then(|| piece.freeze())
    });
    let end = Bytes::from_static(b"]}\n");
    let body = if n_bytes < PIECE_BYTES {
        let mut all = BytesMut::with_capacity(begin.len() + n_bytes + 64);
        all.put_slice(&begin);
        pieces.for_each(|piece| all.put_slice(&piece));
        all.put_slice(&end);
        Body::full(all.freeze())
    } else {
        let first = pieces.next();
        Body::iterator([Some(begin), first].into_iter().flatten().chain(pieces).chain([end]))
    };
    Reply::of_body(200, JSON, body)
}
