//! Which pending pods have been promised a place on which node.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Map, Symbol};

use super::Log;
use crate::model::Pod;

/// Pods nominated to nodes, in order of nomination per node. A pod is nominated to at most one node.
#[derive(Clone, Debug, Default)]
pub struct Nominator {
    by_node: Map<Symbol, Vec<Arc<Pod>>>,
    node_of: Map<Arc<str>, Symbol>,
    /// How many pods of each priority are nominated somewhere.
    priorities: BTreeMap<i32, usize>,
    /// The nodes whose nominations changed.
    log: Log<Symbol>,
}

impl Nominator {
    /// Nominates a pod to a node, instead of where it was nominated before.
    pub fn nominate(&mut self, pod: Arc<Pod>, node: Symbol) {
        self.remove(&pod.uid);
        self.node_of.insert(Arc::clone(&pod.uid), node);
        *self.priorities.entry(pod.priority).or_default() += 1;
        self.log.push(node);
        self.by_node.entry(node).or_default().push(pod);
    }

    /// Takes a nomination back.
    pub fn remove(&mut self, uid: &str) {
        let Some(node) = self.node_of.remove(uid) else { return };
        self.log.push(node);
        let Some(pods) = self.by_node.get_mut(&node) else { return };
        let Some(position) = pods.iter().position(|pod| *pod.uid == *uid) else { return };
        let pod = pods.remove(position);
        if pods.is_empty() {
            self.by_node.remove(&node);
        }
        if let Some(n) = self.priorities.get_mut(&pod.priority) {
            *n -= 1;
            if *n == 0 {
                self.priorities.remove(&pod.priority);
            }
        }
    }

    /// The pods nominated to a node.
    pub fn pods_on(&self, node: Symbol) -> &[Arc<Pod>] {
        self.by_node.get(&node).map_or(&[], Vec::as_slice)
    }

    /// The nodes that have been promised to pods, in no particular order.
    pub fn nodes(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.by_node.keys().copied()
    }

    /// The node a pod is nominated to.
    pub fn node_of(&self, uid: &str) -> Option<Symbol> {
        self.node_of.get(uid).copied()
    }

    /// Whether no pod is nominated anywhere.
    pub fn is_empty(&self) -> bool {
        self.node_of.is_empty()
    }

    /// How many pods of at least this priority are nominated somewhere.
    pub fn n_from_priority(&self, priority: i32) -> usize {
        self.priorities.range(priority..).map(|(_, n)| n).sum()
    }

    /// The nodes whose nominations changed, in order.
    pub fn log(&self) -> &Log<Symbol> {
        &self.log
    }
}
