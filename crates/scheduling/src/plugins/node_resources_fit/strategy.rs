//! How full a node should get: the three scoring strategies.

use pulp::{Arch, NullaryFnOnce};
use smallvec::SmallVec;
use wire::config::{ResourceSpec, ScoringStrategy};

use crate::framework::MAX_NODE_SCORE;
use crate::model::resources::ResourceName;
use crate::model::{Compiler, Resources};
use crate::snapshot::{Columns, EXACT_MAX, NodeInfo, integer};

/// A strategy with the resources it weighs.
pub struct Strategy {
    resources: Vec<Weighted>,
    curve: Curve,
}

/// A resource and its weight.
#[derive(Clone, Copy, Debug)]
pub struct Weighted {
    /// Which resource.
    pub name: ResourceName,
    /// Its weight, at least 1.
    pub weight: i64,
}

enum Curve {
    LeastAllocated,
    MostAllocated,
    /// Points of (utilization in percent, score), strictly increasing in utilization.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// What a pod asks of each of the strategy's resources, in their order.
pub type Asked = SmallVec<[i64; 4]>;

impl Weighted {
    /// Compiles the resources of a configuration.
    pub fn compile(resources: &[ResourceSpec], compiler: &mut Compiler<'_>) -> Vec<Weighted> {
        let weighted = |spec: &ResourceSpec, compiler: &mut Compiler<'_>| Weighted {
            name: ResourceName::compile(&spec.name, compiler),
            weight: spec.weight.max(1),
        };
        resources.iter().map(|spec| weighted(spec, compiler)).collect()
    }
}

impl Strategy {
    /// Compiles a validated strategy.
    pub fn compile(strategy: &ScoringStrategy, compiler: &mut Compiler<'_>) -> Strategy {
        let curve = match strategy.strategy.as_str() {
            ScoringStrategy::MOST_ALLOCATED => Curve::MostAllocated,
            ScoringStrategy::REQUESTED_TO_CAPACITY_RATIO => {
                // Shapes are configured in 0..=10, scores are 0..=100.
                let points = strategy.requested_to_capacity_ratio.iter().flatten();
                Curve::RequestedToCapacityRatio(
                    points.map(|point| (i64::from(point.utilization), i64::from(point.score) * 10)).collect(),
                )
            }
            _ => Curve::LeastAllocated,
        };
        Strategy { resources: Weighted::compile(&strategy.resources, compiler), curve }
    }

    /// What a pod asks of each resource.
    pub fn asked(&self, request: &Resources) -> Asked {
        self.resources.iter().map(|resource| request.get(resource.name)).collect()
    }

    /// The score of a node in 0..=100.
    pub fn score(&self, asked: &Asked, node: &NodeInfo) -> i64 {
        let (mut sum, mut weights) = (0_i64, 0_i64);
        for (resource, asked) in self.resources.iter().zip(asked) {
            let is_scalar = matches!(resource.name, ResourceName::Scalar(_));
            if is_scalar && *asked == 0 {
                continue;
            }
            let allocatable = node.node.allocatable.get(resource.name);
            if allocatable == 0 {
                continue;
            }
            let requested = asked.saturating_add(occupied(resource.name, node));
            let score = self.curve.score(requested, allocatable);
            // The ratio strategy leaves resources that score nothing out of the mean altogether.
            if score > 0 || !matches!(self.curve, Curve::RequestedToCapacityRatio(_)) {
                sum += score * resource.weight;
                weights += resource.weight;
            }
        }
        match (weights, &self.curve) {
            (0, _) => 0,
            (_, Curve::RequestedToCapacityRatio(_)) => (sum as f64 / weights as f64).round() as i64,
            _ => sum / weights,
        }
    }
}

impl Strategy {
    /// The scores of all nodes, column by column, except for [`Columns::inexact`] rows; false if that is not possible for
    /// these resources and amounts.
    pub fn score_all(&self, asked: &Asked, columns: &Columns, scores: &mut [i64]) -> bool {
        let is_exact = asked.iter().all(|amount| (0..EXACT_MAX).contains(amount));
        if !is_exact || matches!(self.curve, Curve::RequestedToCapacityRatio(_)) {
            return false;
        }
        let mut parts: SmallVec<[Part<'_>; 3]> = SmallVec::new();
        for (resource, asked) in self.resources.iter().zip(asked) {
            let (allocatable, occupied) = match resource.name {
                ResourceName::Cpu => (&columns.milli_cpu.allocatable, &columns.non_zero_milli_cpu),
                ResourceName::Memory => (&columns.memory.allocatable, &columns.non_zero_memory),
                ResourceName::EphemeralStorage => {
                    (&columns.ephemeral_storage.allocatable, &columns.ephemeral_storage.requested)
                }
                ResourceName::Scalar(_) if *asked == 0 => continue,
                ResourceName::Untracked(_) => continue,
                ResourceName::Scalar(_) => return false,
            };
            parts.push(Part { allocatable, occupied, asked: *asked as f64, weight: resource.weight as f64 });
        }
        let is_least = matches!(self.curve, Curve::LeastAllocated);
        Arch::new().dispatch(ScoreParts { parts: &parts, is_least, scores });
        true
    }
}

/// One resource of all nodes, what a pod asks of it, and its weight.
struct Part<'c> {
    allocatable: &'c [f64],
    occupied: &'c [f64],
    asked: f64,
    weight: f64,
}

