//! NodeResourcesBalancedAllocation: prefers nodes whose resources the pod brings into balance.

use pulp::{Arch, NullaryFnOnce};
use wire::config::{ExtensionPoint, NodeResourcesBalancedAllocationArgs, PluginArgs};

use super::node_resources_fit::{Asked, Weighted};
use crate::framework::{Cycle, MAX_NODE_SCORE, Plugin, Registration, Scope, Score, ScorePlan};
use crate::model::Pod;
use crate::model::resources::ResourceName;
use crate::snapshot::{Columns, EXACT_MAX, NodeInfo, ResourceColumns, Snapshot, integer};

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreScore, ExtensionPoint::Score],
    score_scope: Some(Scope::Occupancy),
    ..Registration::named("NodeResourcesBalancedAllocation", |build| {
        let defaults = NodeResourcesBalancedAllocationArgs::default();
        let args = match build.args {
            Some(PluginArgs::NodeResourcesBalancedAllocation(args)) => args,
            _ => &defaults,
        };
        Ok(Box::new(NodeResourcesBalancedAllocation {
            resources: Weighted::compile(&args.resources, &mut build.compiler),
        }))
    })
};

struct NodeResourcesBalancedAllocation {
    resources: Vec<Weighted>,
}

struct Balance<'a> {
    resources: &'a [Weighted],
    asked: Asked,
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn score<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        let asked: Asked =
            self.resources.iter().map(|resource| pod.shape.requests.accounted.get(resource.name)).collect();
        if asked.iter().all(|amount| *amount == 0) {
            return ScorePlan::skip();
        }
        ScorePlan::with(Balance { resources: &self.resources, asked })
    }
}

impl Balance<'_> {
    /// The scores where exactly CPU and memory are compared, as by default; false if others are.
    fn score_two(&self, columns: &Columns, scores: &mut [i64]) -> bool {
        let (Some([first, second]), [asked_first, asked_second]) =
            (self.resources.first_chunk::<2>().filter(|_| self.resources.len() == 2), self.asked.as_slice())
        else {
            return false;
        };
        let of = |name: ResourceName| match name {
            ResourceName::Cpu => Some((&columns.milli_cpu, &columns.cpu_utilization)),
            ResourceName::Memory => Some((&columns.memory, &columns.memory_utilization)),
            _ => None,
        };
        let (Some(first), Some(second)) = (of(first.name), of(second.name)) else { return false };
        let asked = (*asked_first as f64, *asked_second as f64);
        Arch::new().dispatch(ScorePairs { first, second, asked, scores });
        true
    }
}

/// A resource of all nodes, and the part of it that is requested.
type Resource<'c> = (&'c ResourceColumns, &'c Vec<f64>);

/// The computation for two resources, made for the processor at hand.
struct ScorePairs<'c, 's> {
    first: Resource<'c>,
    second: Resource<'c>,
    asked: (f64, f64),
    scores: &'s mut [i64],
}

impl NullaryFnOnce for ScorePairs<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let ScorePairs { first, second, asked, scores } = self;
        let half = (MAX_NODE_SCORE / 2) as f64;
        let n = scores.len().min(first.1.len());
        let (a, b) = (Slices::of(first, n), Slices::of(second, n));
        for (i, score) in scores[..n].iter_mut().enumerate() {
            // A resource that a node does not have is not compared; what is left is in balance.
            let is_balanced = (a.allocatable[i] == 0.0) | (b.allocatable[i] == 0.0);
            let with_pod = apart(a.fraction(i, asked.0), b.fraction(i, asked.1));
            let without_pod = apart(a.utilization[i].clamp(0.0, 1.0), b.utilization[i].clamp(0.0, 1.0));
            let change = if is_balanced { 0.0 } else { balance(with_pod) - balance(without_pod) };
            *score = integer(half + ((half + change) / 2.0).trunc());
        }
    }
}

