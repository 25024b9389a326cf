//! What happens in the cluster, as far as it may let a refused pod fit.
//!
//! A plugin registers the events after which its refusal may no longer hold, and answers for each of them
//! whether it concerns a given pod (queueing hints, KEP-4247). An event has a resource and actions; a change
//! of an object may be several actions at once.

use std::fmt;
use std::sync::Arc;

use crate::model::{Node, Pod};
use crate::storage::StorageObject;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// Pods, wherever they are; only registered, never sent.
    Pod,
    /// A pod that has a node.
    AssignedPod,
    /// A pod that has none.
    UnscheduledPod,
    /// A node.
    Node,
    /// A persistent volume.
    PersistentVolume,
    /// A claim to one.
    PersistentVolumeClaim,
    /// A storage class.
    StorageClass,
    /// The CSI drivers of a node.
    CsiNode,
    /// A CSI driver.
    CsiDriver,
    /// The free room that a CSI driver has.
    CsiStorageCapacity,
    /// A volume that is attached to a node.
    VolumeAttachment,
    /// Everything.
    Any,
}

/// A set of actions. Their order is upstream's and matters: a generic update is the union of all updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Actions(u16);

impl Actions {
    /// The object came.
    pub const ADD: Actions = Actions(1);
    /// The object left.
    pub const DELETE: Actions = Actions(1 << 1);
    /// A node's `status.allocatable` changed.
    pub const UPDATE_NODE_ALLOCATABLE: Actions = Actions(1 << 2);
    /// A node's labels changed.
    pub const UPDATE_NODE_LABEL: Actions = Actions(1 << 3);
    /// A node's taints changed, or it was uncordoned.
    pub const UPDATE_NODE_TAINT: Actions = Actions(1 << 4);
    /// A node declares other features.
    pub const UPDATE_NODE_DECLARED_FEATURE: Actions = Actions(1 << 7);
    /// A pod's labels changed.
    pub const UPDATE_POD_LABEL: Actions = Actions(1 << 8);
    /// A pod requests less of something.
    pub const UPDATE_POD_SCALE_DOWN: Actions = Actions(1 << 9);
    /// A pod has another number of tolerations.
    pub const UPDATE_POD_TOLERATION: Actions = Actions(1 << 10);
    /// A pod's last scheduling gate is gone.
    pub const UPDATE_POD_SCHEDULING_GATES_ELIMINATED: Actions = Actions(1 << 11);
    /// Any update.
    pub const UPDATE: Actions = Actions(((1 << 13) - 1) & !0b11);
    /// Anything.
    pub const ALL: Actions = Actions((1 << 13) - 1);

    /// Both sets.
    pub const fn or(self, other: Actions) -> Actions {
        Actions(self.0 | other.0)
    }

    /// Whether the sets share an action.
    pub const fn overlaps(self, other: Actions) -> bool {
        self.0 & other.0 != 0
    }

    fn label(self) -> &'static str {
        match self {
            Actions::ADD => "Add",
            Actions::DELETE => "Delete",
            Actions::UPDATE_NODE_ALLOCATABLE => "UpdateNodeAllocatable",
            Actions::UPDATE_NODE_LABEL => "UpdateNodeLabel",
            Actions::UPDATE_NODE_TAINT => "UpdateNodeTaint",
            Actions::UPDATE_NODE_DECLARED_FEATURE => "UpdateNodeDeclaredFeature",
            Actions::UPDATE_POD_LABEL => "UpdatePodLabel",
            Actions::UPDATE_POD_SCALE_DOWN => "UpdatePodScaleDown",
            Actions::UPDATE_POD_TOLERATION => "UpdatePodToleration",
            Actions::UPDATE_POD_SCHEDULING_GATES_ELIMINATED => "UpdatePodSchedulingGatesEliminated",
            Actions::UPDATE => "Update",
            _ => "All",
        }
    }
}

/// An event, or what a plugin registers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterEvent {
    /// What it is about.
    pub resource: Resource,
    /// What happened.
    pub actions: Actions,
}

impl ClusterEvent {
    /// Everything may have changed: time has passed, or a pod is to be tried whatever has happened.
    pub const WILDCARD: ClusterEvent = ClusterEvent::new(Resource::Any, Actions::ALL);

    /// An event.
    pub const fn new(resource: Resource, actions: Actions) -> ClusterEvent {
        ClusterEvent { resource, actions }
    }

    /// Whether who registers for `self` hears of `event`.
    ///
    /// The comparison of action sets as numbers is upstream's: it keeps a generic update, whose number is
    /// large, from those who registered for single fields only.
    pub fn covers(&self, event: &ClusterEvent) -> bool {
        let same_resource = self.resource == event.resource
            || self.resource == Resource::Any
            || self.resource == Resource::Pod
                && matches!(event.resource, Resource::AssignedPod | Resource::UnscheduledPod);
        same_resource && self.actions.overlaps(event.actions) && event.actions <= self.actions
    }
}

/// Upstream's label, as in metrics: `NodeAdd`, `AssignedPodUpdatePodLabel`.
impl fmt::Display for ClusterEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.resource {
            Resource::Pod => "Pod",
            Resource::AssignedPod => "AssignedPod",
            Resource::UnscheduledPod => "UnschedulablePod",
            Resource::Node => "Node",
            Resource::PersistentVolume => "PersistentVolume",
            Resource::PersistentVolumeClaim => "PersistentVolumeClaim",
            Resource::StorageClass => "storage.k8s.io/StorageClass",
            Resource::CsiNode => "storage.k8s.io/CSINode",
            Resource::CsiDriver => "storage.k8s.io/CSIDriver",
            Resource::CsiStorageCapacity => "storage.k8s.io/CSIStorageCapacity",
            Resource::VolumeAttachment => "storage.k8s.io/VolumeAttachment",
            Resource::Any => "*",
        })?;
        f.write_str(self.actions.label())
    }
}

