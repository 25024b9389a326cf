//! The language of the tables.
//!
//! ```text
//! # A comment.
//! group apps v1 openapi=io.k8s.api.apps.v1
//!
//! string DeploymentStrategyType = Recreate | RollingUpdate
//! alias  ResourceList = map[ResourceName]quantity
//!
//! kind Deployment  "A set of interchangeable pods that is updated gradually."
//!   spec      DeploymentSpec  "What is wanted."
//! type DeploymentSpec
//!   replicas  int32?                  "How many pods are wanted."
//!   selector! meta/v1.LabelSelector?  always
//! ```
//!
//! - `kind` begins a type whose objects carry `kind` and `apiVersion`, which are not written down, `type` any other; `atomic` and
//!   `union=DISCRIMINATOR(FIELD:VALUE,…)` may follow its name. `string` is a text with a name of its own, with the
//!   values of an enumeration after `=`; `""` is the empty one. `go=PACKAGE` says what upstream's messages qualify
//!   the name with, if it is not the version.
//! - A field is a name (`!`: demanded by validation and OpenAPI), a type (`?`: upstream keeps a pointer, so that
//!   absent and zero differ), flags, and a description in quotes up to the end of the line, without quotes inside.
//! - Types are `string bool int32 int64 float64 bytes time microtime duration quantity int-or-string raw fields json
//!   schema-or-bool schema-or-array schema-or-strings`, `[]T`, `map[T]T`, the name of a type of the same group and
//!   version, or of another as in `core/v1.PodSpec`.
//! - Flags are `always` (printed also when zero: upstream has no `omitempty`), `omitzero` (left out although its
//!   type would be printed always), `patch=merge(KEY)`, `patch=merge`, `patch=replace`, `patch=retainKeys` or
//!   several with commas, `list=atomic`, `list=set`, `list=map(KEY,KEY)`, `atomic` or `granular` (of an object),
//!   `default=JSON` (without blanks), `deprecated`, `in=NAME` (upstream's embedded structure).

use base::Map;
use serde_json::Value;

use super::plan::Plan;
use super::{Field, ListType, META_GROUP, MapType, Patch, Schema, Shape, Ty, Type, TypeId, Union};

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct TableError {
    file: String,
    line: usize,
    problem: String,
}

type Names = Map<(&'static str, &'static str, &'static str), TypeId>;

/// Where names without a qualifier belong.
#[derive(Clone, Copy)]
struct Package {
    group: &'static str,
    version: &'static str,
    openapi: &'static str,
}

impl Schema {
    /// Reads tables, each a name for messages and a text.
    ///
    /// # Errors
    ///
    /// Says the file and line of the first thing that is not understood, or of a name that no table has.
    pub fn parse(files: &[(&'static str, &'static str)]) -> Result<Self, TableError> {
        let mut names = Names::default();
        for (file, text) in files {
            collect_names(text, &mut names).map_err(|(line, problem)| error(file, line, problem))?;
        }
        let mut types = Vec::with_capacity(names.len());
        for (file, text) in files {
            read(text, &names, &mut types).map_err(|(line, problem)| error(file, line, problem))?;
        }
        let mut schema = Self { types, by_name: names, plans: Vec::new() };
        schema.plans = schema.types.iter().map(|of| Plan::of(&schema, of)).collect();
        Ok(schema)
    }
}

fn error(file: &str, line: usize, problem: String) -> TableError {
    TableError { file: file.to_owned(), line, problem }
}

type Problem = (usize, String);

impl Field {
    /// A field about which nothing special is known.
    fn new(name: &'static str, ty: Ty) -> Self {
        Self {
            name,
            ty,
            is_pointer: false,
            is_required: false,
            is_always_printed: false,
            omits_zero: false,
            patch: None,
            list: None,
            map: None,
            default: None,
            is_deprecated: false,
            description: None,
            embedded_in: None,
        }
    }
}

/// The lines that say something, numbered from 1.
fn lines(text: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn package(line: &'static str) -> Result<Package, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["group", group, version, openapi] => {
            let openapi = openapi.strip_prefix("openapi=");
            let openapi = openapi.ok_or_else(|| format!("{line:?} does not end with openapi=PACKAGE"))?;
            Ok(Package { group: group_named(group), version, openapi })
        }
        _ => Err(format!("{line:?} is not `group NAME VERSION openapi=PACKAGE`")),
    }
}

