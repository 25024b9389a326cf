//! ImageLocality: nodes that already have a pod's images score higher, the more so the larger and the more
//! widely spread these are, so that one node with a rare image does not attract every pod.

use base::Symbol;
use wire::config::ExtensionPoint;

use crate::framework::{Cycle, MAX_NODE_SCORE, Plugin, Registration, Scope, Score, ScorePlan};
use crate::model::Pod;
use crate::snapshot::{NodeInfo, Snapshot};

const MIB: i64 = 1024 * 1024;
/// Below this sum an image is not worth a score.
const MIN_BYTES: i64 = 23 * MIB;
/// Per container; above this sum the score grows no further.
const MAX_BYTES_PER_CONTAINER: i64 = 1000 * MIB;

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Score],
    score_scope: Some(Scope::Nodes),
    ..Registration::named("ImageLocality", |_| Ok(Box::new(ImageLocality)))
};

struct ImageLocality;

struct SumImages {
    /// Per image of the pod that some node has: its size, scaled by the share of nodes that have it.
    images: Vec<(Symbol, i64)>,
    max_bytes: i64,
}

impl Plugin for ImageLocality {
    fn score<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        let n_nodes = cycle.snapshot.len() as f64;
        let scaled = |name: &Symbol| {
            let state = cycle.snapshot.images().get(*name)?;
            Some((*name, (state.size as f64 * (state.n_nodes as f64 / n_nodes)) as i64))
        };
        ScorePlan::with(SumImages {
            images: pod.shape.images.iter().filter_map(scaled).collect(),
            max_bytes: MAX_BYTES_PER_CONTAINER * pod.shape.n_containers,
        })
    }
}

impl Score for SumImages {
    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        // Without an image that some node has, every node scores 0.
        if !self.images.is_empty() {
            snapshot.nodes().for_each(|node| scores[node.row.index()] = self.score(node));
        }
    }

    fn score(&self, node: &NodeInfo) -> i64 {
        let has = |name: Symbol| node.node.images.iter().any(|(known, _)| *known == name);
        let there = self.images.iter().filter(|(name, _)| has(*name));
        let sum = there.fold(0_i64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        if self.max_bytes <= MIN_BYTES {
            return 0;
        }
        MAX_NODE_SCORE * (sum.clamp(MIN_BYTES, self.max_bytes) - MIN_BYTES) / (self.max_bytes - MIN_BYTES)
    }
}
