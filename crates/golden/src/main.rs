//! `golden scheduler DIR`: replays recordings of kube-scheduler and says what differs.

#![allow(clippy::print_stdout, reason = "the report goes to standard output")]
#![allow(clippy::print_stderr, reason = "errors go to standard error")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use serde_json::json;

#[derive(Parser)]
#[command(about = "Replays recorded behaviour of real Kubernetes")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Recordings of kube-scheduler's decisions.
    #[command(after_help = "\
The last line on standard output is always `N passed, M failed`. With --json there is exactly one line before it,
the document: {\"families\": […], \"passed\": N, \"failed\": M}.

Exit codes: 0 all cases passed, 1 some failed or there is nothing to replay")]
    Scheduler {
        /// The folder with `<family>.jsonl.gz` files.
        folder: PathBuf,
        /// Print one JSON document, in one line, instead of a line per family.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    // Not by returning the error: with RUST_BACKTRACE that prints a page of frames after the one line that helps.
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let Command::Scheduler { folder, json } = Arguments::parse().command;
    let reports = golden::replay(&folder, |report| {
        if !json {
            print!("{report}");
        }
    })?;
    // `0 passed, 0 failed` would look like success.
    if reports.is_empty() {
        bail!("there are no recordings in {}: no file is called <family>.jsonl.gz", folder.display());
    }
    let (passed, failed) = golden::totals(&reports);
    if json {
        println!("{}", json!({"families": reports, "passed": passed, "failed": failed}));
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
