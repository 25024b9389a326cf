//! Strategic merge patch.
//!
//! Like merge patch, but lists whose field says so are merged too: lists of objects by a key, lists of scalars
//! as sets. Directives in the patch do what this cannot say: `$patch` (`replace`, `delete`), `$retainKeys`,
//! `$deleteFromPrimitiveList/NAME` and `$setElementOrder/NAME`.
//!
//! The order of a merged list follows the patch: what the patch names stands in the patch's order (or in that
//! of `$setElementOrder`), and what it does not name is put in where the old list had it, before the first
//! element that it stood before. New elements therefore come to stand before all that stay, unless the patch
//! says otherwise.

mod directives;
mod error;
mod list;
mod order;
#[cfg(test)]
mod tests;

pub use error::StrategicError;

use serde_json::{Map, Value};

use self::directives::{
    DELETE_FROM_PRIMITIVE_LIST, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, retain_keys, target_of,
    without_directives, without_nulls,
};
use self::list::{merge_list, merge_ordered_list};
use super::{FieldPatch, PatchSchema, Strategy};
use crate::go;
use crate::json::JsonError;
use crate::status::Status;

/// A strategic merge patch that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategicPatch {
    members: Map<String, Value>,
    /// What strict field validation objects to: members that occur twice.
    pub strict_errors: Vec<String>,
}

impl StrategicPatch {
    /// Reads a patch. Fails with a bad request where it is no JSON object; null is a patch without members.
    pub fn decode(bytes: &[u8]) -> Result<Self, Box<Status>> {
        let decoded = super::decode(bytes, "")?;
        let strict_errors = decoded.strict_errors();
        match decoded.value {
            Value::Object(members) => Ok(Self { members, strict_errors }),
            Value::Null => Ok(Self { members: Map::new(), strict_errors }),
            other => {
                let error = JsonError::mismatch(&other, "map[string]interface {}");
                Err(Box::new(Status::bad_request(error.to_string())))
            }
        }
    }

    /// A patch of these members.
    pub fn new(members: Map<String, Value>) -> Self {
        Self { members, strict_errors: Vec::new() }
    }

    /// The patched document; one that is no object is replaced. Fails where the patch does not fit the
    /// document or the schema.
    pub fn apply(&self, document: Value, schema: &dyn PatchSchema) -> Result<Value, StrategicError> {
        let members = match document {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        merge_objects(members, &self.members, Some(schema)).map(Value::Object)
    }
}

/// The patch as messages quote it: `map[spec:map[replicas:4]]`.
impl std::fmt::Display for StrategicPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&go::value_text(&Value::Object(self.members.clone())))
    }
}

type Members = Map<String, Value>;

fn merge_objects(
    mut current: Members,
    patch: &Members,
    schema: Option<&dyn PatchSchema>,
) -> Result<Members, StrategicError> {
    if let Some(directive) = patch.get(PATCH) {
        return match directive.as_str() {
            Some("replace") => {
                let kept = patch.iter().filter(|(name, _)| *name != PATCH);
                Ok(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            Some("delete") => Ok(Members::new()),
            _ => Err(StrategicError::bad_patch_type(directive, patch)),
        };
    }
    if let Some(keys) = patch.get(RETAIN_KEYS) {
        retain_keys(&mut current, patch, keys)?;
    }
    let mut ordered = Vec::new();
    for (directive, order) in patch.iter().filter(|(name, _)| name.starts_with(SET_ELEMENT_ORDER)) {
        let order = order.as_array().ok_or_else(|| StrategicError::bad_type("[]interface {}", order))?;
        let target = target_of(directive, SET_ELEMENT_ORDER)
            .ok_or(StrategicError::BadPatchFormatForSetElementOrderList)?;
        merge_ordered_list(&mut current, patch.get(target), target, order, schema)?;
        ordered.push(target);
    }
    for (name, value) in patch {
        if name == RETAIN_KEYS || name.starts_with(SET_ELEMENT_ORDER) || ordered.contains(&name.as_str()) {
            continue;
        }
        if name.starts_with(DELETE_FROM_PRIMITIVE_LIST) {
            let target = target_of(name, DELETE_FROM_PRIMITIVE_LIST)
                .ok_or(StrategicError::BadPatchFormatForPrimitiveList)?;
            merge_member(&mut current, target, value, true, schema)?;
        } else {
            merge_member(&mut current, name, value, false, schema)?;
        }
    }
    Ok(current)
}

fn merge_member(
    current: &mut Members,
    name: &str,
    value: &Value,
    is_delete_list: bool,
    schema: Option<&dyn PatchSchema>,
) -> Result<(), StrategicError> {
    if value.is_null() {
        current.remove(name);
        return Ok(());
    }
    let merged = match (current.get_mut(name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            let field = lookup(schema, name)?;
            if field.strategy == Strategy::Replace {
                Some(value.clone())
            } else {
                Some(merge_objects(std::mem::take(old), new, field.child)?.into())
            }
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let field = lookup(schema, name)?;
            Some(merge_list(std::mem::take(old), new, &field, is_delete_list)?.into())
        }
        // There is nothing to delete from.
        _ if is_delete_list => return Ok(()),
        // Nothing of the same type is there: the value is taken, without what would only change something.
        _ => without_directives(&without_nulls(value)),
    };
    match merged {
        Some(merged) => current.insert(name.to_owned(), merged),
        None => current.remove(name),
    };
    Ok(())
}

/// How the member `name` is patched.
fn lookup<'s>(schema: Option<&'s dyn PatchSchema>, name: &str) -> Result<FieldPatch<'s>, StrategicError> {
    let schema = schema.ok_or(StrategicError::NoFields)?;
    schema.field(name).ok_or_else(|| StrategicError::UnknownField {
        schema: schema.name().to_owned(),
        field: name.to_owned(),
    })
}
