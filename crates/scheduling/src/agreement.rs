//! Whether the incremental evaluator finds what the reference evaluator finds.
//!
//! For tests, which ask after every step of random histories and for every recorded case.

use crate::engine::Scheduler;
use crate::explanation::{Explanation, Verdict};
use crate::incremental::ExpandedNode;
use crate::model::Pod;
use crate::outcome::{Outcome, Summary};
use crate::reference::Decision;

/// Where the two differ about a pod, if they do.
pub fn difference(scheduler: &mut Scheduler, pod: &Pod, explanation: &Explanation) -> Option<String> {
    let decision = explanation.decision.as_ref()?;
    outcomes(scheduler, pod, decision).or_else(|| nodes(scheduler, pod, explanation))
}

fn outcomes(scheduler: &mut Scheduler, pod: &Pod, decision: &Decision) -> Option<String> {
    let outcome = scheduler.estimate(pod)?;
    let say = |what: &str, theirs: String, ours: String| {
        (theirs != ours).then(|| format!("{what}: reference {theirs}, incremental {ours}"))
    };
    match (decision, &outcome) {
        (Decision::Placed(selection), Outcome::Placed(placement)) => {
            if !selection.best.contains(&placement.host) {
                return Some(format!("host {:?} is not among {:?}", placement.host, selection.best));
            }
            let theirs = (selection.feasible.len(), selection.best.len(), selection.is_nominated);
            let ours = (placement.n_feasible, placement.n_best, placement.is_nominated);
            say("feasible, best, nominated", format!("{theirs:?}"), format!("{ours:?}"))
        }
        (Decision::Unschedulable(refusal), Outcome::Unschedulable(refused)) => {
            let summary = Summary::of(&refusal.diagnosis, scheduler.symbols());
            if let Some(preemption) = &refusal.preemption {
                let best = preemption.best.iter().map(|i| &preemption.candidates[*i]);
                let room = refused.room.as_ref();
                let is_one_of_them = best.into_iter().any(|candidate| {
                    room.is_some_and(|room| room.row == candidate.row && room.victims == candidate.victims)
                });
                return (!is_one_of_them).then(|| format!("room {room:?} is not among {preemption:?}"));
            }
            say("message", summary.message, refused.summary.message.clone())
                .or_else(|| {
                    let plugins = |summary: &Summary| format!("{:?}", summary.unschedulable_plugins);
                    let theirs = Summary::of(&refusal.diagnosis, scheduler.symbols());
                    say("plugins", plugins(&theirs), plugins(&refused.summary))
                })
                .or_else(|| {
                    say(
                        "nomination",
                        format!("{:?}", refusal.nomination),
                        format!("{:?}", refused.nomination),
                    )
                })
        }
        (Decision::NoNodes, Outcome::NoNodes) => None,
        (Decision::Failed(theirs), Outcome::Failed(ours)) => {
            say("failure", format!("{theirs:?}"), format!("{ours:?}"))
        }
        _ => Some(format!("reference {decision:?}, incremental {outcome:?}")),
    }
}

fn nodes(scheduler: &mut Scheduler, pod: &Pod, explanation: &Explanation) -> Option<String> {
    let expanded = scheduler.expand(pod)?;
    let is_nominated = matches!(&explanation.decision, Some(Decision::Placed(s)) if s.is_nominated);
    if is_nominated {
        return None;
    }
    let scores = explanation.scores.as_ref();
    for (node, (row, found)) in explanation.nodes.iter().zip(&expanded.nodes) {
        if node.row != *row {
            return Some(format!("{row:?} is in the place of {:?}", node.row));
        }
        let is_same = match (&node.verdict, found) {
            (Verdict::Refused(theirs), ExpandedNode::Refused(ours)) => theirs.reads_like(ours),
            (Verdict::Fits, ExpandedNode::Fits { compared, total, .. }) => {
                let of_row = scores.and_then(|feasible| {
                    let i = feasible.rows.iter().position(|known| known == row)?;
                    Some((i, feasible.scores.as_ref().ok()?))
                });
                of_row.is_none_or(|(i, scores)| {
                    let totals_agree = scores.plugins.is_empty() || scores.total[i] == *total;
                    let profile = scheduler.profile_of(pod).map(|profile| profile.scores());
                    let names: Vec<&str> =
                        profile.into_iter().flatten().map(|(plugin, _)| plugin.registration.name).collect();
                    totals_agree
                        && compared.iter().all(|(position, raw, normalized)| {
                            let column =
                                scores.plugins.iter().find(|column| column.plugin == names[*position]);
                            column.is_none_or(|column| {
                                column.raw[i] == *raw && column.normalized[i] == *normalized
                            })
                        })
                })
            }
            _ => false,
        };
        if !is_same {
            return Some(format!(
                "{row:?}: reference {}, incremental {found:?}",
                describe(explanation, node)
            ));
        }
    }
    None
}

fn describe(explanation: &Explanation, node: &crate::explanation::NodeExplanation) -> String {
    let scores = explanation.scores.as_ref().and_then(|feasible| {
        let i = feasible.rows.iter().position(|known| *known == node.row)?;
        let scores = feasible.scores.as_ref().ok()?;
        let column = |column: &crate::reference::PluginScores| {
            format!("{} {}/{}", column.plugin, column.raw[i], column.normalized[i])
        };
        let columns: Vec<_> = scores.plugins.iter().map(column).collect();
        Some(format!("{} of {}", scores.total[i], columns.join(", ")))
    });
    match &node.verdict {
        Verdict::Fits => format!("fits, {}", scores.unwrap_or_default()),
        Verdict::LeftOut => "left out".to_owned(),
        Verdict::Refused(status) => format!("{status:?}"),
    }
}
