//! OpenAPI documents, made when they are first asked for.

mod protobuf;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use resources::kind::{Kind, Subresource, Verbs};
use resources::kinds::GROUPS;
use resources::schema::openapi_v3::{Input, Route, Verb};
use resources::schema::{Schema, openapi_v2, openapi_v3};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::etag::{Tagged, not_modified};
use crate::negotiation;
use crate::reply::{JSON, Reply};
use crate::served::Kinds;
use crate::version::GIT_VERSION;

/// OpenAPI documents.
#[derive(Debug)]
pub struct OpenApi {
    kinds: &'static [&'static Kind],
    v2: Document,
    v3: BTreeMap<String, Document>,
}

/// A document in its forms, each made when it is first asked for.
#[derive(Debug, Default)]
struct Document {
    json: OnceLock<Tagged>,
    protobuf: OnceLock<Bytes>,
}

/// The form of a document that a client wants.
#[derive(Clone, Copy)]
enum Form {
    Json,
    /// As a message of this sort, under this media type.
    Protobuf(&'static protobuf::Message, &'static str),
}

const V2: Form = Form::Protobuf(&protobuf::v2::DOCUMENT, PROTOBUF_V2);
const PROTOBUF_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const PROTOBUF_V2_OF_OLD: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const V3: Form = Form::Protobuf(&protobuf::v3::DOCUMENT, PROTOBUF_V3);
const PROTOBUF_V3: &str = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
const PROTOBUF_V3_OF_OLD: &str = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";

/// A route that owns its path.
struct OwnedRoute {
    path: String,
    verbs: Vec<Verb>,
    group: &'static str,
    version: &'static str,
    kind: &'static Kind,
    subresource: Option<&'static Subresource>,
}

impl OpenApi {
    /// Of these kinds.
    pub fn new(kinds: &Kinds) -> OpenApi {
        let mut v3: BTreeMap<String, Document> = BTreeMap::new();
        for name in [".well-known/openid-configuration", "api", "apis", "openid/v1/jwks", "version"] {
            v3.insert(name.to_owned(), Document::default());
        }
        for group in GROUPS {
            if !group.name.is_empty() {
                v3.insert(format!("apis/{}", group.name), Document::default());
            }
            for (version, _) in group.versions {
                v3.insert(document_path(group.name, version), Document::default());
            }
        }
        OpenApi { kinds: kinds.all(), v2: Document::default(), v3 }
    }

    /// The answer to a path; `None` if it is none of OpenAPI's.
    pub fn answer(&self, call: &Call, path: &str) -> Option<Reply> {
        match path {
            "/openapi/v2" => {
                let Some(form) = form(call, V2, PROTOBUF_V2_OF_OLD) else { return Some(not_acceptable()) };
                let tagged = self.v2.json.get_or_init(|| Tagged::new(&self.document_v2()));
                Some(self.v2.reply(call, tagged, form).with("Vary", "Accept"))
            }
            "/openapi/v3" => Some(self.index()),
            _ => {
                let name = path.strip_prefix("/openapi/v3/")?;
                let Some(document) = self.v3.get(name) else { return Some(Reply::new(404, "", "")) };
                let Some(form) = form(call, V3, PROTOBUF_V3_OF_OLD) else { return Some(not_acceptable()) };
                let tagged = document.json.get_or_init(|| Tagged::new(&self.document_v3(name)));
                Some(hashed_reply(call, name, document, tagged, form))
            }
        }
    }

    fn index(&self) -> Reply {
        let mut paths = Map::new();
        for (name, document) in &self.v3 {
            let tagged = document.json.get_or_init(|| Tagged::new(&self.document_v3(name)));
            let url = format!("/openapi/v3/{name}?hash={}", tagged.hash());
            paths.insert(name.clone(), json!({"serverRelativeURL": url}));
        }
        // Upstream does not say that it is JSON.
        Reply::text(200, json!({"paths": paths}).to_string())
    }

