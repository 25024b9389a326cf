//! Which rows changed, in order.

use std::collections::VecDeque;

use super::Row;

/// How many changes are kept: a cache that lags further behind starts over, which costs one pass over all
/// rows and so is paid for by at least as many changes on clusters of this size.
const LIMIT: usize = 1 << 16;

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A node took this row.
    Added,
    /// The node left; the row is free.
    Removed,
    /// The node object changed.
    Node,
    /// What runs on the node changed.
    Pods,
}

/// A reader that asks for changes which are no longer kept; it has to read all rows instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged;

/// A bounded list of changes, each with a sequence number.
#[derive(Clone, Debug, Default)]
pub struct ChangeLog {
    entries: VecDeque<(Row, Change)>,
    /// The sequence number that the next change will get.
    next: u64,
}

impl ChangeLog {
    pub(super) fn push(&mut self, row: Row, change: Change) {
        if self.entries.len() == LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back((row, change));
        self.next += 1;
    }

    /// The sequence number of the next change: a reader that has seen everything so far remembers it.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The changes from `position` on.
    pub fn since(&self, position: u64) -> Result<impl Iterator<Item = (Row, Change)> + '_, Lagged> {
        let first = self.next - self.entries.len() as u64;
        let skip = position.checked_sub(first).ok_or(Lagged)?;
        Ok(self.entries.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_readers_what_they_missed_or_that_they_lag() {
        let mut log = ChangeLog::default();
        log.push(Row(1), Change::Added);
        let seen = log.position();
        log.push(Row(1), Change::Pods);
        log.push(Row(2), Change::Added);
        let missed: Vec<_> = log.since(seen).expect("kept").collect();
        assert_eq!(missed, [(Row(1), Change::Pods), (Row(2), Change::Added)]);
        assert_eq!(log.since(log.position()).expect("kept").count(), 0);
        for _ in 0..LIMIT {
            log.push(Row(3), Change::Node);
        }
        assert!(log.since(seen).is_err());
    }
}
