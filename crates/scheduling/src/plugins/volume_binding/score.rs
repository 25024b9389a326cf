//! How full a node's storage would be (gate StorageCapacityScoring, KEP-4049).

use base::Symbol;
use smallvec::SmallVec;
use wire::Quantity;
use wire::config::ShapePoint;

use crate::framework::{Cycle, Score};
use crate::snapshot::NodeInfo;
use crate::storage::find::{Bindings, PodClaims};

/// Highest score in a configuration, and what it stands for.
const CONFIGURED_MAX: i64 = 10;
const SCORE_MAX: i64 = 100;

/// A line with bends from utilization in percent to a score.
pub(super) struct Curve(Vec<(i64, i64)>);

impl Curve {
    pub(super) fn new(shape: &[ShapePoint]) -> Curve {
        let point = |point: &ShapePoint| {
            (i64::from(point.utilization), i64::from(point.score) * (SCORE_MAX / CONFIGURED_MAX))
        };
        Curve(shape.iter().map(point).collect())
    }

    /// The score of a utilization.
    fn at(&self, utilization: i64) -> i64 {
        let Some(next) = self.0.iter().position(|(x, _)| utilization <= *x) else {
            return self.0.last().map_or(0, |(_, y)| *y);
        };
        let (x1, y1) = self.0[next];
        match next.checked_sub(1).map(|before| self.0[before]) {
            None => y1,
            Some((x0, y0)) => y0 + (y1 - y0) * (utilization - x0) / (x1 - x0),
        }
    }

    /// The score of amounts per class: asked and there.
    fn mean(&self, classes: &[(Symbol, i64, i64)]) -> i64 {
        if classes.is_empty() {
            return 0;
        }
        let score = |(_, asked, there): &(Symbol, i64, i64)| {
            let is_full = *there == 0 || asked > there;
            let percent = i128::from(*asked) * i128::from(SCORE_MAX) / i128::from((*there).max(1));
            self.at(if is_full { SCORE_MAX } else { i64::try_from(percent).unwrap_or(SCORE_MAX) })
        };
        let sum: i64 = classes.iter().map(score).sum();
        (sum as f64 / classes.len() as f64).round() as i64
    }
}

/// Scores nodes by how full the volumes, or the room for them, would be.
pub(super) struct Utilization<'a> {
    pub(super) cycle: Cycle<'a>,
    pub(super) claims: PodClaims<'a>,
    pub(super) curve: &'a Curve,
}

impl Score for Utilization<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let found = self.cycle.cluster.storage().find(&self.claims, &node.node, self.cycle.symbols);
        let Ok(Ok(bindings)) = found else { return 0 };
        if bindings.volumes.is_empty() {
            return self.curve.mean(&bindings.room);
        }
        self.curve.mean(&of_volumes(&bindings))
    }
}

fn of_volumes(bindings: &Bindings) -> SmallVec<[(Symbol, i64, i64); 2]> {
    let mut classes: SmallVec<[(Symbol, i64, i64); 2]> = SmallVec::new();
    for (volume, claim) in &bindings.volumes {
        let asked = claim.request.map_or(0, Quantity::value);
        let there = volume.capacity.value();
        match classes.iter_mut().find(|(class, ..)| *class == volume.class) {
            Some((_, all_asked, all)) => {
                *all_asked = all_asked.saturating_add(asked);
                *all = all.saturating_add(there);
            }
            None => classes.push((volume.class, asked, there)),
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuller_is_worse_by_default_and_classes_are_averaged() {
        let point = |utilization, score| ShapePoint { utilization, score };
        let curve = Curve::new(&[point(0, 10), point(100, 0)]);
        assert_eq!((curve.at(0), curve.at(25), curve.at(100), curve.at(200)), (100, 75, 0, 0));
        let class = Symbol::EMPTY;
        assert_eq!(curve.mean(&[]), 0);
        assert_eq!(curve.mean(&[(class, 1, 4), (class, 5, 4)]), 38);
        assert_eq!(curve.mean(&[(class, 1, 0)]), 0);
    }
}