    fn document_v3(&self, name: &str) -> Value {
        let definitions = BTreeMap::new();
        let group_version = match name.split('/').collect::<Vec<_>>().as_slice() {
            ["api", version] => Some(("", *version)),
            ["apis", group, version] => Some((*group, *version)),
            _ => None,
        };
        let owned: Vec<OwnedRoute> = match group_version {
            Some((group, version)) => self.routes(group, version),
            None => Vec::new(),
        };
        let routes: Vec<Route<'_>> = owned.iter().map(OwnedRoute::route).collect();
        let group_versions: Vec<(&str, &str)> = group_version.into_iter().collect();
        let input = Input {
            routes: &routes,
            group_versions: &group_versions,
            definitions: &definitions,
            server_version: GIT_VERSION,
        };
        openapi_v3::document(Schema::get(), &input)
    }

    fn document_v2(&self) -> Value {
        let definitions = BTreeMap::new();
        let group_versions: Vec<(&str, &str)> = GROUPS
            .iter()
            .flat_map(|group| group.versions.iter().map(|(version, _)| (group.name, *version)))
            .collect();
        let owned: Vec<OwnedRoute> =
            group_versions.iter().flat_map(|(group, version)| self.routes(group, version)).collect();
        let routes: Vec<Route<'_>> = owned.iter().map(OwnedRoute::route).collect();
        let input = Input {
            routes: &routes,
            group_versions: &group_versions,
            definitions: &definitions,
            server_version: GIT_VERSION,
        };
        openapi_v2::document(Schema::get(), &input)
    }

    fn routes(&self, group: &str, version: &str) -> Vec<OwnedRoute> {
        let served = self.kinds.iter().filter(|kind| kind.versions.contains(&(group, version)));
        served.flat_map(|kind| routes_of(kind, group, version)).collect()
    }
}

fn document_path(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

const VERBS: [(Verbs, Verb); 8] = [
    (Verbs::CREATE, Verb::Create),
    (Verbs::DELETE, Verb::Delete),
    (Verbs::DELETE_COLLECTION, Verb::DeleteCollection),
    (Verbs::GET, Verb::Get),
    (Verbs::LIST, Verb::List),
    (Verbs::PATCH, Verb::Patch),
    (Verbs::UPDATE, Verb::Update),
    (Verbs::WATCH, Verb::Watch),
];

fn verbs(of: Verbs, among: &[Verb]) -> Vec<Verb> {
    let known = VERBS.into_iter().filter(|(verb, _)| of.contains(*verb)).map(|(_, verb)| verb);
    known.filter(|verb| among.contains(verb)).collect()
}

fn routes_of(kind: &'static Kind, group: &str, version: &str) -> Vec<OwnedRoute> {
    let Some((group, version)) =
        kind.versions.iter().copied().find(|(own_group, own)| *own_group == group && *own == version)
    else {
        return Vec::new();
    };
    let root = format!("/{}", document_path(group, version));
    let plural = kind.plural;
    let collection = if kind.is_namespaced {
        format!("{root}/namespaces/{{namespace}}/{plural}")
    } else {
        format!("{root}/{plural}")
    };
    let mut routes = Vec::new();
    let mut add = |path: String, verbs: Vec<Verb>, subresource: Option<&'static Subresource>| {
        if !verbs.is_empty() {
            routes.push(OwnedRoute { path, verbs, group, version, kind, subresource });
        }
    };
    let of_collection = [Verb::Create, Verb::DeleteCollection, Verb::List, Verb::Watch];
    let of_object = [Verb::Get, Verb::Update, Verb::Patch, Verb::Delete, Verb::Watch];
    let object = format!("{collection}/{{name}}");
    if kind.is_namespaced {
        let across =
            if kind.is_stored() { verbs(kind.verbs, &[Verb::List, Verb::Watch]) } else { Vec::new() };
        add(format!("{root}/{plural}"), across, None);
    }
    add(collection.clone(), verbs(kind.verbs, &of_collection), None);
    let mut own = verbs(kind.verbs, &of_object);
    if own == [Verb::Watch] {
        own.clear();
    }
    add(object.clone(), own, None);
    for subresource in kind.subresources {
        let path = format!("{object}/{}", subresource.name);
        match subresource.name {
            "log" => add(path, vec![Verb::GetText], Some(subresource)),
            "exec" | "attach" | "portforward" => add(path, vec![Verb::Connect], Some(subresource)),
            "proxy" => {
                add(path.clone(), vec![Verb::Connect], Some(subresource));
                add(format!("{path}/{{path}}"), vec![Verb::Connect], Some(subresource));
            }
            _ => {
                let all = [Verb::Create, Verb::Get, Verb::Update, Verb::Patch];
                add(path, verbs(subresource.verbs, &all), Some(subresource));
            }
        }
    }
    routes
}

