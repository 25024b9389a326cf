//! Events that happen again and again.

use std::time::Duration;

use base::{Map, Now};

use super::Write;
use super::event::{Event, Identity};

/// After how long without a repetition a series is over.
const OVER_AFTER: Duration = Duration::from_secs(6 * 60);

/// How often the count of a series is written that goes on.
const WRITE_EVERY: Duration = Duration::from_secs(30 * 60);

/// How many events are remembered. What is forgotten begins anew.
const KNOWN_MAX: usize = 4096;

/// The events of the last minutes, by what makes them the same.
#[derive(Default)]
pub(super) struct Known(Map<Identity, Seen>);

struct Seen {
    first: Event,
    count: u32,
    last: Now,
    written_at: Now,
    n_written: u32,
}

/// What is to be done about an event.
pub(super) enum Heard {
    /// It is the first of its kind.
    New(Event),
    /// It has happened before; perhaps something is to be written.
    Again(Option<Write>),
}

impl Known {
    /// Takes note of an event.
    pub(super) fn hear(&mut self, event: Event, host_name: &str) -> Heard {
        let now = event.now;
        if let Some(seen) = self.0.get_mut(&event.identity)
            && now <= seen.last.after(OVER_AFTER)
        {
            seen.count = seen.count.saturating_add(1);
            seen.last = now;
            // From the second time on it is known to be a series.
            return Heard::Again((seen.count == 2).then(|| seen.write(now, host_name)));
        }
        if self.0.len() >= KNOWN_MAX {
            self.forget_oldest();
        }
        let seen = Seen { first: event.clone(), count: 1, last: now, written_at: now, n_written: 1 };
        self.0.insert(event.identity.clone(), seen);
        Heard::New(event)
    }

    /// Ends series that are over and writes down those that go on.
    pub(super) fn look(&mut self, now: Now, host_name: &str) -> Vec<Write> {
        let mut writes = Vec::new();
        self.0.retain(|_, seen| {
            let is_over = now > seen.last.after(OVER_AFTER);
            let is_due = is_over || now >= seen.written_at.after(WRITE_EVERY);
            if is_due && seen.n_written < seen.count {
                writes.push(seen.write(now, host_name));
            }
            !is_over
        });
        writes
    }

    /// Forgets the half that has been silent for longest.
    fn forget_oldest(&mut self) {
        let mut times: Vec<Now> = self.0.values().map(|seen| seen.last).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.0.retain(|_, seen| seen.last > median);
    }
}

impl Seen {
    fn write(&mut self, now: Now, host_name: &str) -> Write {
        self.written_at = now;
        self.n_written = self.count;
        self.first.series(self.count, self.last, host_name)
    }
}
