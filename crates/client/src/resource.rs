//! Where the objects of a kind are found.

use std::fmt::Write;

use wire::Kind;

/// A collection of the API: all objects of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// The kind of its objects.
    pub kind: Kind,
    /// Its name in paths.
    pub plural: &'static str,
}

impl Resource {
    /// The collection of a kind.
    pub const fn of(kind: Kind) -> Resource {
        let plural = match kind {
            Kind::Pod => "pods",
            Kind::Node => "nodes",
            Kind::Namespace => "namespaces",
            Kind::Service => "services",
            Kind::ReplicationController => "replicationcontrollers",
            Kind::PersistentVolume => "persistentvolumes",
            Kind::PersistentVolumeClaim => "persistentvolumeclaims",
            Kind::ReplicaSet => "replicasets",
            Kind::StatefulSet => "statefulsets",
            Kind::PodDisruptionBudget => "poddisruptionbudgets",
            Kind::PriorityClass => "priorityclasses",
            Kind::PodGroup => "podgroups",
            Kind::Workload => "workloads",
            Kind::StorageClass => "storageclasses",
            Kind::CsiNode => "csinodes",
            Kind::CsiDriver => "csidrivers",
            Kind::CsiStorageCapacity => "csistoragecapacities",
            Kind::VolumeAttachment => "volumeattachments",
            Kind::ResourceClaim => "resourceclaims",
            Kind::ResourceSlice => "resourceslices",
            Kind::DeviceClass => "deviceclasses",
        };
        Resource { kind, plural }
    }

    /// Group and version.
    pub fn api_version(&self) -> &'static str {
        self.kind.api_versions()[0]
    }

    /// The path of the collection in all namespaces.
    pub fn path(&self) -> String {
        format!("{}/{}", self.root(), self.plural)
    }

    /// The path of one object, or of a part of it such as `status`. `namespace` is empty for kinds without.
    pub fn object_path(&self, namespace: &str, name: &str, subresource: &str) -> String {
        let mut path = self.root();
        if !namespace.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(path, "/namespaces/{namespace}");
        }
        let _ = write!(path, "/{}/{name}", self.plural);
        if !subresource.is_empty() {
            let _ = write!(path, "/{subresource}");
        }
        path
    }

    fn root(&self) -> String {
        let prefix = if self.api_version().contains('/') { "/apis" } else { "/api" };
        format!("{prefix}/{}", self.api_version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(Resource::of(Kind::Pod).path(), "/api/v1/pods");
        assert_eq!(Resource::of(Kind::CsiNode).path(), "/apis/storage.k8s.io/v1/csinodes");
        assert_eq!(
            Resource::of(Kind::Pod).object_path("shop", "web-1", "binding"),
            "/api/v1/namespaces/shop/pods/web-1/binding"
        );
        assert_eq!(Resource::of(Kind::Node).object_path("", "n1", ""), "/api/v1/nodes/n1");
    }

    #[test]
    fn every_plural_is_that_of_its_kind() {
        for kind in Kind::ALL {
            let plural = Resource::of(*kind).plural;
            let singular = kind.name().to_lowercase();
            let stem = singular.trim_end_matches('y');
            assert!(plural.starts_with(stem) && plural.ends_with('s'), "{plural} of {singular}");
        }
    }
}
