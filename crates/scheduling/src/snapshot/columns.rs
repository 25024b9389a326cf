//! What decides most often about nodes, column by column.
//!
//! A pod of a shape that was never seen before has to be compared with every node. Walking over rows for that
//! costs a few cache misses per node; columns are read in order, several nodes at a time. They say nothing that
//! rows do not say.
//!
//! Amounts are floating-point numbers, because processors compute with several of these at once. Up to
//! [`EXACT_MAX`] they are exact, and so are percentages rounded down: quotients up to 100 of such numbers are further
//! from the next whole number than rounding reaches. Rows with larger ones, or with negative ones, are
//! known ([`Columns::inexact`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Map;
use pulp::{Arch, NullaryFnOnce};

use super::{NodeInfo, Row};
use crate::model::{Effect, Taint};

/// Amounts below this are exact, and so are percentages of them.
pub const EXACT_MAX: i64 = 1 << 45;

/// A whole number below 2^51 as an integer. Processors do this for several numbers at once, which they don't with `as`.
#[inline(always)]
pub fn integer(whole: f64) -> i64 {
    // So large that the digits after the point have no place left, and the number is the lower bits.
    const LARGE: f64 = (1_u64 << 52) as f64 * 1.5;
    (whole + LARGE).to_bits() as i64 - LARGE.to_bits() as i64
}

/// One resource of all nodes, by row index. Rows without a node have zeros.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceColumns {
    /// What the node has.
    pub allocatable: Vec<f64>,
    /// Σ of what its pods request.
    pub requested: Vec<f64>,
}

/// Columns of all nodes, by row index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// CPU in thousandths of a core.
    pub milli_cpu: ResourceColumns,
    /// Memory in bytes.
    pub memory: ResourceColumns,
    /// Local ephemeral storage in bytes.
    pub ephemeral_storage: ResourceColumns,
    /// The part of the CPU that is requested; 0 of nothing.
    pub cpu_utilization: Vec<f64>,
    /// The part of the memory that is requested; 0 of nothing.
    pub memory_utilization: Vec<f64>,
    /// Σ of CPU, where containers without a request count as 100m.
    pub non_zero_milli_cpu: Vec<f64>,
    /// Σ of memory, where containers without a request count as 200 MiB.
    pub non_zero_memory: Vec<f64>,
    /// How many more pods the node can take.
    pub free_pods: Vec<f64>,
    /// Rows with amounts that are not exact here.
    inexact: BTreeSet<Row>,
    cordoned: BTreeSet<Row>,
    repelling: Map<Arc<[Taint]>, BTreeSet<Row>>,
    /// Per row: its taints, if some forbid scheduling.
    taints: Vec<Option<Arc<[Taint]>>>,
    discouraging: BTreeSet<Row>,
}

/// The comparison itself, made for the processor at hand.
struct Lacking<'c> {
    columns: &'c Columns,
    wanted: [Option<f64>; 3],
}

impl NullaryFnOnce for Lacking<'_> {
    type Output = Vec<bool>;

    #[inline(always)]
    fn call(self) -> Vec<bool> {
        let Columns { milli_cpu, memory, ephemeral_storage, free_pods, .. } = self.columns;
        let mut lacks: Vec<bool> = free_pods.iter().map(|free| *free <= 0.0).collect();
        for (resource, wanted) in [milli_cpu, memory, ephemeral_storage].into_iter().zip(self.wanted) {
            let Some(wanted) = wanted else { continue };
            let columns = resource.allocatable.iter().zip(&resource.requested);
            for (lacks, (allocatable, requested)) in lacks.iter_mut().zip(columns) {
                *lacks |= allocatable - requested < wanted;
            }
        }
        lacks
    }
}

impl Columns {
    /// The rows of nodes with amounts that are not what rows say: they are to be asked themselves.
    pub fn inexact(&self) -> &BTreeSet<Row> {
        &self.inexact
    }

    /// The rows of nodes that are cordoned.
    pub fn cordoned(&self) -> &BTreeSet<Row> {
        &self.cordoned
    }

    /// Lists of taints of which some forbid scheduling, each with the rows of the nodes that have it.
    pub fn repelling(&self) -> impl Iterator<Item = (&[Taint], &BTreeSet<Row>)> {
        self.repelling.iter().map(|(taints, rows)| (&**taints, rows))
    }

    /// The rows of nodes with taints of effect PreferNoSchedule.
    pub fn discouraging(&self) -> &BTreeSet<Row> {
        &self.discouraging
    }

    /// Per row: whether a pod finds no place there, or less free CPU, memory or ephemeral storage than `wanted`.
    pub fn lacking(&self, wanted: [Option<f64>; 3]) -> Vec<bool> {
        Arch::new().dispatch(Lacking { columns: self, wanted })
    }

