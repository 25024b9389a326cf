//! The smallest single changes that would help, each one tried before it is shown.
//!
//! A family proposes changes of one kind, read from the reasons of the refusals and from the objects. Every
//! proposal is made, the pod decided about again, and the change taken back; only what helped is shown.
//! Adding a family is one function and one row of [`FAMILIES`].

mod evidence;
mod nodes;
mod others;
mod pod_places;
mod pod_requests;

use scheduling::explanation::Explanation;

pub(super) use self::evidence::Evidence;
use super::report;
use super::situation::{Change, Landing, Situation};

/// How many proposals of a family are tried. Each costs one decision without preemption: about as long as
/// filtering and scoring every node, some ten milliseconds with 5,000 of them. Fifteen families then stay
/// around a second.
const TRIES_MAX: usize = 8;
/// How many remedies are shown: a list that is read, not searched.
const SHOWN_MAX: usize = 10;

/// A change that may help.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) description: String,
    pub(super) change: Change,
}

/// A change that helps.
#[derive(Debug)]
pub(super) struct Remedy {
    kind: &'static str,
    description: String,
    change: Change,
    landing: Landing,
}

struct Family {
    kind: &'static str,
    /// How many remedies of the family are worth showing: one if the first is the smallest.
    n_shown_max: usize,
    propose: fn(&Evidence<'_>) -> Vec<Proposal>,
}

/// From what disturbs least to what disturbs most: the pod asks for less, a node changes, something else goes
/// or comes.
const FAMILIES: &[Family] = &[
    Family { kind: "removeSchedulingGates", n_shown_max: 1, propose: pod_places::remove_gates },
    Family { kind: "tolerateTaint", n_shown_max: 3, propose: pod_places::tolerate_taint },
    Family { kind: "raiseMaxSkew", n_shown_max: 3, propose: pod_places::raise_max_skew },
    Family { kind: "relaxSpreadConstraint", n_shown_max: 3, propose: pod_places::relax_spread_constraint },
    Family { kind: "dropNodeSelectorEntry", n_shown_max: 3, propose: pod_places::drop_node_selector_entry },
    Family { kind: "dropNodeAffinity", n_shown_max: 3, propose: pod_places::drop_node_affinity },
    Family { kind: "dropPodAffinityTerm", n_shown_max: 3, propose: pod_places::drop_pod_affinity_term },
    Family {
        kind: "dropPodAntiAffinityTerm",
        n_shown_max: 3,
        propose: pod_places::drop_pod_anti_affinity_term,
    },
    Family { kind: "dropHostPort", n_shown_max: 3, propose: pod_places::drop_host_port },
    Family { kind: "lowerRequest", n_shown_max: 1, propose: pod_requests::lower_request },
    Family { kind: "uncordonNode", n_shown_max: 3, propose: nodes::uncordon },
    Family { kind: "removeTaint", n_shown_max: 3, propose: nodes::remove_taint },
    Family { kind: "labelNode", n_shown_max: 3, propose: nodes::label },
    Family { kind: "freeResources", n_shown_max: 3, propose: nodes::free_resources },
    Family { kind: "deletePod", n_shown_max: 3, propose: others::delete_pod },
    Family { kind: "addNode", n_shown_max: 1, propose: others::add_node },
];

/// What would help the pod onto any node, or onto `node`.
pub(super) fn find(situation: &mut Situation, explanation: &Explanation, node: Option<&str>) -> Vec<Remedy> {
    let evidence = Evidence::new(situation, explanation, node);
    let proposals: Vec<Vec<Proposal>> = FAMILIES.iter().map(|family| (family.propose)(&evidence)).collect();
    let mut helpful: Vec<Vec<Remedy>> = Vec::new();
    for (family, proposals) in FAMILIES.iter().zip(proposals) {
        let mut kept = Vec::new();
        for Proposal { description, change } in proposals.into_iter().take(TRIES_MAX) {
            if kept.len() == family.n_shown_max {
                break;
            }
            if let Some(landing) = situation.try_change(&change, node) {
                kept.push(Remedy { kind: family.kind, description, change, landing });
            }
        }
        helpful.push(kept);
    }
    select(helpful)
}

/// The best of every family, then the second best, and so on until there are enough; families stay in order.
fn select(mut helpful: Vec<Vec<Remedy>>) -> Vec<Remedy> {
    let mut n_kept = vec![0; helpful.len()];
    let mut left = SHOWN_MAX;
    let n_rounds = helpful.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..n_rounds {
        for (family, n) in helpful.iter().zip(&mut n_kept) {
            if family.len() > round && left > 0 {
                *n += 1;
                left -= 1;
            }
        }
    }
    for (family, n) in helpful.iter_mut().zip(n_kept) {
        family.truncate(n);
    }
    helpful.into_iter().flatten().collect()
}

impl Remedy {
    /// As the report has it.
    pub(super) fn report(&self) -> report::Remedy {
        let pod_name = |pod: &wire::Pod| format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
        let (action, kind, name) = match &self.change {
            Change::EditPod(pod) => ("edit", "Pod", pod_name(pod)),
            Change::EditNode(node) => ("edit", "Node", node.metadata.name.clone()),
            Change::AddNode(node) => ("add", "Node", node.metadata.name.clone()),
            Change::DeletePod(pod) => ("delete", "Pod", pod_name(pod)),
        };
        report::Remedy {
            kind: self.kind,
            description: self.description.clone(),
            result: report::RemedyResult { text: self.result(), host: self.landing.host.clone() },
            change: report::ChangedObject { action, kind, name },
        }
    }

    fn result(&self) -> String {
        match (&self.landing.fits_on, self.landing.host.as_deref()) {
            (Some(node), Some(host)) => format!("would fit on {node}, but be placed on {host}"),
            (Some(node), None) => format!("would fit on {node}"),
            (None, Some(host)) => match &self.change {
                Change::AddNode(node) if node.metadata.name == host => {
                    "would be placed on the new node".to_owned()
                }
                _ => format!("would be placed on {host}"),
            },
            (None, None) => "would fit".to_owned(),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
