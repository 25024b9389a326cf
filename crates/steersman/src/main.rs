//! The binary: one program, many commands.
//!
//! Called as `steersman COMMAND`, or under the name of a Kubernetes component (`kube-scheduler`), whose command
//! it then is, or as `kubectl-why`, which is `explain` as a plugin of kubectl (`kubectl why pod NAME`). Exit codes: 0 all is well, 1 the answer is no (a pod does not fit), 2 the question was wrong
//! (a file, a flag, a field), with one paragraph on standard error that says what and where.

mod bench;
mod cluster_files;
mod configuration;
mod explain;
mod kube_apiserver;
mod kube_scheduler;
mod live_cluster;
mod recording;
mod replay;
mod simulate;
mod simulation;
mod table;
mod up;
mod volume_controllers;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Deciding makes and drops many small values; this allocator is about a tenth faster at that than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Measures how fast decisions are made
    Bench(bench::Options),
    /// Runs a recorded history again and checks that every decision is the same
    Replay(replay::Options),
    /// The kube-apiserver component
    KubeApiserver(Box<kube_apiserver::Options>),
    /// The kube-scheduler component
    KubeScheduler(Box<kube_scheduler::Options>),
    /// A whole cluster in one process: API server, scheduler and, if wanted, nodes that are simulated
    Up(Box<up::Options>),
}

fn main() -> ExitCode {
    let arguments = arguments(std::env::args_os());
    let is_scheduler = arguments.get(1).is_some_and(|command| command == "kube-scheduler");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // As kube-scheduler ends when a flag is wrong.
        Err(error) if is_scheduler && error.use_stderr() => {
            // Where nobody reads, nobody can be told.
            let _ = error.print();
            return ExitCode::FAILURE;
        }
        Err(error) => error.exit(),
    };
    let outcome = match cli.command {
        Command::Simulate(options) => simulate::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::KubeApiserver(options) => kube_apiserver::run(&options),
        Command::KubeScheduler(options) => kube_scheduler::run(&options),
        Command::Up(options) => up::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        report(&error);
        ExitCode::from(2)
    })
}

/// The names and values of all flags of this process that have one, defaults included.
fn flag_values() -> Vec<(String, String)> {
    let command = Cli::command();
    let matches = command.clone().try_get_matches_from(arguments(std::env::args_os()));
    let Ok(matches) = matches else { return Vec::new() };
    let Some((name, matches)) = matches.subcommand() else { return Vec::new() };
    let value = |argument: &clap::Arg| {
        let values = matches.get_raw(argument.get_id().as_str())?;
        let values: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        Some((argument.get_long()?.to_owned(), values.join(",")))
    };
    let flags = command.find_subcommand(name).map(|command| command.get_arguments());
    let mut values: Vec<(String, String)> = flags.into_iter().flatten().filter_map(value).collect();
    values.sort();
    values
}

/// Prints an error with its causes as one paragraph.
#[allow(clippy::print_stderr, reason = "this is where errors reach the user")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// A program called as a component runs that command, whose flags may be spelled with `_` for `-`, as
/// Kubernetes' components allow.
fn arguments(mut given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let program = given.next().unwrap_or_default();
    let mut rest: Vec<OsString> = given.collect();
    let called = Path::new(&program).file_stem();
    if let Some(component) = COMPONENTS.into_iter().find(|name| called.is_some_and(|called| called == *name))
    {
        rest.insert(0, component.into());
    }
    if called.is_some_and(|called| called == "kubectl-why") {
        rest.insert(0, "explain".into());
    }
    if rest.first().is_some_and(|command| COMPONENTS.into_iter().any(|name| command == name)) {
        rest.iter_mut().skip(1).for_each(normalize_flag);
    }
    rest.insert(0, program);
    rest
}

fn normalize_flag(argument: &mut OsString) {
    let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else { return };
    let (name, value) = text.split_at(text.find('=').unwrap_or(text.len()));
    *argument = format!("{}{value}", name.replace('_', "-")).into();
}

/// The Kubernetes components that this program can be called as.
const COMPONENTS: [&str; 2] = ["kube-apiserver", "kube-scheduler"];

/// Shorthand for what every command returns.
type Outcome = Result<ExitCode>;

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_and_their_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_component_name_selects_its_command() {
        let arguments = |given: &[&str]| arguments(given.iter().map(OsString::from));
        assert_eq!(arguments(&["/usr/bin/kube-scheduler", "--config", "f"])[1], "kube-scheduler");
        assert_eq!(arguments(&["/bin/kubectl-why", "pod", "web"])[1..], ["explain", "pod", "web"]);
        assert_eq!(arguments(&["steersman", "simulate", "--a_b"]), ["steersman", "simulate", "--a_b"]);
        let normalized = arguments(&["steersman", "kube-scheduler", "--write_config_to=a_b", "x_y"]);
        assert_eq!(normalized[2..], ["--write-config-to=a_b", "x_y"]);
    }
}
