//! `steersman kube-scheduler`: the component.
//!
//! Reads and prints configurations. It does not schedule a live cluster in this version, and says so.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use wire::config::FeatureGates;

use crate::Outcome;
use crate::configuration::read_component_configuration;

/// Flags, under kube-scheduler's names.
#[derive(Args)]
pub(crate) struct Options {
    /// The path to the configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the effective configuration to this file (`-` is standard output) and exit
    #[arg(long, value_name = "FILE")]
    write_config_to: Option<PathBuf>,
    /// Feature gates, as in NodeDeclaredFeatures=false,GangScheduling=true
    #[arg(long, value_name = "Name=bool,…")]
    feature_gates: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let gates = FeatureGates::parse(&options.feature_gates.join(","))
        .map_err(|error| anyhow::anyhow!("invalid argument for --feature-gates: {error}"))?;
    let configuration = read_component_configuration(options.config.as_deref(), &gates)?;
    match &options.write_config_to {
        Some(path) => {
            write(path, &wire::config::to_yaml(&configuration))?;
            Ok(ExitCode::SUCCESS)
        }
        None => bail!(
            "the configuration is valid, but this version of Steersman does not schedule live clusters yet. It can \
             print the effective configuration (--write-config-to -) and decide about clusters given as files \
             (steersman simulate, steersman explain)"
        ),
    }
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    if path.as_os_str() == "-" {
        return std::io::stdout().lock().write_all(text.as_bytes()).context("writing to standard output");
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Writes what happens to standard error.
pub(crate) fn log_to_stderr() {
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // Tests in one process may have one already.
    let _ = subscriber.with_max_level(tracing_subscriber::filter::LevelFilter::WARN).try_init();
}

/// A seed that nobody knows beforehand.
pub(crate) fn seed() -> u64 {
    std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0)
}

/// What this computer is called.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
