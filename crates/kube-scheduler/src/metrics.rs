//! kube-scheduler's metrics.
//!
//! | module | what it is |
//! |---|---|
//! | [`families`] | all of them: names, labels, buckets |
//! | [`meter`] | sees every step of the core, and counts what came of it |
//! | `timings` | the stopwatch of the core |
//! | `queue` | what is in the queue and the cache, looked up when somebody asks |
//! | `process` | what this process is, whether it leads, its requests to the API server |
//! | [`resources`] | `/metrics/resources` |
//!
//! What upstream counts and does not happen here (goroutines of parallel loops, hints of batching, Go's runtime) is not
//! made up: PreFilter and PreScore of pods of a known shape take no time because their results are known, and calls of
//! plugins are those that were made.

pub mod families;
pub mod meter;
mod process;
mod queue;
pub mod resources;
#[cfg(test)]
mod tests;
mod timings;

use std::sync::Arc;

use component::metrics::{Options, Registry, collect_process};
use wire::config::FeatureGates;

use crate::driver::Handle;
pub use families::Families;
pub use meter::Meter;
pub use process::{Leading, Requests};
pub use timings::Timings;

/// The metrics of one scheduler. Clones are the same.
#[derive(Clone)]
pub struct Metrics {
    /// All families.
    pub registry: Registry,
    /// The scheduler's own.
    pub families: Arc<Families>,
    /// The stopwatch of its core.
    pub timings: Arc<Timings>,
    queue: Arc<queue::Looks>,
}

impl Metrics {
    /// Metrics that have counted nothing. `options` says what is left out of them, `gates` which there are.
    pub fn new(options: Options, gates: &FeatureGates) -> Metrics {
        let n_hidden = options.n_hidden();
        let registry = Registry::with_options(options);
        let families = Arc::new(Families::new(&registry, gates));
        process::register(&registry, gates, n_hidden);
        registry.collect_with(collect_process);
        Metrics {
            timings: Arc::new(Timings::new(Arc::clone(&families))),
            families,
            registry,
            queue: Arc::default(),
        }
    }

    /// Looks into the core for what is not counted as it happens. To be called before metrics are shown.
    pub async fn look(&self, handle: &Handle) {
        let looked = handle.ask(|scheduler, _| queue::Look::at(scheduler)).await;
        if let Some(look) = looked {
            self.queue.show(&look, &self.families);
        }
    }
}
