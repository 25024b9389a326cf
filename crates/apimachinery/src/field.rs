//! Paths of fields, and what is wrong with them.
//!
//! A path prints as upstream prints it (`spec.containers[0].name`, `metadata.labels[a/b]`), an error as
//! `path: Invalid value: "x": what would be right`, and a list of errors as `[a, b]`.

mod error;
mod path;

pub use error::{ErrorList, ErrorType, FieldError, FieldValue};
pub use path::Path;
