//! What is shown of the measures.

pub(super) mod data_items;
pub(super) mod figures;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::measure::Measured;
use super::run::{Ran, Verdict};
pub(super) use text::write_scaled;

use super::scale::Scaled;

/// The results of several workloads.
pub(super) struct Report {
    rows: Vec<Ran>,
    n_runs: u64,
}

impl Report {
    /// An empty report about workloads that are each run so many times.
    pub(super) fn new(n_runs: u64) -> Report {
        Report { rows: Vec::new(), n_runs }
    }

    /// Adds the result of a workload.
    pub(super) fn add(&mut self, ran: Ran) {
        self.rows.push(ran);
    }

    /// Whether nobody is stuck and all rates are what they are expected to be.
    pub(super) fn is_well(&self) -> bool {
        self.rows.iter().all(|row| match &row.verdict {
            Verdict::Measured(measured) => measured.iter().all(|measured| !is_below(row.threshold, measured)),
            Verdict::NotRun(_) => true,
            Verdict::Stuck(_) => false,
        })
    }

    /// Writes tables for people.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        text::write(out, self)
    }

    /// Writes what perf-dash reads.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        data_items::write(out, self)
    }

    /// How many workloads could not be run, for each reason.
    fn not_run(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in &self.rows {
            if let Verdict::NotRun(reason) = &row.verdict {
                reasons.entry(reason).or_default().push(&row.name);
            }
        }
        reasons
    }
}

/// Whether a rate is lower than expected.
fn is_below(threshold: Option<f64>, measured: &Measured) -> bool {
    threshold.is_some_and(|threshold| measured.bound_per_second() < threshold)
}

/// Writes the result of one plain cluster as perf-dash reads it.
pub(super) fn write_scaled_json(out: &mut dyn Write, scaled: &Scaled) -> io::Result<()> {
    data_items::write_scaled(out, scaled)
}
