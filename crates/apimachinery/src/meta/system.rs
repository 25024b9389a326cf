//! Members that belong to the server.

use std::collections::BTreeSet;

use base::Set;
use serde_json::Value;

use super::{Meta, MetaMut};

const SYSTEM_FIELDS: [&str; 5] =
    ["creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

/// Removes what a client may not decide about a new object.
pub fn wipe_system_fields(document: &mut Value) {
    let mut meta = MetaMut::of(document);
    for field in SYSTEM_FIELDS {
        meta.remove(field);
    }
}

/// What the server decides about a new object. `time` is RFC 3339.
pub fn set_creation_fields(document: &mut Value, uid: &str, time: &str) {
    MetaMut::of(document).set_uid(uid).set_creation_timestamp(time);
}

/// Takes from the stored object what an update cannot change, or leaves out without meaning it: generation and
/// creation time always, deletion time where it is set, uid and grace period where the update has none.
pub fn keep_system_fields(document: &mut Value, stored: &Value) {
    let stored = Meta::of(stored);
    let has = |document: &Value, field: &str| Meta::of(document).get(field).is_some();
    let has_uid = !Meta::of(document).uid().is_empty();
    let has_grace_period = has(document, "deletionGracePeriodSeconds");
    let keep = |name: &str| stored.get(name).cloned();
    let mut meta = MetaMut::of(document);
    meta.set_generation(stored.generation());
    meta.remove("selfLink");
    if !has_uid {
        meta.set_uid(stored.uid());
    }
    for name in ["creationTimestamp", "deletionTimestamp"] {
        if let Some(value) = keep(name) {
            meta.set(name, value);
        }
    }
    if let (false, Some(value)) = (has_grace_period, keep("deletionGracePeriodSeconds")) {
        meta.set("deletionGracePeriodSeconds", value);
    }
}

/// Removes owner references that are there already, the same in every member. Returns the uids of those that
/// occur more than once, sorted, for the warning.
pub fn dedup_owner_references(document: &mut Value) -> Vec<String> {
    let references = Meta::of(document).owner_references();
    let mut seen = Set::default();
    let mut kept = Vec::with_capacity(references.len());
    let mut doubled = BTreeSet::new();
    for reference in references {
        if seen.insert(reference) {
            kept.push(reference.clone());
        } else {
            doubled.insert(reference["uid"].as_str().unwrap_or_default().to_owned());
        }
    }
    if !doubled.is_empty() {
        MetaMut::of(document).set("ownerReferences", kept.into());
    }
    doubled.into_iter().collect()
}

/// The warning about owner references that occurred more than once; `is_after_admission` says whether mutating
/// admission added them.
pub fn duplicate_owners_warning(uids: &[String], is_after_admission: bool) -> String {
    let uids = uids.join(", ");
    if is_after_admission {
        return format!(
            ".metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups \
             owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; \
             duplicate UID(s) observed: {uids}"
        );
    }
    format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may \
         reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {uids}"
    )
}
