//! The kinds that are built in.

use crate::kind::Kind;

/// All of them, in the order of discovery: by group, and by name within a group.
pub fn all() -> &'static [&'static Kind] {
    &[]
}
