//! In which order merged lists stand.

use serde_json::Value;

use super::StrategicError;
use super::directives::PATCH;
use crate::go;

/// What elements are told apart by: the merge key of objects, or the scalar itself.
fn key<'v>(item: &'v Value, merge_key: &str) -> Result<&'v Value, StrategicError> {
    if merge_key.is_empty() {
        return Ok(item);
    }
    let element =
        item.as_object().ok_or_else(|| StrategicError::bad_type("map[string]interface {}", item))?;
    element.get(merge_key).ok_or_else(|| StrategicError::no_merge_key(element, merge_key))
}

/// Where each key stands in a list; the first of equal ones counts.
pub(super) type Places = base::Map<Value, usize>;

/// The places of all elements. All must be objects that have the key, or there is no merge key.
fn places(items: &[Value], merge_key: &str) -> Result<Places, StrategicError> {
    let mut places = Places::default();
    for (i, item) in items.iter().enumerate() {
        places.entry(key(item, merge_key)?.clone()).or_insert(i);
    }
    Ok(places)
}

/// The places of the elements that have the key. All must be objects.
pub(super) fn places_of_keyed(items: &[Value], merge_key: &str) -> Result<Places, StrategicError> {
    let mut places = Places::default();
    for (i, item) in items.iter().enumerate() {
        let element = item.as_object().ok_or(StrategicError::NotAnObject(i))?;
        if let Some(value) = element.get(merge_key) {
            places.entry(value.clone()).or_insert(i);
        }
    }
    Ok(places)
}

/// Those that `by` names, and those that it does not.
pub(super) fn partition(
    items: Vec<Value>,
    by: &[Value],
    merge_key: &str,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    let by = if merge_key.is_empty() { places(by, "")? } else { places_of_keyed(by, merge_key)? };
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for item in items {
        let is_named = by.contains_key(key(&item, merge_key)?);
        if is_named { named.push(item) } else { others.push(item) }
    }
    Ok((named, others))
}

/// The named elements in the order of the patch, with the others put in by the order of the old list.
pub(super) fn ordered(
    named: Vec<Value>,
    others: Vec<Value>,
    patch_order: &[Value],
    old_order: &[Value],
    merge_key: &str,
) -> Result<Vec<Value>, StrategicError> {
    let (patch_places, old_places) = (places(patch_order, merge_key)?, places(old_order, merge_key)?);
    let named = sorted(named, &patch_places, merge_key)?;
    let others = sorted(others, &old_places, merge_key)?;

    let mut merged = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for item in named {
        let place = old_places.get(key(&item, merge_key)?);
        while let (Some(place), Some(other)) = (place, others.peek()) {
            // An element that the old list had further on waits for its place.
            if old_places.get(key(other, merge_key)?).is_none_or(|other| other >= place) {
                break;
            }
            merged.extend(others.next());
        }
        merged.push(item);
    }
    merged.extend(others);
    Ok(merged)
}

fn sorted(items: Vec<Value>, order: &Places, merge_key: &str) -> Result<Vec<Value>, StrategicError> {
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        keyed.push((order.get(key(&item, merge_key)?).copied().unwrap_or(usize::MAX), item));
    }
    keyed.sort_by_key(|(place, _)| *place);
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// Checks that `$setElementOrder` names every element of the patch's list, in the same order. Elements that
/// are deleted or have another directive need no place.
pub(super) fn check_order(patch: &[Value], order: &[Value], merge_key: &str) -> Result<(), StrategicError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let has_directive = |item: &Value| item.get(PATCH).is_some();
    let mut wanted = patch.iter().filter(|item| !has_directive(item)).peekable();
    for place in order {
        let Some(item) = wanted.peek() else { return Ok(()) };
        if key(item, merge_key)? == key(place, merge_key)? {
            wanted.next();
        }
    }
    if wanted.peek().is_none() {
        return Ok(());
    }
    let text = |items: &[Value]| go::value_text(&Value::from(items.to_vec()));
    Err(StrategicError::OrderMismatch { patch: text(patch), order: text(order) })
}
