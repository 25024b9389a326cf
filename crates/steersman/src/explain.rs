//! `steersman explain`: why a pod is placed where it is, or why it is not, and what would help.
//!
//! ```text
//! files -> Situation -> Explanation -> Report -> text | JSON | YAML
//!             ^                          |
//!             +---- remedies: change one thing, decide again
//! ```
//!
//! [`after_pending`] places the other pods first, if asked. [`situation`] is the cluster in the files and the pod
//! in question; it can be asked what would be decided if one thing were different. [`report`] is what there is to
//! say, as data; everything printed comes from it. [`gather`] fills it in, [`remedies`] proposes changes and keeps
//! those that help, [`text`] writes it for people.

mod after_pending;
mod gather;
mod node_labels;
mod paint;
mod remedies;
mod report;
mod situation;
mod target;
mod text;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use wire::config::FeatureGates;

use self::after_pending::Standpoint;
use self::paint::Paint;
use self::report::{Outcome as PodOutcome, Report};
use self::situation::Situation;
use crate::Outcome;
use crate::cluster_files::ClusterFiles;
use crate::configuration::read_configuration;
use crate::live_cluster;

/// Flags of `explain`.
#[derive(Args)]
pub(crate) struct Options {
    /// The kind of object to explain: pod
    kind: String,
    /// The pod, as NAME or NAMESPACE/NAME
    name: String,
    /// The namespace of the pod, if its name does not say it
    #[arg(short = 'n', long)]
    namespace: Option<String>,
    /// A file or folder with the objects of the cluster; `-` is standard input. Without: a live cluster
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    filename: Vec<PathBuf>,
    #[command(flatten)]
    cluster: live_cluster::Cluster,
    /// Explain in full why the pod is not on this node
    #[arg(long, value_name = "NODE")]
    why_not: Option<String>,
    /// Place all other pending pods first, and explain against the cluster that is left
    #[arg(long)]
    after_pending: bool,
    /// Show every node, however many there are
    #[arg(long)]
    all_nodes: bool,
    /// A KubeSchedulerConfiguration; without it, the default one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Feature gates, as in NodeDeclaredFeatures=false,GangScheduling=true
    #[arg(long, value_name = "Name=bool,…")]
    feature_gates: Vec<String>,
    /// What ties are broken with
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How to write the answer
    #[arg(short = 'o', long = "output", value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// For programs and people
    Yaml,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let gates = FeatureGates::parse(&options.feature_gates.join(","))
        .map_err(|error| anyhow::anyhow!("invalid argument for --feature-gates: {error}"))?;
    let configuration = read_configuration(options.config.as_deref(), &gates)?;
    let target = target::parse(&options.kind, &options.name, options.namespace.as_deref())?;
    let (mut files, key, words) = match options.filename.as_slice() {
        [] => {
            let snapshot = live_cluster::read(&options.cluster)?;
            let key = target.in_namespace(&snapshot.default_namespace);
            let words = live_cluster::ask_scheduler(&options.cluster, &key.namespace, &key.name)?;
            (snapshot.files, key, words)
        }
        paths => (ClusterFiles::read(paths)?, target.in_namespace("default"), None),
    };
    let given = target::find_pod(&files, &key).cloned();
    if let Some(node) = &options.why_not {
        target::find_node(&files, node)?;
    }
    let (standpoint, pod) = if options.after_pending {
        let given = given.ok();
        let standpoint =
            after_pending::place_others(&configuration, gates, options.seed, &mut files, given.as_ref())?;
        (standpoint, after_pending::find_pod(&files, &key, given.is_some())?)
    } else {
        let pod = given.inspect_err(|_| give_hint(&files))?;
        (Standpoint::as_given(&files, Some(&pod)), pod)
    };
    let mut situation = Situation::new(&configuration, gates, options.seed, files, standpoint, pod)?;
    let mut report = gather::report(&mut situation, options.why_not.as_deref(), options.seed)?;
    report.scheduler = words;

    let mut output = io::stdout().lock();
    let paint = Paint::new(output.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()));
    let n_rows_max = if options.all_nodes { usize::MAX } else { text::ROWS_MAX };
    match write(&report, options.output, paint, n_rows_max, &mut output) {
        // Whoever reads has seen enough; the exit code still tells the outcome.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        result => result.context("writing the answer")?,
    }
    Ok(ExitCode::from(u8::from(report.outcome != PodOutcome::Placed)))
}

/// Says why a pod may be missing, if the files have what usually makes pods instead.
fn give_hint(files: &ClusterFiles) {
    if let Some(hint) = files.hint() {
        // If nobody reads standard error, the exit code still tells that something is wrong.
        let _ = writeln!(io::stderr(), "{hint}");
    }
}

/// Writes at once what was put together in memory, so that an answer is never cut off by an error in between.
fn write(
    report: &Report,
    format: Format,
    paint: Paint,
    n_rows_max: usize,
    output: &mut dyn Write,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    match format {
        Format::Table => text::write(report, paint, n_rows_max, &mut bytes)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut bytes, report)?;
            bytes.push(b'\n');
        }
        Format::Yaml => {
            serde_saphyr::to_io_writer(&mut bytes, report).map_err(io::Error::other)?;
        }
    }
    output.write_all(&bytes)?;
    output.flush()
}
