//! What is in the queue and the cache.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use scheduling::engine::Scheduler;

use super::Families;

/// How many things there are of each kind.
type Amounts<K> = BTreeMap<K, u64>;

/// What was seen in the core.
pub(super) struct Look {
    pending: [(&'static str, usize); 4],
    /// By queue and event.
    incoming: Amounts<(String, String)>,
    /// By plugin and profile.
    blamed: Amounts<(String, String)>,
    events: Amounts<String>,
    cache: [(&'static str, usize); 3],
}

impl Look {
    pub(super) fn at(scheduler: &Scheduler) -> Look {
        let (queue, snapshot) = (scheduler.queue(), scheduler.snapshot());
        let name = |symbol| scheduler.symbols().resolve(symbol).to_owned();
        let mut events: Amounts<String> =
            queue.n_in_flight_events().iter().map(|(cause, n)| (cause.to_string(), *n as u64)).collect();
        events.insert("PodPopped".to_owned(), queue.n_in_flight() as u64);
        let n_backing_off = queue.n_backing_off() + queue.n_backing_off_after_errors();
        Look {
            pending: [
                ("active", queue.n_active()),
                ("backoff", n_backing_off),
                ("unschedulable", queue.n_unschedulable()),
                ("gated", queue.n_gated()),
            ],
            incoming: queue
                .counts()
                .incoming()
                .map(|(queue, cause, n)| ((queue.to_string(), cause.to_string()), n))
                .collect(),
            blamed: queue
                .counts()
                .blamed()
                .map(|(plugin, profile, n)| ((plugin.to_owned(), name(profile)), n))
                .collect(),
            events,
            cache: [
                ("nodes", snapshot.len()),
                ("pods", snapshot.pods().count()),
                ("assumed_pods", scheduler.n_assumed()),
            ],
        }
    }
}

/// What was seen last, of what only grows.
#[derive(Default)]
pub(super) struct Looks(Mutex<Amounts<(String, String)>>);

impl Looks {
    /// Brings the metrics to show what was seen.
    pub(super) fn show(&self, look: &Look, families: &Families) {
        let set = |gauge: &component::metrics::Gauge, n: u64| gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        for (queue, n) in look.pending {
            set(&families.pending_pods.with([queue]), n as u64);
        }
        for (kind, n) in look.cache {
            set(&families.cache_size.with([kind]), n as u64);
        }
        for ((plugin, profile), n) in &look.blamed {
            set(&families.unschedulable.with([plugin, profile]), *n);
        }
        for (event, n) in &look.events {
            set(&families.inflight_events.with([event]), *n);
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((queue, event), n) in &look.incoming {
            let before = last.insert((queue.clone(), event.clone()), *n).unwrap_or(0);
            families.incoming.with([queue, event]).add(n.saturating_sub(before));
        }
    }
}
