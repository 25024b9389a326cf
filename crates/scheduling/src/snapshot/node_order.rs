//! The order in which nodes are looked at: round robin over zones.

use base::Symbol;

use super::Row;

/// Zones in order of first appearance, nodes within a zone in order of arrival, flattened on demand.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeOrder {
    zones: Vec<(Symbol, Vec<Row>)>,
    flat: Vec<Row>,
    is_stale: bool,
}

impl NodeOrder {
    pub(super) fn rows(&self) -> &[Row] {
        debug_assert!(!self.is_stale, "refresh after nodes came or went");
        &self.flat
    }

    pub(super) fn add(&mut self, row: Row, zone: Symbol) {
        self.is_stale = true;
        match self.zones.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, rows)) => rows.push(row),
            None => self.zones.push((zone, vec![row])),
        }
    }

    pub(super) fn remove(&mut self, row: Row, zone: Symbol) {
        self.is_stale = true;
        if let Some(i) = self.zones.iter().position(|(known, _)| *known == zone) {
            self.zones[i].1.retain(|known| *known != row);
            if self.zones[i].1.is_empty() {
                self.zones.remove(i);
            }
        }
    }

    /// A change of zone alone does not reorder the nodes: as upstream, that waits for the next arrival or
    /// departure.
    pub(super) fn move_zone(&mut self, row: Row, from: Symbol, to: Symbol) {
        if from != to {
            let was_stale = self.is_stale;
            self.remove(row, from);
            self.add(row, to);
            self.is_stale = was_stale;
        }
    }

    pub(super) fn refresh(&mut self) {
        if !self.is_stale {
            return;
        }
        self.is_stale = false;
        self.flat.clear();
        let longest = self.zones.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
        for i in 0..longest {
            self.flat.extend(self.zones.iter().filter_map(|(_, rows)| rows.get(i)));
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
        order.refresh();
        assert_eq!(order.rows(), [0, 3, 4, 1, 5, 2].map(Row));
        order.remove(Row(3), b);
        order.add(Row(3), b);
        order.refresh();
        assert_eq!(order.rows(), [0, 4, 3, 1, 5, 2].map(Row));
    }
}
