//! What preemption could do.

use base::Map;
use scheduling::framework::Code;
use scheduling::reference::Refusal;
use scheduling::snapshot::Row;

use crate::explain::report::{Candidate, Obstacles, Preemption, Victim};
use crate::explain::situation::Situation;

/// Where preemption helps, or why it does not.
pub(super) fn preemption(situation: &Situation, refusal: &Refusal) -> Option<Preemption> {
    let message = &refusal.diagnosis.post_filter_message;
    let message = (!message.is_empty()).then(|| message.clone());
    let Some(preemption) = &refusal.preemption else {
        return message.map(|message| Preemption {
            chosen: None,
            obstacles: Some(obstacles(situation, refusal)),
            message: Some(message),
            candidates: Vec::new(),
        });
    };
    let candidates = preemption.candidates.iter().enumerate().map(|(i, candidate)| Candidate {
        node: situation.node_name(candidate.row).to_owned(),
        victims: candidate
            .victims
            .iter()
            .map(|victim| Victim { pod: victim.key.to_string(), priority: victim.priority })
            .collect(),
        pdb_violations: candidate.n_pdb_violations,
        is_best: preemption.best.contains(&i),
        is_chosen: preemption.chosen == i,
    });
    let mut candidates: Vec<Candidate> = candidates.collect();
    candidates.sort_by(|a, b| {
        let key = |c: &Candidate| (!c.is_chosen, !c.is_best, c.pdb_violations, c.victims.len());
        key(a).cmp(&key(b)).then_with(|| a.node.cmp(&b.node))
    });
    let chosen = situation.node_name(preemption.chosen().row).to_owned();
    Some(Preemption { chosen: Some(chosen), obstacles: None, message, candidates })
}

/// Sorts the nodes by why removing pods does not help there.
fn obstacles(situation: &Situation, refusal: &Refusal) -> Obstacles {
    let pod = &situation.compiled;
    let snapshot = situation.scheduler.snapshot();
    let mut obstacles = Obstacles {
        never_preempts: pod.never_preempts,
        is_waiting_on: waits_on(situation, refusal),
        n_not_about_pods: 0,
        n_nothing_lower: 0,
        n_not_enough: 0,
    };
    let diagnosis = &refusal.diagnosis;
    let codes: Map<Row, Code> = diagnosis.nodes.iter().map(|(row, status)| (*row, status.code)).collect();
    for row in snapshot.order() {
        let has_lower = || snapshot.node(*row).pods().iter().any(|other| other.priority < pod.priority);
        let n = match codes.get(row).copied().unwrap_or(diagnosis.absent.code) {
            Code::Unschedulable if has_lower() => &mut obstacles.n_not_enough,
            Code::Unschedulable => &mut obstacles.n_nothing_lower,
            _ => &mut obstacles.n_not_about_pods,
        };
        *n += 1;
    }
    obstacles
}

/// The nominated node, if the pods that were preempted there are still leaving.
fn waits_on(situation: &Situation, refusal: &Refusal) -> Option<String> {
    let pod = &situation.compiled;
    let row = situation.scheduler.snapshot().row(pod.nominated_node_name?)?;
    if refusal.diagnosis.of(row).code == Code::UnschedulableAndUnresolvable {
        return None;
    }
    let mut others = situation.scheduler.snapshot().node(row).pods().iter();
    let is_leaving =
        others.any(|other| other.priority < pod.priority && other.is_terminating && other.is_being_preempted);
    is_leaving.then(|| situation.node_name(row).to_owned())
}
