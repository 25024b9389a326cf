//! Routes as operations with parameters and answers, whatever the document's version.

use std::collections::BTreeMap;

use super::super::Schema;
use super::{Input, JSON, Route, Verb, media_types};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// A parameter of a path or of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Parameter {
    pub(in crate::schema) name: &'static str,
    pub(in crate::schema) is_in_path: bool,
    pub(in crate::schema) ty: &'static str,
    pub(in crate::schema) description: &'static str,
}

/// A body that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Body {
    pub(in crate::schema) definition: String,
    pub(in crate::schema) is_required: bool,
    pub(in crate::schema) media_types: Vec<&'static str>,
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Operation {
    pub(in crate::schema) id: String,
    pub(in crate::schema) description: String,
    pub(in crate::schema) tag: String,
    /// `x-kubernetes-action`, absent where no objects are exchanged.
    pub(in crate::schema) action: Option<&'static str>,
    pub(in crate::schema) kind: Option<(String, String, String)>,
    pub(in crate::schema) parameters: Vec<Parameter>,
    pub(in crate::schema) body: Option<Body>,
    /// Status codes below 400.
    pub(in crate::schema) codes: &'static [u16],
    /// The definition of the answer; `None` is text.
    pub(in crate::schema) answer: Option<String>,
    pub(in crate::schema) answer_types: Vec<&'static str>,
}

/// A path with its operations by HTTP method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::schema) struct PathItem {
    pub(in crate::schema) operations: BTreeMap<&'static str, Operation>,
    /// Parameters that all of them have.
    pub(in crate::schema) parameters: Vec<Parameter>,
}

/// All paths of a document.
pub(in crate::schema) fn group_paths(schema: &Schema, input: &Input<'_>) -> BTreeMap<String, PathItem> {
    let mut paths: BTreeMap<String, PathItem> = BTreeMap::new();
    for (group, version) in input.group_versions {
        let prefix = prefix(group, version);
        paths.entry(format!("{prefix}/")).or_default().operations.insert("get", resources(group, version));
    }
    for route in input.routes {
        for verb in route.verbs {
            for (path, method, operation) in operations(schema, route, *verb) {
                paths.entry(path).or_default().operations.insert(method, operation);
            }
        }
    }
    for item in paths.values_mut() {
        share_parameters(item);
    }
    paths
}

