//! How long parts of the work take, for metrics.
//!
//! Nothing here reads a clock: whoever wants to know hands a [`Stopwatch`] in. Without one nothing is measured, and
//! nothing is paid for it.

use wire::config::ExtensionPoint;

use super::{ClusterEvent, Code, Hint};

/// Measures. All times are nanoseconds.
pub trait Stopwatch: Send + Sync {
    /// How long it has been running.
    fn reading(&self) -> u64;

    /// Whether single calls of plugins are measured now.
    fn is_sampling(&self) -> bool;

    /// All plugins of an extension point have run for a pod of this scheduler.
    fn point(&self, scheduler_name: &str, point: ExtensionPoint, code: Code, took: u64);

    /// A plugin was called `n` times. What PreFilter and PreScore skip does not count.
    fn called(&self, scheduler_name: &str, plugin: &'static str, point: ExtensionPoint, n: u64);

    /// One call of a plugin, while sampling.
    fn plugin(&self, plugin: &'static str, point: ExtensionPoint, code: Code, took: u64);

    /// A plugin was asked whether an event helps a pod.
    fn hint(&self, plugin: &str, event: ClusterEvent, hint: Hint, took: u64);
}
