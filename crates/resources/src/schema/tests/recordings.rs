//! Against what a real server answered, where the recordings are at hand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::schema::Schema;

/// The folder of recordings, or nothing and a word about it.
fn recordings() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there are no recordings at {}", folder.display());
    None
}

#[test]
fn every_kind_in_discovery_has_a_type() {
    let Some(folder) = recordings() else { return };
    let schema = Schema::get();
    let mut missing = BTreeSet::new();
    for entry in fs::read_dir(folder.join("discovery")).expect("the folder").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a file");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let Some(group_version) = document["groupVersion"].as_str() else { continue };
        let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
        for resource in document["resources"].as_array().into_iter().flatten() {
            let kind = resource["kind"].as_str().unwrap_or_default();
            let group = resource["group"].as_str().unwrap_or(group);
            let version = resource["version"].as_str().unwrap_or(version);
            // Connections to nodes, pods and services are no objects.
            if kind.ends_with("Options") {
                continue;
            }
            for kind in [kind.to_owned(), format!("{kind}List")] {
                let is_list =
                    kind.ends_with("List") && resource["name"].as_str().is_some_and(|n| n.contains('/'));
                let has_list =
                    resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"list".into()));
                if (kind.ends_with("List") && (is_list || !has_list))
                    || schema.type_of(group, version, &kind).is_some()
                {
                    continue;
                }
                missing.insert(format!("{group}/{version} {kind}"));
            }
        }
    }
    assert!(missing.is_empty(), "no type for {missing:?}");
}
