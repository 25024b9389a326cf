//! The order in which nodes are looked at: round robin over zones.

use std::sync::OnceLock;

use base::Symbol;

use super::Row;

/// Zones in order of first appearance, nodes within a zone in order of arrival, flattened when somebody asks.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(Symbol, Vec<Row>)>,
    flat: OnceLock<Vec<Row>>,
}

impl NodeOrder {
    pub(super) fn rows(&self) -> &[Row] {
        self.flat.get_or_init(|| {
            let longest = self.zones.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
            (0..longest)
                .flat_map(|i| self.zones.iter().filter_map(move |(_, rows)| rows.get(i)))
                .copied()
                .collect()
        })
    }

    pub(super) fn add(&mut self, row: Row, zone: Symbol) {
        self.flat.take();
        match self.zones.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, rows)) => rows.push(row),
            None => self.zones.push((zone, vec![row])),
        }
    }

    pub(super) fn remove(&mut self, row: Row, zone: Symbol) {
        self.flat.take();
        if let Some(i) = self.zones.iter().position(|(known, _)| *known == zone) {
            self.zones[i].1.retain(|known| *known != row);
            if self.zones[i].1.is_empty() {
                self.zones.remove(i);
            }
        }
    }

    /// A change of zone alone does not reorder nodes that have been looked at: as upstream, that waits for the next
    /// arrival or departure.
    pub(super) fn move_zone(&mut self, row: Row, from: Symbol, to: Symbol) {
        if from != to {
            let flat = self.flat.take();
            self.remove(row, from);
            self.add(row, to);
            self.flat = flat.map(OnceLock::from).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Interner;

    use super::*;

    #[test]
    fn takes_zones_in_turn() {
        let mut symbols = Interner::default();
        let (a, b, c) = (symbols.intern("a"), symbols.intern("b"), symbols.intern("c"));
        let mut order = NodeOrder::default();
        for (row, zone) in [(0, a), (1, a), (2, a), (3, b), (4, c), (5, c)] {
            order.add(Row(row), zone);
        }
        assert_eq!(order.rows(), [0, 3, 4, 1, 5, 2].map(Row));
        order.remove(Row(3), b);
        order.add(Row(3), b);
        assert_eq!(order.rows(), [0, 4, 3, 1, 5, 2].map(Row));
    }
}
