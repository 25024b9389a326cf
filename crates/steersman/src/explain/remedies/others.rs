//! Another pod goes.

use std::sync::Arc;

use base::Set;
use scheduling::model::{AffinityTerm, Pod};
use scheduling::snapshot::NodeInfo;

use super::evidence::{Evidence, RefusingNode};
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
