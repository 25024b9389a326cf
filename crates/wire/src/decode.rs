//! Objects out of files, as an API server or kubectl writes them.
//!
//! | read | how |
//! |---|---|
//! | JSON: one object, one per line, or one after the other | straight into the structs; a text that fails is read again, slowly, to say where and why |
//! | YAML: one document or several | through a tree, one document at a time |
//! | `kind: List`, `kind: PodList` … in either | its items |
//!
//! Kinds that no scheduler reads are counted and skipped, unless they are a misspelling of one that is read;
//! everything else that is not understood is an error, and the first error ends the reading. Hostile input costs
//! no more than a multiple of its size: nesting, aliases and what they expand to have limits.

mod document;
mod error;
mod files;
mod json;
mod kinds;
#[cfg(test)]
mod tests;
mod yaml;

pub use error::{DecodeError, DocumentProblem};
pub use files::{read_bytes, read_path, read_reader};
pub use json::json_object;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::Object;

/// The result of reading files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The objects in the order they were found.
    pub objects: Vec<Sourced>,
    /// How many objects there were of each kind that no scheduler reads. Kinds of API groups that share their
    /// name with a kind that is read carry their group: `Service.serving.knative.dev`.
    pub skipped: BTreeMap<String, usize>,
}

/// An object and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced {
    /// The object.
    pub object: Object,
    /// Where it was found.
    pub origin: Origin,
}

/// Where an object was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, or whatever the input was called.
    pub file: Arc<str>,
    /// Which document of the file, from 1; empty documents do not count.
    pub document: usize,
    /// Which item of the list the document is, from 0 as in `items[0]`.
    pub item: Option<usize>,
    /// The line the document begins on, from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, document {} (line {})", self.file, self.document, self.line)?;
        match self.item {
            Some(item) => write!(f, ", items[{item}]"),
            None => Ok(()),
        }
    }
}
