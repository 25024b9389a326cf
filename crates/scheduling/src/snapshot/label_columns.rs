//! Node labels, column by column, and which nodes pass tests on them.
//!
//! A pod of a new shape puts its node selector and affinity to every node. A column holds the value of one label on
//! each row, so a test reads four bytes a node, in order. A column is made when somebody first asks for its label,
//! and kept up to date from then on.

use std::sync::{Arc, PoisonError, RwLock};

use base::{Map, Symbol};

use super::{NodeInfo, Row, Snapshot};
use crate::model::affinity::{LabelTest, NodeSelectorTerm};
use crate::model::labels::Requirement;
use crate::model::{Labels, NodeAffinity, Selector};

/// More columns than this are not kept.
const COLUMNS_MAX: usize = 64;

/// The value of a label on each row, `None` where there is no such label or no node.
type Column = Arc<Vec<Option<Symbol>>>;

/// The columns that have been asked for.
#[derive(Debug, Default)]
pub(super) struct LabelColumns(RwLock<Map<Symbol, Column>>);

impl Clone for LabelColumns {
    /// Columns are made again where they are asked for.
    fn clone(&self) -> LabelColumns {
        LabelColumns::default()
    }
}

impl LabelColumns {
    /// Takes over what a row says about its labels.
    pub(super) fn set(&mut self, info: &NodeInfo) {
        self.put(info.row, Some(&info.node.labels));
    }

    /// Forgets a row.
    pub(super) fn clear(&mut self, row: Row) {
        self.put(row, None);
    }

    fn put(&mut self, row: Row, labels: Option<&Labels>) {
        let columns = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (key, column) in columns {
            let column = Arc::make_mut(column);
            if column.len() <= row.index() {
                column.resize(row.index() + 1, None);
            }
            column[row.index()] = labels.and_then(|labels| labels.get(*key));
        }
    }
}

impl Snapshot {
    /// Per row: the value of a label.
    pub fn label_column(&self, key: Symbol) -> Arc<Vec<Option<Symbol>>> {
        let known = self.label_columns.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let value = |info: &Option<NodeInfo>| info.as_ref().and_then(|info| info.node.labels.get(key));
            let column: Column = Arc::new(self.rows.iter().map(value).collect());
            let mut columns = self.label_columns.0.write().unwrap_or_else(PoisonError::into_inner);
            if columns.len() >= COLUMNS_MAX {
                columns.clear();
            }
            columns.insert(key, Arc::clone(&column));
            column
        })
    }

    /// Per row: whether the node meets a node selector and required terms. Rows without a node may have any answer.
    pub fn admitted_by(&self, affinity: &NodeAffinity) -> Vec<bool> {
        let mut admitted = vec![true; self.n_rows()];
        if let Some(selector) = &affinity.node_selector {
            self.keep_selected(&mut admitted, selector);
        }
        if let Some(required) = &affinity.required {
            match required.terms() {
                [term] => self.keep_matching(&mut admitted, term),
                terms => {
                    let mut matches_any = vec![false; self.n_rows()];
                    for term in terms {
                        let matching = self.matching(term);
                        matches_any.iter_mut().zip(matching).for_each(|(any, own)| *any |= own);
                    }
                    admitted.iter_mut().zip(matches_any).for_each(|(kept, any)| *kept &= any);
                }
            }
        }
        admitted
    }

    /// Per row: whether a term selects the node. Rows without a node may have any answer.
    pub fn matching(&self, term: &NodeSelectorTerm) -> Vec<bool> {
        let mut matching = vec![true; self.n_rows()];
        self.keep_matching(&mut matching, term);
        matching
    }

    /// Drops rows whose nodes lack a label.
    pub fn keep_carrying(&self, kept: &mut [bool], key: Symbol) {
        for (kept, own) in kept.iter_mut().zip(&*self.label_column(key)) {
            *kept &= own.is_some();
        }
    }

    fn keep_selected(&self, kept: &mut [bool], selector: &Selector) {
        match selector.requirements() {
            None => kept.fill(false),
            Some(requirements) => requirements.iter().for_each(|test| self.keep_passing(kept, test)),
        }
    }

    fn keep_matching(&self, kept: &mut [bool], term: &NodeSelectorTerm) {
        for test in term.label_tests() {
            match test {
                LabelTest::Plain(requirement) => self.keep_passing(kept, requirement),
                numeric => {
                    self.nodes().for_each(|info| kept[info.row.index()] &= numeric.matches(&info.node))
                }
            }
        }
        if term.tests_fields() {
            self.nodes().for_each(|info| kept[info.row.index()] &= term.matches_fields(&info.node));
        }
    }

    fn keep_passing(&self, kept: &mut [bool], requirement: &Requirement) {
        match requirement {
            Requirement::In(key, values) => keep_where(kept, &self.label_column(*key), values, true),
            Requirement::NotIn(key, values) => keep_where(kept, &self.label_column(*key), values, false),
            Requirement::Exists(key) => self.keep_carrying(kept, *key),
            Requirement::DoesNotExist(key) => {
                for (kept, own) in kept.iter_mut().zip(&*self.label_column(*key)) {
                    *kept &= own.is_none();
                }
            }
        }
    }
}

/// Drops rows whose label has one of `values`, or has none of them, as `wanted` says.
fn keep_where(kept: &mut [bool], column: &[Option<Symbol>], values: &[Symbol], wanted: bool) {
    let rows = kept.iter_mut().zip(column);
    match values {
        [value] => rows.for_each(|(kept, own)| *kept &= (*own == Some(*value)) == wanted),
        [a, b] => rows.for_each(|(kept, own)| {
            *kept &= ((*own == Some(*a)) | (*own == Some(*b))) == wanted;
        }),
        _ => rows.for_each(|(kept, own)| *kept &= own.is_some_and(|own| values.contains(&own)) == wanted),
    }
}
