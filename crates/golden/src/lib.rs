//! Recorded behaviour of real Kubernetes, replayed against ours.
//!
//! A folder of recordings has one file per family, `<family>.jsonl.gz`, one case per line: a cluster, a
//! configuration, a pod, and the answer of kube-scheduler. [`replay`] gives each case to the decision core and
//! compares every recorded field. What the incremental evaluator finds for the same pod is compared too. A case that needs devices, by what
//! its objects contain, is counted apart until those are decided about.

mod answer;
mod case;
mod compare;
mod sequence;
mod world;

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use serde::Serialize;

pub use case::Case;

/// How the cases of one family went.
#[derive(Debug, Default, Serialize)]
pub struct FamilyReport {
    /// The family's name.
    pub family: String,
    /// Cases with the recorded answer.
    pub passed: usize,
    /// Cases with another answer.
    pub failed: usize,
    /// Cases that need what is not decided about yet.
    pub not_yet: usize,
    /// The first difference of each failed case.
    pub differences: Vec<Difference>,
}

/// The first difference between what was recorded and what we answer.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The case.
    pub id: String,
    /// Where in the answer, as a path.
    pub path: String,
    /// What was recorded there.
    pub expected: String,
    /// What we say.
    pub actual: String,
}

impl fmt::Display for FamilyReport {
    /// `family: passed/total`, and the first difference of each failed case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}/{}", self.family, self.passed, self.passed + self.failed)?;
        match self.not_yet {
            0 => writeln!(f)?,
            n => writeln!(f, " ({n} not yet)")?,
        }
        for difference in &self.differences {
            writeln!(f, "  {} at {}", difference.id, difference.path)?;
            writeln!(f, "    expected {}", difference.expected)?;
            writeln!(f, "    actual   {}", difference.actual)?;
        }
        Ok(())
    }
}

/// How many cases passed and failed in all.
pub fn totals(reports: &[FamilyReport]) -> (usize, usize) {
    (reports.iter().map(|report| report.passed).sum(), reports.iter().map(|report| report.failed).sum())
}

/// Replays every `*.jsonl.gz` of a folder, in order of name. `progress` is told about each finished family.
pub fn replay(folder: &Path, mut progress: impl FnMut(&FamilyReport)) -> Result<Vec<FamilyReport>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("reading folder {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".jsonl.gz"));
    files.sort();
    let mut reports = Vec::new();
    for path in files {
        let report = replay_file(&path).with_context(|| format!("replaying {}", path.display()))?;
        progress(&report);
        reports.push(report);
    }
    Ok(reports)
}

fn replay_file(path: &Path) -> Result<FamilyReport> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut report =
        FamilyReport { family: name.trim_end_matches(".jsonl.gz").to_owned(), ..FamilyReport::default() };
    let reader = BufReader::new(MultiGzDecoder::new(File::open(path)?));
    for (i, line) in reader.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let case: Case = match serde_json::from_str(&line) {
            Ok(case) => case,
            Err(error) => {
                report.fail(format!("line {}", i + 1), "a case", &error);
                continue;
            }
        };
        if case.needs_devices() {
            report.not_yet += 1;
            continue;
        }
        // One case that cannot be answered must not hide the others.
        match std::panic::catch_unwind(|| answer::answer(&case)) {
            Err(_) => report.fail(case.id, "an answer", &"a panic"),
            Ok(Err(error)) => report.fail(case.id, "an answer", &format!("{error:#}")),
            Ok(Ok(actual)) => match compare::first_difference(&case.expect, &actual) {
                None => report.passed += 1,
                Some((path, expected, actual)) => {
                    report.failed += 1;
                    report.differences.push(Difference { id: case.id, path, expected, actual });
                }
            },
        }
    }
    Ok(report)
}

impl FamilyReport {
    /// Counts a case that did not get as far as a comparison.
    fn fail(&mut self, id: String, expected: &str, actual: &dyn fmt::Display) {
        self.failed += 1;
        let (expected, actual) = (expected.to_owned(), actual.to_string());
        self.differences.push(Difference { id, path: "expect".to_owned(), expected, actual });
    }
}
