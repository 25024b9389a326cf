//! One number per domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{NO_DOMAIN, TopologyId};
use crate::framework::domains::Count;
use crate::model::Node;
use crate::snapshot::Row;

/// How many pods of some kind are in each domain of a topology.
pub(in crate::incremental) struct Counter {
    pub(in crate::incremental) topology: TopologyId,
    pub(super) count: Arc<Count>,
    numbers: Vec<i64>,
    total: i64,
    /// What is known about the nodes, if not all of them count.
    selection: Option<Selection>,
}

/// The nodes on which pods are counted.
struct Selection {
    /// Per row.
    included: Vec<bool>,
    /// Per domain: how many nodes are included.
    n_nodes: Vec<u32>,
    /// How many domains with included nodes have each number.
    levels: BTreeMap<i64, u32>,
}

impl Counter {
    pub(super) fn new(count: Arc<Count>, topology: TopologyId, n_rows: usize, n_domains: usize) -> Counter {
        let selection = (!count.nodes.is_all()).then(|| Selection {
            included: vec![false; n_rows],
            n_nodes: vec![0; n_domains],
            levels: BTreeMap::new(),
        });
        Counter { topology, count, numbers: vec![0; n_domains], total: 0, selection }
    }

    /// The number of a domain.
    pub(in crate::incremental) fn number(&self, domain: u32) -> i64 {
        self.numbers.get(domain as usize).copied().unwrap_or(0)
    }

    /// The sum over all domains.
    pub(in crate::incremental) fn total(&self) -> i64 {
        self.total
    }

    /// The smallest number of a domain with nodes that count, if there is one.
    pub(in crate::incremental) fn min(&self) -> Option<i64> {
        self.selection.as_ref()?.levels.first_key_value().map(|(number, _)| *number)
    }

    /// How many domains have nodes that count.
    pub(in crate::incremental) fn n_domains(&self) -> i64 {
        self.selection.as_ref().map_or(0, |selection| selection.levels.values().map(|n| i64::from(*n)).sum())
    }

    /// Whether pods on a row count.
    pub(super) fn includes(&self, row: Row) -> bool {
        match &self.selection {
            None => true,
            Some(selection) => selection.included.get(row.index()).copied().unwrap_or(false),
        }
    }

    /// Whether pods on a node would count.
    pub(super) fn would_include(&self, node: &Node) -> bool {
        self.selection.is_none() || self.count.nodes.include(node)
    }

    /// Lets a row in `domain` count if its node is one of those.
    pub(super) fn include(&mut self, row: Row, domain: u32, node: &Node) {
        if !self.would_include(node) {
            return;
        }
        let number = self.number(domain);
        let Some(selection) = &mut self.selection else { return };
        if selection.included.len() <= row.index() {
            selection.included.resize(row.index() + 1, false);
        }
        if std::mem::replace(&mut selection.included[row.index()], true) || domain == NO_DOMAIN {
            return;
        }
        if selection.n_nodes.len() <= domain as usize {
            selection.n_nodes.resize(domain as usize + 1, 0);
        }
        selection.n_nodes[domain as usize] += 1;
        if selection.n_nodes[domain as usize] == 1 {
            *selection.levels.entry(number).or_default() += 1;
        }
    }

    /// Lets a row in `domain` count no more. Its pods have been subtracted before.
    pub(super) fn exclude(&mut self, row: Row, domain: u32) {
        let number = self.number(domain);
        let Some(selection) = &mut self.selection else { return };
        let Some(included) = selection.included.get_mut(row.index()) else { return };
        if !std::mem::replace(included, false) || domain == NO_DOMAIN {
            return;
        }
        selection.n_nodes[domain as usize] -= 1;
        if selection.n_nodes[domain as usize] == 0 {
            selection.forget(number);
        }
    }

    /// Adds to the number of `domain` for pods on `row`; returns whether that changed it.
    pub(super) fn add(&mut self, row: Row, domain: u32, by: i64) -> bool {
        if domain == NO_DOMAIN || !self.includes(row) {
            return false;
        }
        if self.numbers.len() <= domain as usize {
            self.numbers.resize(domain as usize + 1, 0);
        }
        let number = &mut self.numbers[domain as usize];
        let before = *number;
        *number += by;
        self.total += by;
        let after = *number;
        if let Some(selection) = &mut self.selection
            && selection.n_nodes.get(domain as usize).is_some_and(|n| *n > 0)
        {
            selection.forget(before);
            *selection.levels.entry(after).or_default() += 1;
        }
        true
    }
}

impl Selection {
    /// One domain less has this number.
    fn forget(&mut self, number: i64) {
        if let Some(n) = self.levels.get_mut(&number) {
            *n -= 1;
            if *n == 0 {
                self.levels.remove(&number);
            }
        }
    }
}