/// The first rows of a resource's columns, all of the same length, which lets the loop do without checks.
struct Slices<'c> {
    allocatable: &'c [f64],
    requested: &'c [f64],
    utilization: &'c [f64],
}

impl<'c> Slices<'c> {
    #[inline(always)]
    fn of((columns, utilization): Resource<'c>, n: usize) -> Slices<'c> {
        Slices {
            allocatable: &columns.allocatable[..n],
            requested: &columns.requested[..n],
            utilization: &utilization[..n],
        }
    }

    /// The part that is taken once `asked` is taken as well.
    #[inline(always)]
    fn fraction(&self, row: usize, asked: f64) -> f64 {
        ((self.requested[row] + asked) / self.allocatable[row]).clamp(0.0, 1.0)
    }
}

/// The standard deviation of two fractions.
#[inline(always)]
fn apart(a: f64, b: f64) -> f64 {
    ((a - b) / 2.0).abs()
}

/// 100 if there is no deviation, less the more there is.
#[inline(always)]
fn balance(deviation: f64) -> f64 {
    ((1.0 - deviation) * MAX_NODE_SCORE as f64).trunc()
}

impl Score for Balance<'_> {
    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        let columns = snapshot.columns();
        let is_exact = self.asked.iter().all(|amount| (0..EXACT_MAX).contains(amount));
        let is_done = is_exact && self.score_two(columns, scores);
        let mut ask = |node: &NodeInfo| scores[node.row.index()] = self.score(node);
        if is_done {
            columns.inexact().iter().for_each(|row| ask(snapshot.node(*row)));
        } else {
            snapshot.nodes().for_each(ask);
        }
    }

    fn score(&self, node: &NodeInfo) -> i64 {
        let mut with_pod = Fractions::default();
        let mut without_pod = Fractions::default();
        for (resource, asked) in self.resources.iter().zip(&self.asked) {
            let allocatable = node.node.allocatable.get(resource.name);
            let is_unasked_scalar = *asked == 0 && matches!(resource.name, ResourceName::Scalar(_));
            if allocatable == 0 || is_unasked_scalar {
                continue;
            }
            let allocated = node.requested().get(resource.name);
            with_pod.push(allocated.saturating_add(*asked), allocatable);
            without_pod.push(allocated, allocatable);
        }
        // Half the range says how much the balance improves: 50 is the worst, 75 no change.
        let half = MAX_NODE_SCORE / 2;
        half + (half + with_pod.balance() - without_pod.balance()) / 2
    }
}

/// Which fractions of a node's resources are taken.
#[derive(Default)]
struct Fractions(smallvec::SmallVec<[f64; 4]>);

impl Fractions {
    fn push(&mut self, requested: i64, allocatable: i64) {
        let fraction = requested as f64 / allocatable as f64;
        self.0.push(fraction.clamp(0.0, 1.0));
    }

    /// 100 if all fractions are equal, less the further they are apart.
    fn balance(&self) -> i64 {
        let deviation = match self.0.as_slice() {
            [] | [_] => 0.0,
            [a, b] => apart(*a, *b),
            all => {
                let mean = all.iter().sum::<f64>() / all.len() as f64;
                (all.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>() / all.len() as f64).sqrt()
            }
        };
        balance(deviation) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewards_equal_fractions() {
        let balance = |fractions: &[(i64, i64)]| {
            let mut all = Fractions::default();
            fractions.iter().for_each(|(requested, allocatable)| all.push(*requested, *allocatable));
            all.balance()
        };
        assert_eq!(balance(&[(1000, 4000), (1, 8)]), 93);
        assert_eq!(balance(&[(1000, 4000), (2, 8)]), 100);
        assert_eq!(balance(&[(9, 4), (2, 2)]), 100, "fractions are capped at 1");
        assert_eq!(balance(&[(1, 4)]), 100);
        assert_eq!(balance(&[(0, 10), (5, 10), (10, 10)]), 59);
    }
}