fn prefix(group: &str, version: &str) -> String {
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

/// What all operations of a path have in common moves to the path.
fn share_parameters(item: &mut PathItem) {
    let mut operations = item.operations.values();
    let Some(first) = operations.next() else { return };
    let mut shared = first.parameters.clone();
    for operation in operations {
        shared.retain(|parameter| operation.parameters.contains(parameter));
    }
    for operation in item.operations.values_mut() {
        operation.parameters.retain(|parameter| !shared.contains(parameter));
    }
    item.parameters = shared;
}

/// `apps`, `rbacAuthorization`, `core`: a group in the names of operations.
fn group_name(group: &str) -> String {
    let group = if group.is_empty() { "core" } else { group.strip_suffix(".k8s.io").unwrap_or(group) };
    let mut out = String::new();
    for (at, part) in group.split('.').enumerate() {
        if at == 0 { out.push_str(part) } else { out.push_str(&capital(part)) }
    }
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn resources(group: &str, version: &str) -> Operation {
    let name = group_name(group);
    Operation {
        id: format!("get{}{}APIResources", capital(&name), capital(version)),
        description: "Which resources there are.".to_owned(),
        tag: format!("{name}_{version}"),
        action: None,
        kind: None,
        parameters: Vec::new(),
        body: None,
        codes: &[200],
        answer: Some(format!("{META}.APIResourceList")),
        answer_types: media_types(true, false),
    }
}

type Found = (String, &'static str, Operation);

fn operations(schema: &Schema, route: &Route<'_>, verb: Verb) -> Vec<Found> {
    let new = |verb| Builder { schema, route, verb }.operation();
    let here = || route.path.to_owned();
    match verb {
        Verb::Create => vec![(here(), "post", new(verb))],
        Verb::Get | Verb::List | Verb::GetText => vec![(here(), "get", new(verb))],
        Verb::Update => vec![(here(), "put", new(verb))],
        Verb::Patch => vec![(here(), "patch", new(verb))],
        Verb::Delete | Verb::DeleteCollection => vec![(here(), "delete", new(verb))],
        Verb::Watch => {
            let prefix = prefix(route.group, route.version);
            let rest = route.path.strip_prefix(&prefix).unwrap_or(route.path);
            vec![(format!("{prefix}/watch{rest}"), "get", new(verb))]
        }
        Verb::Connect => ["get", "post"]
            .into_iter()
            .map(|method| {
                let mut operation = new(verb);
                operation.id = operation.id.replacen("Connect", &capital(method), 1);
                (here(), method, operation)
            })
            .collect(),
    }
}

struct Builder<'r> {
    schema: &'r Schema,
    route: &'r Route<'r>,
    verb: Verb,
}

impl Builder<'_> {
    fn is_item(&self) -> bool {
        self.route.path.contains("{name}")
    }

    fn operation(&self) -> Operation {
        let route = self.route;
        let (group, version, kind) = route.kind;
        let (body, codes, answer) = self.exchange();
        let name = group_name(route.group);
        let is_text = answer.is_none();
        Operation {
            id: self.id(&name),
            description: self.description(),
            tag: format!("{name}_{}", route.version),
            action: Some(self.action()),
            kind: Some((group.to_owned(), version.to_owned(), kind.to_owned())),
            parameters: self.parameters(),
            body,
            codes,
            answer,
            answer_types: match self.verb {
                Verb::GetText => vec!["text/plain", JSON],
                _ if is_text => vec!["*/*"],
                Verb::List | Verb::Watch => media_types(route.has_protobuf, true),
                _ => media_types(route.has_protobuf, false),
            },
        }
    }

    fn definition(&self, suffix: &str) -> String {
        let (group, version, kind) = self.route.kind;
        if let Some(name) = self.route.definition {
            return format!("{name}{suffix}");
        }
        let kind = format!("{kind}{suffix}");
        let found = self.schema.type_of(group, version, &kind);
        found.map_or_else(|| format!("{group}.{version}.{kind}"), super::super::Type::openapi_name)
    }

    /// What is sent and answered.
    fn exchange(&self) -> (Option<Body>, &'static [u16], Option<String>) {
        let has_protobuf = self.route.has_protobuf;
        let object = || self.definition("");
        let sent = if has_protobuf { vec!["*/*"] } else { media_types(false, false) };
        let body = |definition, is_required, media_types| Some(Body { definition, is_required, media_types });
        match self.verb {
            Verb::Create => (body(object(), true, sent), &[200, 201, 202], Some(object())),
            Verb::Update => (body(object(), true, sent), &[200, 201], Some(object())),
            Verb::Get => (None, &[200], Some(object())),
            Verb::List => (None, &[200], Some(self.definition("List"))),
            Verb::Watch => (None, &[200], Some(format!("{META}.WatchEvent"))),
            Verb::Patch => {
                let mut types = vec!["application/apply-patch+yaml"];
                types.extend(["application/json-patch+json", "application/merge-patch+json"]);
                if has_protobuf {
                    types.push("application/strategic-merge-patch+json");
                }
                let codes: &[u16] = if has_protobuf { &[200, 201] } else { &[200] };
                (body(format!("{META}.Patch"), true, types), codes, Some(object()))
            }
            Verb::Delete | Verb::DeleteCollection => {
                let is_collection = self.verb == Verb::DeleteCollection;
                let answer = if self.route.returns_deleted && !is_collection {
                    object()
                } else {
                    format!("{META}.Status")
                };
                let codes: &[u16] = if is_collection { &[200] } else { &[200, 202] };
                let sends = !is_collection || has_protobuf;
                let body = if sends { body(format!("{META}.DeleteOptions"), false, sent) } else { None };
                (body, codes, Some(answer))
            }
            Verb::GetText | Verb::Connect => (None, &[200], None),
        }
    }

    /// Such as `listCoreV1NamespacedPod`.
    fn id(&self, group: &str) -> String {
        let route = self.route;
        let is_namespaced = route.path.contains("{namespace}");
        let lists_all = !is_namespaced
            && !self.is_item()
            && matches!(self.verb, Verb::List | Verb::Watch)
            && route.is_namespaced;
        let (verb, middle) = match self.verb {
            Verb::Create => ("create", ""),
            Verb::Get | Verb::GetText => ("read", ""),
            Verb::List => ("list", ""),
            Verb::Watch => ("watch", ""),
            Verb::Update => ("replace", ""),
            Verb::Patch => ("patch", ""),
            Verb::Delete => ("delete", ""),
            Verb::DeleteCollection => ("delete", "Collection"),
            Verb::Connect => ("connect", "Connect"),
        };
        let (group, version) = (capital(group), capital(route.version));
        let scope = if is_namespaced { "Namespaced" } else { "" };
        let list = if self.verb == Verb::Watch && !self.is_item() { "List" } else { "" };
        let subresource: String =
            route.subresource.unwrap_or_default().split('/').map(capital).collect::<Vec<_>>().join("With");
        let all = if lists_all { "ForAllNamespaces" } else { "" };
        let kind = route.resource_kind;
        format!("{verb}{group}{version}{middle}{scope}{kind}{list}{subresource}{all}")
    }

    fn action(&self) -> &'static str {
        match self.verb {
            Verb::Create => "post",
            Verb::Get | Verb::GetText => "get",
            Verb::List => "list",
            Verb::Watch if self.is_item() => "watch",
            Verb::Watch => "watchlist",
            Verb::Update => "put",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
            Verb::Connect => "connect",
        }
    }

    fn description(&self) -> String {
        let kind = self.route.resource_kind;
        let what = match self.route.subresource {
            Some(subresource) => format!("{subresource} of a {kind}"),
            None => kind.to_owned(),
        };
        match self.verb {
            Verb::Create => format!("Create: {what}."),
            Verb::Get | Verb::GetText => format!("Read: {what}."),
            Verb::List => format!("List objects of kind {kind}, or watch them."),
            Verb::Watch => format!("Watch: {what}. Deprecated: list with the parameter watch instead."),
            Verb::Update => format!("Replace: {what}."),
            Verb::Patch => format!("Change a part: {what}."),
            Verb::Delete => format!("Delete: {what}."),
            Verb::DeleteCollection => format!("Delete all that match: {what}."),
            Verb::Connect => format!("Connect: {what}."),
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut names: Vec<&str> = match self.verb {
            Verb::Create | Verb::Update => WRITE.to_vec(),
            Verb::Patch => [WRITE, &["force"]].concat(),
            Verb::List | Verb::Watch => LIST.to_vec(),
            Verb::Delete => DELETE.to_vec(),
            Verb::DeleteCollection => {
                let list = LIST.iter().filter(|name| !matches!(**name, "allowWatchBookmarks" | "watch"));
                list.chain(DELETE).copied().collect()
            }
            Verb::Get | Verb::GetText | Verb::Connect => Vec::new(),
        };
        let in_path = ["name", "namespace", "path"];
        let in_path = in_path.into_iter().filter(|name| self.route.path.contains(&format!("{{{name}}}")));
        names.extend(in_path);
        if self.verb != Verb::Connect {
            names.push("pretty");
        }
        names.sort_unstable();
        names
            .iter()
            .filter_map(|name| PARAMETERS.iter().find(|parameter| parameter.name == *name))
            .cloned()
            .collect()
    }
}

const WRITE: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];
const DELETE: &[&str] = &[
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
];
const LIST: &[&str] = &[
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "shardSelector",
    "timeoutSeconds",
    "watch",
];

