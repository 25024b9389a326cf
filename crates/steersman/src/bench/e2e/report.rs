//! What is shown of the measures.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::period::Measured;
use super::run::{Ran, Verdict};
use crate::bench::measure::Outcome;
use crate::bench::report::data_items::{self, DataItem, DataItems};
use crate::bench::report::figures::{bytes, count, nanos, rate};
use crate::table::Table;

/// What stands for a figure that nobody has counted.
const NO_FIGURE: &str = "-";

const FIGURES: [&str; 12] = [
    "NODES",
    "BOUND",
    "PODS/S",
    "P10",
    "P50",
    "CREATE-BOUND P50",
    "P99",
    "ATTEMPT P50",
    "P99",
    "CPU/POD",
    "RSS",
    "PEAK RSS",
];

/// The results of several workloads.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<Ran>,
}

impl Report {
    /// Adds the result of a workload.
    pub(super) fn add(&mut self, ran: Ran) {
        self.rows.push(ran);
    }

    /// Whether nobody is stuck and all rates are what they are expected to be.
    pub(super) fn is_well(&self) -> bool {
        self.rows.iter().all(|row| match &row.verdict {
            Verdict::Measured(measured) => measured.iter().all(|measured| !is_below(row.threshold, measured)),
            Verdict::NotRun(_) => true,
            Verdict::Failed(_) => false,
        })
    }

    /// Writes tables for people.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let has_threshold = self.rows.iter().any(|row| row.threshold.is_some());
        let titles = std::iter::once("WORKLOAD").chain(FIGURES).chain(has_threshold.then_some("THRESHOLD"));
        let mut table = Table::new(titles).right(1..=FIGURES.len() + usize::from(has_threshold));
        let mut n_measured = 0;
        for row in &self.rows {
            let Verdict::Measured(periods) = &row.verdict else { continue };
            for measured in periods {
                n_measured += 1;
                let name = match periods.len() {
                    1 => row.name.clone(),
                    _ => format!("{} {}", row.name, measured.name),
                };
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
        self.write_remarks(out)
    }

    fn write_remarks(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut not_run: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let (mut gates, mut n_failed): (BTreeMap<&str, usize>, usize) = (BTreeMap::new(), 0);
        for row in &self.rows {
            match &row.verdict {
                Verdict::Failed(reason) => {
                    n_failed += 1;
                    writeln!(out, "\n{}: failed: {reason}", row.name)?;
                }
                Verdict::NotRun(reason) => not_run.entry(reason).or_default().push(&row.name),
                Verdict::Measured(_) => {}
            }
            for gate in &row.gates_without_effect {
                *gates.entry(gate).or_default() += 1;
            }
        }
        for (reason, names) in &not_run {
            writeln!(out, "\nnot run: {reason}")?;
            names.iter().try_for_each(|name| writeln!(out, "  {name}"))?;
        }
        if !gates.is_empty() {
            let gates: Vec<String> = gates.iter().map(|(gate, n)| format!("{gate} ({n})")).collect();
            writeln!(out, "\nFeature gates without effect here: {}", gates.join(", "))?;
        }
        let n_not_run: usize = not_run.values().map(Vec::len).sum();
        let n_run = self.rows.len() - n_not_run;
        writeln!(out, "\n{n_run} workloads run, {n_failed} failed, {n_not_run} not run")
    }

    /// Writes what perf-dash reads.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut items = DataItems::default();
        for row in &self.rows {
            match &row.verdict {
                Verdict::Measured(periods) => {
                    periods.iter().for_each(|measured| items.extend(items_of(&row.name, measured)));
                }
                Verdict::NotRun(reason) => items.not_run(&row.name, reason),
                Verdict::Failed(reason) => items.failed(&row.name, reason),
            }
        }
        items.write(out)
    }
}

/// Whether a rate is lower than expected.
fn is_below(threshold: Option<f64>, measured: &Measured) -> bool {
    threshold.is_some_and(|threshold| measured.per_second() < threshold)
}

fn figures(measured: &Measured) -> [String; FIGURES.len()] {
    let none = || NO_FIGURE.to_owned();
    let sampled = |percent| measured.percentile(percent).map_or_else(none, rate);
    let created_to_bound = &measured.created_to_bound;
    let attempt = measured.attempt();
    let attempted = |percent| attempt.as_ref().map_or_else(none, |times| nanos(times.percentile(percent)));
    let process = measured.process.as_ref();
    let per_pod = process.map(|process| process.cpu.as_nanos() as u64 / (measured.n_bound() as u64).max(1));
    [
        count(measured.n_nodes),
        count(measured.n_bound() as u64),
        rate(measured.per_second()),
        sampled(10),
        sampled(50),
        nanos(created_to_bound.percentile(50)),
        nanos(created_to_bound.percentile(99)),
        attempted(50),
        attempted(99),
        per_pod.map_or_else(none, nanos),
        process.and_then(|process| process.rss_bytes).map_or_else(none, bytes),
        process.and_then(|process| process.peak_rss_bytes).map_or_else(none, bytes),
    ]
}

fn items_of(workload: &str, measured: &Measured) -> Vec<DataItem> {
    let item = |metric: &str, unit, data| data_items::item(workload, &measured.name, metric, unit, data);
    let average = |value: f64| BTreeMap::from([("Average", value)]);
    let mut rates = average(measured.per_second());
    for (bucket, percent) in [("Perc50", 50), ("Perc90", 90), ("Perc95", 95), ("Perc99", 99)] {
        rates.insert(bucket, measured.percentile(percent).unwrap_or(measured.per_second()));
    }
    let mut items = vec![item("SchedulingThroughput", "pods/s", rates)];
    if measured.created_to_bound.count() > 0 {
        let times = data_items::milliseconds(&measured.created_to_bound);
        items.push(item("CreateToBoundDuration", "ms", times));
    }
    for outcome in Outcome::ALL {
        let Some(times) = measured.attempts.as_ref().map(|attempts| &attempts[outcome as usize]) else {
            break;
        };
        if times.count() > 0 {
            let metric = "scheduler_scheduling_attempt_duration_seconds";
            let timed = item(metric, "ms", data_items::milliseconds(times));
            items.push(timed.labelled("result", outcome.name()));
        }
    }
    if let Some(process) = &measured.process {
        let cores = process.cpu.as_secs_f64() / process.time.as_secs_f64().max(1e-9);
        items.push(item("ProcessorsUsed", "cores", average(cores)));
        for (metric, amount) in
            [("ResidentMemory", process.rss_bytes), ("PeakResidentMemory", process.peak_rss_bytes)]
        {
            if let Some(amount) = amount {
                items.push(item(metric, "MB", average(amount as f64 / 1e6)));
            }
        }
    }
    items
}
