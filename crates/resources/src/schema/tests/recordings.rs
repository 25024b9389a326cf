//! Against what a real server answered, where the recordings are at hand.

mod bodies;
mod openapi;

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::schema::Schema;

/// The folder of recordings, or nothing and a word about it.
fn recordings() -> Option<PathBuf> {
    let folder = env::var_os("STEERSMAN_GOLDEN_APISERVER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "SKIPPED: there are no recordings in {} (STEERSMAN_GOLDEN_APISERVER names the folder)",
        folder.display()
    );
    None
}

/// The scenarios of a family.
fn scenarios(folder: &Path, family: &str) -> impl Iterator<Item = Value> + use<> {
    let file = File::open(folder.join(format!("{family}.jsonl.gz"))).expect("a recording");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
}

/// The discovery documents of groups and versions.
fn discovery(folder: &Path) -> Vec<Value> {
    let entries = fs::read_dir(folder.join("discovery")).expect("the folder").flatten();
    let documents = entries.map(|entry| {
        let text = fs::read_to_string(entry.path()).expect("a file");
        serde_json::from_str::<Value>(&text).expect("JSON")
    });
    documents.filter(|document| document["groupVersion"].is_string()).collect()
}

fn split(group_version: &str) -> (&str, &str) {
    group_version.split_once('/').unwrap_or(("", group_version))
}

#[test]
fn every_kind_in_discovery_has_a_type() {
    let Some(folder) = recordings() else { return };
    let schema = Schema::get();
    let mut missing = BTreeSet::new();
    for document in discovery(&folder) {
        let (group, version) = split(document["groupVersion"].as_str().unwrap_or_default());
        for resource in document["resources"].as_array().into_iter().flatten() {
            let kind = resource["kind"].as_str().unwrap_or_default();
            let group = resource["group"].as_str().unwrap_or(group);
            let version = resource["version"].as_str().unwrap_or(version);
            // Connections to nodes, pods and services are no objects.
            if kind.ends_with("Options") {
                continue;
            }
            let has_list = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"list".into()));
            let list = Some(format!("{kind}List")).filter(|_| has_list);
            for kind in [Some(kind.to_owned()), list].into_iter().flatten() {
                if schema.type_of(group, version, &kind).is_none() {
                    missing.insert(format!("{group}/{version} {kind}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no type for {missing:?}");
}
