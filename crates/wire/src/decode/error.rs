//! Why files could not be read.

use std::io;
use std::sync::Arc;

use super::Origin;
use crate::Kind;

/// Why files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The system refused.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A folder without anything to read in it.
    #[error("{path}: there is no .yaml, .yml, .json, .jsonl or .ndjson file in this folder")]
    NoFiles {
        /// The folder.
        path: String,
    },
    /// Folders within folders within folders.
    #[error("{path}: folders are nested more than {limit} deep here; is there a link that leads back?")]
    TooDeep {
        /// The folder.
        path: String,
        /// How deep is allowed.
        limit: usize,
    },
    /// Not text.
    #[error("{file}, line {line}: this is not UTF-8 text")]
    Encoding {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: usize,
    },
    /// Neither JSON nor YAML.
    #[error("{file}, line {line}, column {column}: this is not valid {language}: {problem}")]
    Syntax {
        /// The file.
        file: Arc<str>,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// `JSON` or `YAML`.
        language: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A document that is no Kubernetes object, or not one that can be read.
    #[error("{origin}: {problem}")]
    Document {
        /// Where.
        origin: Origin,
        /// What is wrong.
        problem: DocumentProblem,
    },
    /// A field that does not hold what it should.
    #[error("{origin}: {kind} {name}: {field}: {problem}", kind = kind.name())]
    Field {
        /// Where.
        origin: Origin,
        /// Kind of the object.
        kind: Kind,
        /// Name of the object, after its namespace if it says one.
        name: String,
        /// Path of the field.
        field: String,
        /// What was found and what was expected.
        problem: String,
    },
}

/// Why a document is no object that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// It is a list, a text, a number.
    #[error("found {found} where a Kubernetes object should be: a map with apiVersion, kind and metadata")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It does not say what it is.
    #[error("kind is missing: write which kind of object this is, such as kind: Pod")]
    NoKind,
    /// It does not say which version.
    #[error("{kind}: apiVersion is missing: write apiVersion: {expected}", kind = kind.name())]
    NoApiVersion {
        /// Its kind.
        kind: Kind,
        /// What to write.
        expected: &'static str,
    },
    /// A field every object has is no text.
    #[error("{field} must be text, not {found}")]
    NotText {
        /// The field.
        field: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A version of a kind whose fields are not known.
    #[error("{kind}: apiVersion {found:?} is not one that can be read: {expected} is", kind = kind.name())]
    ApiVersion {
        /// Its kind.
        kind: Kind,
        /// The version.
        found: String,
        /// The versions there are.
        expected: String,
    },
    /// A kind that does not exist, but all but does.
    #[error("there is no kind {found:?}: did you mean {meant}?")]
    UnknownKind {
        /// The kind.
        found: String,
        /// The kind that was meant, with its version.
        meant: String,
    },
    /// A kind under the API group of others.
    #[error("{kind}: there is no {kind} in apiVersion {found:?}: did you mean {kind} ({expected})?", kind = kind.name())]
    ForeignGroup {
        /// Its kind.
        kind: Kind,
        /// The version.
        found: String,
        /// What to write.
        expected: &'static str,
    },
    /// It has no name.
    #[error("{kind}: metadata.name is missing: give the object a name", kind = kind.name())]
    NoName {
        /// Its kind.
        kind: Kind,
    },
    /// `items` of a list is something else than a list.
    #[error("{kind}: items must be a list, not {found}")]
    Items {
        /// Kind of the list.
        kind: String,
        /// What it is.
        found: &'static str,
    },
    /// A list among the items of a list.
    #[error("a {kind} within a list: write its items into the list itself")]
    NestedList {
        /// Kind of the inner list.
        kind: String,
    },
}
