//! Who owns which fields of an object: field management and server-side apply (KEP-555) on documents.
//!
//! A manager is whoever writes under a name: by apply, where it owns what it applies, or by any other write, where it
//! owns what it has changed. What is owned is a [`Set`] of paths, kept in `metadata.managedFields` ([`fields_v1`],
//! [`Managed`]). How lists and objects are owned is said by their type ([`FieldType`]).
//!
//! | needs | where |
//! |---|---|
//! | to note who owns what after a write | [`track`], for new objects [`track_created`] or, as text, [`managers_of_new`] |
//! | server-side apply | [`apply()`] |
//! | the same for `scale`, which is owned as a field of its object | [`scale`] |
//!
//! Everything here is pure: the time is given, conversions between versions are asked for ([`Versions`]).

mod apply;
mod compare;
mod conflict;
mod created;
mod field_set;
pub mod fields_v1;
mod items;
mod last_applied;
mod managed;
mod manager_name;
mod merge;
mod path;
mod remove;
pub mod scale;
mod set;
#[cfg(test)]
mod test_types;
#[cfg(test)]
mod tests;
mod track;
mod types;
mod updater;
mod validate;

pub use apply::{ApplyError, apply};
pub use compare::{Comparison, compare};
pub use conflict::{Conflict, Conflicts};
pub use created::{FieldsText, owned_of_new};
pub use field_set::field_set;
pub use managed::{Entry, Identity, Managed, Operation};
pub use manager_name::manager_name;
pub use merge::merge;
pub use path::PathElement;
pub use remove::remove;
pub use set::Set;
pub use track::{ManagersText, Request, Versions, managers_of_new, track, track_created};
pub use types::{FieldType, Member, Relationship, Scalar, Shape};
pub use updater::nobodys_and;
pub use validate::validate;
