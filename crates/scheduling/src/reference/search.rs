//! Which nodes are looked at, and on which the pod fits.

use base::Set;

use super::Circumstances;
use crate::framework::filters::PreFiltered;
use crate::framework::{Cycle, Diagnosis, Filters, Profile, Reason, Status};
use crate::snapshot::Row;

/// Fewer feasible nodes than this are always looked for.
const MIN_FEASIBLE_NODES: usize = 100;
/// An adaptive percentage does not fall below this.
const MIN_PERCENTAGE: usize = 5;

/// How many feasible nodes upstream looks for among `n` candidates; 0 percent adapts to `n`.
pub fn num_feasible_nodes_to_find(percentage: i32, n: usize) -> usize {
    if n < MIN_FEASIBLE_NODES {
        return n;
    }
    let percentage = match usize::try_from(percentage).unwrap_or(0) {
        0 => 50_usize.saturating_sub(n / 125).max(MIN_PERCENTAGE),
        given => given,
    };
    (n * percentage / 100).max(MIN_FEASIBLE_NODES)
}

/// The nodes to look at: all, or those that PreFilter narrowed the search to.
pub(super) fn candidates(cycle: Cycle<'_>, pre: &PreFiltered<'_>, diagnosis: &mut Diagnosis) -> Vec<Row> {
    let Some(names) = &pre.nodes else { return cycle.snapshot.order().to_vec() };
    // Those that narrowed the search, and, as upstream has it, the one that refused the nominated node before.
    let plugins: Vec<&str> = diagnosis.unschedulable_plugins.iter().copied().collect();
    let text = format!("node(s) didn't satisfy plugin(s) [{}]", plugins.join(" "));
    diagnosis.absent = Status::unresolvable("", Reason::text(text));
    let mut seen = Set::default();
    let rows = names.iter().filter_map(|name| cycle.snapshot.row(*name));
    rows.filter(|row| seen.insert(*row)).collect()
}

/// The candidates on which the pod fits. The others are written into the diagnosis.
///
/// Every candidate is looked at, unless the profile or the configuration says explicitly what percentage of
/// the nodes is enough. Then the search starts where the last one ended and stops at the first feasible node
/// beyond that number.
pub(super) fn feasible(
    cycle: Cycle<'_>,
    profile: &Profile,
    candidates: &[Row],
    filters: &mut Filters<'_>,
    diagnosis: &mut Diagnosis,
    circumstances: &mut Circumstances,
) -> Result<Vec<Row>, Status> {
    let limit = profile
        .percentage_of_nodes_to_score
        .map_or(usize::MAX, |percentage| num_feasible_nodes_to_find(percentage, candidates.len()));
    let start = if limit < candidates.len() { circumstances.next_start_node % candidates.len() } else { 0 };
    let (before, after) = candidates.split_at(start);
    // The node the pod was nominated to has been looked at already, and is looked at again.
    let nominated = diagnosis.nodes.first().map(|(row, _)| *row);
    let mut feasible = Vec::new();
    let mut failure = None;
    for row in after.iter().chain(before) {
        match filters.check_with_nominated(cycle.snapshot.node(*row)) {
            Ok(()) if feasible.len() == limit => break,
            Ok(()) => feasible.push(*row),
            Err(status) if status.code.is_rejected() => {
                diagnosis.blame(&status);
                if nominated == Some(*row) {
                    diagnosis.nodes[0].1 = status;
                } else {
                    diagnosis.nodes.push((*row, status));
                }
            }
            Err(status) => {
                failure = Some(status);
                break;
            }
        }
    }
    let n_looked_at = feasible.len() + diagnosis.nodes.len();
    circumstances.next_start_node = (circumstances.next_start_node + n_looked_at) % cycle.snapshot.len();
    failure.map_or(Ok(feasible), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapts_the_number_of_nodes_to_the_size_of_the_cluster() {
        for (percentage, n, expected) in [
            (0, 99, 99),
            (0, 100, 100),
            (0, 1000, 420),
            (0, 5000, 500),
            (0, 100_000, 5000),
            (50, 1000, 500),
            (1, 5000, 100),
            (100, 5000, 5000),
        ] {
            assert_eq!(num_feasible_nodes_to_find(percentage, n), expected, "{percentage} % of {n}");
        }
    }
}
