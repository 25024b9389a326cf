//! Which of several candidate nodes is taken.

use std::cmp::Reverse;

use base::Now;

use super::dry_run::start_time;
use crate::framework::PreemptionCandidate;

/// Priorities are shifted by this before they are summed, so that more victims never look like less harm.
const SHIFT: i64 = 1 << 31;

/// The indexes of the candidates that are equally best. `candidates` is not empty, nor is any list of victims.
///
/// In this order: fewest budget violations, least important most important victim, smallest sum of
/// priorities, fewest victims, and the latest among the earliest starts of each one's most important victims.
pub(super) fn best(candidates: &[PreemptionCandidate], now: Now) -> Vec<usize> {
    let harm = |candidate: &PreemptionCandidate| {
        let highest = candidate.victims.iter().map(|victim| victim.priority).max().unwrap_or(i32::MIN);
        let first = candidate.victims.first().map_or(i32::MIN, |victim| victim.priority);
        let sum: i64 = candidate.victims.iter().map(|victim| i64::from(victim.priority) + SHIFT).sum();
        let top = candidate.victims.iter().filter(|victim| victim.priority == highest);
        let earliest = top.map(|victim| start_time(victim, now)).min().unwrap_or(now.as_nanos());
        (candidate.n_pdb_violations, first, sum, candidate.victims.len(), Reverse(earliest))
    };
    let harms: Vec<_> = candidates.iter().map(harm).collect();
    let least = harms.iter().min().copied();
    harms.iter().enumerate().filter(|(_, harm)| Some(**harm) == least).map(|(i, _)| i).collect()
}
