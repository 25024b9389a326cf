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

pub use self::pointer::PlaceError;

use self::pointer::find;
use super::{COPY_BYTES_MAX, DEPTH_MAX, OPERATIONS_MAX};
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

/// Why an operation failed. A patch that a client sends is rejected without a word of these; patches of
/// admission show them. They display as upstream's library does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// No such operation.
    #[error("Unexpected kind: {0}")]
    UnknownOperation(String),
    /// `path` or `from` is missing.
    #[error("{operation} operation failed to decode {problem}: missing value")]
    Undecodable {
        /// The operation.
        operation: &'static str,
        /// What is missing.
        problem: &'static str,
    },
    /// The parent of a path is not there, or has no members; or an element to replace is not there.
    #[error("{operation} operation does not apply: {problem}: missing value")]
    NotApplicable {
        /// The operation.
        operation: &'static str,
        /// What is not there.
        problem: String,
    },
    /// A member or element is not there.
    #[error("{context}: {problem}")]
    Place {
        /// What was tried.
        context: String,
        /// What is wrong there.
        #[source]
        problem: PlaceError,
    },
    /// `test` found something else.
    #[error("testing value {0} failed: test failed")]
    TestFailed(String),
    /// The `copy` operations together add too much.
    #[error(
        "Unable to complete the copy, the accumulated size increase of copy is {size}, exceeding the limit {COPY_BYTES_MAX}"
    )]
    CopyTooLarge {
        /// Bytes that would have been added.
        size: usize,
    },
    /// The document would be nested more deeply than documents can be read.
    #[error("{operation} operation does not apply: exceeded max depth")]
    TooDeep {
        /// The operation.
        operation: &'static str,
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

/// One operation, and where its errors come from.
struct Operation<'p> {
    members: &'p Map<String, Value>,
    name: &'static str,
}

fn apply(
    document: &mut Value,
    members: &Map<String, Value>,
    n_bytes_copied: &mut usize,
) -> Result<(), OperationError> {
    let name = members.get("op").and_then(Value::as_str).unwrap_or("unknown");
    let Some(name) = ["add", "remove", "replace", "move", "copy", "test"].into_iter().find(|it| *it == name)
    else {
        return Err(OperationError::UnknownOperation(name.to_owned()));
    };
    let operation = Operation { members, name };
    match name {
        "add" => operation.add(document),
        "remove" => operation.remove(document),
        "replace" => operation.replace(document),
        "move" => operation.move_value(document),
        "copy" => operation.copy(document, n_bytes_copied),
        _ => operation.test(document),
    }
}

impl<'p> Operation<'p> {
    fn text(&self, member: &str, problem: &'static str) -> Result<&'p str, OperationError> {
        let text = self.members.get(member).and_then(Value::as_str);
        text.ok_or(OperationError::Undecodable { operation: self.name, problem })
    }

    /// The value; null where there is none.
    fn value(&self) -> Value {
        self.members.get("value").cloned().unwrap_or_default()
    }

    fn not_applicable(&self, problem: String) -> OperationError {
        OperationError::NotApplicable { operation: self.name, problem }
    }

    /// Whether a value at a path is within the limit. Copies of copies would be nested deeply enough to overflow the
    /// stack of what walks through them.
    fn check_depth(&self, path: &str, value: &Value) -> Result<(), OperationError> {
        let depth_max = DEPTH_MAX.saturating_sub(path.matches('/').count());
        if is_deeper_than(value, depth_max) {
            return Err(OperationError::TooDeep { operation: self.name });
        }
        Ok(())
    }

    fn add(&self, document: &mut Value) -> Result<(), OperationError> {
        let path = self.text("path", "path")?;
        let place = find(document, path)
            .ok_or_else(|| self.not_applicable(format!("doc is missing path: \"{path}\"")))?;
        let value = self.value();
        self.check_depth(path, &value)?;
        place.add(value).map_err(within(format!("error in add for path: '{path}'")))
    }

    fn remove(&self, document: &mut Value) -> Result<(), OperationError> {
        let path = self.text("path", "path")?;
        let place = find(document, path)
            .ok_or_else(|| self.not_applicable(format!("doc is missing path: \"{path}\"")))?;
        place.remove().map(drop).map_err(within(format!("error in remove for path: '{path}'")))
    }

    fn replace(&self, document: &mut Value) -> Result<(), OperationError> {
        let path = self.text("path", "path: operation missing path field")?;
        if path.is_empty() {
            let value = self.value();
            // Anything else would be no document. Upstream's library leaves the old one, and reports nothing.
            if value.is_object() || value.is_array() {
                *document = value;
            }
            return Ok(());
        }
        let place = find(document, path)
            .ok_or_else(|| self.not_applicable(format!("doc is missing path: {path}")))?;
        let value = self.value();
        self.check_depth(path, &value)?;
        place.replace(value).map_err(|_| self.not_applicable(format!("doc is missing key: {path}")))
    }

    fn move_value(&self, document: &mut Value) -> Result<(), OperationError> {
        let from = self.text("from", "from: operation, missing from field")?;
        let place = find(document, from)
            .ok_or_else(|| self.not_applicable(format!("doc is missing from path: {from}")))?;
        let context = format!("error in move for path: '{}'", place.key());
        let value = place.remove().map_err(within(context))?;
        let path = self.text("path", "path: operation missing path field")?;
        let place = find(document, path)
            .ok_or_else(|| self.not_applicable(format!("doc is missing destination path: {path}")))?;
        self.check_depth(path, &value)?;
        place.add(value).map_err(within(format!("error in move for path: '{path}'")))
    }

    fn copy(&self, document: &mut Value, n_bytes_copied: &mut usize) -> Result<(), OperationError> {
        let from = self.text("from", "from: operation, missing from field")?;
        let place = find(document, from)
            .ok_or_else(|| self.not_applicable(format!("doc is missing from path: {from}")))?;
        let value = place.get().map_err(within(format!("error in copy for from: '{from}'")))?;
        let value = value.cloned().unwrap_or_default();
        let path = self.text("path", "path")?;
        let place = find(document, path)
            .ok_or_else(|| self.not_applicable(format!("doc is missing destination path: {path}")))?;
        *n_bytes_copied += if value.is_null() { 0 } else { value.to_string().len() };
        if *n_bytes_copied > COPY_BYTES_MAX {
            return Err(OperationError::CopyTooLarge { size: *n_bytes_copied });
        }
        self.check_depth(path, &value)?;
        place.add(value).map_err(within("error while adding value during copy".to_owned()))
    }

    fn test(&self, document: &mut Value) -> Result<(), OperationError> {
        let path = self.text("path", "path: operation missing path field")?;
        let wanted = self.value();
        let found = if path.is_empty() {
            Some(&*document)
        } else {
            let place = find(document, path)
                .ok_or_else(|| self.not_applicable(format!("is missing path: {path}")))?;
            place.get().map_err(within(format!("error in test for path: '{path}'")))?
        };
        if *found.unwrap_or(&Value::Null) == wanted {
            Ok(())
        } else {
            Err(OperationError::TestFailed(path.to_owned()))
        }
    }
}

fn is_deeper_than(value: &Value, depth: usize) -> bool {
    let is_deep = |value: &Value| is_deeper_than(value, depth - 1);
    match value {
        Value::Object(_) | Value::Array(_) if depth == 0 => true,
        Value::Object(members) => members.values().any(is_deep),
        Value::Array(items) => items.iter().any(is_deep),
        _ => false,
    }
}

fn within(context: String) -> impl FnOnce(PlaceError) -> OperationError {
    |problem| OperationError::Place { context, problem }
}
