//! Why a strategic merge patch cannot be applied.

use serde_json::{Map, Value};

use crate::go;
use crate::status::Status;

/// A patch that does not fit its document or schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategicError {
    /// `$deleteFromPrimitiveList` without a field.
    #[error("invalid patch format of primitive list")]
    BadPatchFormatForPrimitiveList,
    /// `$retainKeys` is no list, or leaves out a member that the patch sets.
    #[error("invalid patch format of retainKeys")]
    BadPatchFormatForRetainKeys,
    /// `$setElementOrder` without a field.
    #[error("invalid patch format of setElementOrder list")]
    BadPatchFormatForSetElementOrderList,
    /// A list that is to be merged has lists in it.
    #[error("lists of lists are not supported")]
    NoListOfLists,
    /// An element has no merge key.
    #[error("map: {element} does not contain declared merge key: {merge_key}")]
    NoMergeKey {
        /// The element.
        element: String,
        /// The member that it should have.
        merge_key: String,
    },
    /// `$patch` says something unknown.
    #[error("unknown patch type: {directive} in map: {patch}")]
    BadPatchType {
        /// What it says.
        directive: String,
        /// The object that it is in.
        patch: String,
    },
    /// `$patch: merge` in an element of a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeDirectiveInList,
    /// A value has the wrong type.
    #[error("expected a {expected}, but received a {found}")]
    BadType {
        /// Upstream's name of the type that is wanted.
        expected: &'static str,
        /// And of what is there.
        found: &'static str,
    },
    /// A list of objects has something else in it.
    #[error("value for key {0} is not a map.")]
    NotAnObject(usize),
    /// A list that is to be merged has elements of several types.
    #[error("list element types are not identical: {0}")]
    ElementTypes(String),
    /// Neither list has an element that would tell its type.
    #[error("no elements in any of the given slices")]
    NoElements,
    /// A list of objects is to be merged, but the schema has no merge key for it.
    #[error("cannot merge lists without merge key for {0}")]
    NoMergeKeyDeclared(String),
    /// A list in the patch has elements that `$setElementOrder` lacks, or in another order.
    #[error("the order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}")]
    OrderMismatch {
        /// The list in the patch.
        patch: String,
        /// The order.
        order: String,
    },
    /// The type has no such field.
    #[error("unable to find api field in struct {schema} for the json field {}", go::quote(.field))]
    UnknownField {
        /// The type.
        schema: String,
        /// The field.
        field: String,
    },
    /// Something below a map without fields is to be merged.
    #[error("merging an object in json but data type is not struct, instead is: map")]
    NoFields,
}

impl StrategicError {
    pub(super) fn no_merge_key(element: &Map<String, Value>, merge_key: &str) -> Self {
        let element = go::value_text(&Value::Object(element.clone()));
        Self::NoMergeKey { element, merge_key: merge_key.to_owned() }
    }

    pub(super) fn bad_patch_type(directive: &Value, patch: &Map<String, Value>) -> Self {
        let patch = go::value_text(&Value::Object(patch.clone()));
        Self::BadPatchType { directive: go::value_text(directive), patch }
    }

    pub(super) fn bad_type(expected: &'static str, found: &Value) -> Self {
        Self::BadType { expected, found: go::type_name(found).unwrap_or("%!s(<nil>)") }
    }
}

/// What the client is told: bad forms are bad requests, lists of lists are rejected without a word, and the
/// rest has no reason.
impl From<StrategicError> for Status {
    fn from(error: StrategicError) -> Self {
        match error {
            StrategicError::BadPatchFormatForPrimitiveList
            | StrategicError::BadPatchFormatForRetainKeys
            | StrategicError::BadPatchFormatForSetElementOrderList => Self::bad_request(error.to_string()),
            StrategicError::NoListOfLists => Self::unprocessable(),
            error => Self::unknown(error.to_string()),
        }
    }
}
