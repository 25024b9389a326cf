//! The table against what a real server says of it.

mod created;
mod discovery;
mod random;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use serde_json::Value;

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

/// Where two values differ, as JSON pointers.
fn differences(ours: &Value, theirs: &Value, at: &str) -> Vec<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            let each = names.into_iter().flat_map(|name| match (a.get(name), b.get(name)) {
                (Some(a), Some(b)) => differences(a, b, &format!("{at}/{name}")),
                (Some(a), None) => vec![format!("{at}/{name}: only ours {a}")],
                (_, b) => vec![format!("{at}/{name}: only theirs {}", b.cloned().unwrap_or_default())],
            });
            each.collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(i, (a, b))| differences(a, b, &format!("{at}/{i}"))).collect()
        }
        (a, b) if a == b => Vec::new(),
        (a, b) => vec![format!("{at}: ours {a}, theirs {b}")],
    }
}
