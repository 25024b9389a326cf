//! NodeResourcesFit: a pod goes where its requests are free; scores say how full a node should get.

mod hint;
mod strategy;

use base::Set;
use wire::config::{ExtensionPoint, NodeResourcesFitArgs, PluginArgs};

use crate::framework::{
    Actions, Changed, ClusterEvent, Code, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration,
    Resource, Scope, Score, ScorePlan, Status, Value,
};
use crate::model::resources::{ResourceName, is_extended};
use crate::model::{Pod, Resources};
use crate::snapshot::{EXACT_MAX, NodeInfo, Row, Snapshot};

pub use strategy::{Asked, Strategy, Weighted};

const NAME: &str = "NodeResourcesFit";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PreScore,
        ExtensionPoint::Score,
        ExtensionPoint::PlacementScore,
    ],
    events: &[
        ClusterEvent::new(Resource::Pod, Actions::DELETE.or(Actions::UPDATE_POD_SCALE_DOWN)),
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_ALLOCATABLE)),
    ],
    filter_scope: Some(Scope::Occupancy),
    score_scope: Some(Scope::Occupancy),
    filter_without_pre_filter: Some("error reading \"PreFilterNodeResourcesFit\" from cycleState: not found"),
    ..Registration::named(NAME, |build| {
        let defaults = NodeResourcesFitArgs::default();
        let args = match build.args {
            Some(PluginArgs::NodeResourcesFit(args)) => args,
            _ => &defaults,
        };
        let problems = wire::config::validate_node_resources_fit_args(args, "");
        if !problems.is_empty() {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            return Err(problems.join(", "));
        }
        Ok(Box::new(NodeResourcesFit {
            ignored: args.ignored_resources.iter().map(|name| name.as_str().into()).collect(),
            ignored_groups: args.ignored_resource_groups.iter().map(|name| name.as_str().into()).collect(),
            strategy: Strategy::compile(&args.scoring_strategy, &mut build.compiler),
        }))
    })
};

struct NodeResourcesFit {
    /// Extended resources that are not looked at.
    ignored: Set<Box<str>>,
    /// Domains of extended resources that are not looked at.
    ignored_groups: Set<Box<str>>,
    strategy: Strategy,
}

/// The requests of one pod, without what is ignored.
struct Fits<'a> {
    request: &'a Resources,
    scalars: Vec<(ResourceName, i64)>,
}

impl NodeResourcesFit {
    fn ignores(&self, name: &str) -> bool {
        is_extended(name)
            && (self.ignored.contains(name)
                || name.split_once('/').is_some_and(|(group, _)| self.ignored_groups.contains(group)))
    }
}

impl Plugin for NodeResourcesFit {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        let request = &pod.shape.requests.fit;
        let asked = request.scalars.iter().filter(|(_, amount)| *amount != 0);
        let counted = asked.filter(|(name, _)| !self.ignores(cycle.symbols.resolve(*name)));
        let scalars = counted.map(|(name, amount)| (ResourceName::Scalar(name), amount)).collect();
        FilterPlan::check(Fits { request, scalars })
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Pod { old: Some(gone), new: None } => Hint::queue_if(gone.has_place()),
            Changed::Pod { old: Some(old), new: Some(new) } => {
                Hint::queue_if(changed.is_pod(pod) || new.node_name.is_some() && hint::frees(pod, old, new))
            }
            Changed::Node { old, new: Some(new) } => Hint::queue_if(
                hint::fits_when_empty(pod, new) && old.is_none_or(|old| hint::grows(pod, old, new)),
            ),
            _ => Hint::Skip,
        }
    }

    fn score<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        ScorePlan::with(Fullness {
            strategy: &self.strategy,
            asked: self.strategy.asked(&pod.shape.requests.scored),
        })
    }
}

