//! The shape that perf-dash reads, under upstream's names of metrics.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::bench::measure::{Histogram, Measured, Outcome};
use crate::bench::run::Verdict;
use crate::bench::scale::Scaled;

const VERSION: &str = "v1";
/// What upstream's benchmark is called; it is the first part of each name.
const BENCHMARK: &str = "BenchmarkPerfScheduling";

/// A report in that shape.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bench) struct DataItems<'r> {
    version: &'static str,
    data_items: Vec<DataItem>,
    /// Not upstream's: what has no measures, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<Unmeasured<'r>>,
    /// Not upstream's either.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Unmeasured<'r>>,
}

/// One metric of one period.
#[derive(Serialize)]
pub(in crate::bench) struct DataItem {
    data: BTreeMap<&'static str, f64>,
    unit: &'static str,
    labels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Unmeasured<'r> {
    name: &'r str,
    reason: &'r str,
}

impl Default for DataItems<'_> {
    fn default() -> Self {
        DataItems { version: VERSION, data_items: Vec::new(), not_run: Vec::new(), failed: Vec::new() }
    }
}

impl<'r> DataItems<'r> {
    /// Adds metrics.
    pub(in crate::bench) fn extend(&mut self, items: impl IntoIterator<Item = DataItem>) {
        self.data_items.extend(items);
    }

    /// Adds a workload that could not be run.
    pub(in crate::bench) fn not_run(&mut self, name: &'r str, reason: &'r str) {
        self.not_run.push(Unmeasured { name, reason });
    }

    /// Adds a workload that was not run to its end.
    pub(in crate::bench) fn failed(&mut self, name: &'r str, reason: &'r str) {
        self.failed.push(Unmeasured { name, reason });
    }

    /// Writes it.
    pub(in crate::bench) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        writeln!(out, "{text}")
    }
}

impl DataItem {
    /// With one label more.
    pub(in crate::bench) fn labelled(mut self, name: &'static str, value: &str) -> DataItem {
        self.labels.insert(name, value.to_owned());
        self
    }
}

/// Writes a report.
pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut items = DataItems::default();
    for row in &report.rows {
        match &row.verdict {
            Verdict::Measured(periods) => {
                periods.iter().for_each(|measured| items.extend(data_items(&row.name, measured)));
            }
            Verdict::NotRun(reason) => items.not_run(&row.name, reason),
            Verdict::Stuck(reason) => items.failed(&row.name, reason),
        }
    }
    items.write(out)
}

/// Writes the result of one plain cluster.
pub(super) fn write_scaled(out: &mut dyn Write, scaled: &Scaled) -> io::Result<()> {
    let name = scaled.name();
    let mut items = DataItems::default();
    items.extend(data_items(&name, &scaled.measured));
    let seconds = BTreeMap::from([
        ("Generation", scaled.generation().as_secs_f64()),
        ("Nodes", scaled.nodes.as_secs_f64()),
        ("Core", scaled.measured.core.as_secs_f64()),
        ("Total", scaled.total.as_secs_f64()),
    ]);
    items.extend([item(&name, &scaled.measured.name, "Runtime", "s", seconds)]);
    items.write(out)
}

fn data_items(name: &str, measured: &Measured) -> Vec<DataItem> {
    let mut items = Vec::new();
    let throughput = &measured.throughput;
    let average_rate = measured.bound_per_second();
    let mut rates = BTreeMap::from([("Average", average_rate)]);
    for (bucket, percent) in [("Perc50", 50), ("Perc90", 90), ("Perc95", 95), ("Perc99", 99)] {
        rates.insert(bucket, throughput.percentile(percent).unwrap_or(average_rate));
    }
    items.push(item(name, &measured.name, "SchedulingThroughput", "pods/s", rates));
    for outcome in Outcome::ALL {
        let latency = &measured.latencies[outcome as usize];
        if latency.count() > 0 {
            let metric = "scheduler_scheduling_attempt_duration_seconds";
            let timed = item(name, &measured.name, metric, "ms", milliseconds(latency));
            items.push(timed.labelled("result", outcome.name()));
        }
    }
    let average = |value: f64| BTreeMap::from([("Average", value)]);
    let decisions = average(measured.decisions_per_second());
    items.push(item(name, &measured.name, "DecisionThroughput", "decisions/s", decisions));
    for (metric, n) in [("NodesVisited", measured.rows_visited), ("PluginCalls", measured.plugin_calls)] {
        if let Some(mean) = measured.per_attempt(n) {
            items.push(item(name, &measured.name, metric, "per attempt", average(mean)));
        }
    }
    let long_way = measured.n_long_way as f64 / measured.n_attempts().max(1) as f64;
    items.push(item(name, &measured.name, "LongWay", "per attempt", average(long_way)));
    if let Some(bytes) = measured.peak_rss_bytes {
        items.push(item(name, &measured.name, "PeakResidentMemory", "MB", average(bytes as f64 / 1e6)));
    }
    items
}

/// Times in nanoseconds, as data of an item.
pub(in crate::bench) fn milliseconds(latency: &Histogram) -> BTreeMap<&'static str, f64> {
    let percentile = |percent| latency.percentile(percent) as f64 / 1e6;
    BTreeMap::from([
        ("Average", latency.mean() / 1e6),
        ("Perc50", percentile(50)),
        ("Perc90", percentile(90)),
        ("Perc95", percentile(95)),
        ("Perc99", percentile(99)),
    ])
}

/// A metric of a workload's period.
pub(in crate::bench) fn item(
    workload: &str,
    period: &str,
    metric: &str,
    unit: &'static str,
    data: BTreeMap<&'static str, f64>,
) -> DataItem {
    let name = format!("{BENCHMARK}/{workload}/{period}");
    let labels = BTreeMap::from([("Name", name), ("Metric", metric.to_owned())]);
    DataItem { data, unit, labels }
}
