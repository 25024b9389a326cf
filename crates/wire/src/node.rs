//! Nodes.

use std::collections::BTreeMap;

use crate::object_macro::wire_struct;
use crate::{Condition, ObjectMeta, Quantity, Timestamp};

wire_struct! {
    /// A node.
    pub struct Node {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What operators say of it.
        spec: NodeSpec,
        /// What the kubelet says of it.
        status: NodeStatus,
    }

    /// What operators say of a node.
    pub struct NodeSpec {
        /// Whether it is cordoned.
        unschedulable: bool,
        /// What keeps pods away.
        taints: Vec<Taint>,
    }

    /// Something that keeps pods away that do not tolerate it.
    pub struct Taint {
        /// Key.
        key: String,
        /// Value.
        value: String,
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
        effect: String,
        /// When a `NoExecute` taint appeared.
        time_added: Option<Timestamp>,
    }

    /// What the kubelet says of a node.
    pub struct NodeStatus {
        /// What it has.
        capacity: BTreeMap<String, Quantity>,
        /// What pods may have of it.
        allocatable: BTreeMap<String, Quantity>,
        /// Images it holds.
        images: Vec<ContainerImage>,
        /// `Ready` and others.
        conditions: Vec<Condition>,
        /// Features that pods may depend on.
        declared_features: Vec<String>,
    }

    /// An image that a node holds.
    pub struct ContainerImage {
        /// References by tag and by digest.
        names: Vec<String>,
        /// Size in bytes.
        size_bytes: i64,
    }
}