    /// Reads what changes with the pods of a row.
    pub(super) fn prefetch(&self, row: Row) {
        let i = row.index();
        let amounts = [
            &self.milli_cpu.requested,
            &self.memory.requested,
            &self.ephemeral_storage.requested,
            &self.non_zero_milli_cpu,
            &self.non_zero_memory,
            &self.free_pods,
            &self.cpu_utilization,
            &self.memory_utilization,
        ];
        std::hint::black_box(amounts.map(|column| column.get(i).copied()));
    }

    /// Takes over what a row says about its pods.
    pub(super) fn set_pods(&mut self, info: &NodeInfo) {
        let (i, requested, node) = (info.row.index(), info.requested(), &info.node);
        let free_pods = node.allocatable_pods.saturating_sub(info.pods().len() as i64);
        let amounts = [
            (&mut self.milli_cpu.requested, requested.milli_cpu),
            (&mut self.memory.requested, requested.memory),
            (&mut self.ephemeral_storage.requested, requested.ephemeral_storage),
            (&mut self.non_zero_milli_cpu, info.non_zero_milli_cpu()),
            (&mut self.non_zero_memory, info.non_zero_memory()),
            (&mut self.free_pods, free_pods),
        ];
        let allocatable = &node.allocatable;
        let mut is_exact = [allocatable.milli_cpu, allocatable.memory, allocatable.ephemeral_storage]
            .iter()
            .all(|amount| is_exact(*amount));
        for (column, amount) in amounts {
            column[i] = amount as f64;
            is_exact &= self::is_exact(amount);
        }
        self.cpu_utilization[i] = part(requested.milli_cpu, allocatable.milli_cpu);
        self.memory_utilization[i] = part(requested.memory, allocatable.memory);
        if !is_exact {
            self.inexact.insert(info.row);
        } else if !self.inexact.is_empty() {
            self.inexact.remove(&info.row);
        }
    }

    /// Takes over everything a row says.
    pub(super) fn set(&mut self, info: &NodeInfo) {
        self.grow(info.row.index() + 1);
        let (i, node) = (info.row.index(), &info.node);
        self.milli_cpu.allocatable[i] = node.allocatable.milli_cpu as f64;
        self.memory.allocatable[i] = node.allocatable.memory as f64;
        self.ephemeral_storage.allocatable[i] = node.allocatable.ephemeral_storage as f64;
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
        let discourages = node.taints.iter().any(|taint| taint.effect == Effect::PreferNoSchedule);
        mark(|columns| &mut columns.discouraging, discourages);
        self.set_taints(info.row, &node.taints);
    }

    fn set_taints(&mut self, row: Row, taints: &[Taint]) {
        let known = self.taints[row.index()].as_deref().unwrap_or_default();
        if known == taints {
            return;
        }
        if let Some(known) = self.taints[row.index()].take()
            && let Some(rows) = self.repelling.get_mut(&known)
        {
            rows.remove(&row);
            if rows.is_empty() {
                self.repelling.remove(&known);
            }
        }
        if taints.iter().any(|taint| taint.effect.forbids_scheduling()) {
            let taints: Arc<[Taint]> = taints.into();
            self.repelling.entry(Arc::clone(&taints)).or_default().insert(row);
            self.taints[row.index()] = Some(taints);
        }
    }

    /// Forgets a row.
    pub(super) fn clear(&mut self, row: Row) {
        let i = row.index();
        self.all().into_iter().for_each(|column| column[i] = 0.0);
        for rows in [&mut self.inexact, &mut self.cordoned, &mut self.discouraging] {
            rows.remove(&row);
        }
        self.set_taints(row, &[]);
    }

    fn grow(&mut self, n: usize) {
        if self.free_pods.len() < n {
            self.all().into_iter().for_each(|column| column.resize(n, 0.0));
            self.taints.resize(n, None);
        }
    }

    fn all(&mut self) -> [&mut Vec<f64>; 11] {
        [
            &mut self.milli_cpu.allocatable,
            &mut self.milli_cpu.requested,
            &mut self.memory.allocatable,
            &mut self.memory.requested,
            &mut self.ephemeral_storage.allocatable,
            &mut self.ephemeral_storage.requested,
            &mut self.cpu_utilization,
            &mut self.memory_utilization,
            &mut self.non_zero_milli_cpu,
            &mut self.non_zero_memory,
            &mut self.free_pods,
        ]
    }
}

fn is_exact(amount: i64) -> bool {
    (0..EXACT_MAX).contains(&amount)
}

fn part(requested: i64, allocatable: i64) -> f64 {
    if allocatable == 0 { 0.0 } else { requested as f64 / allocatable as f64 }
}
