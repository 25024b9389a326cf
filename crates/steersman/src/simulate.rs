//! `steersman simulate`: places the pending pods of a cluster given as files, and shows where they go.

mod progress;
mod report;
mod text;
mod what_if;

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use wire::config::FeatureGates;

use crate::Outcome;
use crate::cluster_files::ClusterFiles;
use crate::configuration::read_configuration;
use crate::live_cluster;
use crate::simulation::Simulation;
use progress::ProgressBar;
use report::Report;
use text::Look;

/// Flags of `simulate`.
#[derive(Args)]
#[command(after_help = "\
Expressions of --what-if, applied in the given order before anything is scheduled:
  add-nodes=N:like=NODE              N more nodes like NODE: its labels, taints and capacity, no pods
  add-nodes=N:file=PATH              N nodes like the Node object in a file
  remove-node=NODE                   NODE is gone; its pods wait for a new place, except those of DaemonSets
  cordon=NODE                        NODE takes no new pods
  scale=[NAMESPACE/]KIND/NAME=N      the workload has N pods; KIND is deployment, replicaset, statefulset,
                                     replicationcontroller or job

A preempted pod of a ReplicaSet, StatefulSet, ReplicationController or Job is replaced by a new pending pod, as its
controller would do, and uses its disruption budgets up until a pod they protect is placed.

Exit codes: 0 every pending pod is placed, 1 some are left over, 2 the input is wrong")]
pub(crate) struct Options {
    /// Files or folders with Kubernetes objects as YAML or JSON; `-` is standard input. Without: a live cluster
    #[arg(short, long = "filename", value_name = "PATH")]
    filename: Vec<PathBuf>,
    #[command(flatten)]
    cluster: live_cluster::Cluster,
    /// A KubeSchedulerConfiguration; without it, kube-scheduler's defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Feature gates, as in NodeDeclaredFeatures=false,GangScheduling=true
    #[arg(long, value_name = "Name=bool,…")]
    feature_gates: Vec<String>,
    /// Where random choices between equally good nodes begin
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How to show the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// A change to the cluster to try out; see below
    #[arg(long, value_name = "EXPR")]
    what_if: Vec<String>,
    /// Write down everything the scheduler is given and decides, for `steersman replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// How a result is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables
    Table,
    /// Tables with more columns, and every name
    Wide,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let gates = FeatureGates::parse(&options.feature_gates.join(","))
        .map_err(|error| anyhow!("invalid argument for --feature-gates: {error}"))?;
    let what_ifs = what_if::parse(&options.what_if)?;
    let configuration = read_configuration(options.config.as_deref(), &gates)?;
    let mut files = match options.filename.as_slice() {
        [] => live_cluster::read(&options.cluster)?.files,
        paths => ClusterFiles::read(paths)?,
    };
    what_if::apply(&what_ifs, &mut files)?;

    let hint = files.hint();
    let objects = files.objects.into_iter().map(|sourced| sourced.object).collect();
    let recording = options.record.as_deref();
    let simulation = Simulation::new(&configuration, gates, options.seed, recording, objects)?;
    let bar = ProgressBar::new();
    let result = simulation.run(&mut |progress| bar.show(&progress));
    bar.clear();
    let result = result?;

    let code = if result.left_over.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let report = Report::new(result, files.skipped, hint, &options.what_if, options.seed);
    print(&report, options.output)?;
    Ok(code)
}

fn print(report: &Report, format: Format) -> Result<()> {
    let stdout = io::stdout();
    let has_bars = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut out = BufWriter::new(stdout.lock());
    let written = match format {
        Format::Table => text::write(&mut out, report, Look { is_wide: false, has_bars }),
        Format::Wide => text::write(&mut out, report, Look { is_wide: true, has_bars }),
        Format::Json => {
            let json = serde_json::to_string_pretty(report).context("writing JSON")?;
            writeln!(out, "{json}")
        }
        Format::Yaml => {
            let yaml = serde_saphyr::to_string(report).context("writing YAML")?;
            out.write_all(yaml.as_bytes())
        }
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("writing to standard output"),
    }
}
