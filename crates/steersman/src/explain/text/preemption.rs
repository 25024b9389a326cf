//! What preemption could do.

use std::io::{self, Write};

use super::{NAMES_MAX, counted, shortened};
use crate::explain::report::{Obstacles, Preemption};

/// How many candidates are shown.
const CANDIDATES_MAX: usize = 5;

/// Writes where preemption helps, or why it does not.
pub(super) fn write(preemption: &Preemption, out: &mut dyn Write) -> io::Result<()> {
    let Some(chosen) = &preemption.chosen else {
        let why = match &preemption.obstacles {
            Some(obstacles) => describe(obstacles),
            None => preemption.message.clone().unwrap_or_default(),
        };
        return writeln!(out, "\nPreemption does not help: {why}.");
    };
    writeln!(
        out,
        "\nPreemption makes room on {chosen}, and the pod is nominated to it. Where it would help:"
    )?;
    for candidate in preemption.candidates.iter().take(CANDIDATES_MAX) {
        let victims =
            candidate.victims.iter().map(|victim| format!("{} (priority {})", victim.pod, victim.priority));
        let victims: Vec<String> = victims.collect();
        let mark = match (candidate.is_chosen, candidate.is_best) {
            (true, _) => "; chosen",
            (false, true) => "; equally good",
            (false, false) => "",
        };
        writeln!(
            out,
            "  {}: evicts {}; {}{mark}",
            candidate.node,
            shortened(&victims, NAMES_MAX),
            counted(candidate.pdb_violations, "disruption budget violation")
        )?;
    }
    match preemption.candidates.len().saturating_sub(CANDIDATES_MAX) {
        0 => Ok(()),
        n => writeln!(out, "  … and {}", counted(n, "more node")),
    }
}

/// `nothing of lower priority runs on 3 nodes; on 2 nodes other pods are not what is in the way`.
fn describe(obstacles: &Obstacles) -> String {
    if obstacles.never_preempts {
        return "the pod's preemptionPolicy is Never".to_owned();
    }
    if let Some(node) = &obstacles.is_waiting_on {
        return format!("room is being made on {node}, and the pod waits for that");
    }
    let Obstacles { n_not_about_pods, n_nothing_lower, n_not_enough, .. } = *obstacles;
    let parts = [
        (n_nothing_lower, "nothing of lower priority runs"),
        (n_not_enough, "removing everything of lower priority is not enough"),
        (n_not_about_pods, "other pods are not what is in the way"),
    ];
    let n_nodes: usize = parts.iter().map(|(n, _)| n).sum();
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| match n_nodes {
        1 => format!("on the only node {what}"),
        _ if *n == n_nodes => format!("on all {n} nodes {what}"),
        _ => format!("on {} {what}", counted(*n, "node")),
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "there is no node".to_owned() } else { parts.join("; ") }
}
