//! What Kubernetes' resources are made of.
//!
//! The [`schema`] is one table of facts about every field of every type that is served. Strict decoding, the zero
//! values that are printed or left out, strategic merge keys, list types and both OpenAPI documents come from it.
//!
//! Start reading at [`schema::Schema`], then one of the files in `schema/`: `core.v1.schema` shows the language.
//!
//! What is not here: routes and verbs (the table of kinds), defaults that depend on other fields, validation.

pub mod schema;
