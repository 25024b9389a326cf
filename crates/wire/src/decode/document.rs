//! What a document is, and the rules that hold for every object.

use serde_json::Value;
use serde_path_to_error::Track;

use super::{DecodeError, Decoded, DocumentProblem, Origin, Sourced, kinds};
use crate::object::{Kind, Object, Scope};

/// What to do with a document, from its kind and API version.
pub(super) enum Plan<'d> {
    /// Read it as this kind.
    Read(Kind),
    /// Count it under this name.
    Skip(String),
    /// Read its items; those that do not say what they are, are this.
    Items(Option<Inherited<'d>>),
}

/// What the items of a typed list are.
#[derive(Clone, Copy)]
pub(super) struct Inherited<'d> {
    pub(super) kind: &'d str,
    pub(super) api_version: Option<&'d str>,
}

/// Decides what to do with a document.
pub(super) fn plan<'d>(
    kind: Option<&'d str>,
    api_version: Option<&'d str>,
    has_items: bool,
    inherited: Option<Inherited<'d>>,
) -> Result<Plan<'d>, DocumentProblem> {
    let or_inherited =
        |own: Option<&'d str>, list: Option<&'d str>| own.filter(|text| !text.is_empty()).or(list);
    let name = or_inherited(kind, inherited.map(|list| list.kind)).ok_or(DocumentProblem::NoKind)?;
    let api_version = or_inherited(api_version, inherited.and_then(|list| list.api_version));
    let Some(kind) = Kind::from_name(name) else {
        return Ok(match name.strip_suffix("List") {
            Some("") => Plan::Items(None),
            Some(kind) if has_items || Kind::from_name(kind).is_some() => {
                Plan::Items(Some(Inherited { kind, api_version }))
            }
            _ => {
                kinds::refuse_near_miss(name, api_version)?;
                Plan::Skip(name.to_owned())
            }
        });
    };
    let versions = kind.api_versions();
    match api_version {
        None => Err(DocumentProblem::NoApiVersion { kind, expected: versions[0] }),
        Some(found) if versions.contains(&found) => Ok(Plan::Read(kind)),
        Some(found) if group(found) == group(versions[0]) => {
            let (found, expected) = (found.to_owned(), versions.join(" or "));
            Err(DocumentProblem::ApiVersion { kind, found, expected })
        }
        Some(found) if kinds::is_built_in(found) => {
            Err(DocumentProblem::ForeignGroup { kind, found: found.to_owned(), expected: versions[0] })
        }
        Some(found) => Ok(Plan::Skip(format!("{name}.{}", group(found)))),
    }
}

/// The API group in an `apiVersion`; empty is the core group.
pub(super) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Reads whatever a tree holds: an object, or a list of them.
pub(super) fn read_tree(tree: &Value, origin: &Origin, decoded: &mut Decoded) -> Result<(), DecodeError> {
    let at = |problem| DecodeError::Document { origin: origin.clone(), problem };
    match plan_of_tree(tree, None).map_err(at)? {
        Plan::Read(kind) => decoded.push(read_typed(tree, kind, origin)?, origin.clone()),
        Plan::Skip(kind) => {
            decoded.skip(kind);
            Ok(())
        }
        Plan::Items(inherited) => {
            let items = match tree.get("items") {
                None | Some(Value::Null) => return Ok(()),
                Some(Value::Array(items)) => items,
                Some(other) => {
                    let kind = tree.get("kind").and_then(Value::as_str).unwrap_or("List").to_owned();
                    return Err(at(DocumentProblem::Items { kind, found: type_name(other) }));
                }
            };
            for (i, item) in items.iter().enumerate() {
                let origin = Origin { item: Some(i), ..origin.clone() };
                read_tree_item(item, inherited, origin, decoded)?;
            }
            Ok(())
        }
    }
}

/// Reads an item of a list.
pub(super) fn read_tree_item(
    item: &Value,
    inherited: Option<Inherited<'_>>,
    origin: Origin,
    decoded: &mut Decoded,
) -> Result<(), DecodeError> {
    match plan_of_tree(item, inherited) {
        Ok(Plan::Read(kind)) => decoded.push(read_typed(item, kind, &origin)?, origin),
        Ok(Plan::Skip(kind)) => {
            decoded.skip(kind);
            Ok(())
        }
        Ok(Plan::Items(_)) => {
            let kind = item.get("kind").and_then(Value::as_str).unwrap_or("List").to_owned();
            Err(DecodeError::Document { origin, problem: DocumentProblem::NestedList { kind } })
        }
        Err(problem) => Err(DecodeError::Document { origin, problem }),
    }
}

fn plan_of_tree<'d>(tree: &'d Value, inherited: Option<Inherited<'d>>) -> Result<Plan<'d>, DocumentProblem> {
    let Value::Object(fields) = tree else {
        return Err(DocumentProblem::NotAnObject { found: type_name(tree) });
    };
    let text = |field: &'static str| match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(other) => Err(DocumentProblem::NotText { field, found: type_name(other) }),
    };
    plan(text("kind")?, text("apiVersion")?, fields.contains_key("items"), inherited)
}

/// What a value is called in errors.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// Reads an object, keeping track of where in it the reading is.
fn read_typed(tree: &Value, kind: Kind, origin: &Origin) -> Result<Object, DecodeError> {
    let mut track = Track::new();
    let result = kind.read(serde_path_to_error::Deserializer::new(tree, &mut track));
    result.map_err(|error| {
        let field = track.path().to_string();
        DecodeError::Field {
            origin: origin.clone(),
            kind,
            name: shown_name(tree),
            field: if field == "." { "the object".to_owned() } else { field },
            problem: with_hint(error.to_string()),
        }
    })
}

/// YAML takes `no` for a truth value and `1.10` for a number, also where text is wanted.
fn with_hint(problem: String) -> String {
    let is_plain = ["boolean", "integer", "floating point"]
        .iter()
        .any(|found| problem.strip_prefix("invalid type: ").is_some_and(|rest| rest.starts_with(found)));
    if is_plain && problem.ends_with("expected a string") { problem + "; put it in quotes" } else { problem }
}

fn shown_name(tree: &Value) -> String {
    let metadata = tree.get("metadata");
    let text = |field: &str| metadata.and_then(|metadata| metadata.get(field)).and_then(Value::as_str);
    match (text("namespace"), text("name")) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        (None, Some(name)) => name.to_owned(),
        (_, None) => "without name".to_owned(),
    }
}

impl Decoded {
    /// Counts an object of a kind that is not read.
    pub(super) fn skip(&mut self, kind: String) {
        *self.skipped.entry(kind).or_default() += 1;
    }

    /// Adds an object, once it has the name and the namespace that it must have.
    pub(super) fn push(&mut self, mut object: Object, origin: Origin) -> Result<(), DecodeError> {
        let kind = object.kind();
        let meta = object.meta_mut();
        if meta.name.is_empty() && meta.generate_name.is_empty() {
            return Err(DecodeError::Document { origin, problem: DocumentProblem::NoName { kind } });
        }
        match kind.scope() {
            Scope::Namespaced if meta.namespace.is_empty() => "default".clone_into(&mut meta.namespace),
            Scope::Namespaced => {}
            Scope::Cluster => meta.namespace.clear(),
        }
        self.objects.push(Sourced { object, origin });
        Ok(())
    }
}