/// The object of an event before and after.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'a> {
    /// A pod.
    Pod {
        /// Before, unless it came.
        old: Option<&'a Pod>,
        /// After, unless it left.
        new: Option<&'a Pod>,
    },
    /// A node.
    Node {
        /// Before, unless it came.
        old: Option<&'a Node>,
        /// After, unless it left.
        new: Option<&'a Node>,
    },
    /// An object about storage.
    Storage {
        /// Before, unless it came.
        old: Option<&'a StorageObject>,
        /// After, unless it left.
        new: Option<&'a StorageObject>,
    },
}

impl<'a> Changed<'a> {
    /// No object: what happened is not about one.
    pub const NOTHING: Changed<'static> = Changed::Pod { old: None, new: None };

    /// The pod that the event is about, in its newest form.
    pub fn pod(&self) -> Option<&'a Pod> {
        match self {
            Changed::Pod { old, new } => new.or(*old),
            Changed::Node { .. } | Changed::Storage { .. } => None,
        }
    }

    /// Whether the object is `pod` itself.
    pub fn is_pod(&self, pod: &Pod) -> bool {
        self.pod().is_some_and(|object| object.uid == pod.uid)
    }
}

impl StorageObject {
    /// What an event about it is about.
    pub fn resource(&self) -> Resource {
        match self {
            StorageObject::Claim(_) => Resource::PersistentVolumeClaim,
            StorageObject::Volume(_) => Resource::PersistentVolume,
            StorageObject::Class(_) => Resource::StorageClass,
            StorageObject::CsiNode(_) => Resource::CsiNode,
            StorageObject::CsiDriver(_) => Resource::CsiDriver,
            StorageObject::Capacity(_) => Resource::CsiStorageCapacity,
            StorageObject::Attachment(_) => Resource::VolumeAttachment,
        }
    }
}

/// Whether an event may let a pod fit, in the opinion of a plugin that refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// It may: try the pod again.
    Queue,
    /// It does not.
    Skip,
}

impl Hint {
    /// [`Hint::Queue`] if `condition` holds.
    pub fn queue_if(condition: bool) -> Hint {
        if condition { Hint::Queue } else { Hint::Skip }
    }
}

/// The events that an update of a pod amounts to; a generic update if nothing of interest changed.
pub fn pod_events(old: &Pod, new: &Pod) -> Vec<ClusterEvent> {
    let resource = if new.node_name.is_some() { Resource::AssignedPod } else { Resource::UnscheduledPod };
    let (before, after) = (&old.shape, &new.shape);
    let mut events = Vec::new();
    let mut push = |happened: bool, actions| {
        if happened {
            events.push(ClusterEvent::new(resource, actions));
        }
    };
    if !Arc::ptr_eq(before, after) {
        push(before.labels != after.labels, Actions::UPDATE_POD_LABEL);
        push(
            after.requests.accounted.is_less_in_some(&before.requests.accounted),
            Actions::UPDATE_POD_SCALE_DOWN,
        );
        push(
            !before.scheduling_gates.is_empty() && after.scheduling_gates.is_empty(),
            Actions::UPDATE_POD_SCHEDULING_GATES_ELIMINATED,
        );
        push(before.tolerations.len() != after.tolerations.len(), Actions::UPDATE_POD_TOLERATION);
    }
    if events.is_empty() {
        events.push(ClusterEvent::new(resource, Actions::UPDATE));
    }
    events
}

/// The events that an update of a node amounts to; none if nothing of interest changed.
pub fn node_events(old: &Node, new: &Node) -> Vec<ClusterEvent> {
    let changes = [
        (old.is_unschedulable && !new.is_unschedulable, Actions::UPDATE_NODE_TAINT),
        (
            old.allocatable != new.allocatable || old.allocatable_pods != new.allocatable_pods,
            Actions::UPDATE_NODE_ALLOCATABLE,
        ),
        (old.labels != new.labels, Actions::UPDATE_NODE_LABEL),
        (old.taints != new.taints, Actions::UPDATE_NODE_TAINT),
        (old.features != new.features, Actions::UPDATE_NODE_DECLARED_FEATURE),
    ];
    let happened = changes.into_iter().filter(|(happened, _)| *happened);
    happened.map(|(_, actions)| ClusterEvent::new(Resource::Node, actions)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generic_update_reaches_only_those_who_want_every_update() {
        let generic = ClusterEvent::new(Resource::AssignedPod, Actions::UPDATE);
        let label = ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_LABEL);
        assert!(!label.covers(&generic));
        assert!(ClusterEvent::new(Resource::Pod, Actions::UPDATE).covers(&generic));
        assert!(ClusterEvent::new(Resource::Any, Actions::ALL).covers(&generic));
        assert!(label.covers(&ClusterEvent::new(Resource::UnscheduledPod, Actions::UPDATE_POD_LABEL)));
        assert!(!label.covers(&ClusterEvent::new(Resource::Node, Actions::UPDATE_NODE_LABEL)));
    }

    #[test]
    fn labels_are_upstreams() {
        let label = |resource, actions| ClusterEvent::new(resource, actions).to_string();
        assert_eq!(label(Resource::Node, Actions::ADD), "NodeAdd");
        assert_eq!(label(Resource::AssignedPod, Actions::UPDATE_POD_LABEL), "AssignedPodUpdatePodLabel");
        assert_eq!(label(Resource::UnscheduledPod, Actions::UPDATE), "UnschedulablePodUpdate");
    }
}
