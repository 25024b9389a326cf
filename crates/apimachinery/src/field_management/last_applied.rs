//! From kubectl's client-side apply to server-side apply.
//!
//! Client-side apply keeps what was applied in an annotation. Whoever goes on with server-side apply as `kubectl` may
//! change what the annotation says without conflicts, and the annotation follows.

use serde_json::Value;

use super::set::Set;
use super::track::Request;
use super::types::FieldType;
use crate::go;
use crate::meta::{Meta, MetaMut};

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The most that annotations have together, in bytes.
const ANNOTATIONS_LEN_MAX: usize = 256 * 1024;

/// The fields that were applied by the client and are as they were applied. `None` if the annotation says nothing that
/// can be used.
pub(super) fn allowed<T: FieldType>(request: &Request<'_, T>, live: &Value) -> Option<Set> {
    let text = Meta::of(live).annotation(ANNOTATION).filter(|text| !text.is_empty())?;
    let last: Value = serde_json::from_str(text).ok()?;
    if last["apiVersion"] != request.api_version {
        return None;
    }
    super::validate(request.ty, &last).ok()?;
    let found = super::compare(request.ty, &last, live);
    let set = super::field_set(request.ty, &last);
    Some(set.difference(&found.modified).difference(&found.added).difference(&found.removed))
}

/// Writes what is applied into the annotation, if there is one.
pub(super) fn refresh(object: &mut Value, applied: &Value) {
    if Meta::of(object).annotation(ANNOTATION).is_none_or(str::is_empty) {
        return;
    }
    let mut applied = applied.clone();
    if let Some(annotations) = applied.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(ANNOTATION);
        if annotations.is_empty()
            && let Some(metadata) = applied.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("annotations");
        }
    }
    let text = format!("{}\n", go::compact_json(&applied));
    let others = Meta::of(object).annotations().into_iter().flatten();
    let others: usize = others
        .filter(|(key, _)| *key != ANNOTATION)
        .map(|(key, value)| key.len() + value.as_str().unwrap_or_default().len())
        .sum();
    let mut meta = MetaMut::of(object);
    if others + ANNOTATION.len() + text.len() > ANNOTATIONS_LEN_MAX {
        meta.remove_annotation(ANNOTATION);
    } else {
        meta.set_annotation(ANNOTATION, &text);
    }
}
