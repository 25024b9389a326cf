//! In which form a client wants its answer.

use apimachinery::Status;
use apimachinery::options::Query;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// Media types of bodies, in the order in which they are preferred.
pub const MEDIA_TYPES: [&str; 3] = ["application/json", "application/yaml", PROTOBUF];

/// What is not spoken here.
pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

impl Format {
    /// As `Content-Type` says it.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => MEDIA_TYPES[0],
            Format::Yaml => MEDIA_TYPES[1],
        }
    }
}

/// What an object is turned into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Itself.
    #[default]
    Object,
    /// A table of `meta.k8s.io`.
    Table,
    /// Its metadata.
    Partial,
    /// A list of metadata.
    PartialList,
}

/// In which form a client wants its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How it is written.
    pub format: Format,
    /// Whether it is for people.
    pub is_pretty: bool,
    /// What objects are turned into.
    pub target: Target,
    /// The version of `meta.k8s.io` for that: `v1` or `v1beta1`.
    pub target_version: &'static str,
}

impl Accepted {
    /// A document in this form.
    pub fn write(&self, document: &Value) -> Bytes {
        let mut out = Vec::with_capacity(1024);
        match (self.format, self.is_pretty) {
            (Format::Json, false) => {
                serde_json::to_writer(&mut out, document).expect("a document is JSON");
                out.push(b'\n');
            }
            (Format::Json, true) => {
                serde_json::to_writer_pretty(&mut out, document).expect("a document is JSON");
            }
            (Format::Yaml, _) => return yaml(document),
        }
        out.into()
    }

    /// Whether stored bytes can be sent as they are.
    pub fn is_verbatim(&self) -> bool {
        self.format == Format::Json && !self.is_pretty && self.target == Target::Object
    }
}

fn yaml(document: &Value) -> Bytes {
    match serde_saphyr::to_string(document) {
        Ok(text) => text.into(),
        // Every JSON text is YAML.
        Err(_) => document.to_string().into(),
    }
}

/// One clause of an `Accept` header.
struct Clause<'h> {
    media_type: &'h str,
    parameters: Vec<(&'h str, &'h str)>,
    quality: f32,
}

fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = header
        .split(',')
        .map(|clause| {
            let mut parts = clause.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let parameters: Vec<(&str, &str)> = parts
                .filter_map(|parameter| parameter.split_once('='))
                .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
                .collect();
            let quality = parameters.iter().find(|(key, _)| *key == "q");
            let quality = quality.and_then(|(_, value)| value.parse().ok()).unwrap_or(1.0);
            Clause { media_type, parameters, quality }
        })
        .collect();
    // Stable: of equal quality the more specific first, then as given.
    let n_wildcards = |clause: &Clause<'_>| clause.media_type.matches('*').count();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(n_wildcards(a).cmp(&n_wildcards(b))));
    clauses
}

/// The first of some media types that a client takes, in the order of its clauses; without any clause all are taken.
pub fn choose<'m>(headers: &HeaderMap, media_types: &[&'m str]) -> Option<&'m str> {
    let header = accept(headers);
    let header = if header.is_empty() { "*/*" } else { header.as_str() };
    let takes = |clause: &Clause<'_>, media_type: &str| match clause.media_type.strip_suffix('*') {
        Some("*/") => true,
        Some(prefix) => media_type.starts_with(prefix),
        None => clause.media_type == media_type,
    };
    let clauses = clauses(header);
    clauses.iter().find_map(|clause| media_types.iter().copied().find(|of| takes(clause, of)))
}

