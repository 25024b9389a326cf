//! `steersman bench e2e`: how fast pods get from a create to a node, through an API server and the live scheduler.
//!
//! scheduler_perf's workloads, as upstream runs them: objects are created through the API, a watch says which pods are
//! bound, and time is real. Each workload has a cluster of its own in this process, whose store is durable, unless a
//! kubeconfig says which cluster to use; then the scheduler is that cluster's too.
//!
//! ```text
//!   op-codes -- requests --> API server <-- watch, binds -- scheduler
//!                               |
//!   measures <-- watch of pods -'
//! ```

mod attempts;
mod background;
mod cluster;
mod nodes;
mod objects;
mod observed;
mod period;
mod pods;
mod progress;
mod rate;
mod report;
mod requests;
mod run;
mod start;
mod waiting;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::source::Source;
use super::{config, list, write};
use crate::Outcome;
use progress::Progress;
use report::Report;

/// Flags of `bench e2e`.
#[derive(Args)]
#[command(after_help = "\
Without --workloads the program's own set is run; --list shows it.

PODS/S are pods seen bound per second, from the first create to the last pod; P10 and P50 those of samples of a second
(of 0.1 s where it takes less than 10 s). CREATE-BOUND is the time from sending a pod's create to seeing it bound, ATTEMPT that of an attempt in the
core. CPU and memory are those of the process, with API server, scheduler and this client in it.

A cluster named by --kubeconfig should be one to throw away, with the admission plugins ServiceAccount,
TaintNodesByCondition and Priority disabled as scheduler_perf does; its own scheduler is measured, and must be running.
Nodes and pods are removed after each workload, namespaces stay.

Exit codes: 0 all is well, also when some workloads cannot be run; 1 pods that should be bound are not, or a workload is
below its threshold; 2 the input is wrong")]
pub(super) struct E2eOptions {
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
    /// The cluster to use, with its scheduler; without it, one is made in this process for each workload
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How many requests of this client are under way at most
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    concurrency: u32,
    /// After how many seconds without progress a workload has failed
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// Instead of workloads: offer so many pods per second, evenly
    #[arg(long, value_name = "N", conflicts_with_all = ["workloads", "filter", "label", "list", "start"],
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: Option<u64>,
    /// For how many seconds they are offered
    #[arg(long, value_name = "N", default_value_t = 20, requires = "rate", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// On how many nodes
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "rate", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    nodes: u64,
    /// Instead of workloads: start `steersman up` on an empty folder, and see how long it takes to its first bound pod, and
    /// what memory it needs when nothing happens
    #[arg(long, conflicts_with_all = ["workloads", "filter", "label", "list", "kubeconfig"])]
    start: bool,
    /// Where random choices between equally good nodes begin
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Show the result as perf-dash reads it
    #[arg(long)]
    json: bool,
}

/// What all workloads have in common.
struct Settings {
    kubeconfig: Option<PathBuf>,
    concurrency: usize,
    patience: Duration,
    seed: u64,
}

pub(super) fn run(options: &E2eOptions) -> Outcome {
    crate::kube_scheduler::log_to_stderr();
    crate::kube_apiserver::raise_file_limit();
    let settings = Settings {
        kubeconfig: options.kubeconfig.clone(),
        concurrency: options.concurrency as usize,
        patience: Duration::from_secs(options.patience),
        seed: options.seed,
    };
    if options.start {
        let measured = on_threads(start::measure())?;
        write(|out| if options.json { measured.write_json(out) } else { measured.write_text(out) })?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(per_second) = options.rate {
        let offered = rate::Offered { per_second, n_seconds: options.seconds, n_nodes: options.nodes };
        let measured = on_threads(rate::measure(&settings, &offered))?;
        let mut report = Report::default();
        report.add(measured);
        write(|out| if options.json { report.write_json(out) } else { report.write_text(out) })?;
        return Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let source = if options.workloads.is_some() { Source::Disk } else { Source::Own };
    let cases = config::read_all(&source, options.workloads.as_deref().unwrap_or(Path::new("")))?;
    let chosen = super::choose(&cases, options.label.as_deref(), options.filter.as_deref())?;
    if options.list {
        return list(&chosen);
    }
    let mut report = Report::default();
    let progress = Progress::new(chosen.len());
    for (case, workload) in chosen {
        progress.begin(&format!("{}/{}", case.name, workload.name));
        report.add(on_threads(run::run(&settings, &source, case, workload, &progress))?);
    }
    progress.clear();
    write(|out| if options.json { report.write_json(out) } else { report.write_text(out) })?;
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs something on threads of its own, which end with it, whatever is still going on in them.
fn on_threads<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the threads")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(10));
    result
}
