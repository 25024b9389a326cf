//! The words of a patch that are no members.

use serde_json::{Map, Value};

use super::StrategicError;

/// What to do with the object that it is in.
pub(super) const PATCH: &str = "$patch";
/// The members that stay.
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
/// Scalars that leave the list named after the slash.
pub(super) const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";
/// In which order the elements of the list named after the slash stand.
pub(super) const SET_ELEMENT_ORDER: &str = "$setElementOrder";

/// The member that a directive of the form `$directive/member` is about.
pub(super) fn target_of<'n>(name: &'n str, directive: &str) -> Option<&'n str> {
    name.strip_prefix(directive)?.strip_prefix('/')
}

/// Removes all members that `keys` does not name. What the patch sets must be among them.
pub(super) fn retain_keys(
    current: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    keys: &Value,
) -> Result<(), StrategicError> {
    let keys = keys.as_array().ok_or(StrategicError::BadPatchFormatForRetainKeys)?;
    let is_kept = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    let is_directive = |name: &str| {
        name == RETAIN_KEYS
            || name.starts_with(DELETE_FROM_PRIMITIVE_LIST)
            || name.starts_with(SET_ELEMENT_ORDER)
    };
    if patch.iter().any(|(name, value)| !(value.is_null() || is_directive(name) || is_kept(name))) {
        return Err(StrategicError::BadPatchFormatForRetainKeys);
    }
    current.retain(|name, _| is_kept(name));
    Ok(())
}

/// A value without null members, at any depth.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        scalar => scalar.clone(),
    }
}

/// A value without the objects that have a `$patch`; none where it is one itself.
pub(super) fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) if members.contains_key(PATCH) => None,
        Value::Object(members) => {
            let kept =
                members.iter().filter_map(|(name, value)| Some((name.clone(), without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(items.iter().filter_map(without_directives).collect()),
        scalar => Some(scalar.clone()),
    }
}
