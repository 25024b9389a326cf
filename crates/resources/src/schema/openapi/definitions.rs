//! Types as OpenAPI schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::{Field, ListType, META_GROUP, MapType, Resolved, Schema, Ty, Type};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const APIEXTENSIONS: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

/// Which OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Dialect {
    /// Swagger 2.0: no defaults, one type per schema, descriptions beside references.
    V2,
    /// OpenAPI 3.0.
    V3,
}

impl Dialect {
    /// A reference to a definition.
    pub(in crate::schema) fn reference(self, name: &str) -> Value {
        match self {
            Self::V2 => json!({ "$ref": format!("#/definitions/{name}") }),
            Self::V3 => json!({ "$ref": format!("#/components/schemas/{name}") }),
        }
    }
}

/// The definitions of a document: those that are asked for and all that they refer to.
pub(in crate::schema) struct Definitions<'s> {
    schema: &'s Schema,
    dialect: Dialect,
    /// Definitions that are not in the table.
    given: &'s BTreeMap<String, Value>,
    by_name: BTreeMap<String, &'s Type>,
    done: BTreeMap<String, Value>,
    wanted: BTreeSet<String>,
}

impl<'s> Definitions<'s> {
    pub(in crate::schema) fn new(
        schema: &'s Schema,
        dialect: Dialect,
        given: &'s BTreeMap<String, Value>,
    ) -> Self {
        let by_name = schema.types().map(|ty| (ty.openapi_name(), ty)).collect();
        Self { schema, dialect, given, by_name, done: BTreeMap::new(), wanted: BTreeSet::new() }
    }

    /// A reference to a definition, which will be among the definitions.
    pub(in crate::schema) fn refer(&mut self, name: &str) -> Value {
        if !self.done.contains_key(name) {
            self.wanted.insert(name.to_owned());
        }
        self.dialect.reference(name)
    }

    /// All definitions by name.
    pub(in crate::schema) fn finish(mut self) -> Map<String, Value> {
        while let Some(name) = self.wanted.pop_first() {
            let value = match (self.given.get(&name), self.by_name.get(&name)) {
                (Some(given), _) => {
                    self.refer_from(given);
                    given.clone()
                }
                (None, Some(ty)) => self.definition(ty),
                (None, None) => special(&name, self.dialect).unwrap_or_else(|| json!({"type": "object"})),
            };
            self.done.insert(name, value);
        }
        self.done.into_iter().collect()
    }

