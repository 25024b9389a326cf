//! Claims to volumes.

use std::fmt;
use std::sync::Arc;

use base::Symbol;
use wire::Quantity;

use crate::model::Compiler;
use crate::model::volumes::PodClaim;

/// Namespace and name of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey {
    /// The namespace.
    pub namespace: Symbol,
    /// The name.
    pub name: Arc<str>,
}

/// A claim as the scheduler reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Namespace and name.
    pub key: ClaimKey,
    /// `metadata.uid`.
    pub uid: Arc<str>,
    /// `metadata.resourceVersion`.
    pub resource_version: Arc<str>,
    /// `spec.volumeName`.
    pub volume_name: Option<Arc<str>>,
    /// Whether the annotation is there that says that both sides of the binding are written.
    pub is_bind_completed: bool,
    /// `status.phase: Lost`.
    pub is_lost: bool,
    /// Whether `metadata.deletionTimestamp` is set.
    pub is_terminating: bool,
    /// Its class, by annotation or by `spec.storageClassName`; empty is none.
    pub class: Symbol,
    /// `spec.resources.requests.storage`.
    pub request: Option<Quantity>,
    /// `spec.accessModes`.
    pub access_modes: AccessModes,
    /// Whether `spec.volumeMode` is `Block`.
    pub is_block: bool,
    /// `spec.volumeAttributesClassName`.
    pub attributes_class: Symbol,
    /// `spec.selector`.
    pub selector: Option<wire::LabelSelector>,
    /// The node that a provisioner is to make its volume for, by annotation.
    pub selected_node: Option<Arc<str>>,
    /// Whether it has any annotation.
    pub has_annotations: bool,
    /// The UID of the controller that owns it.
    pub controller_uid: Option<Box<str>>,
}

/// Says that a binding is written on both sides.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Says which node a volume is to be provisioned for.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// Names the class, before there was a field for it.
const STORAGE_CLASS_BETA: &str = "volume.beta.kubernetes.io/storage-class";

/// A class given by annotation or by field.
pub(super) fn class(metadata: &wire::ObjectMeta, field: &str, compiler: &mut Compiler<'_>) -> Symbol {
    compiler.symbol(metadata.annotations.get(STORAGE_CLASS_BETA).map_or(field, String::as_str))
}

impl Claim {
    /// Reads the object.
    pub fn compile(claim: &wire::PersistentVolumeClaim, compiler: &mut Compiler<'_>) -> Claim {
        let (metadata, spec) = (&claim.metadata, &claim.spec);
        let controller = metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
        Claim {
            key: ClaimKey {
                namespace: compiler.symbol(&metadata.namespace),
                name: metadata.name.as_str().into(),
            },
            uid: metadata.uid.as_str().into(),
            resource_version: metadata.resource_version.as_str().into(),
            volume_name: (!spec.volume_name.is_empty()).then(|| spec.volume_name.as_str().into()),
            is_bind_completed: metadata.annotations.contains_key(BIND_COMPLETED),
            is_lost: claim.status.phase == "Lost",
            is_terminating: metadata.deletion_timestamp.is_some(),
            class: class(metadata, spec.storage_class_name.as_deref().unwrap_or_default(), compiler),
            request: spec.resources.requests.get("storage").copied(),
            access_modes: AccessModes::of(&spec.access_modes),
            is_block: spec.volume_mode.as_deref() == Some("Block"),
            attributes_class: compiler.symbol(&spec.volume_attributes_class_name),
            selector: spec.selector.clone(),
            selected_node: metadata.annotations.get(SELECTED_NODE).map(|node| node.as_str().into()),
            has_annotations: !metadata.annotations.is_empty(),
            controller_uid: controller.map(|owner| owner.uid.as_str().into()),
        }
    }

    /// Whether it has a volume, and both sides know.
    pub fn is_fully_bound(&self) -> bool {
        self.volume_name.is_some() && self.is_bind_completed
    }

    /// Whether it may be used by the pod that mounts it so: one that is made for a pod belongs to that pod.
    pub fn is_for(&self, mounted: &PodClaim) -> bool {
        mounted
            .made_for
            .as_ref()
            .is_none_or(|owner| self.controller_uid.as_ref().is_some_and(|uid| **uid == *owner.uid))
    }

    /// Whether only one pod may use it at a time.
    pub fn is_for_one_pod(&self) -> bool {
        self.access_modes.includes(AccessModes::READ_WRITE_ONCE_POD)
    }
}

/// How a volume may be, or is to be, mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccessModes(u8);

impl AccessModes {
    /// By one pod.
    pub const READ_WRITE_ONCE_POD: AccessModes = AccessModes(8);

    /// Reads a list; modes that are not known count as one.
    pub fn of(modes: &[String]) -> AccessModes {
        let bit = |mode: &String| match mode.as_str() {
            "ReadWriteOnce" => 1,
            "ReadOnlyMany" => 2,
            "ReadWriteMany" => 4,
            "ReadWriteOncePod" => 8,
            _ => 16,
        };
        AccessModes(modes.iter().map(bit).fold(0, |modes, mode| modes | mode))
    }

    /// Whether all of `other` are in it.
    pub fn includes(self, other: AccessModes) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for AccessModes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["RWO", "ROX", "RWX", "RWOP", "other"];
        let named = names.iter().enumerate().filter(|(i, _)| self.0 & (1 << i) != 0).map(|(_, name)| *name);
        f.write_str(&named.collect::<Vec<_>>().join(","))
    }
}
