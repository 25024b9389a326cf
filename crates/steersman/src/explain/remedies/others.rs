//! Another pod goes, or a node comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Set;
use scheduling::framework::reason::describe_amount;
use scheduling::model::resources::ResourceName;
use scheduling::model::{AffinityTerm, Pod};
use scheduling::snapshot::NodeInfo;
use wire::Node;

use super::evidence::{Evidence, RefusingNode};
use super::nodes::is_set_by_kubernetes;
use super::{Proposal, TRIES_MAX};
use crate::explain::situation::Change;

/// Pods that alone stand in the way on some node: they hold a host port, or they and this pod do not want to
/// be together. Looking for them on one node means looking at every pod, so that is done for a few nodes only.
pub(super) fn delete_pod(evidence: &Evidence<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    let mut seen = Set::default();
    for node in evidence.refused_only_by(&["NodePorts", "InterPodAffinity"]).take(TRIES_MAX) {
        let blockers = blockers(evidence, node);
        let [blocker] = blockers.as_slice() else { continue };
        let Some(object) = evidence.situation.pod_object(&blocker.key) else { continue };
        if seen.insert(Arc::clone(&blocker.uid)) {
            proposals.push(Proposal {
                description: format!("delete the pod {} on {}", blocker.key, object.spec.node_name),
                change: Change::DeletePod(Box::new(object.clone())),
            });
        }
    }
    proposals
}

/// The pods in the way on a node.
fn blockers<'e>(evidence: &Evidence<'e>, node: RefusingNode<'e>) -> Vec<&'e Arc<Pod>> {
    let mut found: Vec<&Arc<Pod>> = Vec::new();
    let wanted = &evidence.compiled.shape.host_ports;
    for other in node.info.pods() {
        if other.shape.host_ports.iter().any(|used| wanted.iter().any(|wanted| used.conflicts(wanted))) {
            found.push(other);
        }
    }
    for place in evidence.situation.scheduler.snapshot().nodes() {
        for other in place.pods().iter().filter(|other| keeps_apart(evidence, other, place, node.info)) {
            if !found.iter().any(|known| known.uid == other.uid) {
                found.push(other);
            }
        }
    }
    found
}

/// Whether `other`, which is on `place`, and the pod refuse to be together if the pod goes to `node`.
fn keeps_apart(evidence: &Evidence<'_>, other: &Pod, place: &NodeInfo, node: &NodeInfo) -> bool {
    let cluster = evidence.situation.scheduler.cycle().cluster;
    let refuses = |term: &AffinityTerm, pod: &Pod| {
        let (here, there) =
            (node.node.labels.get(term.topology_key), place.node.labels.get(term.topology_key));
        here.is_some()
            && here == there
            && term.matches(
                pod.shape.namespace,
                cluster.namespace_labels(pod.shape.namespace),
                &pod.shape.labels,
            )
    };
    let pod = evidence.compiled;
    pod.shape.pod_affinity.anti_affinity.iter().any(|term| refuses(term, other))
        || other.shape.pod_affinity.anti_affinity.iter().any(|term| refuses(term, pod))
}

/// Empty copies of the nodes there are, one per shape and the smallest first, as far as they are large enough.
pub(super) fn add_node(evidence: &Evidence<'_>) -> Vec<Proposal> {
    if evidence.is_about_one_node || !evidence.has_refusals() {
        return Vec::new();
    }
    let name = new_name(evidence);
    let mut shapes: BTreeMap<(i64, i64, String), (&Node, Node)> = BTreeMap::new();
    for node in evidence.situation.nodes() {
        let (cpu, memory) = (amount(node, "cpu"), amount(node, "memory"));
        let request = &evidence.compiled.shape.requests.fit;
        if cpu < request.milli_cpu || memory < request.memory {
            continue;
        }
        let copy = empty_copy(node, &name);
        // Objects of strings and numbers can always be written.
        let text = serde_json::to_string(&copy).unwrap_or_default();
        shapes.entry((cpu, memory, text)).or_insert((node, copy));
    }
    let propose = |((cpu, memory, _), (node, copy)): ((i64, i64, String), (&Node, Node))| {
        let mut size = vec![
            format!("{} cpu", describe_amount(ResourceName::Cpu, cpu)),
            format!("{} memory", describe_amount(ResourceName::Memory, memory)),
        ];
        size.extend(
            copy.metadata.labels.get("topology.kubernetes.io/zone").map(|zone| format!("zone {zone}")),
        );
        let description = format!("add a node like {} ({})", node.metadata.name, size.join(", "));
        Proposal { description, change: Change::AddNode(Box::new(copy)) }
    };
    shapes.into_iter().map(propose).collect()
}

fn amount(node: &Node, resource: &str) -> i64 {
    let quantity = node.status.allocatable.get(resource).copied().unwrap_or_default();
    if resource == "cpu" { quantity.milli_value() } else { quantity.value() }
}

/// A name that no node has.
fn new_name(evidence: &Evidence<'_>) -> String {
    let mut name = "new-node".to_owned();
    while evidence.situation.node(&name).is_some() {
        name.push('x');
    }
    name
}

/// A node that has just joined: nothing runs there, it is well and not cordoned, and labels that repeat the
/// name have the new one.
fn empty_copy(node: &Node, name: &str) -> Node {
    let mut copy = Node::default();
    let labels = node.metadata.labels.iter().map(|(key, value)| {
        let is_name = *value == node.metadata.name || key == "kubernetes.io/hostname";
        (key.clone(), if is_name { name.to_owned() } else { value.clone() })
    });
    copy.metadata.labels = labels.collect();
    name.clone_into(&mut copy.metadata.name);
    copy.spec.taints =
        node.spec.taints.iter().filter(|taint| !is_set_by_kubernetes(&taint.key)).cloned().collect();
    for taint in &mut copy.spec.taints {
        taint.time_added = None;
    }
    copy.status.allocatable.clone_from(&node.status.allocatable);
    copy.status.declared_features.clone_from(&node.status.declared_features);
    copy
}
