//! `steersman bench`: how fast the core decides, how fast the API server is, and how fast both are together.
//!
//! `bench core` runs workloads in scheduler_perf's own files, or the set that the program brings along, or one plain cluster
//! of any size. The core is alone: objects are built in memory, bindings are done at once, time is virtual. What
//! is measured is the core's real time for all its inputs.

mod apiserver;
mod config;
mod e2e;
mod measure;
mod opcodes;
mod own_set;
mod params;
mod pattern;
mod report;
mod run;
mod scale;
mod source;
mod template;
mod templates;
mod world;
mod yaml;

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use crate::Outcome;
use config::{LabelFilter, TestCase, Workload};
use pattern::Pattern;
use report::Report;
use run::{Ran, Verdict};
use scale::Kind;
use source::Source;

/// More nodes or pods than this fit into no machine's memory.
const SIZE_MAX: u64 = 100_000_000;

/// Flags of `bench`.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The decision core alone: no API server, bindings done at once, virtual time
    Core(CoreOptions),
    /// An API server through HTTPS: starting, creates, gets, a list, watchers, memory
    #[command(name = "apiserver")]
    ApiServer(apiserver::ApiServerOptions),
    /// An API server with the live scheduler: from creating a pod to seeing it bound
    E2e(e2e::E2eOptions),
}

/// Flags of `bench core`.
#[derive(Args)]
#[command(after_help = "\
Without --workloads and --nodes, the program's own set is run; --list shows it.

decisions/s counts attempts, bound/s counts pods that got a node, both per second of the core's time for all inputs:
attempts, new pods, finished bindings, bound pods seen again, events. p50, p90 and p99 are those of one attempt.
An attempt takes 1 ms of virtual time, so that rates per second in workloads are in a defined ratio to decisions.

Exit codes: 0 all is well, also when some workloads need more than the core; 1 pods that should be bound are not, or
a workload is below its threshold; 2 the input is wrong")]
struct CoreOptions {
    /// scheduler_perf's folder, one of its folders, or one performance-config.yaml
    #[arg(long, value_name = "DIR")]
    workloads: Option<PathBuf>,
    /// Only workloads whose `test case/workload` matches this regular expression
    #[arg(long, value_name = "RE")]
    filter: Option<String>,
    /// Only workloads with these labels, and without those after a minus: performance,-short
    #[arg(long, value_name = "LABEL,…", allow_hyphen_values = true)]
    label: Option<String>,
    /// Show the workloads and run none
    #[arg(long, conflicts_with = "json")]
    list: bool,
    /// How many nodes; instead of workloads, one plain cluster is run, with little memory around the core
    #[arg(long, value_name = "N", requires = "pods", conflicts_with_all = ["workloads", "filter", "label", "list"],
        value_parser = clap::value_parser!(u64).range(1..=SIZE_MAX))]
    nodes: Option<u64>,
    /// How many pods are to be placed on them
    #[arg(long, value_name = "N", requires = "nodes", value_parser = clap::value_parser!(u64).range(1..=SIZE_MAX))]
    pods: Option<u64>,
    /// Which pods
    #[arg(long, value_enum, default_value_t = Kind::Basic, requires = "nodes")]
    kind: Kind,
    /// How often each is run, with a fresh core; the run with the median of decisions/s is shown
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    runs: u64,
    /// Where random choices between equally good nodes begin
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Show the result as perf-dash reads it
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let options = match &options.what {
        What::Core(options) => options,
        What::ApiServer(options) => return apiserver::run(options),
        What::E2e(options) => return e2e::run(options),
    };
    if let (Some(n_nodes), Some(n_pods)) = (options.nodes, options.pods) {
        let size = scale::Size { n_nodes, n_pods, kind: options.kind };
        let mut runs = Vec::new();
        for _ in 0..options.runs {
            runs.push(scale::run(size, options.seed)?);
        }
        return scale_result(options, runs);
    }
    let source = if options.workloads.is_some() { Source::Disk } else { Source::Own };
    let cases = config::read_all(&source, options.workloads.as_deref().unwrap_or(Path::new("")))?;
    let chosen = choose(&cases, options.label.as_deref(), options.filter.as_deref())?;
    if options.list {
        return list(&chosen);
    }
    let mut report = Report::new(options.runs);
    let progress = Progress::new(chosen.len());
    for (case, workload) in chosen {
        progress.show(&format!("{}/{}", case.name, workload.name));
        let mut runs = Vec::new();
        for _ in 0..options.runs {
            runs.push(run::run(&source, case, workload, options.seed)?);
        }
        report.add(median(runs));
    }
    progress.clear();
    print(&report, options.json)?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose<'c>(
    cases: &'c [TestCase],
    label: Option<&str>,
    filter: Option<&str>,
) -> Result<Vec<(&'c TestCase, &'c Workload)>> {
    let labels = label.map(LabelFilter::parse).transpose()?.unwrap_or_default();
    let pattern = filter.unwrap_or("");
    let filter = Pattern::parse(pattern).with_context(|| format!("--filter {pattern:?}"))?;
    let all = || cases.iter().flat_map(|case| case.workloads.iter().map(move |workload| (case, workload)));
    let has_labels = || all().filter(|(_, workload)| labels.matches(&workload.labels));
    let name = |(case, workload): &(&TestCase, &Workload)| format!("{}/{}", case.name, workload.name);
    let chosen: Vec<_> = has_labels().filter(|it| filter.matches(&name(it))).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    if has_labels().next().is_none() {
        let mut known: Vec<&str> =
            all().flat_map(|(_, workload)| workload.labels.iter().map(String::as_str)).collect();
        known.sort_unstable();
        known.dedup();
        bail!(
            "--label {}: no workload has these labels. There are: {}",
            label.unwrap_or(""),
            known.join(", ")
        );
    }
    let names: Vec<String> = has_labels().map(|it| name(&it)).collect();
    bail!("--filter {pattern:?}: no workload matches. There are:\n  {}", names.join("\n  "));
}

