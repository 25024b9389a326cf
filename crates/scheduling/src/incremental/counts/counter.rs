//! One number per domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::numbers::Numbers;
use super::{NO_DOMAIN, Topology, TopologyId};
use crate::framework::domains::Count;
use crate::model::Node;
use crate::snapshot::{Row, Snapshot};

/// How many pods of some kind are in each domain of a topology.
pub(in crate::incremental) struct Counter {
    pub(in crate::incremental) topology: TopologyId,
    pub(super) count: Arc<Count>,
    numbers: Numbers,
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
    /// A counter of the nodes that are there. `fill` adds what is counted on each row.
    pub(super) fn new(
        count: Arc<Count>,
        id: TopologyId,
        topology: &Topology,
        snapshot: &Snapshot,
        fill: impl FnOnce(&mut dyn FnMut(Row, i64)),
    ) -> Counter {
        let included = (!count.nodes.is_all()).then(|| count.nodes.included(snapshot));
        let mut counter = Counter {
            topology: id,
            count,
            numbers: Numbers::new(topology.n_domains()),
            total: 0,
            selection: None,
        };
        fill(&mut |row, by| {
            let domain = topology.domain(row);
            let is_included = included.as_ref().is_none_or(|included| included[row.index()]);
            if domain != NO_DOMAIN && is_included {
                counter.total += by;
                counter.numbers.add(domain, by, topology.n_domains());
            }
        });
        counter.selection = included.map(|mut included| {
            let mut n_nodes = vec![0; topology.n_domains()];
            for (i, included) in included.iter_mut().enumerate() {
                match topology.domains().get(i) {
                    _ if !*included => {}
                    // Every node is in a domain or carries no label; rows without a node are in none.
                    None | Some(&NO_DOMAIN) => *included = snapshot.get(Row::at(i)).is_some(),
                    Some(domain) => n_nodes[*domain as usize] += 1,
                }
            }
            let mut levels = BTreeMap::new();
            for (domain, _) in n_nodes.iter().enumerate().filter(|(_, n)| **n > 0) {
                *levels.entry(counter.numbers.get(domain as u32)).or_default() += 1;
            }
            Selection { included, n_nodes, levels }
        });
        counter
    }

    /// The number of a domain.
    pub(in crate::incremental) fn number(&self, domain: u32) -> i64 {
        self.numbers.get(domain)
    }

    /// The domains with a number other than 0, if these are few.
    pub(in crate::incremental) fn few_domains(&self) -> Option<impl Iterator<Item = u32> + '_> {
        self.numbers.few()
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

    /// How much memory this takes, in numbers.
    pub(super) fn size(&self) -> usize {
        let selection = self.selection.as_ref();
        self.numbers.size()
            + selection.map_or(0, |selection| selection.included.len() / 8 + selection.n_nodes.len() / 2)
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

    /// Adds to the number of `domain`, one of `n_domains`, for pods on `row`; returns whether that changed it.
    pub(super) fn add(&mut self, row: Row, domain: u32, by: i64, n_domains: usize) -> bool {
        if domain == NO_DOMAIN || !self.includes(row) {
            return false;
        }
        let before = self.numbers.add(domain, by, n_domains);
        self.total += by;
        if let Some(selection) = &mut self.selection
            && selection.n_nodes.get(domain as usize).is_some_and(|n| *n > 0)
        {
            selection.forget(before);
            *selection.levels.entry(before + by).or_default() += 1;
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
