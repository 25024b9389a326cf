//! Tables for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::figures::{bytes, count, nanos, rate};
use super::{Report, is_below};
use crate::bench::measure::Measured;
use crate::bench::run::Verdict;
use crate::bench::scale::Scaled;
use crate::table::Table;

/// What stands for a figure that nobody has counted.
const NO_FIGURE: &str = "-";

const FIGURES: [&str; 11] = [
    "NODES",
    "BOUND",
    "DECISIONS/S",
    "BOUND/S",
    "P50",
    "P90",
    "P99",
    "NODES/POD",
    "CALLS/POD",
    "LONG WAY",
    "PEAK RSS",
];

/// Writes a report.
pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let has_threshold = report.rows.iter().any(|row| row.threshold.is_some());
    let titles = std::iter::once("WORKLOAD").chain(FIGURES).chain(has_threshold.then_some("THRESHOLD"));
    let mut table = Table::new(titles).right(1..=FIGURES.len() + usize::from(has_threshold));
    let mut n_measured = 0;
    for row in &report.rows {
        let Verdict::Measured(periods) = &row.verdict else { continue };
        for measured in periods {
            n_measured += 1;
            let name =
                if periods.len() == 1 { row.name.clone() } else { format!("{} {}", row.name, measured.name) };
            let threshold = row.threshold.map_or_else(String::new, |threshold| {
                let mark = if is_below(row.threshold, measured) { "below " } else { "" };
                format!("{mark}{}", rate(threshold))
            });
            let cells = std::iter::once(name).chain(figures(measured));
            table.row(cells.chain(has_threshold.then_some(threshold)));
        }
    }
    if n_measured > 0 {
        table.write(out, "")?;
    }
    write_remarks(out, report)
}

fn figures(measured: &Measured) -> [String; FIGURES.len()] {
    let latency = measured.latency();
    let per_attempt = |n| measured.per_attempt(n).map_or(NO_FIGURE.to_owned(), rate);
    let long_way = 100.0 * measured.n_long_way as f64 / measured.n_attempts().max(1) as f64;
    [
        count(measured.n_nodes as u64),
        count(measured.throughput.count()),
        rate(measured.decisions_per_second()),
        rate(measured.bound_per_second()),
        nanos(latency.percentile(50)),
        nanos(latency.percentile(90)),
        nanos(latency.percentile(99)),
        per_attempt(measured.rows_visited),
        per_attempt(measured.plugin_calls),
        format!("{long_way:.0}%"),
        measured.peak_rss_bytes.map_or(NO_FIGURE.to_owned(), bytes),
    ]
}

fn write_remarks(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for row in &report.rows {
        if let Verdict::Stuck(reason) = &row.verdict {
            writeln!(out, "\n{}: failed: {reason}", row.name)?;
        }
    }
    for (reason, names) in report.not_run() {
        writeln!(out, "\nnot run: {reason}")?;
        names.iter().try_for_each(|name| writeln!(out, "  {name}"))?;
    }
    let mut gates: BTreeMap<&str, usize> = BTreeMap::new();
    for gate in report.rows.iter().flat_map(|row| &row.gates_without_effect) {
        *gates.entry(gate).or_default() += 1;
    }
    let gates: Vec<String> = gates.iter().map(|(gate, n)| format!("{gate} ({n})")).collect();
    if !gates.is_empty() {
        writeln!(out, "\nFeature gates without effect on the core alone: {}", gates.join(", "))?;
    }
    let n_not_run: usize = report.not_run().values().map(Vec::len).sum();
    let n_stuck = report.rows.iter().filter(|row| matches!(row.verdict, Verdict::Stuck(_))).count();
    let n_run = report.rows.len() - n_not_run;
    let runs = if report.n_runs > 1 {
        format!(", the median of {} runs each", report.n_runs)
    } else {
        String::new()
    };
    writeln!(out, "\n{n_run} workloads run{runs}, {n_stuck} failed, {n_not_run} not run")
}

/// Writes the result of one plain cluster.
pub(in crate::bench) fn write_scaled(out: &mut dyn Write, scaled: &Scaled) -> io::Result<()> {
    let titles = std::iter::once("WORKLOAD").chain(FIGURES);
    let mut table = Table::new(titles).right(1..=FIGURES.len());
    table.row(std::iter::once(scaled.name()).chain(figures(&scaled.measured)));
    table.write(out, "")?;
    writeln!(
        out,
        "\n{} s in all: {} s to generate objects, {} s for the core to take in the nodes, {} s for it to take in \
         the pods and place them",
        rate(scaled.total.as_secs_f64()),
        rate(scaled.generation().as_secs_f64()),
        rate(scaled.nodes.as_secs_f64()),
        rate(scaled.measured.core.as_secs_f64()),
    )?;
    if !scaled.is_well() {
        writeln!(out, "{} of {} pods are not bound", count(scaled.n_left()), count(scaled.size.n_pods))?;
    }
    Ok(())
}
