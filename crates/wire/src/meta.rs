//! What every object carries, and the small types that many kinds share.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::object_macro::wire_struct;

wire_struct! {
    /// `metadata` of an object.
    pub struct ObjectMeta {
        /// Unique within the namespace, or in the cluster for kinds without namespace.
        name: String,
        /// Prefix from which the API server makes the name.
        generate_name: String,
        /// Empty for cluster-scoped kinds.
        namespace: String,
        /// Differs between two objects that had the same name at different times.
        uid: String,
        /// The revision the API server last stored; opaque.
        resource_version: String,
        /// Counts the changes of the spec.
        generation: i64,
        /// What selectors select by.
        labels: BTreeMap<String, String>,
        /// What nobody selects by.
        annotations: BTreeMap<String, String>,
        /// When the API server stored the object first.
        creation_timestamp: Option<Timestamp>,
        /// When the object will be, or was to be, gone. Present means terminating.
        deletion_timestamp: Option<Timestamp>,
        /// Seconds of grace the deletion gave.
        deletion_grace_period_seconds: Option<i64>,
        /// What this object belongs to.
        owner_references: Vec<OwnerReference>,
        /// Who must let go before the object disappears.
        finalizers: Vec<String>,
    }

    /// An owner of an object.
    pub struct OwnerReference {
        /// Group and version of the owner.
        api_version: String,
        /// Kind of the owner.
        kind: String,
        /// Name of the owner, in the same namespace or cluster-scoped.
        name: String,
        /// Uid of the owner.
        uid: String,
        /// Whether this owner is the one that manages the object; absent is no.
        controller: Option<bool>,
        /// Whether the owner waits for this object when it is deleted in the foreground.
        block_owner_deletion: Option<bool>,
    }

    /// A reference to any object.
    pub struct ObjectReference {
        /// Group and version.
        api_version: String,
        /// Kind.
        kind: String,
        /// Namespace, empty for cluster-scoped kinds.
        namespace: String,
        /// Name.
        name: String,
        /// Uid, empty if any object of that name is meant.
        uid: String,
    }

    /// A reference to an object in the same namespace, with its API group.
    pub struct TypedLocalObjectReference {
        /// Group, empty for the core group.
        api_group: String,
        /// Kind.
        kind: String,
        /// Name.
        name: String,
    }

    /// One observation about an object, as found in `status.conditions`.
    pub struct Condition {
        /// What was observed, such as `PodScheduled`.
        r#type: String,
        /// `True`, `False` or `Unknown`.
        status: String,
        /// One word for programs.
        reason: String,
        /// A sentence for people.
        message: String,
        /// `metadata.generation` the observation was made at.
        observed_generation: i64,
        /// When `status` last changed.
        last_transition_time: Option<Timestamp>,
        /// When the condition was last looked at, for kinds that say so.
        last_probe_time: Option<Timestamp>,
    }
}
