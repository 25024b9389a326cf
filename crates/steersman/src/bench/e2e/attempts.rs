//! How long the core takes for its attempts, as seen from beside it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Now;
use kube_scheduler::driver::Observer;
use scheduling::engine::{Input, Scheduler, Step};

use crate::bench::measure::{Histogram, Outcome};

/// The times of attempts, by their outcome, in nanoseconds.
pub(super) type Latencies = [Histogram; Outcome::ALL.len()];

/// The times since they were last taken. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Attempts(Arc<Mutex<Latencies>>);

impl Attempts {
    /// Takes them; from here on it is counted anew.
    pub(super) fn take(&self) -> Latencies {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Attempts {
    fn before(&mut self, _: &Input<'_>, _: Now) {}

    fn after(&mut self, step: &Step, _: &Scheduler, _: Now, took: Duration) {
        let Some(tried) = &step.tried else { return };
        let mut latencies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latencies[Outcome::of(&tried.outcome) as usize].add(took.as_nanos() as u64);
    }
}
