//! The nodes and what runs on them.
//!
//! Nodes are rows with stable indexes: a row keeps its index as long as the node exists, and is used again
//! afterwards. Pods are added to and removed from rows; everything that is summed over them (requests, ports,
//! counts) is kept up to date by exactly what each pod brought, never recomputed. A [`ChangeLog`] tells caches
//! which rows changed, so that they can catch up instead of starting over.
//!
//! Invariants, checked by a property test: a snapshot after any history of changes equals one built anew from
//! what is there at the end; a pod is on at most one row.

mod change_log;
mod columns;
mod images;
mod label_columns;
mod node_info;
mod node_order;
mod nominator;

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Map, Symbol};

pub use change_log::{Change, ChangeLog, Lagged, Log, Occupant};
pub use columns::{Columns, EXACT_MAX, ResourceColumns, integer};
pub use images::{ImageState, Images};
use label_columns::LabelColumns;
pub use node_info::NodeInfo;
use node_order::NodeOrder;
pub use nominator::Nominator;

use crate::model::{Node, Pod};

/// The index of a node's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(u32);

impl Row {
    /// The row with this index.
    pub(crate) fn at(index: usize) -> Row {
        Row(index as u32)
    }

    /// As an index into tables with one entry per row.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// All nodes with their pods.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    rows: Vec<Option<NodeInfo>>,
    free: Vec<Row>,
    by_name: Map<Symbol, Row>,
    order: NodeOrder,
    images: Images,
    pods: Map<Arc<str>, Arc<Pod>>,
    /// Pods whose node does not exist (yet, or any more). They take part in nothing until it does.
    orphans: Map<Symbol, Vec<Arc<Pod>>>,
    /// Rows with pods that have inter-pod affinity or anti-affinity of any kind.
    with_affinity: BTreeSet<Row>,
    columns: Columns,
    label_columns: LabelColumns,
    log: ChangeLog,
    /// How often a node came, went or changed.
    n_node_changes: u64,
}

impl Snapshot {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// One more than the highest row index in use: the size of tables indexed by row.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Reads what will be needed of a row, so that the processor fetches it all at once. Rows are spread over memory:
    /// on a large cluster, fetching one thing after the other is most of what a decision takes.
    pub fn prefetch(&self, row: Row) {
        let info = self.rows.get(row.index()).and_then(Option::as_ref);
        std::hint::black_box(info.map(NodeInfo::fetched));
        self.columns.prefetch(row);
    }

    /// The row of the node called `name`.
    pub fn row(&self, name: Symbol) -> Option<Row> {
        self.by_name.get(&name).copied()
    }

    /// The node at `row`.
    ///
    /// # Panics
    /// If no node has this row. Rows come from this snapshot and live as long as their node.
    pub fn node(&self, row: Row) -> &NodeInfo {
        self.rows[row.index()].as_ref().expect("a row of a node that exists")
    }

    /// The node at `row`, if there is one.
    pub fn get(&self, row: Row) -> Option<&NodeInfo> {
        self.rows.get(row.index())?.as_ref()
    }

    /// The rows in upstream's order: zones in turn, each in order of arrival.
    pub fn order(&self) -> &[Row] {
        self.order.rows()
    }

    /// All nodes, in the order of [`Snapshot::order`].
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &NodeInfo> + Clone {
        self.order().iter().map(|row| self.node(*row))
    }

    /// The nodes with pods that have inter-pod affinity or anti-affinity of any kind.
    pub fn nodes_with_affinity(&self) -> impl Iterator<Item = &NodeInfo> {
        self.with_affinity.iter().map(|row| self.node(*row))
    }

    /// The nodes column by column.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// A number that is another one after any node came, went or changed.
    pub fn node_version(&self) -> u64 {
        self.n_node_changes
    }

    /// Which images the nodes have.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// What changed, row by row.
    pub fn log(&self) -> &ChangeLog {
        &self.log
    }

    /// The pod with this UID, if it is on a node (or waits for its node to appear).
    pub fn pod(&self, uid: &str) -> Option<&Arc<Pod>> {
        self.pods.get(uid)
    }

