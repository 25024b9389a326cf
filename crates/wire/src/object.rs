//! All kinds in one type, made from one table.

use serde::{Serialize, Serializer};

use crate::{
    CsiDriver, CsiNode, CsiStorageCapacity, DeviceClass, Namespace, Node, ObjectMeta, PersistentVolume,
    PersistentVolumeClaim, Pod, PodDisruptionBudget, PodGroup, PriorityClass, ReplicaSet,
    ReplicationController, ResourceClaim, ResourceSlice, Service, StatefulSet, StorageClass,
    VolumeAttachment, Workload,
};

/// Whether objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each object is in a namespace.
    Namespaced,
    /// Objects belong to the cluster.
    Cluster,
}

macro_rules! object_kinds {
    ($($kind:ident $name:literal: $scope:ident, [$first:literal $(, $other:literal)*];)*) => {
        /// Any object that a scheduler reads.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Object {
            $(
                #[doc = concat!("`", $name, "`, `", $first, "`.")]
                $kind(Box<$kind>),
            )*
        }

        /// A kind of object that a scheduler reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(
                #[doc = concat!("`", $name, "`, `", $first, "`.")]
                $kind,
            )*
        }

        impl Kind {
            /// All kinds, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The kind as objects spell it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The kind that objects spell so, if it is one that a scheduler reads.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The values of `apiVersion` that are understood; the first is what is written.
            pub const fn api_versions(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$first $(, $other)*],)*
                }
            }

            /// Whether objects of the kind live in namespaces.
            pub const fn scope(self) -> Scope {
                match self {
                    $(Self::$kind => Scope::$scope,)*
                }
            }

            /// Reads an object of this kind.
            pub(crate) fn read<'de, D: serde::Deserializer<'de>>(self, from: D) -> Result<Object, D::Error> {
                match self {
                    $(Self::$kind => crate::nullable::or_default(from).map(Object::$kind),)*
                }
            }
        }

        impl Object {
            /// An object of a kind with nothing in it.
            pub fn empty(kind: Kind) -> Object {
                match kind {
                    $(Kind::$kind => Object::$kind(Box::default()),)*
                }
            }

            /// Its kind.
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Its metadata.
            pub fn meta(&self) -> &ObjectMeta {
                match self {
                    $(Self::$kind(object) => &object.metadata,)*
                }
            }

            /// Its metadata.
            pub fn meta_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $(Self::$kind(object) => &mut object.metadata,)*
                }
            }
        }

        $(
            impl From<$kind> for Object {
                fn from(object: $kind) -> Self {
                    Self::$kind(Box::new(object))
                }
            }
        )*

        impl Serialize for Object {
            /// As the API server writes it, with `apiVersion` and `kind`.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let (api_version, kind) = (self.api_version(), self.kind().name());
                match self {
                    $(Self::$kind(object) => Typed { api_version, kind, object }.serialize(serializer),)*
                }
            }
        }
    };
}

// A kind is one row: its name in Rust and in Kubernetes, where its objects live, and the versions whose fields
// are those of the struct.
object_kinds! {
    Pod "Pod": Namespaced, ["v1"];
    Node "Node": Cluster, ["v1"];
    Namespace "Namespace": Cluster, ["v1"];
    Service "Service": Namespaced, ["v1"];
    ReplicationController "ReplicationController": Namespaced, ["v1"];
    PersistentVolume "PersistentVolume": Cluster, ["v1"];
    PersistentVolumeClaim "PersistentVolumeClaim": Namespaced, ["v1"];
    ReplicaSet "ReplicaSet": Namespaced, ["apps/v1"];
    StatefulSet "StatefulSet": Namespaced, ["apps/v1"];
    PodDisruptionBudget "PodDisruptionBudget": Namespaced, ["policy/v1"];
    PriorityClass "PriorityClass": Cluster, ["scheduling.k8s.io/v1"];
    PodGroup "PodGroup": Namespaced, ["scheduling.k8s.io/v1alpha2"];
    Workload "Workload": Namespaced, ["scheduling.k8s.io/v1alpha2"];
    StorageClass "StorageClass": Cluster, ["storage.k8s.io/v1"];
    CsiNode "CSINode": Cluster, ["storage.k8s.io/v1"];
    CsiDriver "CSIDriver": Cluster, ["storage.k8s.io/v1"];
    CsiStorageCapacity "CSIStorageCapacity": Namespaced, ["storage.k8s.io/v1", "storage.k8s.io/v1beta1"];
    VolumeAttachment "VolumeAttachment": Cluster, ["storage.k8s.io/v1"];
    ResourceClaim "ResourceClaim": Namespaced, ["resource.k8s.io/v1", "resource.k8s.io/v1beta2"];
    ResourceSlice "ResourceSlice": Cluster, ["resource.k8s.io/v1", "resource.k8s.io/v1beta2"];
    DeviceClass "DeviceClass": Cluster, ["resource.k8s.io/v1", "resource.k8s.io/v1beta2"];
}

impl Object {
    /// The `apiVersion` it is written with.
    pub const fn api_version(&self) -> &'static str {
        self.kind().api_versions()[0]
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'o, T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    object: &'o T,
}
