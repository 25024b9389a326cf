//! What a pod needs of devices and pod groups.
//!
//! The plugins that decide about these are registered under their names, and pass pods that need nothing of
//! them as upstream's do; a pod that does need something is refused by name, because to ignore the need
//! would place it wrongly.

/// Needs of a pod that go beyond its node's own resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    /// `spec.resourceClaims`, by name.
    pub resource_claims: Box<[Box<str>]>,
    /// `spec.schedulingGroup.podGroupName`.
    pub pod_group: Option<Box<str>>,
}

impl Needs {
    /// Reads a pod spec.
    pub fn compile(spec: &wire::PodSpec) -> Needs {
        Needs {
            resource_claims: spec.resource_claims.iter().map(|claim| claim.name.as_str().into()).collect(),
            pod_group: spec
                .scheduling_group
                .as_ref()
                .filter(|group| !group.pod_group_name.is_empty())
                .map(|group| group.pod_group_name.as_str().into()),
        }
    }
}
