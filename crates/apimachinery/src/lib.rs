//! What every kind of object has in common, on documents.
//!
//! A document is a [`serde_json::Value`]: an object as its members, not as a struct of its kind. This crate
//! knows `metadata`, patches, selectors, request options, errors and tables, and no kind. What it needs to
//! know of a kind (merge keys, the rule for names) is handed in.
//!
//! | module | what it is |
//! |---|---|
//! | [`status`] | the errors of the API as values, and the `Status` body they are sent as |
//! | [`field`] | paths of fields, what is wrong with a field, lists of that |
//! | [`names`] | the formats of names, each with the sentences that refuse a text |
//! | [`field_management`] | who owns which fields, server-side apply |
//! | [`meta`] | reading, writing, generating and validating `metadata` |
//! | [`selectors`] | label and field selectors in their text form |
//! | [`options`] | what a request asks besides its object |
//! | [`continue_token`] | where a list that was cut goes on |
//! | [`patch`] | JSON patch, merge patch, strategic merge patch |
//! | [`table`] | tables, objects reduced to their metadata |
//! | [`duration`], [`time`] | ages as people read them, times as documents have them |
//! | [`members`] | members of objects, found fast |
//! | [`json`], [`go`] | reading JSON, and the texts that upstream's language makes of values |
//!
//! Error texts are part of the API: clients print them, and some compare them. They are upstream's to the
//! letter wherever a test could be found for them, and nothing here parses one.
//!
//! Not here: HTTP, storage, kinds, defaults of kinds.
//!
//! Start reading at [`patch`] or [`meta`].

pub mod continue_token;
pub mod duration;
pub mod field;
pub mod field_management;
pub mod go;
pub mod group;
pub mod json;
pub mod members;
pub mod meta;
pub mod names;
pub mod options;
pub mod patch;
#[cfg(test)]
mod recorded_tests;
pub mod selectors;
pub mod status;
pub mod table;
pub mod time;

pub use field::{ErrorList, FieldError, Path};
pub use group::{GroupKind, GroupResource, GroupVersion};
pub use status::Status;
