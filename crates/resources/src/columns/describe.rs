//! What columns say about themselves.

use crate::kind::{Column, Kind};
use crate::schema::{META_GROUP, Schema, Type};

/// The description of a column of a kind. Where the column shows a field it is the field's, as OpenAPI has it.
pub fn describe(column: &Column, kind: &Kind, schema: &Schema) -> String {
    let Some(place) = column.description.strip_prefix("D:") else { return column.description.to_owned() };
    let (type_name, field) = match place {
        "name" => ("ObjectMeta", "name"),
        "age" => ("ObjectMeta", "creationTimestamp"),
        place => place.split_once('.').unwrap_or((place, "")),
    };
    let found = find(type_name, kind, schema).and_then(|found| found.field(field));
    found.and_then(|field| field.description).unwrap_or_default().to_owned()
}

/// The type of that name that is closest to a kind: of its own version, of all groups, of pods, of anything.
fn find<'s>(type_name: &str, kind: &Kind, schema: &'s Schema) -> Option<&'s Type> {
    let own = kind.versions.get(kind.stored_in).copied();
    let places = own.into_iter().chain([(META_GROUP, "v1"), ("", "v1")]);
    let mut found = places.filter_map(|(group, version)| schema.named(group, version, type_name));
    found.next().or_else(|| schema.types().find(|found| found.name == type_name))
}
