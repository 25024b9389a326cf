//! `steersman kube-scheduler`: the component.

mod effective;
mod flags;
mod logging;
mod process;
mod secure;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::Outcome;
use effective::Effective;
pub(crate) use flags::Options;

/// The version of kube-scheduler whose behaviour this is.
const VERSION: &str = "v1.36.2";

/// Runs the component. Whatever is wrong is exit code 1, as kube-scheduler's.
pub(crate) fn run(options: &Options) -> Outcome {
    start(options).or_else(|error| {
        crate::report(&error);
        Ok(ExitCode::FAILURE)
    })
}

fn start(options: &Options) -> Outcome {
    match options.flags.version.as_str() {
        "" | "false" => {}
        "true" => return print(&format!("Kubernetes {VERSION}\n")),
        "raw" => {
            let own = env!("CARGO_PKG_VERSION");
            return print(&format!(
                "Major:\"1\", Minor:\"36\", GitVersion:{VERSION:?}, Steersman:{own:?}, Platform:\"{}/{}\"\n",
                std::env::consts::OS,
                std::env::consts::ARCH
            ));
        }
        // Whoever runs it as another version of the same behaviour may.
        _ => {}
    }
    let effective = Effective::of(options)?;
    let path = options.flags.write_config_to.as_str();
    if !path.is_empty() {
        write(Path::new(path), &wire::config::to_yaml(&effective.configuration))?;
        return Ok(ExitCode::SUCCESS);
    }
    let set_verbosity = logging::start(&options.flags)?;
    for flag in &options.all {
        tracing::debug!("FLAG: --{}={:?}", flag.name, flag.value);
    }
    crate::kube_apiserver::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads of the scheduler")?;
    runtime.block_on(process::run(options, effective, set_verbosity))
}

fn print(text: &str) -> Outcome {
    std::io::stdout().lock().write_all(text.as_bytes()).context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<()> {
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
