//! Recorded requests of the real server against ours. What differs is listed, with its reason, in `docs/conformance.md`;
//! nothing else may differ, and what no longer differs has to leave the list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::server::{Server, program};

/// What is replayed. Custom resources and webhooks are not served yet: their recordings wait for what never comes.
const FAMILIES: &str = "discovery,crud,validation,patch,listwatch,tables,auth,admission,pods,kubectl";

/// What `docs/conformance.md` says.
#[derive(Default)]
struct Documented {
    /// How many scenarios of a family are alike, of how many.
    floors: BTreeMap<String, (usize, usize)>,
    /// Those that differ.
    different: BTreeSet<String>,
    /// Those that differ at some times of day.
    unsteady: BTreeSet<String>,
    /// Those that differ, and take too long to show it.
    not_replayed: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Documented {
    fn read() -> Documented {
        let text =
            std::fs::read_to_string(root().join("docs/conformance.md")).expect("the list of differences");
        let mut documented = Documented::default();
        let mut section = "";
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = title;
            }
            if let Some(id) = line.strip_prefix("- `").and_then(|rest| rest.split('`').next()) {
                let list = match section {
                    "Different" => &mut documented.different,
                    "Unsteady" => &mut documented.unsteady,
                    _ => &mut documented.not_replayed,
                };
                assert!(list.insert(id.to_owned()), "{id} is listed twice");
            }
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let ["", family, alike, of, ""] = cells.as_slice()
                && let (Ok(alike), Ok(of)) = (alike.parse(), of.parse())
            {
                documented.floors.insert((*family).to_owned(), (alike, of));
            }
        }
        documented
    }
}

/// Replays the recordings; `None` if this machine has none.
fn replay(documented: &Documented) -> Option<Value> {
    let shared = root().join("../shared");
    let (tool, recordings) = (shared.join("tools/replay_api.py"), shared.join("golden/apiserver"));
    if !tool.is_file() || !recordings.is_dir() {
        println!("SKIPPED: there are no recordings in {}", recordings.display());
        return None;
    }
    let Some(python) = program("python3") else {
        println!("SKIPPED: python3 is not installed, which replays recordings");
        return None;
    };
    let left_out: Vec<String> = documented.not_replayed.iter().map(|id| id.replace('.', "\\.")).collect();
    let server = Server::start(&[]);
    let report = server.folder().join("report.json");
    let output = Command::new(python)
        .arg(tool)
        .args(["--insecure", "--jobs", "8", "--failures", "0", "--timeout", "20", "--family", FAMILIES])
        .arg("--id")
        .arg(format!("^(?!(?:{})$)", left_out.join("|")))
        .arg("--base-url")
        .arg(server.url())
        .arg("--data")
        .arg(recordings)
        .arg("--token-file")
        .arg(server.tokens())
        .arg("--json")
        .arg(&report)
        .output()
        .expect("python runs");
    let text = std::fs::read_to_string(report).unwrap_or_else(|_| {
        panic!("the tool failed: {}\n{}", String::from_utf8_lossy(&output.stderr), server.log())
    });
    Some(serde_json::from_str(&text).expect("the tool writes JSON"))
}

#[test]
fn only_what_is_listed_differs_from_the_real_server() {
    let documented = Documented::read();
    let Some(report) = replay(&documented) else { return };
    let (mut alike, mut different) = (BTreeSet::new(), BTreeMap::new());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in report["scenarios"].as_array().expect("scenarios") {
        let text = |member: &str| scenario[member].as_str().expect("a text").to_owned();
        *counts.entry(text("family")).or_default() += 1;
        if scenario["passed"] == true {
            alike.insert(text("id"));
        } else {
            different.insert(text("id"), scenario["failures"][0].clone());
        }
    }
    println!("{} scenarios alike, {} different", alike.len(), different.len());
    let mut problems = Vec::new();
    for (id, failure) in &different {
        if !documented.different.contains(id) && !documented.unsteady.contains(id) {
            problems.push(format!("{id} differs: {failure}"));
        }
    }
    for id in documented.different.intersection(&alike) {
        problems.push(format!(
            "{id} is alike now: take it off the list in docs/conformance.md, raise its family"
        ));
    }
    let Documented { different, unsteady, not_replayed, .. } = &documented;
    for (family, replayed) in counts {
        let is_own = |id: &&String| id.split('/').next() == Some(family.as_str());
        let listed = different.iter().chain(unsteady).chain(not_replayed).filter(is_own).count();
        let of = replayed + not_replayed.iter().filter(is_own).count();
        let floor = (of.saturating_sub(listed), of);
        if documented.floors.get(&family) != Some(&floor) {
            problems
                .push(format!("docs/conformance.md: the row has to be | {family} | {} | {of} |", floor.0));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
