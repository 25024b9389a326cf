//! Objects reduced to their metadata.

use serde_json::{Map, Value, json};

use super::list_metadata;
use crate::status::Status;

/// An object with nothing but its metadata (`PartialObjectMetadata`).
pub fn partial_object_metadata(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object.get("metadata").cloned().unwrap_or_else(|| Map::new().into()),
    })
}

/// A list of objects with nothing but their metadata (`PartialObjectMetadataList`).
pub fn partial_object_metadata_list<'o>(
    metadata: &Value,
    items: impl IntoIterator<Item = &'o Value>,
) -> Value {
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata(metadata),
        "items": items.into_iter().map(partial_object_metadata).collect::<Value>(),
    })
}

/// The error of a client that wants a list as one object. `list_type` is upstream's name of the list, such as
/// `core.ConfigMapList`.
pub fn list_instead_of_object(list_type: &str) -> Status {
    Status::not_acceptable(format!(
        "you requested PartialObjectMetadata, but the requested object is a list (*{list_type})"
    ))
}

/// The error of a client that wants one object as a list. `object_type` is upstream's name of the object, such as
/// `core.ConfigMap`.
pub fn object_instead_of_list(object_type: &str) -> Status {
    Status::not_acceptable(format!(
        "you requested PartialObjectMetadataList, but the requested object is not a list (*{object_type})"
    ))
}
