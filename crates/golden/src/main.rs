//! `golden scheduler DIR`: replays recordings of kube-scheduler and says what differs.

#![allow(clippy::print_stdout, reason = "the report goes to standard output")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
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
    Scheduler {
        /// The folder with `<family>.jsonl.gz` files.
        folder: PathBuf,
        /// Print one JSON document instead of lines.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> Result<ExitCode> {
    let Command::Scheduler { folder, json } = Arguments::parse().command;
    let reports = golden::replay(&folder, |report| {
        if !json {
            print!("{report}");
        }
    })?;
    let (passed, failed) = golden::totals(&reports);
    if json {
        println!("{:#}", json!({"families": reports, "passed": passed, "failed": failed}));
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
