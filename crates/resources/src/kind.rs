//! What the generic server has to know of one kind of resource.
//!
//! A built-in kind is a `static` of type [`Kind`], made with [`Kind::named`] and struct update, and one line in
//! [`crate::kinds::all`]. A custom resource becomes a `Kind` at run time; its texts are then interned for good, so that
//! one type serves both and a definition that comes again costs nothing.
//!
//! ```
//! use resources::kind::{Hooks, Kind, Verbs};
//!
//! static LEASE: Kind = Kind {
//!     versions: &[("coordination.k8s.io", "v1")],
//!     creates_on_update: true,
//!     allows_unconditional_update: false,
//!     strategy: &Hooks { set_defaults: |_object| {}, ..Hooks::NONE },
//!     ..Kind::named("coordination.k8s.io", "Lease", "lease", "leases")
//! };
//! assert!(LEASE.verbs.contains(Verbs::WATCH));
//! ```

mod columns;
mod field;
mod hooks;
mod strategy;
mod verbs;

use std::fmt;

use apimachinery::names::NameRule;
use apimachinery::{GroupKind, GroupResource, GroupVersion};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

pub use columns::{Column, Columns};
pub use field::{SelectableField, UnknownField};
pub use hooks::Hooks;
pub use strategy::{Context, Plain, Strategy};
pub use verbs::Verbs;

/// The versions that serve a kind: (group, version), the one that clients should prefer first. Events are in two groups.
pub type Versions = &'static [(&'static str, &'static str)];

/// One kind of resource.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The group it is stored and reported under; empty for the core group.
    pub group: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// `deployment`.
    pub singular: &'static str,
    /// `deployments`: the resource's name in paths.
    pub plural: &'static str,
    /// `deploy`.
    pub short_names: &'static [&'static str],
    /// `all`.
    pub categories: &'static [&'static str],
    /// Whether objects are in a namespace.
    pub is_namespaced: bool,
    /// Where it is served.
    pub versions: Versions,
    /// The one of [`Kind::versions`] in which objects are stored: an index.
    pub stored_in: usize,
    /// The version whose hash discovery shows, where upstream stores in another one than we do.
    pub hashed_version: Option<&'static str>,
    /// The first part of keys after the prefix: `pods`, `services/specs`.
    pub key_prefix: &'static str,
    /// What can be done with the main resource.
    pub verbs: Verbs,
    /// What else is below an object's path.
    pub subresources: &'static [Subresource],
    /// The format of names.
    pub name_rule: NameRule,
    /// The format of names in requests for another group than [`Kind::group`]: events.
    pub name_rule_elsewhere: Option<NameRule>,
    /// Whether a PUT of a name that does not exist creates.
    pub creates_on_update: bool,
    /// Whether a PUT without resourceVersion overwrites what is there.
    pub allows_unconditional_update: bool,
    /// What `metadata.generation` counts.
    pub generation: Generation,
    /// Whether `status` is the status subresource's: cleared on create, kept on update of the main resource, and the
    /// rest kept on update of `/status`. Kinds that differ in detail say so in their strategy.
    pub has_status: bool,
    /// What nobody owns who writes through the object itself or a subresource (empty name), because it is reset. Where
    /// nothing is said it is `status`, and through `/status` `spec`, of kinds with [`Kind::has_status`].
    pub reset_fields: &'static [(&'static str, Reset)],
    /// Whether a new object keeps the `status` that it was sent with: nodes.
    pub keeps_status_on_create: bool,
    /// What DELETE answers with, and what becomes of dependents if nobody says.
    pub deletion: Deletion,
    /// How long objects live after each write, by the server's flag: events only.
    pub expires: bool,
    /// Whether the watch cache keeps objects. Events are read from the store.
    pub is_cached: bool,
    /// Which fields can be selected by besides `metadata.name` and `metadata.namespace`.
    pub selectable_fields: &'static [SelectableField],
    /// What is said about a field that cannot be selected by.
    pub unknown_field: UnknownField,
    /// The warning that every answer about the kind carries; empty for none.
    pub deprecation: &'static str,
    /// How objects are shown as rows of a table.
    pub columns: Columns,
    /// What needs code.
    pub strategy: &'static dyn Strategy,
}

/// Something below an object's path.
#[derive(Clone, Copy, Debug)]
pub struct Subresource {
    /// `status`, `scale`, `binding`, …
    pub name: &'static str,
    /// The kind of its body.
    pub kind: &'static str,
    /// The group and version of its body, if they are not the parent's: `("autoscaling", "v1")` of scale.
    pub group_version: Option<(&'static str, &'static str)>,
    /// What can be done with it.
    pub verbs: Verbs,
}

/// What `metadata.generation` counts. An update of `/status` is never counted.
#[derive(Clone, Copy, Debug)]
pub enum Generation {
    /// Nothing: the strategy never sets it.
    Untouched,
    /// 1 on creation, one more whenever one of these members of the object changes.
    Of(&'static [&'static str]),
    /// As [`Generation::Of`] `spec`, but nothing is set on creation (CSIDriver).
    OfSpecLater,
    /// 1 on creation and for ever.
    Fixed,
    /// 1 on creation; the strategy's [`Strategy::changes_generation`] decides.
    Own,
}

