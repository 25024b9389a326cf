//! How full pools of nodes are, per resource.

use std::collections::{BTreeMap, BTreeSet};

use scheduling::engine::Scheduler;
use scheduling::framework::reason::describe_amount;
use scheduling::model::resources::ResourceName;
use wire::quantity::{Format, Quantity};
use wire::{Node, Object};

/// Labels that name a node's pool; the first one present counts.
const POOL_LABELS: [&str; 7] = [
    "karpenter.sh/nodepool",
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "node-pool",
    "pool",
    "node.kubernetes.io/instance-type",
];

/// The pool of nodes that say nothing about it.
const UNNAMED_POOL: &str = "nodes";

/// The pool of every node, by the node's name.
pub(crate) struct NodePools(BTreeMap<String, String>);

/// How full one pool is.
pub(crate) struct PoolUsage {
    pub(crate) pool: String,
    pub(crate) n_nodes: usize,
    /// One entry per resource, in the order of the table.
    pub(crate) resources: Vec<Usage>,
}

/// How much of one resource is requested in a pool.
pub(crate) struct Usage {
    pub(crate) resource: String,
    pub(crate) allocatable: i64,
    /// Before the first decision.
    pub(crate) before: i64,
    /// After the last one.
    pub(crate) after: i64,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Milli,
    Bytes,
    Pieces,
}

impl NodePools {
    /// Reads the pools off the nodes' labels.
    pub(crate) fn of(objects: &[Object]) -> NodePools {
        let nodes = objects.iter().filter_map(|object| match object {
            Object::Node(node) => Some(node.as_ref()),
            _ => None,
        });
        NodePools(nodes.map(|node| (node.metadata.name.clone(), pool(node))).collect())
    }

    /// How full the pools are now. `before` and `after` are the same.
    pub(crate) fn usage(&self, scheduler: &Scheduler) -> Vec<PoolUsage> {
        let mut pools: BTreeMap<&str, PoolTotals> = BTreeMap::new();
        for info in scheduler.snapshot().nodes() {
            let name = scheduler.symbols().resolve(info.node.name);
            let pool = self.0.get(name).map_or(UNNAMED_POOL, String::as_str);
            pools.entry(pool).or_default().add(scheduler, info);
        }
        pools.into_iter().map(|(pool, totals)| totals.finish(pool)).collect()
    }

    /// How full the pools are now, next to how full they were.
    pub(crate) fn compare(&self, before: &[PoolUsage], scheduler: &Scheduler) -> Vec<PoolUsage> {
        let mut pools = self.usage(scheduler);
        for (pool, before) in pools.iter_mut().zip(before) {
            for usage in &mut pool.resources {
                let known = before.resources.iter().find(|known| known.resource == usage.resource);
                usage.before = known.map_or(0, |known| known.before);
            }
        }
        pools
    }
}

fn pool(node: &Node) -> String {
    let mut named = POOL_LABELS.iter().filter_map(|label| node.metadata.labels.get(*label));
    named.find(|name| !name.is_empty()).map_or(UNNAMED_POOL, String::as_str).to_owned()
}

/// Sums over the nodes of a pool: allocatable and requested, per resource.
#[derive(Default)]
struct PoolTotals {
    n_nodes: usize,
    sums: BTreeMap<Place, (i64, i64)>,
}

/// Where a resource stands in the table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Cpu,
    Memory,
    EphemeralStorage,
    Scalar(String),
    Pods,
}

impl PoolTotals {
    fn add(&mut self, scheduler: &Scheduler, info: &scheduling::snapshot::NodeInfo) {
        self.n_nodes += 1;
        let (allocatable, requested) = (&info.node.allocatable, info.requested());
        let mut add = |place, allocatable: i64, requested: i64| {
            let sums = self.sums.entry(place).or_default();
            sums.0 = sums.0.saturating_add(allocatable);
            sums.1 = sums.1.saturating_add(requested);
        };
        add(Place::Cpu, allocatable.milli_cpu, requested.milli_cpu);
        add(Place::Memory, allocatable.memory, requested.memory);
        add(Place::EphemeralStorage, allocatable.ephemeral_storage, requested.ephemeral_storage);
        let scalars: BTreeSet<_> =
            allocatable.scalars.iter().chain(requested.scalars.iter()).map(|(name, _)| name).collect();
        for name in scalars {
            let place = Place::Scalar(scheduler.symbols().resolve(name).to_owned());
            add(place, allocatable.scalars.get(name), requested.scalars.get(name));
        }
        add(Place::Pods, info.node.allocatable_pods, i64::try_from(info.pods().len()).unwrap_or(i64::MAX));
    }

    fn finish(self, pool: &str) -> PoolUsage {
        let resources = self.sums.into_iter().filter_map(|(place, (allocatable, requested))| {
            let is_basic = matches!(place, Place::Cpu | Place::Memory | Place::Pods);
            if !is_basic && allocatable == 0 {
                return None;
            }
            let (resource, unit) = match place {
                Place::Cpu => ("cpu".to_owned(), Unit::Milli),
                Place::Memory => ("memory".to_owned(), Unit::Bytes),
                Place::EphemeralStorage => ("ephemeral-storage".to_owned(), Unit::Bytes),
                Place::Scalar(name) if name.starts_with("hugepages-") => (name, Unit::Bytes),
                Place::Scalar(name) => (name, Unit::Pieces),
                Place::Pods => ("pods".to_owned(), Unit::Pieces),
            };
            Some(Usage { resource, allocatable, before: requested, after: requested, unit })
        });
        PoolUsage { pool: pool.to_owned(), n_nodes: self.n_nodes, resources: resources.collect() }
    }
}

impl Usage {
    /// An amount of this resource as people read it.
    pub(crate) fn describe(&self, amount: i64) -> String {
        match self.unit {
            Unit::Milli => describe_amount(ResourceName::Cpu, amount),
            Unit::Bytes => describe_amount(ResourceName::Memory, amount),
            Unit::Pieces => amount.to_string(),
        }
    }

    /// An amount of this resource, exactly, as objects have it.
    pub(crate) fn quantity(&self, amount: i64) -> Quantity {
        match self.unit {
            Unit::Milli => Quantity::from_milli(amount),
            Unit::Bytes => Quantity::from_units(amount).with_format(Format::BinarySi),
            Unit::Pieces => Quantity::from_units(amount),
        }
    }

    /// An amount in percent of what there is; `None` if there is nothing.
    pub(crate) fn percent(&self, amount: i64) -> Option<f64> {
        (self.allocatable > 0).then(|| (amount as f64 / self.allocatable as f64 * 1000.0).round() / 10.0)
    }
}
