//! What a kind does besides what all kinds do.

use apimachinery::ErrorList;
use jiff::Timestamp;
use serde_json::Value;

/// Who asks, when, and what else a strategy may want to know.
#[derive(Clone, Copy, Debug)]
pub struct Context<'r> {
    /// The user's name.
    pub user: &'r str,
    /// The user's uid.
    pub user_uid: &'r str,
    /// The user's groups.
    pub groups: &'r [String],
    /// What else is known of the user.
    pub extra: &'r [(String, Vec<String>)],
    /// The time of the request.
    pub now: Timestamp,
    /// The subresource that is asked for; empty for the object itself.
    pub subresource: &'r str,
}

/// What a kind does besides what all kinds do. Objects are documents of the storage version, decoded and defaulted.
///
/// The server does by itself what [`super::Kind`] says: metadata and its validation, `generation`, who owns `status`.
/// The order is upstream's: create: prepare, validate, warn, canonicalize; update and patch: prepare, validate (after
/// metadata), warn, canonicalize.
pub trait Strategy: Send + Sync {
    /// Sets the defaults of a version in an object that was decoded in it.
    fn set_defaults(&self, _object: &mut Value, _group: &str, _version: &str) {}

    /// Turns an object of one served (group, version) into another. Only asked if they differ.
    fn convert(&self, _object: &mut Value, _from: (&str, &str), _to: (&str, &str)) {}

    /// Sets and clears what clients do not decide, in a new object. `metadata.uid` and the name are there. `status` has
    /// been cleared, and generation set, as the kind says.
    fn prepare_for_create(&self, _context: Context<'_>, _object: &mut Value) {}

    /// Sets and restores what clients do not decide, in a changed object; `context.subresource` says where. What the
    /// kind says about `status` has been done; generation is set afterwards.
    fn prepare_for_update(&self, _context: Context<'_>, _object: &mut Value, _old: &Value) {}

    /// Whether a change counts for generation, for kinds with [`super::Generation::Own`].
    fn changes_generation(&self, _object: &Value, _old: &Value) -> bool {
        false
    }

    /// What is wrong with a new object, apart from its metadata.
    fn validate(&self, _context: Context<'_>, _object: &Value) -> ErrorList {
        ErrorList::new()
    }

    /// What is wrong with a changed object, apart from its metadata; `context.subresource` says where.
    fn validate_update(&self, _context: Context<'_>, _object: &Value, _old: &Value) -> ErrorList {
        ErrorList::new()
    }

    /// What to warn about; `old` is `None` of a new object.
    fn warnings(&self, _context: Context<'_>, _object: &Value, _old: Option<&Value>) -> Vec<String> {
        Vec::new()
    }

    /// Brings what means the same into the same form, before it is stored.
    fn canonicalize(&self, _object: &mut Value) {}

    /// Adds what readers see and clients need not say. Done last and before it is stored, so that reads need not parse.
    fn decorate(&self, _object: &mut Value) {}
}

/// The strategy of kinds that need none.
pub struct Plain;

impl Strategy for Plain {}
