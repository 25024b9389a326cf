//! What an update of `/status` leaves alone besides `spec`.

use serde_json::Value;

use crate::document::{Members as _, members_of};
use crate::kind::Context;

/// What a status update of most newer kinds does not change. Field owners are changed with the status.
const METADATA: [&str; 6] =
    ["labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp", "generation"];

/// A [`crate::kind::Hooks::prepare_for_update`]: `/status` changes nothing of metadata.
pub(super) fn keeps_metadata(context: Context<'_>, object: &mut Value, old: &Value) {
    if context.subresource == "status" {
        keep(object, old, &METADATA);
    }
}

/// Takes members of metadata from the stored object.
pub(super) fn keep(object: &mut Value, old: &Value, names: &[&str]) {
    let metadata = members_of(object).members_made("metadata");
    for name in names {
        match old["metadata"].get(*name) {
            Some(value) => metadata.put(name, value.clone()),
            None => {
                metadata.remove(*name);
            }
        }
    }
}
