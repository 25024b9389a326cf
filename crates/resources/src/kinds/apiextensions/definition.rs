//! What CustomResourceDefinitions need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::defaults::apiextensions::storage_version;
use crate::document::{Members as _, at, members_of};
use crate::kind::{Context, Hooks};

/// The strategy of definitions.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::apiextensions::definition,
    prepare_for_create: |_, object| add_stored_version(object),
    prepare_for_update: |context, object, _| {
        if context.subresource.is_empty() {
            add_stored_version(object);
        }
    },
    warnings,
    ..Hooks::NONE
};

/// From now on objects are stored in this version; others may be there from before.
fn add_stored_version(object: &mut Value) {
    let Some(version) = at(object, &["spec"]).and_then(storage_version).map(str::to_owned) else { return };
    let status = members_of(object).members_made("status");
    let mut stored = status.items("storedVersions").to_vec();
    if !stored.contains(&version.as_str().into()) {
        stored.push(version.into());
        status.put("storedVersions", stored);
    }
}

/// The formats that are known, without hyphens: those of texts that are checked, and those of numbers.
const FORMATS: &[&str] = &[
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "double",
    "duration",
    "email",
    "float",
    "hexcolor",
    "hostname",
    "int32",
    "int64",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];

fn warnings(context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    if !context.subresource.is_empty() {
        return Vec::new();
    }
    let mut unknown = Vec::new();
    for version in object["spec"]["versions"].as_array().into_iter().flatten() {
        find_formats(&version["schema"]["openAPIV3Schema"], &mut unknown);
    }
    unknown.sort_unstable();
    unknown.dedup();
    unknown.into_iter().map(|format| format!("unrecognized format \"{format}\"")).collect()
}

/// Looks for formats that nobody knows, in a schema and all schemas in it.
fn find_formats<'s>(schema: &'s Value, unknown: &mut Vec<&'s str>) {
    let Some(schema) = schema.as_object() else { return };
    let format = schema.text("format");
    if !format.is_empty() && !FORMATS.contains(&format.replace('-', "").as_str()) {
        unknown.push(format);
    }
    for (name, value) in schema {
        match (name.as_str(), value) {
            ("properties" | "patternProperties" | "definitions" | "dependencies", Value::Object(schemas)) => {
                schemas.values().for_each(|schema| find_formats(schema, unknown));
            }
            ("items" | "additionalProperties" | "additionalItems" | "not", value @ Value::Object(_)) => {
                find_formats(value, unknown);
            }
            ("items" | "allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                schemas.iter().for_each(|schema| find_formats(schema, unknown));
            }
            _ => {}
        }
    }
}
