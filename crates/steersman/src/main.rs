//! The binary: one program, many commands.
//!
//! Called as `steersman COMMAND`, or under the name of a Kubernetes component (`kube-scheduler`), whose command
//! it then is. Exit codes: 0 all is well, 1 the answer is no (a pod does not fit), 2 the question was wrong
//! (a file, a flag, a field), with one paragraph on standard error that says what and where.

mod cluster_files;
mod explain;
mod kube_scheduler;
mod simulate;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "steersman", version, about = "A Kubernetes control plane that can always say why")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Schedules the pending pods of a cluster given as files, and shows where they go
    Simulate(simulate::Options),
    /// Shows why a pod is placed where it is, or why it is not, and what would help
    Explain(explain::Options),
    /// The kube-scheduler component
    KubeScheduler(kube_scheduler::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments(std::env::args_os()));
    let (result, failure) = match cli.command {
        Command::Simulate(options) => (simulate::run(&options), 2),
        Command::Explain(options) => (explain::run(&options), 2),
        // kube-scheduler's own exit code.
        Command::KubeScheduler(options) => (kube_scheduler::run(&options), 1),
    };
    result.unwrap_or_else(|error| {
        report(&error);
        ExitCode::from(failure)
    })
}

/// Prints an error with its causes as one paragraph.
#[allow(clippy::print_stderr, reason = "this is where errors reach the user")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// A program called `kube-scheduler` runs that command.
fn arguments(mut given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let program = given.next().unwrap_or_default();
    let is_component = Path::new(&program).file_stem().is_some_and(|name| name == "kube-scheduler");
    let component = is_component.then(|| OsString::from("kube-scheduler"));
    std::iter::once(program).chain(component).chain(given).collect()
}

/// Shorthand for what every command returns.
type Outcome = Result<ExitCode>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_name_selects_its_command() {
        let arguments = |given: &[&str]| arguments(given.iter().map(OsString::from));
        assert_eq!(arguments(&["/usr/bin/kube-scheduler", "--config", "f"])[1], "kube-scheduler");
        assert_eq!(arguments(&["steersman", "simulate"]), ["steersman", "simulate"]);
    }
}
