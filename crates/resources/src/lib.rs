//! What Kubernetes' resources are made of.
//!
//! The [`schema`] is one table of facts about every field of every type that is served. Strict decoding, the zero
//! values that are printed or left out, strategic merge keys, list types and both OpenAPI documents come from it.
//!
//! Start reading at [`schema::Schema`], then one of the files in `schema/`: `core.v1.schema` shows the language.
//!
//! A [`kind::Kind`] is all that the generic server has to know of one kind: where it is served, what can be done with it,
//! what its strategy does besides. [`kinds`] lists them.

pub mod columns;
mod defaults;
mod document;
pub mod kind;
pub mod kinds;
pub mod schema;
pub mod validation;
