//! Resource versions that a request asks for.

use crate::field::{FieldError, Path};
use crate::go;
use crate::status::Status;

/// The number of a resource version; 0 for the empty text, which asks for the most recent one.
pub fn resource_version(text: &str) -> Result<u64, FieldError> {
    if text.is_empty() {
        return Ok(0);
    }
    go::parse_u64(text)
        .map_err(|error| FieldError::invalid(&Path::new("resourceVersion"), text, error.to_string()))
}

/// As a list asks for it: what is no number is a bad request.
pub fn resource_version_for_list(text: &str) -> Result<u64, Box<Status>> {
    resource_version(text)
        .map_err(|error| Box::new(Status::bad_request(format!("invalid resource version: {error}"))))
}

/// As a get or watch asks for it: what is no number is an error without a reason.
pub fn resource_version_for_one(text: &str) -> Result<u64, Box<Status>> {
    resource_version(text).map_err(|error| Box::new(Status::unknown(error.to_string())))
}