/// Which fields a strategy resets, with what is below them: paths of members.
pub type Reset = &'static [&'static [&'static str]];

/// Through `/status` of kinds whose metadata stays, too.
pub const SPEC_AND_METADATA: Reset = &[&["spec"], &["metadata"]];

/// How objects of a kind are deleted.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// Whether DELETE answers with the object rather than with a `Status`.
    pub returns_object: bool,
    /// Whether dependents are orphaned if nobody says: of ReplicationController v1 and Job batch/v1.
    pub orphans_by_default: bool,
    /// Whether dependents are looked after at all: not of events.
    pub collects_garbage: bool,
    /// Whether objects get time to end: pods.
    pub is_graceful: bool,
}

impl Kind {
    /// A namespaced kind with all verbs and nothing special: served in no version yet.
    pub const fn named(
        group: &'static str,
        kind: &'static str,
        singular: &'static str,
        plural: &'static str,
    ) -> Kind {
        Kind {
            group,
            kind,
            singular,
            plural,
            short_names: &[],
            categories: &[],
            is_namespaced: true,
            versions: &[],
            stored_in: 0,
            hashed_version: None,
            key_prefix: plural,
            verbs: Verbs::ALL,
            subresources: &[],
            name_rule: NameRule::Dns1123Subdomain,
            name_rule_elsewhere: None,
            creates_on_update: false,
            allows_unconditional_update: true,
            generation: Generation::Untouched,
            has_status: false,
            reset_fields: &[],
            keeps_status_on_create: false,
            deletion: Deletion::PLAIN,
            expires: false,
            is_cached: true,
            selectable_fields: &[],
            unknown_field: UnknownField::OnlyMetadata,
            deprecation: "",
            columns: Columns::NONE,
            strategy: &Plain,
        }
    }

    /// The group and resource that errors name.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource::new(self.group, self.plural)
    }

    /// The group and kind that validation errors name.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(self.group, self.kind)
    }

    /// The version that objects are stored in.
    pub fn storage_version(&self) -> GroupVersion {
        let (group, version) = self.versions[self.stored_in];
        GroupVersion::new(group, version)
    }

    /// The format of names in requests for a group that serves the kind.
    pub fn name_rule_in(&self, group: &str) -> NameRule {
        self.name_rule_elsewhere.filter(|_| group != self.group).unwrap_or(self.name_rule)
    }

    /// A subresource.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|subresource| subresource.name == name)
    }

    /// What nobody owns who writes through the object itself or a subresource.
    pub fn reset_of(&self, subresource: &str) -> Reset {
        let said = self.reset_fields.iter().find(|(name, _)| *name == subresource);
        match (said, subresource) {
            (Some((_, reset)), _) => reset,
            (None, "") if self.has_status => &[&["status"]],
            (None, "status") if self.has_status => &[&["spec"]],
            _ => &[],
        }
    }

    /// Whether objects are stored at all: reviews and bindings are not, nor is the status of components.
    pub fn is_stored(&self) -> bool {
        self.verbs.contains(Verbs::GET.or(Verbs::CREATE))
    }

    /// What discovery shows so that clients notice that objects are stored in another version: eight bytes of the
    /// SHA-256 of the version and kind, in base64. `None` of kinds that are not stored.
    pub fn storage_version_hash(&self) -> Option<String> {
        if !self.is_stored() {
            return None;
        }
        let (group, version) = self.versions[self.stored_in];
        let version = self.hashed_version.unwrap_or(version);
        let digest = Sha256::digest(format!("{group}/{version}/{}", self.kind));
        Some(BASE64_STANDARD.encode(&digest[..8]))
    }
}

impl Subresource {
    /// `scale`: how many there are to be, in the form that all scalable kinds share.
    pub const SCALE: Subresource = Subresource {
        name: "scale",
        kind: "Scale",
        group_version: Some(("autoscaling", "v1")),
        verbs: Verbs::GET_PATCH_UPDATE,
    };

    /// A subresource whose body is the object.
    pub const fn of_kind(kind: &'static str, name: &'static str) -> Subresource {
        Subresource { name, kind, group_version: None, verbs: Verbs::GET_PATCH_UPDATE }
    }

    /// `status`: what is, where the rest of the object says what is to be.
    pub const fn status(kind: &'static str) -> Subresource {
        Subresource::of_kind(kind, "status")
    }
}

impl Deletion {
    /// That of most kinds: a `Status` is the answer, dependents follow.
    pub const PLAIN: Deletion = Deletion {
        returns_object: false,
        orphans_by_default: false,
        collects_garbage: true,
        is_graceful: false,
    };

    /// As [`Deletion::PLAIN`], but the answer is the object.
    pub const WITH_OBJECT: Deletion = Deletion { returns_object: true, ..Deletion::PLAIN };
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.plural, self.group)
    }
}
