//! What CSI drivers say of themselves, of nodes, of free room, and what is attached.

use std::sync::Arc;

use base::Symbol;
use wire::Quantity;

use crate::model::{Compiler, InTreePlugin, Node, Selector};

/// The drivers of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiNode {
    /// The node's name.
    pub name: Symbol,
    /// The drivers, each with how many volumes it can attach, if there is a limit.
    pub drivers: Box<[(Symbol, Option<i64>)]>,
    /// The in-tree plugins whose work drivers do on this node.
    migrated: Box<[InTreePlugin]>,
    /// The same, as it is written.
    pub migrated_text: Option<Box<str>>,
}

/// Lists in-tree plugins whose work drivers do.
const MIGRATED_PLUGINS: &str = "storage.alpha.kubernetes.io/migrated-plugins";

impl CsiNode {
    /// Reads the object.
    pub fn compile(node: &wire::CsiNode, compiler: &mut Compiler<'_>) -> CsiNode {
        let limit = |driver: &wire::CsiNodeDriver| {
            driver.allocatable.as_ref().and_then(|allocatable| allocatable.count).map(i64::from)
        };
        let migrated = node.metadata.annotations.get(MIGRATED_PLUGINS);
        let listed = migrated.into_iter().flat_map(|names| names.split(','));
        CsiNode {
            name: compiler.symbol(&node.metadata.name),
            drivers: node
                .spec
                .drivers
                .iter()
                .map(|driver| (compiler.symbol(&driver.name), limit(driver)))
                .collect(),
            migrated: listed.filter_map(InTreePlugin::named).collect(),
            migrated_text: migrated.map(|names| names.as_str().into()),
        }
    }

    /// How many volumes a driver can attach, if there is a limit.
    pub fn limit(&self, driver: Symbol) -> Option<i64> {
        self.drivers.iter().find(|(name, _)| *name == driver).and_then(|(_, limit)| *limit)
    }

    /// Whether some driver has a limit.
    pub fn has_limits(&self) -> bool {
        self.drivers.iter().any(|(_, limit)| limit.is_some())
    }

    /// Whether a driver is there.
    pub fn has(&self, driver: Symbol) -> bool {
        self.drivers.iter().any(|(name, _)| *name == driver)
    }

    /// Whether a driver does the work of an in-tree plugin here.
    pub fn has_migrated(&self, plugin: InTreePlugin) -> bool {
        self.migrated.contains(&plugin)
    }
}

/// A driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiDriver {
    /// `metadata.name`.
    pub name: Symbol,
    /// Whether it tells how much room there is.
    pub tells_capacity: bool,
    /// Whether pods keep off nodes without it.
    pub must_be_there: bool,
}

impl CsiDriver {
    /// Reads the object.
    pub fn compile(driver: &wire::CsiDriver, compiler: &mut Compiler<'_>) -> CsiDriver {
        CsiDriver {
            name: compiler.symbol(&driver.metadata.name),
            tells_capacity: driver.spec.storage_capacity,
            must_be_there: driver.spec.prevent_pod_scheduling_if_missing,
        }
    }
}

/// Free room for volumes of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageCapacity {
    /// The class.
    pub class: Symbol,
    /// The largest volume that can be made, in bytes; `None` is none.
    pub max_bytes: Option<i64>,
    /// The same, as it is written.
    pub max: Option<Quantity>,
    /// The room in all, in bytes; `None` if it is not told.
    pub capacity_bytes: Option<i64>,
    /// Which nodes can reach it; none if it does not say.
    nodes: Selector,
}

impl StorageCapacity {
    /// Reads the object.
    pub fn compile(capacity: &wire::CsiStorageCapacity, compiler: &mut Compiler<'_>) -> StorageCapacity {
        let nodes = Selector::compile(capacity.node_topology.as_ref(), compiler);
        let max = capacity.maximum_volume_size.or(capacity.capacity);
        StorageCapacity {
            class: compiler.symbol(&capacity.storage_class_name),
            max_bytes: max.map(Quantity::value),
            max,
            capacity_bytes: capacity.capacity.map(Quantity::value),
            nodes: nodes.unwrap_or(Selector::NOTHING),
        }
    }

    /// Whether a volume of this size can be made for a node.
    pub fn has_room(&self, bytes: i64, node: &Node) -> bool {
        self.max_bytes.is_some_and(|max| max >= bytes) && self.nodes.matches(&node.labels)
    }
}

/// A volume that is, or is to be, attached to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The node.
    pub node: Symbol,
    /// The driver.
    pub attacher: Symbol,
    /// The persistent volume; `None` if it is another one.
    pub volume: Option<Arc<str>>,
}

impl Attachment {
    /// Reads the object.
    pub fn compile(attachment: &wire::VolumeAttachment, compiler: &mut Compiler<'_>) -> Attachment {
        let volume = attachment.spec.source.persistent_volume_name.as_str();
        Attachment {
            node: compiler.symbol(&attachment.spec.node_name),
            attacher: compiler.symbol(&attachment.spec.attacher),
            volume: (!volume.is_empty()).then(|| volume.into()),
        }
    }
}
