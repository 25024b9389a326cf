//! The smallest single changes that would help, each one tried before it is shown.
//!
//! A family proposes changes of one kind, read from the reasons of the refusals and from the objects. Every
//! proposal is made, the pod decided about again, and the change taken back; only what helped is shown.
//! Adding a family is one function and one row of [`FAMILIES`].

mod added_nodes;
mod evidence;
mod nodes;
mod others;
mod pod_places;
mod pod_requests;
mod priority;

use scheduling::explanation::Explanation;

pub(super) use self::evidence::Evidence;
use super::report;
use super::situation::{Change, Landing, Situation};

/// How many proposals of a family are tried. Each costs one decision without preemption: about as long as
/// filtering and scoring every node, some ten milliseconds with 5,000 of them. Twenty families then stay
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
    propose: Propose,
    /// Whether it is only tried if nothing of the family before it helped.
    is_fallback: bool,
}

type Propose = fn(&Evidence<'_>) -> Vec<Proposal>;

const fn family(kind: &'static str, n_shown_max: usize, propose: Propose) -> Family {
    Family { kind, n_shown_max, propose, is_fallback: false }
}

const fn fallback(kind: &'static str, n_shown_max: usize, propose: Propose) -> Family {
    Family { kind, n_shown_max, propose, is_fallback: true }
}

/// From what disturbs least to what disturbs most: the pod asks for less, a node changes, something else goes
/// or comes.
const FAMILIES: &[Family] = &[
    family("removeSchedulingGates", 1, pod_places::remove_gates),
    family("tolerateTaint", 3, pod_places::tolerate_taint),
    family("raiseMaxSkew", 3, pod_places::raise_max_skew),
    family("relaxSpreadConstraint", 3, pod_places::relax_spread_constraint),
    family("dropNodeSelectorEntry", 3, pod_places::drop_node_selector_entry),
    fallback("dropNodeSelector", 1, pod_places::drop_node_selector),
    family("dropNodeAffinity", 3, pod_places::drop_node_affinity),
    family("lookInNamespace", 3, pod_places::look_in_namespace),
    family("dropPodAffinityTerm", 3, pod_places::drop_pod_affinity_term),
    family("dropPodAntiAffinityTerm", 3, pod_places::drop_pod_anti_affinity_term),
    family("dropHostPort", 3, pod_places::drop_host_port),
    family("lowerRequest", 1, pod_requests::lower_request),
    family("uncordonNode", 3, nodes::uncordon),
    family("removeTaint", 3, nodes::remove_taint),
    family("labelNode", 3, nodes::label),
    family("freeResources", 3, nodes::free_resources),
    family("raisePriority", 1, priority::raise),
    family("deletePod", 3, others::delete_pod),
    family("addNode", 1, added_nodes::like_existing),
    fallback("addNode", 1, added_nodes::made_for_the_pod),
];

/// What would help the pod onto any node, or onto `node`.
pub(super) fn find(situation: &mut Situation, explanation: &Explanation, node: Option<&str>) -> Vec<Remedy> {
    let evidence = Evidence::new(situation, explanation, node);
    let proposals: Vec<Vec<Proposal>> = FAMILIES.iter().map(|family| (family.propose)(&evidence)).collect();
    let mut helpful: Vec<Vec<Remedy>> = Vec::new();
    for (family, proposals) in FAMILIES.iter().zip(proposals) {
        let mut kept = Vec::new();
        let is_spared = family.is_fallback && helpful.last().is_some_and(|before| !before.is_empty());
        let proposals = if is_spared { Vec::new() } else { proposals };
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

/// The profile that would decide about a pod about which none decides, if that helps.
pub(super) fn find_profile(situation: &mut Situation) -> Vec<Remedy> {
    let Some(profile) = situation.scheduler.profiles().first() else { return Vec::new() };
    let mut pod = situation.pod.clone();
    pod.spec.scheduler_name = profile.scheduler_name.to_string();
    let description = format!("set schedulerName: {}", pod.spec.scheduler_name);
    let change = Change::EditPod(Box::new(pod));
    let landing = situation.try_change(&change, None);
    landing
        .map(|landing| Remedy { kind: "setSchedulerName", description, change, landing })
        .into_iter()
        .collect()
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
            Change::EditPod(pod) | Change::Preempt(pod) => ("edit", "Pod", pod_name(pod)),
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
                Change::Preempt(_) => {
                    let pods = if self.landing.n_victims == 1 { "pod" } else { "pods" };
                    format!("would be nominated to {host}, evicting {} {pods}", self.landing.n_victims)
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
