//! When a pod that did not fit may fit again.

use crate::model::resources::ResourceName;
use crate::model::{Node, Pod};

/// What a pod asks for, without what it does not.
fn asked(pod: &Pod) -> impl Iterator<Item = (ResourceName, i64)> + '_ {
    let request = &pod.shape.requests.fit;
    let basic = [ResourceName::Cpu, ResourceName::Memory, ResourceName::EphemeralStorage];
    let scalars = request.scalars.iter().map(|(name, amount)| (ResourceName::Scalar(name), amount));
    basic.into_iter().map(|name| (name, request.get(name))).chain(scalars).filter(|(_, amount)| *amount > 0)
}

/// Whether an update of a placed pod frees something that `pod` asks for.
pub(super) fn frees(pod: &Pod, old: &Pod, new: &Pod) -> bool {
    let (before, after) = (&old.shape.requests.accounted, &new.shape.requests.accounted);
    asked(pod).any(|(name, _)| after.get(name) < before.get(name))
}

/// Whether the node is large enough for the pod if nothing else ran there.
pub(super) fn fits_when_empty(pod: &Pod, node: &Node) -> bool {
    node.allocatable_pods >= 1 && asked(pod).all(|(name, amount)| amount <= node.allocatable.get(name))
}

/// Whether the node has more of something that the pod asks for than before. Every pod counts as one.
pub(super) fn grows(pod: &Pod, old: &Node, new: &Node) -> bool {
    new.allocatable_pods > old.allocatable_pods
        || asked(pod).any(|(name, _)| new.allocatable.get(name) > old.allocatable.get(name))
}
