//! Bodies into objects.

use apimachinery::Status;
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::FieldValidation;
use resources::schema::decode::{Decoded, StrictError, type_meta};
use resources::schema::json::{self, Node};
use resources::schema::{Schema, Type};
use serde_json::Value;

use crate::negotiation::Format;
use crate::registry::Target;
use crate::served::{Served, api_version};

/// What a body has to be.
pub(super) struct Expected<'e> {
    pub(super) group: &'e str,
    pub(super) version: &'e str,
    pub(super) kind: &'e str,
    /// The type, of which the table must know.
    pub(super) of: &'static Type,
}

impl<'e> Expected<'e> {
    /// The kind of a path.
    pub(super) fn of(served: Served) -> Result<Expected<'e>, Box<Status>> {
        Expected::named(served.group, served.version, served.kind.kind)
    }

    /// Another kind, such as a subresource's.
    pub(super) fn named(group: &'e str, version: &'e str, kind: &'e str) -> Result<Self, Box<Status>> {
        let of = Schema::get().type_of(group, version, kind).ok_or_else(|| {
            Box::new(Status::internal_error(format!("the table of types has no {kind} in {group}/{version}")))
        })?;
        Ok(Expected { group, version, kind, of })
    }
}

/// Decodes a body as an object of the version of the path, not defaulted.
///
/// # Errors
/// A bad request in upstream's words.
pub(super) fn decode(
    expected: &Expected<'_>,
    body: &[u8],
    format: Format,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<Value, Box<Status>> {
    if format == Format::Json
        && let Some(object) = decode_plain(expected, body)
    {
        return Ok(object);
    }
    let unrecognized = |error: String| {
        let summary = summarize(body);
        let kind = expected.kind;
        Box::new(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): {error} ({summary})"
        )))
    };
    let (node, duplicates) = parse(body, format).map_err(&unrecognized)?;
    let meta = type_meta(&node).map_err(&unrecognized)?;
    let own_version = api_version(expected.group, expected.version);
    let said_version = if meta.api_version.is_empty() { &own_version } else { &meta.api_version };
    let said_kind = if meta.kind.is_empty() { expected.kind } else { &meta.kind };
    let said = said_version.rsplit_once('/').map_or(said_version.as_str(), |(_, version)| version);
    let unhandled = |error: String| {
        let kind = expected.kind;
        Box::new(Status::bad_request(format!(
            "{said_kind} in version {said:?} cannot be handled as a {kind}: {error}"
        )))
    };
    check_type(expected, said_version, said_kind, &own_version, &unhandled)?;
    let is_reset = forgets_managers(&node);
    let decoded =
        Schema::get().decode_node(expected.of, node).map_err(|error| unhandled(error.to_string()))?;
    let Decoded { value, mut strict } = decoded;
    if let Some(duplicates) = duplicates {
        strict.insert(0, duplicates);
    }
    match validation {
        FieldValidation::Ignore => {}
        FieldValidation::Warn => warnings.extend(strict.iter().flat_map(StrictError::warnings)),
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(unhandled(format!("strict decoding error: {}", joined(&strict))));
        }
        FieldValidation::Strict => {}
    }
    let mut value = value;
    set_type(&mut value, &own_version, expected.kind);
    if is_reset {
        forget_managers(&mut value);
    }
    Ok(value)
}

/// Decodes a body about which there is nothing to say.
fn decode_plain(expected: &Expected<'_>, body: &[u8]) -> Option<Value> {
    let mut object = Schema::get().decode_plain_json(expected.of, body)?;
    let own_version = api_version(expected.group, expected.version);
    let says = |name: &str, own: &str| object.get(name).is_none_or(|said| said.as_str() == Some(own));
    if !says("apiVersion", &own_version) || !says("kind", expected.kind) {
        return None;
    }
    // An empty list of managers means something, which is seen in the long way only.
    let may_forget = |text: &str| text.contains("\"managedFields\"");
    if Meta::of(&object).get("managedFields").is_none() && std::str::from_utf8(body).is_ok_and(may_forget) {
        return None;
    }
    set_type(&mut object, &own_version, expected.kind);
    Some(object)
}

/// Whether an object says by an empty list that nobody owns anything. Decoding does not tell it from no list.
fn forgets_managers(node: &Node) -> bool {
    let managers = node.get("metadata").and_then(|metadata| metadata.get("managedFields"));
    matches!(managers, Some(Node::List(managers)) if managers.is_empty())
}