fn group_named(name: &'static str) -> &'static str {
    match name {
        "core" => "",
        "meta" => META_GROUP,
        other => other,
    }
}

fn is_declaration(line: &str) -> bool {
    ["kind ", "type ", "string ", "alias "].iter().any(|word| line.starts_with(word))
}

/// First pass: what there is, so that types may be used before they are declared.
fn collect_names(text: &'static str, names: &mut Names) -> Result<(), Problem> {
    let mut here = None;
    for (at, line) in lines(text) {
        if line.starts_with("group ") {
            here = Some(package(line).map_err(|problem| (at, problem))?);
        } else if is_declaration(line) {
            let Some(here) = here else { return Err((at, "no group has been named before".to_owned())) };
            let name = line.split_whitespace().nth(1).unwrap_or_default();
            let id = TypeId(u32::try_from(names.len()).unwrap_or(u32::MAX));
            if names.insert((here.group, here.version, name), id).is_some() {
                return Err((at, format!("{name} is declared twice")));
            }
        } else if !line.starts_with("  ") {
            return Err((at, format!("{line:?} begins with none of group, kind, type, string, alias")));
        }
    }
    Ok(())
}

/// Second pass: the types in the order in which the first numbered them.
fn read(text: &'static str, names: &Names, types: &mut Vec<Type>) -> Result<(), Problem> {
    let mut here = None;
    for (at, line) in lines(text) {
        if line.starts_with("group ") {
            here = Some(package(line).map_err(|problem| (at, problem))?);
            continue;
        }
        let Some(here) = here else { return Err((at, "no group has been named before".to_owned())) };
        let result = if is_declaration(line) {
            declaration(line, here, names, types)
        } else {
            match types.last_mut() {
                Some(Type { group, version, shape: Shape::Object(fields), .. })
                    if (*group, *version) == (here.group, here.version) =>
                {
                    field(line, here, names, fields)
                }
                _ => Err("there is no `kind` or `type` that this field belongs to".to_owned()),
            }
        };
        result.map_err(|problem| (at, problem))?;
    }
    Ok(())
}

/// What is before a description, and the description.
fn split_description(line: &'static str) -> Result<(&'static str, Option<&'static str>), String> {
    let Some((before, after)) = line.split_once(" \"") else { return Ok((line, None)) };
    let text = after.strip_suffix('"').ok_or("the description does not end with a quote")?;
    if text.contains('"') || text.is_empty() {
        return Err("the description is empty or has a quote inside".to_owned());
    }
    Ok((before, Some(text)))
}

fn declaration(
    line: &'static str,
    here: Package,
    names: &Names,
    types: &mut Vec<Type>,
) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').ok_or("a name is missing")?;
    let mut made = Type {
        id: TypeId(u32::try_from(types.len()).unwrap_or(u32::MAX)),
        group: here.group,
        version: here.version,
        name: "",
        is_kind: word == "kind",
        shape: Shape::Object(Vec::new()),
        is_atomic: false,
        union: None,
        description: None,
        openapi_package: here.openapi,
        go_package: here.version,
    };
    if made.is_kind {
        made.shape = Shape::Object(TYPE_META.iter().map(|(name, text)| text_field(name, text)).collect());
    }
    if let "kind" | "type" = word {
        let (head, description) = split_description(rest)?;
        let mut words = head.split_whitespace();
        made.name = words.next().ok_or("a name is missing")?;
        made.description = description;
        for word in words {
            match word.split_once('=') {
                None if word == "atomic" => made.is_atomic = true,
                Some(("union", text)) => made.union = Some(union(text)?),
                _ => return Err(format!("{word:?} is neither atomic nor union=…")),
            }
        }
    } else {
        let (head, value) = match rest.split_once(" = ") {
            Some((head, value)) => (head, Some(value)),
            None => (rest, None),
        };
        let mut words = head.split_whitespace();
        made.name = words.next().ok_or("a name is missing")?;
        for word in words {
            made.go_package =
                word.strip_prefix("go=").ok_or_else(|| format!("{word:?} is not go=PACKAGE"))?;
        }
        made.shape = match (word, value) {
            ("alias", Some(of)) => Shape::Alias(ty(of.trim(), here, names)?),
            ("alias", None) => return Err("an alias has no `= TYPE`".to_owned()),
            (_, None) => Shape::Text(Vec::new()),
            (_, Some(values)) => Shape::Text(values.split('|').map(enum_value).collect()),
        };
    }
    types.push(made);
    Ok(())
}

/// What every kind begins with.
const TYPE_META: [(&str, &str); 2] = [
    ("kind", "The kind of object, such as Pod."),
    ("apiVersion", "The group and version that the object is written in, such as apps/v1."),
];

fn text_field(name: &'static str, description: &'static str) -> Field {
    Field { description: Some(description), ..Field::new(name, Ty::String) }
}

