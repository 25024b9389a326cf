//! What decides most often about nodes, column by column.
//!
//! A pod of a shape that was never seen before has to be compared with every node. Walking over rows for that
//! costs a few cache misses per node; columns are read in order, several nodes at a time. They say nothing that
//! rows do not say.

use std::collections::BTreeSet;

use super::{NodeInfo, Row};
use crate::model::Effect;

/// One resource of all nodes, by row index. Rows without a node have zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceColumns {
    /// What the node has.
    pub allocatable: Vec<i64>,
    /// Σ of what its pods request.
    pub requested: Vec<i64>,
}

/// Columns of all nodes, by row index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// CPU in thousandths of a core.
    pub milli_cpu: ResourceColumns,
    /// Memory in bytes.
    pub memory: ResourceColumns,
    /// Local ephemeral storage in bytes.
    pub ephemeral_storage: ResourceColumns,
    /// Σ of CPU, where containers without a request count as 100m.
    pub non_zero_milli_cpu: Vec<i64>,
    /// Σ of memory, where containers without a request count as 200 MiB.
    pub non_zero_memory: Vec<i64>,
    /// How many more pods the node can take.
    pub free_pods: Vec<i64>,
    cordoned: BTreeSet<Row>,
    repelling: BTreeSet<Row>,
    discouraging: BTreeSet<Row>,
}

impl Columns {
    /// The rows of nodes that are cordoned.
    pub fn cordoned(&self) -> &BTreeSet<Row> {
        &self.cordoned
    }

    /// The rows of nodes with taints that forbid scheduling.
    pub fn repelling(&self) -> &BTreeSet<Row> {
        &self.repelling
    }

    /// The rows of nodes with taints of effect PreferNoSchedule.
    pub fn discouraging(&self) -> &BTreeSet<Row> {
        &self.discouraging
    }

    /// Per row: whether a pod finds no place there, or less free CPU, memory or ephemeral storage than `wanted`.
    pub fn lacking(&self, wanted: [i64; 3]) -> Vec<bool> {
        let mut lacks: Vec<bool> = self.free_pods.iter().map(|free| *free <= 0).collect();
        let resources = [&self.milli_cpu, &self.memory, &self.ephemeral_storage];
        for (resource, wanted) in resources.into_iter().zip(wanted).filter(|(_, wanted)| *wanted > i64::MIN) {
            let columns = resource.allocatable.iter().zip(&resource.requested);
            for (lacks, (allocatable, requested)) in lacks.iter_mut().zip(columns) {
                *lacks |= allocatable.saturating_sub(*requested) < wanted;
            }
        }
        lacks
    }

    /// Takes over what a row says about its pods.
    pub(super) fn set_pods(&mut self, info: &NodeInfo) {
        let (i, requested) = (info.row.index(), info.requested());
        self.milli_cpu.requested[i] = requested.milli_cpu;
        self.memory.requested[i] = requested.memory;
        self.ephemeral_storage.requested[i] = requested.ephemeral_storage;
        self.non_zero_milli_cpu[i] = info.non_zero_milli_cpu();
        self.non_zero_memory[i] = info.non_zero_memory();
        self.free_pods[i] = info.node.allocatable_pods.saturating_sub(info.pods().len() as i64);
    }

    /// Takes over everything a row says.
    pub(super) fn set(&mut self, info: &NodeInfo) {
        self.grow(info.row.index() + 1);
        let (i, node) = (info.row.index(), &info.node);
        self.milli_cpu.allocatable[i] = node.allocatable.milli_cpu;
        self.memory.allocatable[i] = node.allocatable.memory;
        self.ephemeral_storage.allocatable[i] = node.allocatable.ephemeral_storage;
        self.set_pods(info);
        let mut mark = |rows: fn(&mut Columns) -> &mut BTreeSet<Row>, is_one: bool| {
            let rows = rows(self);
            if is_one {
                rows.insert(info.row);
            } else {
                rows.remove(&info.row);
            }
        };
        mark(|columns| &mut columns.cordoned, node.is_unschedulable);
        mark(
            |columns| &mut columns.repelling,
            node.taints.iter().any(|taint| taint.effect.forbids_scheduling()),
        );
        let discourages = node.taints.iter().any(|taint| taint.effect == Effect::PreferNoSchedule);
        mark(|columns| &mut columns.discouraging, discourages);
    }

    /// Forgets a row.
    pub(super) fn clear(&mut self, row: Row) {
        let i = row.index();
        self.all().into_iter().for_each(|column| column[i] = 0);
        for rows in [&mut self.cordoned, &mut self.repelling, &mut self.discouraging] {
            rows.remove(&row);
        }
    }

    fn grow(&mut self, n: usize) {
        if self.free_pods.len() < n {
            self.all().into_iter().for_each(|column| column.resize(n, 0));
        }
    }

    fn all(&mut self) -> [&mut Vec<i64>; 9] {
        [
            &mut self.milli_cpu.allocatable,
            &mut self.milli_cpu.requested,
            &mut self.memory.allocatable,
            &mut self.memory.requested,
            &mut self.ephemeral_storage.allocatable,
            &mut self.ephemeral_storage.requested,
            &mut self.non_zero_milli_cpu,
            &mut self.non_zero_memory,
            &mut self.free_pods,
        ]
    }
}
