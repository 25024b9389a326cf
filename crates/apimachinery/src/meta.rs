//! `metadata` of documents.
//!
//! [`Meta`] reads it where it is, without copying; [`MetaMut`] writes it. Absent, null, empty and of the wrong
//! type all read as empty: a document that came in through the decoder has no wrong types.

mod generate;
mod identity;
mod read;
mod system;
#[cfg(test)]
mod tests;
mod update;
mod validate;
mod write;

pub use generate::{GENERATED_SUFFIX_LEN, generate_name};
pub use identity::{equal_but_for_managed_field_times, equal_but_for_resource_version};
pub use read::Meta;
pub use system::{
    dedup_owner_references, duplicate_owners_warning, keep_system_fields, set_creation_fields,
    wipe_system_fields,
};
pub use update::{validate_object_meta_update, validate_resource_version_for_update};
pub use validate::{
    MetaRules, validate_annotations, validate_finalizers_of_core_kinds, validate_labels, validate_object_meta,
};
pub use write::MetaMut;