/// All values of the `Accept` header; without one anything goes.
fn accept(headers: &HeaderMap) -> String {
    let values: Vec<&str> =
        headers.get_all(http::header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// What the router of upstream asks before any handler: that some media type is named which the route makes.
/// Parameters do not count, and `application/*` names none.
///
/// # Errors
/// The 406 with what there is.
pub fn check_route(headers: &HeaderMap, is_collection: bool) -> Result<(), Box<Status>> {
    let accept = accept(headers);
    if accept.is_empty() {
        return Ok(());
    }
    let is_made = accept.split(',').any(|clause| {
        let media_type = clause.split(';').next().unwrap_or_default().trim();
        media_type == "*/*" || MEDIA_TYPES.contains(&media_type)
    });
    if is_made {
        return Ok(());
    }
    let streams = [
        "application/json",
        "application/yaml",
        PROTOBUF,
        "application/json;stream=watch",
        "application/vnd.kubernetes.protobuf;stream=watch",
    ];
    let available = if is_collection { &streams[..] } else { &MEDIA_TYPES[..] };
    Err(Box::new(Status::no_representation(available)))
}

/// What is allowed besides objects themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transforms {
    /// Nothing.
    None,
    /// Tables and metadata.
    All,
}

/// The form that a client wants, of those that there are.
///
/// # Errors
/// The 406 with the media types that there are.
pub fn negotiate(
    headers: &HeaderMap,
    query: Query<'_>,
    transforms: Transforms,
) -> Result<Accepted, Box<Status>> {
    let is_pretty = is_pretty(headers, query);
    let header = accept(headers);
    if header.trim().is_empty() {
        return Ok(Accepted { is_pretty, target_version: "v1", ..Accepted::default() });
    }
    let mut wants_protobuf = false;
    for clause in clauses(&header) {
        let format = match clause.media_type {
            "*/*" | "application/*" | "application/json" => Format::Json,
            "application/yaml" => Format::Yaml,
            other => {
                wants_protobuf |= other == PROTOBUF;
                continue;
            }
        };
        let parameter =
            |name: &str| clause.parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let Some((target, target_version)) =
            target(parameter("as"), parameter("g"), parameter("v"), transforms)
        else {
            continue;
        };
        let is_pretty = is_pretty || parameter("pretty") == Some("1");
        return Ok(Accepted { format, is_pretty, target, target_version });
    }
    let accepted = if wants_protobuf { &MEDIA_TYPES[..2] } else { &MEDIA_TYPES[..] };
    Err(Box::new(Status::not_acceptable_media_type(accepted)))
}

fn target(
    name: Option<&str>,
    group: Option<&str>,
    version: Option<&str>,
    transforms: Transforms,
) -> Option<(Target, &'static str)> {
    let Some(name) = name else { return Some((Target::Object, "v1")) };
    let version = match (group, version) {
        (Some("meta.k8s.io"), Some("v1")) => "v1",
        (Some("meta.k8s.io"), Some("v1beta1")) => "v1beta1",
        _ => return None,
    };
    let target = match name {
        "Table" => Target::Table,
        "PartialObjectMetadata" => Target::Partial,
        "PartialObjectMetadataList" => Target::PartialList,
        _ => return None,
    };
    (transforms == Transforms::All).then_some((target, version))
}

/// People's tools get lines.
fn is_pretty(headers: &HeaderMap, query: Query<'_>) -> bool {
    if let Some(pretty) = query.boolean("pretty") {
        return pretty;
    }
    let agent = headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.is_some_and(|agent| ["curl", "Wget", "Mozilla/5.0"].into_iter().any(|tool| agent.starts_with(tool)))
}

/// What a watch is sent as.
///
/// # Errors
/// The 406 with the media types that have a stream form.
pub fn negotiate_watch(headers: &HeaderMap, query: Query<'_>) -> Result<Accepted, Box<Status>> {
    let accepted = negotiate(headers, query, Transforms::All).ok().filter(|it| it.format == Format::Json);
    accepted.map(|it| Accepted { is_pretty: false, ..it }).ok_or_else(|| {
        Box::new(Status::not_acceptable_media_type(&[
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf;stream=watch",
        ]))
    })
}

/// How a body is written.
///
/// # Errors
/// The 415 with the media types that are read.
pub fn body_format(headers: &HeaderMap) -> Result<Format, Box<Status>> {
    let media_type = content_type(headers);
    match media_type.as_str() {
        "" | "application/json" => Ok(Format::Json),
        "application/yaml" => Ok(Format::Yaml),
        PROTOBUF => Err(Box::new(Status::unsupported_media_type(&MEDIA_TYPES[..2]))),
        _ => Err(Box::new(Status::unsupported_media_type(&MEDIA_TYPES))),
    }
}

/// The media type of a body, without parameters; empty where nothing is said.
pub fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::ACCEPT, accept.parse().unwrap());
        match negotiate(&headers, Query(&[]), Transforms::All) {
            Ok(accepted) => {
                format!("{:?} {:?} {}", accepted.format, accepted.target, accepted.target_version)
            }
            Err(status) => status.code.to_string(),
        }
    }

    #[test]
    fn the_best_clause_that_can_be_made_wins() {
        for (accept, expected) in [
            ("*/*", "Json Object v1"),
            ("application/json;q=0.1, application/yaml", "Yaml Object v1"),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Json Table v1"),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", "Json Table v1beta1"),
            ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "Json Object v1"),
            ("application/json;as=Nope;v=v1;g=meta.k8s.io", "406"),
            ("application/vnd.kubernetes.protobuf, application/json", "Json Object v1"),
            ("text/html", "406"),
        ] {
            assert_eq!(negotiated(accept), expected, "{accept}");
        }
    }
}
