//! What proposals are read from.

use std::collections::BTreeSet;

use scheduling::explanation::{Explanation, Verdict};
use scheduling::framework::reason::{Operand, Value};
use scheduling::framework::{PreFilter, Reason, Status};
use scheduling::model::resources::ResourceName;
use scheduling::model::{self, Taint};
use scheduling::reference::Decision;
use scheduling::snapshot::NodeInfo;
use wire::{Node, Pod};

use crate::explain::situation::Situation;

/// A pod that is not placed, and why.
pub(in crate::explain) struct Evidence<'e> {
    pub(super) situation: &'e Situation,
    /// The pod's object.
    pub(super) pod: &'e Pod,
    /// The same, compiled.
    pub(super) compiled: &'e model::Pod,
    /// Whether the pod will be placed once it has preempted others.
    pub(super) can_preempt: bool,
    /// Whether remedies are wanted for one node only.
    pub(super) is_about_one_node: bool,
    /// The nodes in question that refuse the pod.
    nodes: Vec<RefusingNode<'e>>,
    /// The plugins that refuse the pod somewhere.
    blamed: BTreeSet<&'static str>,
}

/// A node that refuses the pod.
#[derive(Clone, Copy)]
pub(super) struct RefusingNode<'e> {
    /// The node with its pods.
    pub(super) info: &'e NodeInfo,
    /// Its object.
    pub(super) object: &'e Node,
    /// What each refusing plugin says.
    pub(super) refusals: &'e [Status],
}

/// How much of one resource is lacking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortage {
    pub(super) resource: ResourceName,
    pub(super) requested: i64,
    pub(super) free: i64,
    pub(super) allocatable: i64,
}

impl<'e> Evidence<'e> {
    pub(super) fn new(
        situation: &'e Situation,
        explanation: &'e Explanation,
        node: Option<&str>,
    ) -> Evidence<'e> {
        let mut nodes = Vec::new();
        for explained in &explanation.nodes {
            let name = situation.node_name(explained.row);
            if node.is_some_and(|wanted| wanted != name) {
                continue;
            }
            let decisive = match &explained.verdict {
                Verdict::Fits => continue,
                Verdict::LeftOut => None,
                Verdict::Refused(status) => Some(status),
            };
            let refusals = match (explained.refused_by.as_slice(), decisive) {
                // Its own pods leave room for this one; the pods nominated to it do not.
                ([], Some(status)) => std::slice::from_ref(status),
                // The decisive status counts the nominated pods too, and so what is lacking in all.
                ([only], Some(status)) if only.plugin == status.plugin => std::slice::from_ref(status),
                (each, _) => each,
            };
            let Some(object) = situation.node(name) else { continue };
            let info = situation.scheduler.snapshot().node(explained.row);
            nodes.push(RefusingNode { info, object, refusals });
        }
        let rejected = explanation.pre_filter.iter().flat_map(|pre| &pre.plugins);
        let rejected = rejected
            .filter(|report| matches!(report.verdict, PreFilter::Reject(_)) || report.nodes.is_some());
        let refused = nodes.iter().flat_map(|node| node.refusals).map(|status| status.plugin);
        let blamed = rejected.map(|report| report.plugin).chain(refused).collect();
        Evidence {
            situation,
            pod: &situation.pod,
            compiled: &situation.compiled,
            can_preempt: matches!(&explanation.decision,
                Some(Decision::Unschedulable(refusal)) if refusal.preemption.is_some()),
            is_about_one_node: node.is_some(),
            nodes,
            blamed,
        }
    }

    /// Whether a plugin refuses the pod somewhere.
    pub(super) fn blames(&self, plugin: &str) -> bool {
        self.blamed.contains(plugin)
    }

    /// Whether anything but gates stands in the way.
    pub(super) fn has_refusals(&self) -> bool {
        !self.blamed.is_empty()
    }

    /// The nodes in question that refuse the pod.
    pub(super) fn refusing(&self) -> &[RefusingNode<'e>] {
        &self.nodes
    }

    /// The nodes that no other plugin refuses: taking away these refusals is enough there.
    pub(super) fn refused_only_by(&self, plugins: &[&str]) -> impl Iterator<Item = RefusingNode<'e>> {
        let only = move |node: &&RefusingNode<'_>| {
            !node.refusals.is_empty() && node.refusals.iter().all(|status| plugins.contains(&status.plugin))
        };
        self.nodes.iter().filter(only).copied()
    }

    /// The taints of a node that keep the pod away.
    pub(super) fn untolerated(&self, node: RefusingNode<'e>) -> impl Iterator<Item = &'e Taint> {
        let tolerations = &self.compiled.shape.tolerations;
        let forbidding = node.info.node.taints.iter().filter(|taint| taint.effect.forbids_scheduling());
        forbidding.filter(|taint| !tolerations.iter().any(|toleration| toleration.tolerates(taint)))
    }

    /// The string of a symbol.
    pub(super) fn text(&self, symbol: base::Symbol) -> &'e str {
        self.situation.scheduler.symbols().resolve(symbol)
    }
}

impl<'e> RefusingNode<'e> {
    /// Its name.
    pub(super) fn name(&self) -> &'e str {
        &self.object.metadata.name
    }

    /// All reasons of all refusals.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &'e Reason> {
        self.refusals.iter().flat_map(|status| &status.reasons)
    }

    /// The resources of which there is not enough.
    pub(super) fn shortages(&self) -> Vec<Shortage> {
        let shortages = self.reasons().filter_map(|reason| {
            let (resource, requested) = amount(reason, "requested")?;
            let (_, free) = amount(reason, "free")?;
            let (_, allocatable) = amount(reason, "allocatable")?;
            Some(Shortage { resource, requested, free, allocatable })
        });
        shortages.collect()
    }

    /// How many pods there are too many with this one.
    pub(super) fn missing_pod_slots(&self) -> i64 {
        let counts = self
            .reasons()
            .filter_map(|reason| Some(count(reason, "pods")? + 1 - count(reason, "allocatable")?));
        counts.max().unwrap_or(0)
    }
}

impl Shortage {
    pub(super) fn missing(&self) -> i64 {
        self.requested.saturating_sub(self.free)
    }

    /// What part of the request is missing: what compares shortages of different resources.
    pub(super) fn missing_share(&self) -> f64 {
        self.missing() as f64 / self.requested.max(1) as f64
    }

    pub(super) fn exceeds_node(&self) -> bool {
        self.requested > self.allocatable
    }
}

/// The operand called `name`.
fn operand<'r>(reason: &'r Reason, name: &str) -> Option<&'r Operand> {
    reason.operands.iter().find(|operand| operand.name == name)
}

fn amount(reason: &Reason, name: &str) -> Option<(ResourceName, i64)> {
    match operand(reason, name)?.value {
        Value::Amount(resource, amount) => Some((resource, amount)),
        _ => None,
    }
}

/// The number of things that `name` says.
pub(super) fn count(reason: &Reason, name: &str) -> Option<i64> {
    match operand(reason, name)?.value {
        Value::Count(n) => Some(n),
        _ => None,
    }
}

/// The name that `name` says.
pub(super) fn named(reason: &Reason, name: &str) -> Option<base::Symbol> {
    match operand(reason, name)?.value {
        Value::Name(symbol) => Some(symbol),
        _ => None,
    }
}
