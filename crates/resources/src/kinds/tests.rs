//! The table against what a real server says of it.

mod created;
mod defaults;
mod discovery;
mod facts;
mod random;
mod strategies;
mod updated;

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::kind::Context;

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

const NOW: &str = "2024-01-01T00:00:00Z";

/// The administrator's request.
fn context<'r>(groups: &'r [String], subresource: &'r str) -> Context<'r> {
    Context {
        user: "admin",
        user_uid: "uid-admin",
        groups,
        extra: &[],
        now: NOW.parse().expect("a time"),
        subresource,
    }
}

/// The scenarios of a family.
fn scenarios(folder: &Path, family: &str) -> impl Iterator<Item = Value> + use<> {
    let file = File::open(folder.join(format!("{family}.jsonl.gz"))).expect("a recording");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
}

/// Values instead of placeholders.
fn filled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let first = members.keys().next().map(String::as_str).unwrap_or_default();
            match (members.len(), first) {
                (1, "$uid") => format!("uid-{}", members[first]).into(),
                (1, "$rv" | "$lrv" | "$continue" | "$token" | "$age") => "1".into(),
                (1 | 2, "$time") => NOW.into(),
                (2, "frac") => "2024-01-01T00:00:00.000000Z".into(),
                (2, "$alloc") if members["type"] == "port" => {
                    (30_000 + members[first].as_i64().unwrap_or_default()).into()
                }
                (2, "$alloc") => format!("10.96.0.{}", members[first]).into(),
                _ => {
                    Value::Object(members.iter().map(|(name, value)| (name.clone(), filled(value))).collect())
                }
            }
        }
        Value::Array(items) => items.iter().map(filled).collect(),
        Value::String(text) if text.contains("${suffix:") => {
            let (start, rest) = text.split_once("${suffix:").unwrap_or_default();
            format!("{start}x2b4c{}", rest.split_once('}').unwrap_or_default().1).into()
        }
        Value::String(text) if text.starts_with("${uid:") => {
            format!("uid-{}", text["${uid:".len()..].trim_end_matches('}')).into()
        }
        other => other.clone(),
    }
}
