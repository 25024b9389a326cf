//! Which domain each row is in.

use base::{Map, Symbol};

use crate::framework::domains::TopologyKey;
use crate::model::Node;
use crate::snapshot::Row;

/// The domain of rows that are in none.
pub(in crate::incremental) const NO_DOMAIN: u32 = u32::MAX;

/// The domains of one topology key, numbered in order of appearance.
pub(in crate::incremental) struct Topology {
    key: TopologyKey,
    numbers: Map<Symbol, u32>,
    /// Per row.
    domains: Vec<u32>,
    /// Per row: its position among the rows of its domain.
    slots: Vec<u32>,
    /// Per domain: the rows in it.
    rows: Vec<Vec<Row>>,
    /// How many domains have no rows.
    n_empty: usize,
}

/// As many domains without rows are never too many.
const EMPTY_DOMAINS_KEPT: usize = 1024;

impl Topology {
    pub(super) fn new(key: TopologyKey) -> Topology {
        Topology {
            key,
            numbers: Map::default(),
            domains: Vec::new(),
            slots: Vec::new(),
            rows: Vec::new(),
            n_empty: 0,
        }
    }

    /// The domain of a row.
    pub(in crate::incremental) fn domain(&self, row: Row) -> u32 {
        self.domains.get(row.index()).copied().unwrap_or(NO_DOMAIN)
    }

    /// The domain of each row, as far as rows are known.
    pub(in crate::incremental) fn domains(&self) -> &[u32] {
        &self.domains
    }

    /// The rows of a domain.
    pub(in crate::incremental) fn rows(&self, domain: u32) -> &[Row] {
        self.rows.get(domain as usize).map_or(&[], Vec::as_slice)
    }

    /// How many domains there have been.
    pub(in crate::incremental) fn n_domains(&self) -> usize {
        self.rows.len()
    }

    /// Whether most domains are those of nodes that are gone. Domains are not used again, so it is time to start over.
    pub(super) fn is_outlived(&self) -> bool {
        // Rows are used again, and so are domains that are rows.
        self.key != TopologyKey::Node
            && self.n_empty > EMPTY_DOMAINS_KEPT
            && 2 * self.n_empty > self.rows.len()
    }

    /// Whether some node has the label with an empty value, which upstream sometimes takes for no label.
    pub(in crate::incremental) fn has_unnamed_domain(&self) -> bool {
        self.numbers.contains_key(&Symbol::EMPTY)
    }

    /// Puts a row into the domain of its node, or into none; returns where it was and where it is.
    pub(super) fn place(&mut self, row: Row, node: Option<&Node>) -> (u32, u32) {
        let from = self.domain(row);
        let to = node.map_or(NO_DOMAIN, |node| self.number(row, node));
        if from != to {
            if from != NO_DOMAIN {
                let slot = self.slots[row.index()] as usize;
                self.rows[from as usize].swap_remove(slot);
                if let Some(moved) = self.rows[from as usize].get(slot) {
                    self.slots[moved.index()] = slot as u32;
                }
                self.n_empty += usize::from(self.rows[from as usize].is_empty());
            }
            if self.domains.len() <= row.index() {
                self.domains.resize(row.index() + 1, NO_DOMAIN);
                self.slots.resize(row.index() + 1, 0);
            }
            self.domains[row.index()] = to;
            if to != NO_DOMAIN {
                if self.rows.len() <= to as usize {
                    self.n_empty += to as usize + 1 - self.rows.len();
                    self.rows.resize(to as usize + 1, Vec::new());
                }
                self.n_empty -= usize::from(self.rows[to as usize].is_empty());
                self.slots[row.index()] = self.rows[to as usize].len() as u32;
                self.rows[to as usize].push(row);
            }
        }
        (from, to)
    }

    fn number(&mut self, row: Row, node: &Node) -> u32 {
        match self.key {
            TopologyKey::Node => row.index() as u32,
            TopologyKey::Label(key) => match node.labels.get(key) {
                None => NO_DOMAIN,
                Some(value) => {
                    let next = self.numbers.len() as u32;
                    *self.numbers.entry(value).or_insert(next)
                }
            },
        }
    }
}
