//! What plugins can look at.

use base::Interner;

use crate::cluster::Cluster;
use crate::evictions::Evictions;
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
}