impl OwnedRoute {
    fn route(&self) -> Route<'_> {
        let kind = match self.subresource {
            Some(Subresource { kind, group_version, .. }) => {
                let (group, version) = group_version.unwrap_or((self.group, self.version));
                (group, version, *kind)
            }
            None => (self.group, self.version, self.kind.kind),
        };
        Route {
            path: &self.path,
            verbs: &self.verbs,
            group: self.group,
            version: self.version,
            resource_kind: self.kind.kind,
            subresource: self.subresource.map(|subresource| subresource.name),
            kind,
            is_namespaced: self.kind.is_namespaced,
            definition: None,
            returns_deleted: self.kind.deletion.returns_object,
            has_protobuf: true,
        }
    }
}

impl Document {
    /// The document in a form. Both have the tag of the JSON, as upstream.
    fn reply(&self, call: &Call, tagged: &Tagged, form: Form) -> Reply {
        let reply = match form {
            _ if not_modified(&call.headers, &tagged.etag) => Reply::new(304, "", ""),
            Form::Json => Reply::new(200, JSON, tagged.body.clone()),
            Form::Protobuf(message, media_type) => {
                let bytes = self.protobuf.get_or_init(|| {
                    let document = serde_json::from_slice(&tagged.body).expect("our own JSON");
                    protobuf::encode(&document, message).into()
                });
                Reply::new(200, media_type, bytes.clone())
            }
        };
        reply.with("ETag", tagged.etag.clone())
    }
}

/// The form that a client wants; `None` if it takes none that there is.
fn form(call: &Call, protobuf: Form, name_of_old: &str) -> Option<Form> {
    let Form::Protobuf(_, name) = protobuf else { return Some(Form::Json) };
    let chosen = negotiation::choose(&call.headers, &[JSON, name, name_of_old])?;
    Some(if chosen == JSON { Form::Json } else { protobuf })
}

fn not_acceptable() -> Reply {
    Reply::new(406, "", "").with("Vary", "Accept")
}

/// A document under a path with its hash may be kept for ever.
fn hashed_reply(call: &Call, name: &str, document: &Document, tagged: &Tagged, form: Form) -> Reply {
    match call.query().get("hash") {
        Some(hash) if hash == tagged.hash() => {
            let year = SignedDuration::from_hours(24 * 365);
            let expires: Timestamp = crate::clock::now().saturating_add(year).unwrap_or(Timestamp::MAX);
            document
                .reply(call, tagged, form)
                // Who keeps the JSON must not take it for the other form.
                .with("Vary", "Accept")
                .with("Cache-Control", "public, immutable")
                .with("Expires", expires.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        Some(hash) if !hash.is_empty() => {
            let current = format!("/openapi/v3/{name}?hash={}", tagged.hash());
            Reply::new(301, "", "").with("Location", current)
        }
        _ => document.reply(call, tagged, form).with("Vary", "Accept"),
    }
}