    /// Finds the references in a definition that came from outside.
    fn refer_from(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                    self.refer(&name);
                }
                members.values().for_each(|value| self.refer_from(value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.refer_from(item)),
            _ => {}
        }
    }

    fn definition(&mut self, ty: &'s Type) -> Value {
        let mut out = Map::new();
        if let Some(description) = ty.description {
            out.insert("description".to_owned(), description.into());
        }
        out.insert("type".to_owned(), "object".into());
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in ty.fields() {
            properties.insert(field.name.to_owned(), self.property(field));
            if field.is_required {
                required.push(Value::from(field.name));
            }
        }
        if !properties.is_empty() {
            out.insert("properties".to_owned(), Value::Object(properties));
        }
        if !required.is_empty() {
            out.insert("required".to_owned(), Value::Array(required));
        }
        let kinds = group_version_kinds(self.schema, ty);
        if !kinds.is_empty() {
            out.insert("x-kubernetes-group-version-kind".to_owned(), Value::Array(kinds));
        }
        if ty.is_atomic {
            out.insert("x-kubernetes-map-type".to_owned(), "atomic".into());
        }
        if let Some(union) = &ty.union {
            let members =
                union.members.iter().map(|(field, value)| ((*field).to_owned(), Value::from(*value)));
            let mut one = Map::new();
            if let Some(discriminator) = union.discriminator {
                one.insert("discriminator".to_owned(), discriminator.into());
            }
            one.insert("fields-to-discriminateBy".to_owned(), Value::Object(members.collect()));
            out.insert("x-kubernetes-unions".to_owned(), Value::Array(vec![Value::Object(one)]));
        }
        Value::Object(out)
    }

    fn property(&mut self, field: &'s Field) -> Value {
        let mut out = self.typed(&field.ty);
        let default = match self.dialect {
            Dialect::V2 => None,
            Dialect::V3 => field.default.clone().or_else(|| self.zero_default(field)),
        };
        if self.dialect == Dialect::V3
            && out.contains_key("$ref")
            && (default.is_some() || field.description.is_some())
        {
            let reference = Value::Object(std::mem::take(&mut out));
            out.insert("allOf".to_owned(), Value::Array(vec![reference]));
        }
        if let Some(default) = default {
            out.insert("default".to_owned(), default);
        }
        if let Some(description) = field.description {
            out.insert("description".to_owned(), description.into());
        }
        extensions(field, &mut out);
        Value::Object(out)
    }

    /// The default that upstream's generator states for fields that are never absent.
    fn zero_default(&self, field: &Field) -> Option<Value> {
        if field.is_pointer {
            return None;
        }
        match self.schema.resolve(&field.ty) {
            Resolved::Object(..) => Some(json!({})),
            Resolved::Text(_) if field.is_always_printed => Some("".into()),
            Resolved::Other(Ty::Boolean | Ty::Int32 | Ty::Int64 | Ty::Float64) if field.is_always_printed => {
                Some(self.schema.zero(&field.ty))
            }
            _ => None,
        }
    }

    fn typed(&mut self, ty: &'s Ty) -> Map<String, Value> {
        let value = match self.schema.resolve(ty) {
            Resolved::Object(named, _) => self.refer(&named.openapi_name()),
            Resolved::Text([]) => json!({"type": "string"}),
            Resolved::Text(values) => {
                let mut values = values.to_vec();
                values.sort_unstable();
                json!({"type": "string", "enum": values})
            }
            Resolved::Other(Ty::List(of)) => {
                json!({"type": "array", "items": Value::Object(self.typed(of))})
            }
            Resolved::Other(Ty::Map(_, of)) => {
                json!({"type": "object", "additionalProperties": Value::Object(self.typed(of))})
            }
            Resolved::Other(scalar) => match special_name(scalar) {
                Some(name) => self.refer(&name),
                None => plain(scalar),
            },
        };
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

fn plain(scalar: &Ty) -> Value {
    match scalar {
        Ty::Boolean => json!({"type": "boolean"}),
        Ty::Int32 => json!({"type": "integer", "format": "int32"}),
        Ty::Int64 => json!({"type": "integer", "format": "int64"}),
        Ty::Float64 => json!({"type": "number", "format": "double"}),
        Ty::Bytes => json!({"type": "string", "format": "byte"}),
        _ => json!({"type": "string"}),
    }
}

/// The definition that a scalar has a name of its own for.
fn special_name(scalar: &Ty) -> Option<String> {
    Some(match scalar {
        Ty::Time => format!("{META}.Time"),
        Ty::MicroTime => format!("{META}.MicroTime"),
        Ty::Duration => format!("{META}.Duration"),
        Ty::FieldsV1 => format!("{META}.FieldsV1"),
        Ty::Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity".to_owned(),
        Ty::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString".to_owned(),
        Ty::RawExtension => "io.k8s.apimachinery.pkg.runtime.RawExtension".to_owned(),
        Ty::Json => format!("{APIEXTENSIONS}.JSON"),
        Ty::SchemaOrBool => format!("{APIEXTENSIONS}.JSONSchemaPropsOrBool"),
        Ty::SchemaOrArray => format!("{APIEXTENSIONS}.JSONSchemaPropsOrArray"),
        Ty::SchemaOrStrings => format!("{APIEXTENSIONS}.JSONSchemaPropsOrStringArray"),
        _ => return None,
    })
}

/// The definitions behind [`special_name`].
fn special(name: &str, dialect: Dialect) -> Option<Value> {
    let one_of = |first: &str, second: &str, format: Option<&str>| {
        let mut out = match dialect {
            Dialect::V2 => json!({"type": "string"}),
            Dialect::V3 => json!({"oneOf": [{"type": first}, {"type": second}]}),
        };
        if let (Some(format), Value::Object(members)) = (format, &mut out) {
            members.insert("format".to_owned(), format.into());
        }
        out
    };
    let (mut value, description) = match name.rsplit('.').next()? {
        "Time" => {
            (json!({"type": "string", "format": "date-time"}), "An instant as RFC 3339, in whole seconds.")
        }
        "MicroTime" => {
            (json!({"type": "string", "format": "date-time"}), "An instant as RFC 3339, in microseconds.")
        }
        "Duration" => (json!({"type": "string"}), "A span of time such as 1m30s."),
        "FieldsV1" => (json!({"type": "object"}), "A set of fields, as a tree of their names."),
        "Quantity" => (
            one_of("string", "number", None),
            "An amount: a number with an optional suffix such as m, k, M, Ki or Mi.",
        ),
        "IntOrString" => (one_of("integer", "string", Some("int-or-string")), "A whole number or a text."),
        "RawExtension" => (json!({"type": "object"}), "Any object."),
        "JSON" => (json!({}), "Any JSON value."),
        "JSONSchemaPropsOrBool" => (json!({}), "A schema or a boolean."),
        "JSONSchemaPropsOrArray" => (json!({}), "A schema or a list of schemas."),
        "JSONSchemaPropsOrStringArray" => (json!({}), "A schema or a list of names."),
        _ => return None,
    };
    if let Value::Object(members) = &mut value {
        members.insert("description".to_owned(), description.into());
    }
    Some(value)
}

fn extensions(field: &Field, out: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| {
        out.insert(format!("x-kubernetes-{name}"), value);
    };
    match &field.list {
        Some(ListType::Atomic) => put("list-type", "atomic".into()),
        Some(ListType::Set) => put("list-type", "set".into()),
        Some(ListType::Map(keys)) => {
            put("list-type", "map".into());
            put("list-map-keys", json!(keys));
        }
        None => {}
    }
    match field.map {
        Some(MapType::Atomic) => put("map-type", "atomic".into()),
        Some(MapType::Granular) => put("map-type", "granular".into()),
        None => {}
    }
    if let Some(patch) = field.patch {
        let strategies =
            [(patch.is_merge, "merge"), (patch.retains_keys, "retainKeys"), (patch.is_replace, "replace")];
        let strategies: Vec<&str> = strategies.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        put("patch-strategy", strategies.join(",").into());
        if let Some(key) = patch.key {
            put("patch-merge-key", key.into());
        }
    }
}

fn kind_of(group: &str, version: &str, kind: &str) -> Value {
    json!({"group": group, "version": version, "kind": kind})
}

/// The kinds that objects of a type can have.
fn group_version_kinds(schema: &Schema, ty: &Type) -> Vec<Value> {
    if ty.group != META_GROUP {
        return if ty.is_kind { vec![kind_of(ty.group, ty.version, ty.name)] } else { Vec::new() };
    }
    match ty.name {
        // Every group has them.
        "DeleteOptions" | "WatchEvent" => {
            let groups: BTreeSet<_> = schema.types().map(|ty| (ty.group, ty.version)).collect();
            let groups = groups.into_iter().filter(|(group, _)| *group != META_GROUP);
            groups.map(|(group, version)| kind_of(group, version, ty.name)).collect()
        }
        _ if ty.is_kind => vec![kind_of("", "v1", ty.name)],
        _ => Vec::new(),
    }
}
