//! What is wrong with objects, apart from their metadata.
//!
//! Documents are of the storage version, decoded, normalised and defaulted. Each kind has `validate` for new objects and
//! `validate_update` for changed ones; `context.subresource` says where. Errors are upstream's, in its order; where upstream
//! walks over a map, whose order differs from run to run there, ours are sorted by key.
//!
//! Nothing here panics on a document, whatever it holds: what has the wrong type reads as absent.

mod claim_spec;
mod formats;
mod internal;
mod ip;
pub mod label_selector;
mod members;
mod pod_spec;
pub mod pods;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod recorded_tests;
mod report;
pub mod resources;
mod semantic;
mod unified_diff;
pub mod workloads;