fn enum_value(text: &'static str) -> &'static str {
    match text.trim() {
        "\"\"" => "",
        value => value,
    }
}

/// `type(limited:Limited,exempt:Exempt)`
fn union(text: &'static str) -> Result<Union, String> {
    let parts = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let (discriminator, members) =
        parts.ok_or_else(|| format!("union={text} is not union=FIELD(FIELD:VALUE,…)"))?;
    let members = members.split(',').map(|member| {
        member.split_once(':').ok_or_else(|| format!("{member:?} of a union is not FIELD:VALUE"))
    });
    Ok(Union {
        discriminator: Some(discriminator).filter(|name| !name.is_empty()),
        members: members.collect::<Result<_, _>>()?,
    })
}

fn field(line: &'static str, here: Package, names: &Names, into: &mut Vec<Field>) -> Result<(), String> {
    let (head, description) = split_description(line)?;
    let mut words = head.split_whitespace();
    let name = words.next().ok_or("a name is missing")?;
    let (name, is_required) = match name.strip_suffix('!') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let written = words.next().ok_or_else(|| format!("field {name} has no type"))?;
    let (written, is_pointer) = match written.strip_suffix('?') {
        Some(written) => (written, true),
        None => (written, false),
    };
    let ty = ty(written, here, names)?;
    let mut made = Field { is_pointer, is_required, description, ..Field::new(name, ty) };
    for word in words {
        flag(word, &mut made)?;
    }
    if into.iter().any(|other| other.name == name) {
        return Err(format!("field {name} is there twice"));
    }
    into.push(made);
    Ok(())
}

fn flag(word: &'static str, field: &mut Field) -> Result<(), String> {
    match word.split_once('=') {
        None => match word {
            "always" => field.is_always_printed = true,
            "omitzero" => field.omits_zero = true,
            "atomic" => field.map = Some(MapType::Atomic),
            "granular" => field.map = Some(MapType::Granular),
            "deprecated" => field.is_deprecated = true,
            _ => return Err(format!("{word:?} is no flag of a field")),
        },
        Some(("patch", strategy)) => field.patch = Some(patch(strategy)?),
        Some(("list", list)) => field.list = Some(list_type(list)?),
        Some(("in", name)) => field.embedded_in = Some(name),
        Some(("default", json)) => {
            let value = serde_json::from_str::<Value>(json);
            field.default = Some(value.map_err(|error| format!("default={json} is not JSON: {error}"))?);
        }
        Some((other, _)) => return Err(format!("{other}= is no flag of a field")),
    }
    Ok(())
}

fn patch(text: &'static str) -> Result<Patch, String> {
    let (strategies, key) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((strategies, key)) => (strategies, Some(key)),
        None => (text, None),
    };
    let mut patch = Patch { is_merge: false, retains_keys: false, is_replace: false, key };
    for strategy in strategies.split(',') {
        match strategy {
            "merge" => patch.is_merge = true,
            "retainKeys" => patch.retains_keys = true,
            "replace" => patch.is_replace = true,
            other => return Err(format!("patch={other} is none of merge, replace, retainKeys")),
        }
    }
    Ok(patch)
}

fn list_type(text: &'static str) -> Result<ListType, String> {
    match text {
        "atomic" => Ok(ListType::Atomic),
        "set" => Ok(ListType::Set),
        _ => match text.strip_prefix("map(").and_then(|text| text.strip_suffix(')')) {
            Some(keys) if !keys.is_empty() => Ok(ListType::Map(keys.split(',').collect())),
            _ => Err(format!("list={text} is none of atomic, set, map(KEY,…)")),
        },
    }
}

fn ty(text: &'static str, here: Package, names: &Names) -> Result<Ty, String> {
    if let Some(of) = text.strip_prefix("[]") {
        return Ok(Ty::List(Box::new(ty(of, here, names)?)));
    }
    if let Some((key, value)) = text.strip_prefix("map[").and_then(|text| text.split_once(']')) {
        return Ok(Ty::Map(Box::new(ty(key, here, names)?), Box::new(ty(value, here, names)?)));
    }
    Ok(match text {
        "string" => Ty::String,
        "bool" => Ty::Boolean,
        "int32" => Ty::Int32,
        "int64" => Ty::Int64,
        "float64" => Ty::Float64,
        "bytes" => Ty::Bytes,
        "time" => Ty::Time,
        "microtime" => Ty::MicroTime,
        "duration" => Ty::Duration,
        "quantity" => Ty::Quantity,
        "int-or-string" => Ty::IntOrString,
        "raw" => Ty::RawExtension,
        "fields" => Ty::FieldsV1,
        "json" => Ty::Json,
        "schema-or-bool" => Ty::SchemaOrBool,
        "schema-or-array" => Ty::SchemaOrArray,
        "schema-or-strings" => Ty::SchemaOrStrings,
        name => {
            let key = match name.split_once('/') {
                None => (here.group, here.version, name),
                Some((group, rest)) => {
                    let (version, name) =
                        rest.split_once('.').ok_or_else(|| format!("{name:?} is not GROUP/VERSION.NAME"))?;
                    (group_named(group), version, name)
                }
            };
            Ty::Named(*names.get(&key).ok_or_else(|| format!("no table has the type {name}"))?)
        }
    })
}
