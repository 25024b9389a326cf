//! Others that take part in decisions: kube-scheduler's extenders.
//!
//! What an extender is asked, in which order and what its answers mean is decided here and in
//! [`crate::reference`]; how it is asked is the business of whoever implements [`Extender`].

use super::{Cycle, Diagnosis, PreemptionCandidate, Reason, Status};
use crate::model::Pod;
use crate::snapshot::Row;

/// In whose name extenders refuse pods: everything that happens in the cluster may change their minds.
pub const NAME: &str = "Extender";

/// What a score of an extender, 0 to 10, is multiplied with to compare with those of plugins.
const SCORE_FACTOR: i64 = 10;

/// Somebody outside who takes part in decisions. Its answers are waited for.
pub trait Extender: Send + Sync {
    /// What it is called in messages: its URL.
    fn name(&self) -> &str;

    /// Whether decisions are made without it when it fails.
    fn is_ignorable(&self) -> bool;

    /// Whether it has a say about this pod.
    fn is_interested(&self, pod: &Pod) -> bool;

    /// Whether it filters nodes.
    fn filters(&self) -> bool;

    /// Whether it scores nodes.
    fn prioritizes(&self) -> bool;

    /// Whether it takes part in preemption.
    fn preempts(&self) -> bool;

    /// What its scores weigh.
    fn weight(&self) -> i64;

    /// Which of the nodes will do, by name.
    ///
    /// # Errors
    /// Why it did not say.
    fn filter(&self, pod: &Pod, nodes: &[&str]) -> Result<Filtered, String>;

    /// Scores of nodes, by name.
    ///
    /// # Errors
    /// Why it did not say.
    fn prioritize(&self, pod: &Pod, nodes: &[&str]) -> Result<Vec<(String, i64)>, String>;

    /// On which of the nodes room may be made, and by whom.
    ///
    /// # Errors
    /// Why it did not say.
    fn preempt(&self, pod: &Pod, candidates: &[Candidate<'_>]) -> Result<Vec<Chosen>, String>;
}

/// What an extender says about nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// Those that will do, in its order.
    pub nodes: Vec<String>,
    /// Those that will not, and why.
    pub failed: Vec<(String, String)>,
    /// Those where preemption cannot help either, and why.
    pub failed_and_unresolvable: Vec<(String, String)>,
}

/// A node where room can be made.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The node's name.
    pub node: &'a str,
    /// Who would have to go, most important first.
    pub victims: Vec<&'a Pod>,
    /// How many of them a disruption budget protects.
    pub n_pdb_violations: i64,
}

/// A node where room may be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The node's name.
    pub node: String,
    /// The UIDs of those who have to go.
    pub victims: Vec<String>,
    /// How many of them a disruption budget protects.
    pub n_pdb_violations: i64,
}

/// Whether anybody outside has a say about a pod.
pub(crate) fn is_of_interest(cycle: Cycle<'_>, pod: &Pod) -> bool {
    cycle.around.extenders.iter().any(|extender| extender.is_interested(pod))
}

/// The nodes that are left when all extenders have had their say. What they refuse is written into the diagnosis.
pub(crate) fn filter(
    cycle: Cycle<'_>,
    pod: &Pod,
    mut rows: Vec<Row>,
    diagnosis: &mut Diagnosis,
) -> Result<Vec<Row>, Status> {
    let n_before = rows.len();
    for extender in cycle.around.extenders {
        if rows.is_empty() {
            break;
        }
        if !extender.filters() || !extender.is_interested(pod) {
            continue;
        }
        let names: Vec<&str> = rows.iter().map(|row| name(cycle, *row)).collect();
        let filtered = match extender.filter(pod, &names) {
            Ok(filtered) => filtered,
            Err(_) if extender.is_ignorable() => continue,
            Err(error) => return Err(Status::error("", error)),
        };
        for (node, message) in &filtered.failed_and_unresolvable {
            refuse(cycle, diagnosis, node, |reason| Status::unresolvable("", reason), message);
        }
        let is_final = |node: &String| {
            filtered.failed_and_unresolvable.iter().any(|(unresolvable, _)| unresolvable == node)
        };
        for (node, message) in filtered.failed.iter().filter(|(node, _)| !is_final(node)) {
            refuse(cycle, diagnosis, node, |reason| Status::unschedulable("", reason), message);
        }
        rows = filtered.nodes.iter().filter_map(|node| row(cycle, node)).collect();
    }
    if rows.len() != n_before {
        diagnosis.unschedulable_plugins.insert(NAME);
    }
    Ok(rows)
}

