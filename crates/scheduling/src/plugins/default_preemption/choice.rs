//! Which of several candidate nodes is taken.

use std::cmp::Reverse;

use base::Now;

use super::dry_run::start_time;
use crate::framework::PreemptionCandidate;

/// Priorities are shifted by this before they are summed, so that more victims never look like less harm.
const SHIFT: i64 = 1 << 31;

/// How much harm preemption does on a node; the least is chosen. In this order: budget violations, the priority of
/// the most important victim, the sum of priorities, the number of victims, and the earliest start among each
/// one's most important victims, where later is better.
pub(crate) type Harm = (usize, i32, i64, usize, Reverse<i64>);

/// The harm done to a candidate's victims, of whom there is at least one.
pub(crate) fn harm(candidate: &PreemptionCandidate, now: Now) -> Harm {
    let highest = candidate.victims.iter().map(|victim| victim.priority).max().unwrap_or(i32::MIN);
    let first = candidate.victims.first().map_or(i32::MIN, |victim| victim.priority);
    let sum: i64 = candidate.victims.iter().map(|victim| i64::from(victim.priority) + SHIFT).sum();
    let top = candidate.victims.iter().filter(|victim| victim.priority == highest);
    let earliest = top.map(|victim| start_time(victim, now)).min().unwrap_or(now.as_nanos());
    (candidate.n_pdb_violations, first, sum, candidate.victims.len(), Reverse(earliest))
}

/// The indexes of the candidates that are equally best. `candidates` is not empty.
pub(super) fn best(candidates: &[PreemptionCandidate], now: Now) -> Vec<usize> {
    let harms: Vec<_> = candidates.iter().map(|candidate| harm(candidate, now)).collect();
    let least = harms.iter().min().copied();
    harms.iter().enumerate().filter(|(_, harm)| Some(**harm) == least).map(|(i, _)| i).collect()
}