    /// All pods that have a node name, in no particular order.
    pub fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    /// Adds a node, or replaces the object of the one with this name. Its pods stay.
    pub fn upsert_node(&mut self, node: Node) -> Row {
        let node = Arc::new(node);
        if let Some(row) = self.row(node.name) {
            let info = self.rows[row.index()].as_mut().expect("by_name points at rows in use");
            if info.node != node {
                self.images.remove(&info.node);
                self.images.add(&node);
                self.order.move_zone(row, info.node.zone, node.zone);
                self.n_node_changes += 1;
                self.log.push((row, Change::Node));
                info.node = node;
                self.columns.set(info);
                self.label_columns.set(info);
            }
            return row;
        }
        let row = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            // Rows are counted in 32 bits; 2^32 nodes do not fit into memory.
            Row(u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 nodes"))
        });
        self.by_name.insert(node.name, row);
        self.images.add(&node);
        self.order.add(row, node.zone);
        self.n_node_changes += 1;
        let name = node.name;
        let info = NodeInfo::new(row, node);
        self.columns.set(&info);
        self.label_columns.set(&info);
        self.rows[row.index()] = Some(info);
        self.log.push((row, Change::Added));
        for pod in self.orphans.remove(&name).unwrap_or_default() {
            self.put(row, pod);
        }
        row
    }

    /// Takes note that volumes of the pods on a row count otherwise than before.
    pub fn touch_volumes(&mut self, row: Row) {
        self.log.push((row, Change::Volumes));
    }

    /// Removes the node called `name`. Pods that say they run there wait for it to come back.
    pub fn remove_node(&mut self, name: Symbol) -> bool {
        let Some(row) = self.by_name.remove(&name) else { return false };
        let info = self.rows[row.index()].take().expect("by_name points at rows in use");
        self.images.remove(&info.node);
        self.order.remove(row, info.node.zone);
        self.with_affinity.remove(&row);
        self.columns.clear(row);
        self.label_columns.clear(row);
        for pod in info.pods() {
            self.log.push((row, Change::PodRemoved(Occupant::from(&**pod))));
        }
        if !info.pods().is_empty() {
            self.orphans.insert(name, info.pods().to_vec());
        }
        self.free.push(row);
        self.n_node_changes += 1;
        self.log.push((row, Change::Removed));
        true
    }

    /// Adds a pod to the node it names. A pod with the same UID is replaced, wherever it was.
    ///
    /// # Panics
    /// If the pod names no node.
    pub fn upsert_pod(&mut self, pod: Arc<Pod>) {
        let node_name = pod.node_name.expect("only pods with a node name are on nodes");
        let row = self.row(node_name);
        if let Some(known) = self.pods.get_mut(&pod.uid) {
            if let Some(row) = row.filter(|_| is_like(known, &pod)) {
                *known = Arc::clone(&pod);
                self.info_mut(row).replace_pod(pod);
                self.log.push((row, Change::PodReplaced));
                return;
            }
            self.remove_pod(&pod.uid);
        }
        match row {
            Some(row) => self.put(row, pod),
            None => {
                self.pods.insert(Arc::clone(&pod.uid), Arc::clone(&pod));
                self.orphans.entry(node_name).or_default().push(pod);
            }
        }
    }

    /// Adds a pod to the node at `row`, which its object does not name yet; returns the node's name.
    pub fn assume(&mut self, row: Row, pod: &Pod) -> Symbol {
        let node = self.node(row).node.name;
        let pod = Arc::new(Pod { node_name: Some(node), ..pod.clone() });
        if self.pods.contains_key(&pod.uid) {
            self.upsert_pod(pod);
        } else {
            self.put(row, pod);
        }
        node
    }

    /// Removes the pod with this UID; returns it if it was there.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Arc<Pod>> {
        let pod = self.pods.remove(uid)?;
        let node_name = pod.node_name?;
        match self.row(node_name) {
            Some(row) => {
                let info = self.rows[row.index()].as_mut().expect("by_name points at rows in use");
                info.remove_pod(uid);
                self.columns.set_pods(info);
                if pod.shape.pod_affinity.is_given && !info.has_pods_with_affinity() {
                    self.with_affinity.remove(&row);
                }
                self.log.push((row, Change::PodRemoved(Occupant::from(&*pod))));
            }
            None => {
                if let Some(waiting) = self.orphans.get_mut(&node_name) {
                    waiting.retain(|orphan| *orphan.uid != *uid);
                    if waiting.is_empty() {
                        self.orphans.remove(&node_name);
                    }
                }
            }
        }
        Some(pod)
    }

    fn put(&mut self, row: Row, pod: Arc<Pod>) {
        if pod.shape.pod_affinity.is_given {
            self.with_affinity.insert(row);
        }
        let info = self.rows[row.index()].as_mut().expect("a row of a node that exists");
        let occupant = Occupant::from(&*pod);
        self.pods.insert(Arc::clone(&pod.uid), Arc::clone(&pod));
        info.add_pod(pod);
        self.columns.set_pods(info);
        self.log.push((row, Change::PodAdded(occupant)));
    }

    fn info_mut(&mut self, row: Row) -> &mut NodeInfo {
        self.rows[row.index()].as_mut().expect("a row of a node that exists")
    }
}

/// Whether one object of a pod can take the place of another without any difference to other pods.
fn is_like(known: &Pod, pod: &Pod) -> bool {
    known.node_name == pod.node_name
        && Arc::ptr_eq(&known.shape, &pod.shape)
        && known.priority == pod.priority
        && known.start_time == pod.start_time
        && known.is_terminating == pod.is_terminating
        && known.is_being_preempted == pod.is_being_preempted
}

#[cfg(test)]
mod tests;
