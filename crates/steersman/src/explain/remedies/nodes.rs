//! A node changes.

use scheduling::model::taints;
use wire::Node;

use super::evidence::{Evidence, RefusingNode};
use super::pod_requests::{describe_exactly, quantity};
use super::{Proposal, list};
use crate::explain::node_labels::{Fix, single_fix};
use crate::explain::situation::Change;

/// The taint that goes with `spec.unschedulable`.
const CORDON_TAINT: &str = "node.kubernetes.io/unschedulable";

/// Whether Kubernetes itself sets and removes taints with this key, according to how the node is.
pub(super) fn is_set_by_kubernetes(key: &str) -> bool {
    key.starts_with("node.kubernetes.io/") || key.starts_with("node.cloudprovider.kubernetes.io/")
}

fn edit(node: RefusingNode<'_>, description: String, edit: impl FnOnce(&mut Node)) -> Proposal {
    let mut object = node.object.clone();
    edit(&mut object);
    Proposal { description, change: Change::EditNode(Box::new(object)) }
}

pub(super) fn uncordon(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let nodes = evidence.refused_only_by(&["NodeUnschedulable", "TaintToleration"]);
    let cordoned = nodes.filter(|node| node.info.node.is_unschedulable);
    let propose = |node: RefusingNode<'_>| {
        edit(node, format!("uncordon {}", node.name()), |object| {
            object.spec.unschedulable = false;
            object.spec.taints.retain(|taint| taint.key != CORDON_TAINT);
        })
    };
    cordoned.map(propose).collect()
}

/// Nodes on which one taint, or several with one key, is all that is in the way.
pub(super) fn remove_taint(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let propose = |node: RefusingNode<'_>| {
        let in_the_way: Vec<_> = evidence.untolerated(node).collect();
        let first = *in_the_way.first()?;
        if in_the_way.iter().any(|taint| taint.key != first.key) {
            return None;
        }
        let key = evidence.text(first.key);
        let symbols = evidence.situation.scheduler.symbols();
        let shown: Vec<String> = in_the_way.iter().map(|taint| taints::describe(taint, symbols)).collect();
        let (shown, name) = (shown.join(" and "), node.name());
        let description = match (is_set_by_kubernetes(key), in_the_way.len()) {
            (true, 1) => format!("get {name} well again, so that its taint {shown} goes"),
            (true, _) => format!("get {name} well again, so that its taints {shown} go"),
            (false, 1) => format!("remove the taint {shown} from {name}"),
            (false, _) => format!("remove the taints {shown} from {name}"),
        };
        Some(edit(node, description, |object| {
            object.spec.taints.retain(|taint| taint.key != key || taint.effect == "PreferNoSchedule");
        }))
    };
    evidence.refused_only_by(&["TaintToleration"]).filter_map(propose).collect()
}

pub(super) fn label(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let propose = |node: RefusingNode<'_>| {
        let fix = single_fix(evidence.pod, node.object)?;
        let name = node.name();
        let description = match &fix {
            Fix::Set { key, value } => match node.object.metadata.labels.get(key) {
                None => format!("label {name} with {key}={value}"),
                Some(old) => format!("label {name} with {key}={value} instead of {key}={old}"),
            },
            Fix::Remove { key } => format!("remove the label {key} from {name}"),
        };
        Some(edit(node, description, |object| fix.apply(&mut object.metadata.labels)))
    };
    evidence.refused_only_by(&["NodeAffinity"]).filter_map(propose).collect()
}

/// Nodes on which only room is lacking, the smallest shortage first. Room that could be made by moving pods
/// comes before nodes that would have to be larger.
pub(super) fn free_resources(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let mut nodes: Vec<(bool, f64, RefusingNode<'_>)> = evidence
        .refused_only_by(&["NodeResourcesFit"])
        .map(|node| {
            let shortages = node.shortages();
            let is_too_small =
                shortages.iter().any(|s| s.exceeds_node()) || node.info.node.allocatable_pods == 0;
            let share = shortages.iter().map(|s| s.missing_share()).sum::<f64>()
                + node.missing_pod_slots() as f64 / node.info.node.allocatable_pods.max(1) as f64;
            (is_too_small, share, node)
        })
        .collect();
    nodes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then_with(|| a.2.name().cmp(b.2.name())));
    nodes.into_iter().take(super::TRIES_MAX).map(|(small, _, node)| free(evidence, small, node)).collect()
}

fn free(evidence: &Evidence<'_>, is_too_small: bool, node: RefusingNode<'_>) -> Proposal {
    let symbols = evidence.situation.scheduler.symbols();
    let shortages = node.shortages();
    let n_slots = node.missing_pod_slots();
    let missing = shortages.iter().map(|shortage| {
        format!(
            "{} {}",
            describe_exactly(shortage.resource, shortage.missing(), symbols),
            shortage.resource.as_str(symbols)
        )
    });
    let slots = match n_slots {
        0 => None,
        1 => Some("room for 1 pod".to_owned()),
        n => Some(format!("room for {n} pods")),
    };
    let parts = list(&missing.chain(slots).collect::<Vec<String>>());
    let name = node.name();
    let description = if is_too_small {
        let limits = shortages.iter().filter(|shortage| shortage.exceeds_node()).map(|shortage| {
            let allocatable = describe_exactly(shortage.resource, shortage.allocatable, symbols);
            format!("{allocatable} {}", shortage.resource.as_str(symbols))
        });
        let limits: Vec<String> = limits.collect();
        let whole = if limits.is_empty() { "no pod".to_owned() } else { list(&limits) };
        format!("enlarge {name} by {parts} (node too small: it holds {whole} in all)")
    } else {
        format!("free {parts} on {name}")
    };
    edit(node, description, |object| {
        let allocatable = &mut object.status.allocatable;
        for shortage in &shortages {
            let resource = shortage.resource;
            *allocatable.entry(resource.as_str(symbols).to_owned()).or_default() +=
                quantity(resource, shortage.missing());
        }
        if n_slots > 0 {
            *allocatable.entry("pods".to_owned()).or_default() += wire::Quantity::from_units(n_slots);
        }
    })
}
