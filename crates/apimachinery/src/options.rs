//! What a request asks besides its object: query parameters, and the body of a deletion.
//!
//! Options are read in two steps, because their errors are told apart: what cannot be read is a bad request
//! (`strconv.ParseInt: parsing "x": invalid syntax`), what is read but must not be is an invalid object of kind
//! `ListOptions`, `CreateOptions` and so on.

mod delete;
mod list;
mod query;
#[cfg(test)]
mod tests;
mod version;
mod write;

pub use delete::{DeleteOptions, Preconditions, PropagationPolicy};
pub use list::{GetOptions, ListOptions, ResourceVersionMatch};
pub use query::Query;
pub use version::{resource_version, resource_version_for_list, resource_version_for_one};
pub use write::{FieldValidation, WriteOptions, validate_field_manager};

use crate::field::ErrorList;
use crate::group::GroupKind;
use crate::status::Status;

/// The error of options that must not be as they are.
fn invalid_unless_empty(kind: &str, errors: &ErrorList) -> Result<(), Box<Status>> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Box::new(Status::invalid(&GroupKind::new("meta.k8s.io", kind), "", errors)))
}

fn bad_request(error: impl std::fmt::Display) -> Box<Status> {
    Box::new(Status::bad_request(error.to_string()))
}
