//! Every recorded decision of kube-scheduler, replayed.

#![allow(clippy::print_stdout, reason = "one line per family is what this test is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = std::env::var_os("STEERSMAN_GOLDEN_SCHEDULER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/scheduler"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!(
            "SKIPPED: there are no recordings in {} (STEERSMAN_GOLDEN_SCHEDULER names the folder)",
            folder.display()
        );
        return ExitCode::SUCCESS;
    }
    match golden::replay(&folder, |report| print!("{report}")) {
        Ok(reports) => {
            let (passed, failed) = golden::totals(&reports);
            println!("{passed} passed, {failed} failed");
            if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