/// How many rows are computed at a time.
const BLOCK: usize = 256;

/// The computation itself, made for the processor at hand.
struct ScoreParts<'p, 's> {
    parts: &'p [Part<'p>],
    is_least: bool,
    scores: &'s mut [i64],
}

impl NullaryFnOnce for ScoreParts<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let ScoreParts { parts, is_least, scores } = self;
        let all: f64 = parts.iter().map(|part| part.weight).sum();
        // Dividing by a power of two is multiplying by its inverse, which is faster and as exact.
        let inverse = if all.log2().fract() == 0.0 { Some(1.0 / all) } else { None };
        for (i, scores) in scores.chunks_mut(BLOCK).enumerate() {
            let rows = i * BLOCK..i * BLOCK + scores.len();
            let (mut sums, mut weights) = ([0.0; BLOCK], [0.0; BLOCK]);
            for part in parts {
                let (allocatable, occupied) = (&part.allocatable[rows.clone()], &part.occupied[rows.clone()]);
                if is_least {
                    part.add(allocatable, occupied, &mut sums, &mut weights, |taken, all| all - taken);
                } else {
                    part.add(allocatable, occupied, &mut sums, &mut weights, |taken, _| taken);
                }
            }
            match inverse {
                Some(inverse)
                    if !weights[..scores.len()].iter().fold(false, |any, weight| any | (*weight != all)) =>
                {
                    for (score, sum) in scores.iter_mut().zip(&sums) {
                        *score = integer((sum * inverse).floor());
                    }
                }
                _ => {
                    for (score, (sum, weight)) in scores.iter_mut().zip(sums.iter().zip(&weights)) {
                        *score = integer((sum / weight.max(1.0)).floor());
                    }
                }
            }
        }
    }
}

impl Part<'_> {
    /// Adds the scores of some rows, and their weights. What a node has nothing of counts for nothing.
    #[inline(always)]
    fn add(
        &self,
        allocatable: &[f64],
        occupied: &[f64],
        sums: &mut [f64],
        weights: &mut [f64],
        part: impl Fn(f64, f64) -> f64,
    ) {
        let means = sums.iter_mut().zip(weights);
        for ((allocatable, occupied), (sum, weight)) in allocatable.iter().zip(occupied).zip(means) {
            let taken = (self.asked + occupied).min(*allocatable);
            let is_there = if *allocatable == 0.0 { 0.0 } else { 1.0 };
            // Nothing of nothing is 0 of 1.
            let whole = allocatable + (1.0 - is_there);
            let percent = (part(taken, *allocatable) * MAX_NODE_SCORE as f64 / whole).floor();
            *sum += percent * self.weight;
            *weight += is_there * self.weight;
        }
    }
}

/// What the pods on a node take of a resource, as scores see it.
fn occupied(name: ResourceName, node: &NodeInfo) -> i64 {
    match name {
        ResourceName::Cpu => node.non_zero_milli_cpu(),
        ResourceName::Memory => node.non_zero_memory(),
        name => node.requested().get(name),
    }
}

impl Curve {
    fn score(&self, requested: i64, allocatable: i64) -> i64 {
        match self {
            Curve::LeastAllocated if requested > allocatable => 0,
            Curve::LeastAllocated => percent(allocatable.saturating_sub(requested), allocatable),
            Curve::MostAllocated => percent(requested.min(allocatable), allocatable),
            Curve::RequestedToCapacityRatio(points) => {
                let utilization = if requested > allocatable { 100 } else { percent(requested, allocatable) };
                interpolate(points, utilization)
            }
        }
    }
}

/// `part` of `whole` in percent, rounded down; amounts may be as large as they like.
fn percent(part: i64, whole: i64) -> i64 {
    match part.checked_mul(MAX_NODE_SCORE) {
        Some(scaled) => scaled / whole,
        None => (i128::from(part) * i128::from(MAX_NODE_SCORE) / i128::from(whole)) as i64,
    }
}

fn interpolate(points: &[(i64, i64)], at: i64) -> i64 {
    let Some(next) = points.iter().position(|(utilization, _)| at <= *utilization) else {
        return points.last().map_or(0, |(_, score)| *score);
    };
    if next == 0 {
        return points[0].1;
    }
    let ((u0, y0), (u1, y1)) = (points[next - 1], points[next]);
    y0 + (y1 - y0) * (at - u0) / (u1 - u0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_between_points_and_is_flat_outside() {
        let points = [(10, 0), (50, 100), (90, 20)];
        for (at, expected) in [(0, 0), (10, 0), (30, 50), (50, 100), (70, 60), (90, 20), (100, 20)] {
            assert_eq!(interpolate(&points, at), expected, "at {at}");
        }
    }

    #[test]
    fn least_and_most_allocated_are_opposites() {
        assert_eq!(Curve::LeastAllocated.score(1000, 4000), 75);
        assert_eq!(Curve::MostAllocated.score(1000, 4000), 25);
        assert_eq!(Curve::LeastAllocated.score(5000, 4000), 0);
        assert_eq!(Curve::MostAllocated.score(5000, 4000), 100);
        assert_eq!(Curve::LeastAllocated.score(0, i64::MAX), 100);
        assert_eq!(Curve::MostAllocated.score(i64::MAX / 2, i64::MAX), 49);
    }
}