/// Of several runs of one workload, the one with the median rate; one that went wrong, if any did.
fn median(mut runs: Vec<Ran>) -> Ran {
    let rate = |ran: &Ran| match &ran.verdict {
        Verdict::Measured(measured) => {
            measured.iter().map(measure::Measured::decisions_per_second).fold(f64::INFINITY, f64::min)
        }
        Verdict::NotRun(_) | Verdict::Stuck(_) => f64::NEG_INFINITY,
    };
    runs.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let went_wrong = runs.first().is_some_and(|first| rate(first) == f64::NEG_INFINITY);
    let middle = if went_wrong { 0 } else { (runs.len() - 1) / 2 };
    runs.swap_remove(middle)
}

fn scale_result(options: &CoreOptions, mut runs: Vec<scale::Scaled>) -> Outcome {
    runs.sort_by(|a, b| a.measured.decisions_per_second().total_cmp(&b.measured.decisions_per_second()));
    let middle = runs.swap_remove((runs.len() - 1) / 2);
    let is_well = middle.is_well();
    let written = |out: &mut dyn Write| {
        if options.json {
            report::write_scaled_json(out, &middle)
        } else {
            report::write_scaled(out, &middle)
        }
    };
    write(written)?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(chosen: &[(&TestCase, &Workload)]) -> Outcome {
    let mut table = crate::table::Table::new(["WORKLOAD", "LABELS", "THRESHOLD"]).right([2]);
    for (case, workload) in chosen {
        let labels: Vec<&str> = workload.labels.iter().map(String::as_str).collect();
        let threshold = workload.threshold().map_or_else(String::new, |rate| rate.to_string());
        table.row([format!("{}/{}", case.name, workload.name), labels.join(","), threshold]);
    }
    write(|out| table.write(out, ""))?;
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report, json: bool) -> Result<()> {
    if json {
        return write(|out| report.write_json(out));
    }
    write(|out| report.write_text(out))
}

fn write(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match text(&mut out).and_then(|()| out.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("writing to standard output"),
    }
}

/// Which workload is being run, for people who wait in front of a terminal.
struct Progress {
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    fn new(n: usize) -> Progress {
        let style = indicatif::ProgressStyle::with_template("{pos} of {len}: {msg}");
        let bar = io::stderr().is_terminal().then(|| indicatif::ProgressBar::new(n as u64));
        Progress { bar: bar.map(|bar| style.map_or(bar.clone(), |style| bar.with_style(style))) }
    }

    fn show(&self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(name.to_owned());
            bar.tick();
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
