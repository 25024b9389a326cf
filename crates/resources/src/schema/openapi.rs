//! What both OpenAPI documents are made of: definitions of types, and operations on routes.
//!
//! [`openapi_v3`](super::openapi_v3) and [`openapi_v2`](super::openapi_v2) write them down. Objects' members are in
//! the order of their names, so the same table and routes always give the same bytes.

mod definitions;
mod operations;

pub(super) use definitions::{Definitions, Dialect};
pub(super) use operations::{Operation, Parameter, group_paths};

use std::collections::BTreeMap;

use serde_json::Value;

/// What a server offers under one path, without the legacy `watch/` paths, which follow from the verb `watch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<'r> {
    /// The path with placeholders, such as `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale`.
    pub path: &'r str,
    /// What can be done there.
    pub verbs: &'r [Verb],
    /// API group of the path, `""` for the core group.
    pub group: &'r str,
    /// API version of the path.
    pub version: &'r str,
    /// Kind of the resource that the path belongs to, also for subresources: `Deployment`.
    pub resource_kind: &'r str,
    /// The subresource, such as `scale` or `status`.
    pub subresource: Option<&'r str>,
    /// Group, version and kind of the objects that are exchanged, such as `("autoscaling", "v1", "Scale")`.
    pub kind: (&'r str, &'r str, &'r str),
    /// Whether objects of the resource have a namespace, also where the path has none.
    pub is_namespaced: bool,
    /// The name of the objects' definition, where they are not in the table: a custom resource's.
    pub definition: Option<&'r str>,
    /// Whether a deletion answers with the deleted object and not with a `Status`.
    pub returns_deleted: bool,
    /// Whether bodies may be in protobuf; custom resources' may not.
    pub has_protobuf: bool,
}

/// Something that can be done under a path, as discovery calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// `POST` an object.
    Create,
    /// `GET` one object.
    Get,
    /// `GET` all of a collection.
    List,
    /// `GET` changes, also under the legacy `watch/` paths.
    Watch,
    /// `PUT` an object.
    Update,
    /// `PATCH` an object.
    Patch,
    /// `DELETE` an object.
    Delete,
    /// `DELETE` all of a collection.
    DeleteCollection,
    /// `GET` text, such as a log.
    GetText,
    /// `GET` and `POST` to what is behind an object, such as `exec`.
    Connect,
}

/// What a document is rendered from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'i> {
    /// The routes of the document.
    pub routes: &'i [Route<'i>],
    /// Groups and versions whose list of resources is among the paths, such as `("apps", "v1")`.
    pub group_versions: &'i [(&'i str, &'i str)],
    /// Definitions that are not in the table, by name, as they are to be printed.
    pub definitions: &'i BTreeMap<String, Value>,
    /// The server's version for `info`, such as `v1.36.2`.
    pub server_version: &'i str,
}

pub(super) const JSON: &str = "application/json";
pub(super) const JSON_WATCH: &str = "application/json;stream=watch";
pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
pub(super) const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";
pub(super) const YAML: &str = "application/yaml";

/// Media types of answers.
pub(super) fn media_types(has_protobuf: bool, is_list: bool) -> Vec<&'static str> {
    let mut types = vec![JSON];
    if is_list {
        types.push(JSON_WATCH);
    }
    if has_protobuf {
        types.push(PROTOBUF);
        if is_list {
            types.push(PROTOBUF_WATCH);
        }
    }
    types.push(YAML);
    types
}