impl Fits<'_> {
    fn is_best_effort(&self) -> bool {
        let request = self.request;
        request.milli_cpu == 0
            && request.memory == 0
            && request.ephemeral_storage == 0
            && request.scalars.is_empty()
    }

    /// Whether everything that is asked for is free, without saying why not.
    fn fits(&self, node: &NodeInfo) -> bool {
        let (allocatable, requested) = (&node.node.allocatable, node.requested());
        let has = |asked: i64, allocatable: i64, requested: i64| {
            asked <= 0 || asked <= allocatable.saturating_sub(requested)
        };
        (node.pods().len() as i64) < node.node.allocatable_pods
            && (self.is_best_effort()
                || has(self.request.milli_cpu, allocatable.milli_cpu, requested.milli_cpu)
                    && has(self.request.memory, allocatable.memory, requested.memory)
                    && has(
                        self.request.ephemeral_storage,
                        allocatable.ephemeral_storage,
                        requested.ephemeral_storage,
                    )
                    && self.scalars.iter().all(|(name, asked)| {
                        *asked <= allocatable.get(*name).saturating_sub(requested.get(*name))
                    }))
    }

    /// What a node is short of, in upstream's order: the resource, how much is asked, and how much is free.
    fn shortages<'s>(
        &'s self,
        node: &'s NodeInfo,
    ) -> impl Iterator<Item = (usize, ResourceName, i64, i64)> + 's {
        let basic = [ResourceName::Cpu, ResourceName::Memory, ResourceName::EphemeralStorage];
        let basic =
            basic.into_iter().map(|name| (name, self.request.get(name))).filter(|(_, asked)| *asked > 0);
        let asked = basic.chain(self.scalars.iter().copied()).enumerate();
        let free = |(i, (name, asked)): (usize, (ResourceName, i64))| {
            (i, name, asked, node.node.allocatable.get(name).saturating_sub(node.requested().get(name)))
        };
        asked.filter(|_| !self.is_best_effort()).map(free).filter(|(_, _, asked, free)| asked > free)
    }

    fn has_no_place(&self, node: &NodeInfo) -> bool {
        node.pods().len() as i64 + 1 > node.node.allocatable_pods
    }

    fn refuse(&self, node: &NodeInfo) -> Status {
        let mut status = Status::bare(Code::Unschedulable);
        status.plugin = NAME;
        if self.has_no_place(node) {
            let reason = Reason::fixed("Too many pods")
                .with("pods", Value::Count(node.pods().len() as i64))
                .with("allocatable", Value::Count(node.node.allocatable_pods));
            status.reasons.push(reason);
        }
        for (_, name, asked, free) in self.shortages(node) {
            let allocatable = node.node.allocatable.get(name);
            if asked > allocatable {
                status.code = Code::UnschedulableAndUnresolvable;
            }
            let reason = Reason::about_resource("Insufficient ", name)
                .with("requested", Value::Amount(name, asked))
                .with("free", Value::Amount(name, free))
                .with("allocatable", Value::Amount(name, allocatable));
            status.reasons.push(reason);
        }
        status
    }
}

impl Filter for Fits<'_> {
    fn refuse_all(&self, snapshot: &Snapshot, refuse: &mut dyn FnMut(Row, Option<Status>)) {
        let columns = snapshot.columns();
        // What is not asked for is never short.
        let asked = |amount: i64| (amount > 0 && !self.is_best_effort()).then_some(amount as f64);
        let Resources { milli_cpu, memory, ephemeral_storage, .. } = self.request;
        let wanted = [*milli_cpu, *memory, *ephemeral_storage];
        let is_exact = wanted.iter().all(|amount| *amount < EXACT_MAX);
        let lacks = if is_exact { columns.lacking(wanted.map(asked)) } else { Vec::new() };
        for row in snapshot.order() {
            let is_known = is_exact && !columns.inexact().contains(row);
            let is_refused = if is_known && (self.scalars.is_empty() || lacks[row.index()]) {
                lacks[row.index()]
            } else {
                !self.fits(snapshot.node(*row))
            };
            if is_refused {
                refuse(*row, None);
            }
        }
    }

    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if self.fits(node) { Ok(()) } else { Err(self.refuse(node)) }
    }

    fn kind(&self, node: &NodeInfo) -> Option<u64> {
        // One bit each: the code, the number of pods, and what is short.
        let mut kind = u64::from(self.has_no_place(node)) << 1;
        for (i, name, asked, _) in self.shortages(node) {
            kind |= u64::from(asked > node.node.allocatable.get(name)) | 1 << (i + 2).min(63);
        }
        (self.scalars.len() < 50).then_some(kind)
    }
}

struct Fullness<'a> {
    strategy: &'a Strategy,
    asked: Asked,
}

impl Score for Fullness<'_> {
    fn score_all(&self, snapshot: &Snapshot, scores: &mut [i64]) {
        let is_done = self.strategy.score_all(&self.asked, snapshot.columns(), scores);
        let mut ask = |node: &NodeInfo| scores[node.row.index()] = self.score(node);
        if is_done {
            snapshot.columns().inexact().iter().for_each(|row| ask(snapshot.node(*row)));
        } else {
            snapshot.nodes().for_each(ask);
        }
    }

    fn score(&self, node: &NodeInfo) -> i64 {
        self.strategy.score(&self.asked, node)
    }
}

#[cfg(test)]
mod tests;