const fn query(name: &'static str, ty: &'static str, description: &'static str) -> Parameter {
    Parameter { name, is_in_path: false, ty, description }
}

const fn in_path(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, is_in_path: true, ty: "string", description }
}

const PARAMETERS: &[Parameter] = &[
    query("allowWatchBookmarks", "boolean", "Send bookmarks, which tell how far a watch has come."),
    query("continue", "string", "The token of the last page, to get the next one."),
    query("dryRun", "string", "All: do everything but store the result."),
    query("fieldManager", "string", "Who changes fields, at most 128 printable characters."),
    query("fieldSelector", "string", "Only objects whose fields match."),
    query(
        "fieldValidation",
        "string",
        "What to do about unknown and repeated fields: Ignore, Warn or Strict.",
    ),
    query("force", "boolean", "Apply: take over fields that others own."),
    query("gracePeriodSeconds", "integer", "Seconds until the object is gone; 0 is at once."),
    query(
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "boolean",
        "Delete an object that cannot be read, without any of the usual steps. Dangerous.",
    ),
    query("labelSelector", "string", "Only objects whose labels match."),
    query("limit", "integer", "The most objects on a page."),
    in_path("name", "The object's name."),
    in_path("namespace", "The object's namespace."),
    query("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
    in_path("path", "What is behind the object."),
    query("pretty", "string", "true: indent the answer."),
    query("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground."),
    query("resourceVersion", "string", "How recent the answer has to be, or where a watch begins."),
    query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."),
    query("sendInitialEvents", "boolean", "Watch: begin with all objects there are."),
    query("shardSelector", "string", "Only a part of the objects, by a hash."),
    query("timeoutSeconds", "integer", "Seconds until the request ends."),
    query("watch", "boolean", "Send changes as they come, and not a list."),
];