/// Says again that nobody owns anything.
pub(super) fn forget_managers(object: &mut Value) {
    MetaMut::of(object).set("managedFields", Value::Array(Vec::new()));
}

/// The strict errors of an object as one text.
pub(super) fn joined(errors: &[StrictError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Sets what an object says it is.
pub(crate) fn set_type(value: &mut Value, api_version: &str, kind: &str) {
    if let Some(members) = value.as_object_mut() {
        members.insert("apiVersion".to_owned(), api_version.into());
        members.insert("kind".to_owned(), kind.into());
    }
}

fn parse(body: &[u8], format: Format) -> Result<(Node, Option<StrictError>), String> {
    match format {
        Format::Json => {
            let syntax =
                |error: json::SyntaxError| format!("couldn't get version/kind; json parse error: {error}");
            Ok((json::parse(body).map_err(syntax)?, None))
        }
        Format::Yaml => {
            let text = std::str::from_utf8(body).map_err(|_| "yaml: invalid UTF-8".to_owned())?;
            Schema::parse_yaml(text).map_err(|error| error.to_string())
        }
    }
}

fn check_type(
    expected: &Expected<'_>,
    said_version: &str,
    said_kind: &str,
    own_version: &str,
    unhandled: &dyn Fn(String) -> Box<Status>,
) -> Result<(), Box<Status>> {
    if said_version == own_version && said_kind == expected.kind {
        return Ok(());
    }
    let (group, version) = said_version.split_once('/').unwrap_or(("", said_version));
    let is_known = Schema::get().type_of(group, version, said_kind).is_some();
    if !is_known {
        return Err(unhandled(not_registered(said_version, said_kind)));
    }
    if said_kind != expected.kind {
        return Err(unhandled(no_conversion((group, version), said_kind, expected)));
    }
    Err(mismatch(said_version, own_version))
}

/// Upstream's words for a kind that it does not know.
pub(super) fn not_registered(version: &str, kind: &str) -> String {
    format!(
        "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    )
}

/// Upstream's words for an object of another kind than the path's.
pub(super) fn no_conversion(from: (&str, &str), kind: &str, to: &Expected<'_>) -> String {
    let package = to.group.split('.').next().unwrap_or_default();
    let package = if package.is_empty() { "core" } else { package };
    format!("converting ({}.{kind}) to ({package}.{}): unknown conversion", from.1, to.kind)
}

fn mismatch(said: &str, expected: &str) -> Box<Status> {
    Box::new(Status::bad_request(format!(
        "the API version in the data ({said}) does not match the expected API version ({expected})"
    )))
}

/// The beginning of a body, for messages.
fn summarize(body: &[u8]) -> String {
    const LEN: usize = 30;
    if body.first() == Some(&b'{') {
        let text = String::from_utf8_lossy(&body[..body.len().min(LEN)]).into_owned();
        return if body.len() > LEN { format!("{text} ...") } else { text };
    }
    let hex: String = body.iter().take(LEN).map(|byte| format!("{byte:02x}")).collect();
    if body.len() > LEN { format!("{hex} ...") } else { hex }
}

/// Sets the defaults of the served version, and the zero values that are printed.
pub(super) fn complete(served: Served, object: &mut Value) {
    served.kind.strategy.set_defaults(object, served.group, served.version);
    if let Some(of) = served.type_of() {
        Schema::get().normalise(of, object);
    }
}

/// Turns a complete object of the served version into one of the stored version.
pub(super) fn to_stored(served: Served, object: &mut Value) {
    let kind = served.kind;
    if !served.is_stored_version() {
        let to = kind.versions[kind.stored_in];
        kind.strategy.convert(object, (served.group, served.version), to);
        set_type(object, &api_version(to.0, to.1), kind.kind);
    }
}

/// Turns an object of the stored version into one of the served version.
pub(crate) fn to_served(served: Served, object: &mut Value) {
    let kind = served.kind;
    if !served.is_stored_version() {
        let from = kind.versions[kind.stored_in];
        kind.strategy.convert(object, from, (served.group, served.version));
        set_type(object, &served.api_version(), kind.kind);
    }
}

/// Whether the object is in the namespace of the path; one that does not say is.
pub(super) fn check_namespace(target: &Target, object: &mut Value) -> Result<(), Box<Status>> {
    let own = Meta::of(object).namespace().to_owned();
    // Objects of kinds without namespaces lose theirs.
    if own.is_empty() || own == target.namespace || !target.kind().is_namespaced {
        MetaMut::of(object).set_namespace(&target.namespace);
        return Ok(());
    }
    Err(Box::new(Status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    )))
}
