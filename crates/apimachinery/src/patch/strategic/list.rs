//! Merging lists.

use base::Set;
use serde_json::{Map, Value};

use super::directives::{PATCH, without_directives};
use super::order::{check_order, ordered, partition, places_of_keyed};
use super::{StrategicError, lookup, merge_objects};
use crate::go;
use crate::patch::{FieldPatch, PatchSchema, Strategy};

/// Merges a list of the patch into what is there. Lists whose field does not say that they are merged are
/// replaced, even where the patch only wants to delete from them: so does upstream.
pub(super) fn merge_list(
    current: Vec<Value>,
    patch: &[Value],
    field: &FieldPatch<'_>,
    is_delete_list: bool,
) -> Result<Vec<Value>, StrategicError> {
    if field.strategy != Strategy::Merge {
        return Ok(patch.to_vec());
    }
    if current.is_empty() && patch.is_empty() {
        return Ok(current);
    }
    if !of_objects(&current, patch)? {
        if is_delete_list {
            let deleted: Set<&Value> = patch.iter().collect();
            return Ok(current.into_iter().filter(|item| !deleted.contains(item)).collect());
        }
        return merge_scalars(current, patch, field.merge_key);
    }
    if field.merge_key.is_empty() {
        let name = field.child.map_or("map", PatchSchema::name);
        return Err(StrategicError::NoMergeKeyDeclared(name.to_owned()));
    }
    let (current, patch) = obey_element_directives(current, patch, field.merge_key)?;
    let merged = merge_elements(current.clone(), &patch, field)?;
    let (named, others) = partition(merged, &patch, field.merge_key)?;
    ordered(named, others, &patch, &current, field.merge_key)
}

/// Merges the list `target` and puts it into the order that `$setElementOrder` gives.
pub(super) fn merge_ordered_list(
    current: &mut Map<String, Value>,
    patch: Option<&Value>,
    target: &str,
    order: &[Value],
    schema: Option<&dyn PatchSchema>,
) -> Result<(), StrategicError> {
    let as_list = |value: &Value| match value {
        Value::Array(items) => Ok(items.clone()),
        other => Err(StrategicError::bad_type("[]interface {}", other)),
    };
    let old = current.get(target).map(as_list).transpose()?;
    let new = patch.map(as_list).transpose()?;
    let field = lookup(schema, target)?;
    // A patch that only orders has no list to compare with the order.
    check_order(new.as_deref().unwrap_or_default(), order, field.merge_key)?;
    let merged = match (&old, &new) {
        (None, None) => return Ok(()),
        (Some(old), None) => old.clone(),
        (None, Some(new)) => new.iter().filter_map(without_directives).collect(),
        (Some(old), Some(new)) => merge_list(old.clone(), new, &field, false)?,
    };
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    if old.is_empty() && new.is_empty() {
        return Err(StrategicError::NoElements);
    }
    of_objects(&old, &new)?;
    let (named, others) = partition(merged, order, field.merge_key)?;
    let merged = ordered(named, others, order, &old, field.merge_key)?;
    current.insert(target.to_owned(), merged.into());
    Ok(())
}

/// Whether the elements are objects. All must have one type, and none may be a list.
fn of_objects(current: &[Value], patch: &[Value]) -> Result<bool, StrategicError> {
    let mut kinds = current.iter().chain(patch).map(|item| (go::type_name(item), item.is_object()));
    let Some((first, is_object)) = kinds.next() else { return Err(StrategicError::NoElements) };
    if first == Some("[]interface {}") {
        return Err(StrategicError::NoListOfLists);
    }
    if first.is_none() || kinds.any(|(kind, _)| kind != first) {
        let both = Value::from(vec![Value::from(current.to_vec()), Value::from(patch.to_vec())]);
        return Err(StrategicError::ElementTypes(go::value_text(&both)));
    }
    Ok(is_object)
}

fn merge_scalars(
    current: Vec<Value>,
    patch: &[Value],
    merge_key: &str,
) -> Result<Vec<Value>, StrategicError> {
    if let (false, Some(item)) = (merge_key.is_empty(), current.first().or(patch.first())) {
        return Err(StrategicError::bad_type("map[string]interface {}", item));
    }
    let mut seen = Set::default();
    let merged = current.iter().chain(patch).filter(|item| seen.insert(*item)).cloned().collect();
    let (named, others) = partition(merged, patch, "")?;
    ordered(named, others, patch, &current, "")
}

/// Carries out the `$patch` of elements. Returns what is left of the list and of the patch.
fn obey_element_directives(
    mut current: Vec<Value>,
    patch: &[Value],
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    let mut rest = Vec::new();
    let mut deleted: Set<&Value> = Set::default();
    let mut is_replaced = false;
    for item in patch {
        let Value::Object(element) = item else { continue };
        match element.get(PATCH) {
            None => rest.push(item.clone()),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    let value = element
                        .get(merge_key)
                        .ok_or_else(|| StrategicError::no_merge_key(element, merge_key))?;
                    deleted.insert(value);
                }
                Some("replace") => is_replaced = true,
                Some("merge") => return Err(StrategicError::MergeDirectiveInList),
                _ => return Err(StrategicError::bad_patch_type(directive, element)),
            },
        }
    }
    if is_replaced {
        return Ok((rest, Vec::new()));
    }
    if !deleted.is_empty() {
        current.retain(|item| !item.get(merge_key).is_some_and(|value| deleted.contains(value)));
    }
    Ok((current, rest))
}

/// Merges every element of the patch into the one with its key, or appends it.
fn merge_elements(
    mut current: Vec<Value>,
    patch: &[Value],
    field: &FieldPatch<'_>,
) -> Result<Vec<Value>, StrategicError> {
    let mut places = places_of_keyed(&current, field.merge_key)?;
    for item in patch {
        let Value::Object(element) = item else { continue };
        let value = element
            .get(field.merge_key)
            .ok_or_else(|| StrategicError::no_merge_key(element, field.merge_key))?;
        let found = places.get(value).and_then(|at| current.get_mut(*at));
        match found {
            Some(Value::Object(old)) => {
                *old = merge_objects(std::mem::take(old), element, field.child)?;
            }
            _ => {
                places.insert(value.clone(), current.len());
                current.push(item.clone());
            }
        }
    }
    Ok(current)
}
