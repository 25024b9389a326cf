//! What changed, in order, for those who keep something derived from it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Row;
use crate::model::{Pod, Shape};

/// How many changes are kept: a cache that lags further behind starts over, which costs one pass over all
/// rows and so is paid for by at least as many changes on clusters of this size.
const LIMIT: usize = if cfg!(test) { 1 << 10 } else { 1 << 16 };

/// What happened to a row. A node that comes or goes with pods on it brings and takes them one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A node took this row.
    Added,
    /// The node left; the row is free.
    Removed,
    /// The node object changed.
    Node,
    /// What counts as a volume of its pods, or what its drivers can attach, changed.
    Volumes,
    /// A pod was added.
    PodAdded(Occupant),
    /// A pod was removed.
    PodRemoved(Occupant),
    /// The object of a pod was replaced by one that takes the same room and matters equally to other pods.
    PodReplaced,
}

/// What a pod is to those who count pods. The pod itself can be freed while the change is still kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Its shape.
    pub shape: Arc<Shape>,
    /// Its shape without claims.
    pub kin: Arc<Shape>,
    /// Its priority.
    pub priority: i32,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// When it started, in nanoseconds since the epoch.
    pub start_time: Option<i64>,
}

impl From<&Pod> for Occupant {
    fn from(pod: &Pod) -> Occupant {
        Occupant {
            shape: Arc::clone(&pod.shape),
            kin: Arc::clone(&pod.kin),
            priority: pod.priority,
            is_terminating: pod.is_terminating,
            start_time: pod.start_time,
        }
    }
}

/// The changes of rows.
pub type ChangeLog = Log<(Row, Change)>;

/// A reader that asks for changes which are no longer kept; it has to read everything instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged;

/// A bounded list of changes, each with a sequence number.
#[derive(Clone, Debug)]
pub struct Log<T> {
    entries: VecDeque<T>,
    /// The sequence number that the next change will get.
    next: u64,
}

impl<T> Default for Log<T> {
    fn default() -> Log<T> {
        Log { entries: VecDeque::new(), next: 0 }
    }
}

impl<T> Log<T> {
    /// Writes a change down.
    pub fn push(&mut self, change: T) {
        if self.entries.len() == LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back(change);
        self.next += 1;
    }

    /// The sequence number of the next change: a reader that has seen everything so far remembers it.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// The changes from `position` on.
    pub fn since(&self, position: u64) -> Result<impl ExactSizeIterator<Item = &T> + '_, Lagged> {
        let first = self.next - self.entries.len() as u64;
        let skip = position.checked_sub(first).ok_or(Lagged)?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.entries.len());
        Ok(self.entries.range(skip..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_readers_what_they_missed_or_that_they_lag() {
        let mut log = ChangeLog::default();
        log.push((Row(1), Change::Added));
        let seen = log.position();
        log.push((Row(1), Change::Node));
        log.push((Row(2), Change::Added));
        let missed: Vec<_> = log.since(seen).expect("kept").cloned().collect();
        assert_eq!(missed, [(Row(1), Change::Node), (Row(2), Change::Added)]);
        assert_eq!(log.since(log.position()).expect("kept").count(), 0);
        for _ in 0..LIMIT {
            log.push((Row(3), Change::Node));
        }
        assert!(log.since(seen).is_err());
    }
}
