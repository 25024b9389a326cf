//! The stopwatch of the core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use scheduling::framework::{ClusterEvent, Code, Hint, Stopwatch};
use tokio::time::Instant;
use wire::config::ExtensionPoint;

use super::Families;

const NANOS_PER_SECOND: f64 = 1e9;

/// An extension point as labels name it: `PreFilter`.
pub(super) fn label(point: ExtensionPoint) -> &'static str {
    let kind = point.plugin_type();
    kind.strip_suffix("Plugin").unwrap_or(kind)
}

/// Counts what the core measures.
pub struct Timings {
    families: Arc<Families>,
    begun: Instant,
    is_sampling: AtomicBool,
    /// How long this attempt has been looking for a node.
    algorithm_nanos: AtomicU64,
}

impl Timings {
    pub(super) fn new(families: Arc<Families>) -> Timings {
        Timings {
            families,
            begun: Instant::now(),
            is_sampling: AtomicBool::new(false),
            algorithm_nanos: AtomicU64::new(0),
        }
    }

    /// A step begins, in which single calls of plugins are measured or are not.
    pub(super) fn begin(&self, is_sampling: bool) {
        self.is_sampling.store(is_sampling, Ordering::Relaxed);
        self.algorithm_nanos.store(0, Ordering::Relaxed);
    }

    /// How long it was looked for a node in this step, in seconds.
    pub(super) fn algorithm_seconds(&self) -> f64 {
        self.algorithm_nanos.load(Ordering::Relaxed) as f64 / NANOS_PER_SECOND
    }
}

impl Stopwatch for Timings {
    fn reading(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn is_sampling(&self) -> bool {
        self.is_sampling.load(Ordering::Relaxed)
    }

    fn point(&self, scheduler_name: &str, point: ExtensionPoint, code: Code, took: u64) {
        let series = self.families.point_seconds.with([label(point), code.name(), scheduler_name]);
        series.observe(took as f64 / NANOS_PER_SECOND);
        if matches!(
            point,
            ExtensionPoint::PreFilter
                | ExtensionPoint::Filter
                | ExtensionPoint::PreScore
                | ExtensionPoint::Score
        ) {
            self.algorithm_nanos.fetch_add(took, Ordering::Relaxed);
        }
    }

    fn called(&self, scheduler_name: &str, plugin: &'static str, point: ExtensionPoint, n: u64) {
        if super::meter::COUNTED.contains(&point) {
            self.families.evaluations.with([plugin, label(point), scheduler_name]).add(n);
        }
    }

    fn plugin(&self, plugin: &'static str, point: ExtensionPoint, code: Code, took: u64) {
        let series = self.families.plugin_seconds.with([plugin, label(point), code.name()]);
        series.observe(took as f64 / NANOS_PER_SECOND);
    }

    fn hint(&self, plugin: &str, event: ClusterEvent, hint: Hint, took: u64) {
        let hint = match hint {
            Hint::Queue => "Queue",
            Hint::Skip => "QueueSkip",
        };
        let series = self.families.hint_seconds.with([plugin, &event.to_string(), hint]);
        series.observe(took as f64 / NANOS_PER_SECOND);
    }
}
