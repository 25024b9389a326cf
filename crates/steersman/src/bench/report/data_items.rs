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

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct DataItems<'r> {
    version: &'static str,
    data_items: Vec<DataItem>,
    /// Not upstream's: what has no measures, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_run: Vec<Unmeasured<'r>>,
    /// Not upstream's either.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Unmeasured<'r>>,
}

#[derive(Serialize)]
struct DataItem {
    data: BTreeMap<&'static str, f64>,
    unit: &'static str,
    labels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Unmeasured<'r> {
    name: &'r str,
    reason: &'r str,
}

/// Writes a report.
pub(super) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut items = DataItems { version: VERSION, ..DataItems::default() };
    for row in &report.rows {
        match &row.verdict {
            Verdict::Measured(periods) => {
                items.data_items.extend(periods.iter().flat_map(|measured| data_items(&row.name, measured)));
            }
            Verdict::NotRun(reason) => items.not_run.push(Unmeasured { name: &row.name, reason }),
            Verdict::Stuck(reason) => items.failed.push(Unmeasured { name: &row.name, reason }),
        }
    }
    finish(out, &items)
}

/// Writes the result of one plain cluster.
pub(super) fn write_scaled(out: &mut dyn Write, scaled: &Scaled) -> io::Result<()> {
    let name = scaled.name();
    let mut items = DataItems { version: VERSION, ..DataItems::default() };
    items.data_items = data_items(&name, &scaled.measured);
    let seconds = BTreeMap::from([
        ("Generation", scaled.generation().as_secs_f64()),
        ("Nodes", scaled.nodes.as_secs_f64()),
        ("Core", scaled.measured.core.as_secs_f64()),
        ("Total", scaled.total.as_secs_f64()),
    ]);
    items.data_items.push(item(&name, &scaled.measured, "Runtime", "s", seconds));
    finish(out, &items)
}

fn finish(out: &mut dyn Write, items: &DataItems<'_>) -> io::Result<()> {
    let text = serde_json::to_string_pretty(items).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

fn data_items(name: &str, measured: &Measured) -> Vec<DataItem> {
    let mut items = Vec::new();
    let throughput = &measured.throughput;
    let average_rate = measured.bound_per_second();
    let mut rates = BTreeMap::from([("Average", average_rate)]);
    for (bucket, percent) in [("Perc50", 50), ("Perc90", 90), ("Perc95", 95), ("Perc99", 99)] {
        rates.insert(bucket, throughput.percentile(percent).unwrap_or(average_rate));
    }
    items.push(item(name, measured, "SchedulingThroughput", "pods/s", rates));
    for outcome in Outcome::ALL {
        let latency = &measured.latencies[outcome as usize];
        if latency.count() > 0 {
            let metric = "scheduler_scheduling_attempt_duration_seconds";
            let mut timed = item(name, measured, metric, "ms", milliseconds(latency));
            timed.labels.insert("result", outcome.name().to_owned());
            items.push(timed);
        }
    }
    let average = |value: f64| BTreeMap::from([("Average", value)]);
    let decisions = average(measured.decisions_per_second());
    items.push(item(name, measured, "DecisionThroughput", "decisions/s", decisions));
    for (metric, n) in [("NodesVisited", measured.rows_visited), ("PluginCalls", measured.plugin_calls)] {
        if let Some(mean) = measured.per_attempt(n) {
            items.push(item(name, measured, metric, "per attempt", average(mean)));
        }
    }
    let long_way = measured.n_long_way as f64 / measured.n_attempts().max(1) as f64;
    items.push(item(name, measured, "LongWay", "per attempt", average(long_way)));
    if let Some(bytes) = measured.peak_rss_bytes {
        items.push(item(name, measured, "PeakResidentMemory", "MB", average(bytes as f64 / 1e6)));
    }
    items
}

fn milliseconds(latency: &Histogram) -> BTreeMap<&'static str, f64> {
    let percentile = |percent| latency.percentile(percent) as f64 / 1e6;
    BTreeMap::from([
        ("Average", latency.mean() / 1e6),
        ("Perc50", percentile(50)),
        ("Perc90", percentile(90)),
        ("Perc95", percentile(95)),
        ("Perc99", percentile(99)),
    ])
}

fn item(
    name: &str,
    measured: &Measured,
    metric: &str,
    unit: &'static str,
    data: BTreeMap<&'static str, f64>,
) -> DataItem {
    let name = format!("{BENCHMARK}/{name}/{}", measured.name);
    let labels = BTreeMap::from([("Name", name), ("Metric", metric.to_owned())]);
    DataItem { data, unit, labels }
}
