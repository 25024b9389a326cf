//! What CSI drivers say of themselves, of nodes, and of the room they have.

use crate::object_macro::wire_struct;
use crate::{LabelSelector, ObjectMeta, Quantity};

wire_struct! {
    /// The CSI drivers of a node; named like the node.
    pub struct CsiNode {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// The drivers.
        spec: CsiNodeSpec,
    }

    /// The CSI drivers of a node.
    pub struct CsiNodeSpec {
        /// The drivers.
        drivers: Vec<CsiNodeDriver>,
    }

    /// A CSI driver on a node.
    pub struct CsiNodeDriver {
        /// Name of the driver.
        name: String,
        /// What the driver calls the node.
        #[serde(rename = "nodeID")]
        node_id: String,
        /// Node labels the driver's topology is told by.
        topology_keys: Vec<String>,
        /// How much it can take.
        allocatable: Option<VolumeNodeResources>,
    }

    /// How many volumes a driver can attach to a node.
    pub struct VolumeNodeResources {
        /// The number; absent is no limit.
        count: Option<i32>,
    }

    /// A CSI driver.
    pub struct CsiDriver {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What it can do.
        spec: CsiDriverSpec,
    }

    /// What a CSI driver can do.
    pub struct CsiDriverSpec {
        /// Whether volumes must be attached; absent is yes.
        attach_required: Option<bool>,
        /// Whether it reports its free room.
        storage_capacity: bool,
        /// Whether a node without the driver is unfit for its volumes.
        prevent_pod_scheduling_if_missing: bool,
    }

    /// Free room of a class within a topology.
    pub struct CsiStorageCapacity {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// Nodes that can reach it; absent is none, empty is all.
        node_topology: Option<LabelSelector>,
        /// The class.
        storage_class_name: String,
        /// Free room; absent is unknown.
        capacity: Option<Quantity>,
        /// Largest volume that can be made; absent is `capacity`.
        maximum_volume_size: Option<Quantity>,
    }
}