fn refuse(
    cycle: Cycle<'_>,
    diagnosis: &mut Diagnosis,
    node: &str,
    status: impl FnOnce(Reason) -> Status,
    message: &str,
) {
    let Some(row) = row(cycle, node) else { return };
    let status = status(Reason::text(message.to_owned()));
    match diagnosis.nodes.iter_mut().find(|(known, _)| *known == row) {
        Some((_, known)) => *known = status,
        None => diagnosis.nodes.push((row, status)),
    }
}

/// Adds the scores of extenders to the totals of nodes. Returns for each node whether anybody has scored it: those go
/// first among equals. An extender that fails has no scores.
pub(crate) fn prioritize(cycle: Cycle<'_>, pod: &Pod, rows: &[Row], totals: &mut [i64]) -> Vec<bool> {
    let mut is_scored = vec![false; rows.len()];
    for extender in cycle.around.extenders {
        if !extender.prioritizes() || !extender.is_interested(pod) {
            continue;
        }
        let names: Vec<&str> = rows.iter().map(|row| name(cycle, *row)).collect();
        let Ok(scores) = extender.prioritize(pod, &names) else { continue };
        for (node, score) in scores {
            if let Some(position) = names.iter().position(|name| *name == node) {
                let weighed = score.saturating_mul(extender.weight()).saturating_mul(SCORE_FACTOR);
                totals[position] = totals[position].saturating_add(weighed);
                is_scored[position] = true;
            }
        }
    }
    is_scored
}

/// The candidates of preemption that are left when all extenders have had their say.
///
/// # Errors
/// Why one that matters did not say, or said something impossible.
pub(crate) fn preempt(
    cycle: Cycle<'_>,
    pod: &Pod,
    mut candidates: Vec<PreemptionCandidate>,
) -> Result<Vec<PreemptionCandidate>, String> {
    for extender in cycle.around.extenders {
        if candidates.is_empty() {
            break;
        }
        if !extender.preempts() || !extender.is_interested(pod) {
            continue;
        }
        let asked: Vec<Candidate<'_>> = candidates
            .iter()
            .map(|candidate| Candidate {
                node: name(cycle, candidate.row),
                victims: candidate.victims.iter().map(AsRef::as_ref).collect(),
                n_pdb_violations: i64::try_from(candidate.n_pdb_violations).unwrap_or(i64::MAX),
            })
            .collect();
        let chosen = extender.preempt(pod, &asked).and_then(|chosen| {
            chosen
                .into_iter()
                .map(|chosen| resolve(cycle, extender.name(), chosen))
                .collect::<Result<Vec<_>, _>>()
        });
        let mut chosen = match chosen {
            Ok(chosen) => chosen,
            Err(_) if extender.is_ignorable() => continue,
            Err(error) => return Err(error),
        };
        if let Some(empty) = chosen.iter().find(|candidate| candidate.victims.is_empty())
            && !extender.is_ignorable()
        {
            return Err(format!("expected at least one victim pod on node {:?}", name(cycle, empty.row)));
        }
        chosen.retain(|candidate| !candidate.victims.is_empty());
        candidates = chosen;
    }
    Ok(candidates)
}

/// The pods that an extender names.
fn resolve(cycle: Cycle<'_>, extender: &str, chosen: Chosen) -> Result<PreemptionCandidate, String> {
    let Some(row) = row(cycle, &chosen.node) else {
        return Err(format!("nodeinfo not found for node name {:?}", chosen.node));
    };
    let pods = cycle.snapshot.node(row).pods();
    let victim = |uid: &String| {
        let found = pods.iter().find(|pod| *pod.uid == **uid).cloned();
        found.ok_or_else(|| {
            format!(
                "extender: {extender} claims to preempt pod (UID: {uid}) on node: {}, but the pod is not found on that node",
                chosen.node
            )
        })
    };
    let victims = chosen.victims.iter().map(victim).collect::<Result<Vec<_>, _>>()?;
    Ok(PreemptionCandidate {
        row,
        victims,
        n_pdb_violations: usize::try_from(chosen.n_pdb_violations).unwrap_or(0),
    })
}

fn name(cycle: Cycle<'_>, row: Row) -> &str {
    cycle.symbols.resolve(cycle.snapshot.node(row).node.name)
}

fn row(cycle: Cycle<'_>, node: &str) -> Option<Row> {
    cycle.snapshot.row(cycle.symbols.get(node)?)
}
