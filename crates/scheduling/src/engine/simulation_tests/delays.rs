//! Things that are under way and arrive at their time.

use std::collections::BTreeMap;

use base::Now;

/// Things by the time they arrive; those of one time arrive in the order in which they were sent.
#[derive(Debug)]
pub(super) struct Delayed<T> {
    under_way: BTreeMap<(Now, u64), T>,
    n_sent: u64,
}

impl<T> Default for Delayed<T> {
    fn default() -> Self {
        Delayed { under_way: BTreeMap::new(), n_sent: 0 }
    }
}

impl<T> Delayed<T> {
    /// Sends something that arrives at `due`.
    pub(super) fn send(&mut self, due: Now, thing: T) {
        self.n_sent += 1;
        self.under_way.insert((due, self.n_sent), thing);
    }

    /// When the next thing arrives.
    pub(super) fn next_due(&self) -> Option<Now> {
        self.under_way.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes what arrives next.
    pub(super) fn receive(&mut self) -> Option<T> {
        self.under_way.pop_first().map(|(_, thing)| thing)
    }

    /// Loses everything under way that is not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.under_way.retain(|_, thing| keep(thing));
    }
}
