//! JSON patch: RFC 6902, as upstream's library reads it.
//!
//! Which results differ from the RFC, and are kept because clients depend on them:
//! - indexes may be negative, counted from the end; `+1` and `01` are indexes;
//! - `replace` of a member that is not there adds it, `copy` of one adds null;
//! - a member that is null counts as absent for `test`, and cannot be stepped into;
//! - what stands before the first slash of a path is ignored; only `replace` and `test` know the whole document;
//! - an operation without `value` has the value null.

mod pointer;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::pointer::find;
use super::{COPY_BYTES_MAX, OPERATIONS_MAX};
use crate::go;
use crate::json::JsonError;
use crate::status::Status;

/// A JSON patch that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch {
    operations: Vec<Map<String, Value>>,
    /// What strict field validation objects to: unknown members and members that occur twice.
    pub strict_errors: Vec<String>,
}

/// Why an operation failed. The API says of none of these more than that the request was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// No such operation.
    #[error("Unexpected kind: {0}")]
    UnknownOperation(String),
    /// `path` or `from` is missing.
    #[error("operation has no {0}")]
    NoPath(&'static str),
    /// The parent of the path is not there, or has no members.
    #[error("doc is missing path: {}: missing value", go::quote(.0))]
    MissingPath(String),
    /// The member is not there.
    #[error("Unable to remove nonexistent key: {0}: missing value")]
    MissingMember(String),
    /// No element of the list has this index.
    #[error("Unable to access invalid index: {0}: invalid index referenced")]
    InvalidIndex(String),
    /// `test` found something else.
    #[error("testing value {0} failed: test failed")]
    TestFailed(String),
    /// The whole document would become a scalar.
    #[error("replace operation value must be object or array")]
    NotADocument,
    /// The `copy` operations together add too much.
    #[error(
        "Unable to complete the copy, the accumulated size increase of copy is {size}, exceeding the limit {COPY_BYTES_MAX}"
    )]
    CopyTooLarge {
        /// Bytes that would have been added.
        size: usize,
    },
}

impl From<OperationError> for Status {
    fn from(_: OperationError) -> Self {
        Self::unprocessable()
    }
}

impl JsonPatch {
    /// Reads a JSON patch. Fails with a bad request where it is no list of operations, and with too large an
    /// entity where it has more than [`OPERATIONS_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Box<Status>> {
        let decoded = super::decode(bytes, "error decoding patch: ")?;
        let mut strict_errors: Vec<String> =
            decoded.strict_errors().iter().map(|error| format!("json patch {error}")).collect();
        let refuse = |error: String| Box::new(Status::bad_request(format!("error decoding patch: {error}")));
        let items = match decoded.value {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            other => {
                let error = JsonError::mismatch(&other, "[]handlers.jsonPatchOp");
                return Err(refuse(error.to_string()));
            }
        };
        let mut operations = Vec::with_capacity(items.len());
        for (i, item) in items.into_iter().enumerate() {
            let operation = match item {
                Value::Object(operation) => operation,
                Value::Null => Map::new(),
                other => {
                    let error = JsonError::mismatch(&other, "handlers.jsonPatchOp");
                    return Err(refuse(error.to_string()));
                }
            };
            for (name, value) in &operation {
                match name.as_str() {
                    "op" | "path" | "from" if value.is_string() || value.is_null() => {}
                    "op" | "path" | "from" => {
                        let error = JsonError::mismatch(value, "string").to_string();
                        let field = format!("Go struct field jsonPatchOp.{name} of type string");
                        return Err(refuse(error.replace("Go value of type string", &field)));
                    }
                    "value" => {}
                    unknown => {
                        let path = go::quote(&format!("[{i}].{unknown}"));
                        strict_errors.push(format!("json patch unknown field {path}"));
                    }
                }
            }
            operations.push(operation);
        }
        if operations.len() > OPERATIONS_MAX {
            return Err(Box::new(Status::request_entity_too_large(format!(
                "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}",
                operations.len()
            ))));
        }
        Ok(Self { operations, strict_errors })
    }

    /// The patched document. Fails with the first operation that does.
    pub fn apply(&self, mut document: Value) -> Result<Value, OperationError> {
        let mut n_bytes_copied = 0;
        for operation in &self.operations {
            apply(&mut document, operation, &mut n_bytes_copied)?;
        }
        Ok(document)
    }
}

fn apply(
    document: &mut Value,
    operation: &Map<String, Value>,
    n_bytes_copied: &mut usize,
) -> Result<(), OperationError> {
    let location =
        |name: &'static str| operation.get(name).and_then(Value::as_str).ok_or(OperationError::NoPath(name));
    let value = || operation.get("value").cloned().unwrap_or_default();
    match operation.get("op").and_then(Value::as_str).unwrap_or("unknown") {
        "add" => find(document, location("path")?)?.add(value()),
        "remove" => find(document, location("path")?)?.remove().map(drop),
        "replace" => match location("path")? {
            "" => {
                let value = value();
                if !(value.is_object() || value.is_array()) {
                    return Err(OperationError::NotADocument);
                }
                *document = value;
                Ok(())
            }
            path => find(document, path)?.replace(value()),
        },
        "move" => {
            let moved = find(document, location("from")?)?.remove()?;
            find(document, location("path")?)?.add(moved)
        }
        "copy" => {
            let copy = find(document, location("from")?)?.get()?.cloned().unwrap_or_default();
            let place = find(document, location("path")?)?;
            *n_bytes_copied += if copy.is_null() { 0 } else { copy.to_string().len() };
            if *n_bytes_copied > COPY_BYTES_MAX {
                return Err(OperationError::CopyTooLarge { size: *n_bytes_copied });
            }
            place.add(copy)
        }
        "test" => {
            let path = location("path")?;
            let wanted = value();
            let found = match path {
                "" => Some(&*document),
                path => find(document, path)?.get()?,
            };
            if *found.unwrap_or(&Value::Null) == wanted {
                Ok(())
            } else {
                Err(OperationError::TestFailed(path.to_owned()))
            }
        }
        unknown => Err(OperationError::UnknownOperation(unknown.to_owned())),
    }
}
