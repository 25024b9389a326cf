//! What plugins can look at.

use std::sync::Arc;

use base::Interner;
use wire::config::ExtensionPoint;

use crate::cluster::Cluster;
use crate::evictions::Evictions;
use crate::framework::{Code, Extender, Stopwatch};
use crate::model::Pod;
use crate::snapshot::{Nominator, Snapshot};

/// The state of the cluster while one pod is decided. It does not change until the decision is made.
#[derive(Clone, Copy)]
pub struct Cycle<'a> {
    /// The symbol table.
    pub symbols: &'a Interner,
    /// Nodes and the pods on them.
    pub snapshot: &'a Snapshot,
    /// Everything else.
    pub cluster: &'a Cluster,
    /// Pods that have been promised a place.
    pub nominator: &'a Nominator,
    /// For whom pods are being evicted.
    pub evictions: &'a Evictions,
    /// Who else takes part.
    pub around: Around<'a>,
}

/// Who takes part in a decision besides plugins. By default nobody.
#[derive(Clone, Copy, Default)]
pub struct Around<'a> {
    /// Who measures.
    pub stopwatch: Option<&'a dyn Stopwatch>,
    /// Who is asked outside, those first without whom nothing is decided.
    pub extenders: &'a [Arc<dyn Extender>],
}

impl Cycle<'_> {
    /// What the stopwatch shows; nothing if there is none.
    pub(crate) fn reading(&self) -> u64 {
        self.around.stopwatch.map_or(0, Stopwatch::reading)
    }

    /// All plugins of an extension point have run since the stopwatch showed `since`. Returns what it shows now.
    pub(crate) fn ran(&self, pod: &Pod, point: ExtensionPoint, code: Code, since: u64) -> u64 {
        let Some(stopwatch) = self.around.stopwatch else { return 0 };
        let now = stopwatch.reading();
        self.took(pod, point, code, now.saturating_sub(since));
        now
    }

    /// All plugins of an extension point have run for so many nanoseconds.
    pub(crate) fn took(&self, pod: &Pod, point: ExtensionPoint, code: Code, nanos: u64) {
        if let Some(stopwatch) = self.around.stopwatch {
            stopwatch.point(self.symbols.resolve(pod.shape.scheduler_name), point, code, nanos);
        }
    }

    /// Calls a plugin once, and says so.
    pub(crate) fn call<R>(
        &self,
        pod: &Pod,
        plugin: &'static str,
        point: ExtensionPoint,
        call: impl FnOnce() -> R,
        code: impl FnOnce(&R) -> Code,
    ) -> R {
        let Some(stopwatch) = self.around.stopwatch else { return call() };
        let since = if stopwatch.is_sampling() { Some(stopwatch.reading()) } else { None };
        let result = call();
        let code = code(&result);
        if let Some(since) = since {
            stopwatch.plugin(plugin, point, code, stopwatch.reading().saturating_sub(since));
        }
        if code != Code::Skip {
            stopwatch.called(self.symbols.resolve(pod.shape.scheduler_name), plugin, point, 1);
        }
        result
    }
}
