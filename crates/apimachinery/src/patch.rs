//! Patches: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch.
//!
//! Each is decoded once, with upstream's errors and limits, and can then be applied to several versions of a
//! document. Applying never looks at a kind: what strategic merge needs to know of the fields comes from a
//! [`PatchSchema`]. Whether the result is a valid object is for the caller to find out.

pub mod json;
pub mod merge;
#[cfg(test)]
mod recorded_tests;
mod schema;
pub mod strategic;
#[cfg(test)]
mod test_documents;
#[cfg(test)]
mod test_schema;

pub use schema::{FieldPatch, PatchSchema, Strategy};

use crate::json::Decoded;
use crate::status::Status;

/// How many operations a JSON patch may have.
pub const OPERATIONS_MAX: usize = 10_000;

/// How many bytes the `copy` operations of one JSON patch may add: as many as a request body may have.
pub const COPY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// How deeply a JSON patch may nest a document: as deeply as documents are read.
pub const DEPTH_MAX: usize = 127;

/// Media type of a JSON patch.
pub const JSON_PATCH: &str = "application/json-patch+json";
/// Media type of a merge patch.
pub const MERGE_PATCH: &str = "application/merge-patch+json";
/// Media type of a strategic merge patch.
pub const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
/// Media type of a server-side apply.
pub const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// Reads the body of a patch; what is no JSON is a bad request, said with a prefix.
fn decode(bytes: &[u8], prefix: &str) -> Result<Decoded, Box<Status>> {
    crate::json::decode(bytes).map_err(|error| Box::new(Status::bad_request(format!("{prefix}{error}"))))
}

/// Documents for the property tests of other modules.
#[cfg(test)]
pub(crate) fn any_document() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    test_documents::document()
}
