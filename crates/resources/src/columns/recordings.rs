//! Against the tables that a real server made.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{describe, of, row_conditions};
use crate::schema::Schema;

const CREATED: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-01-01T00:00:30Z";
/// Stands for any age in recorded cells.
const AGE: &str = "an age";

/// The scenarios of all families, with times and uids in place of what stands for them.
fn scenarios() -> Vec<Value> {
    let folder = env::var_os("STEERSMAN_GOLDEN_APISERVER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver"),
        PathBuf::from,
    );
    let mut scenarios = Vec::new();
    for family in ["tables", "kubectl", "crud", "listwatch", "discovery", "pods"] {
        let Ok(file) = File::open(folder.join(format!("{family}.jsonl.gz"))) else {
            println!("SKIPPED: no recordings of {family} in {}", folder.display());
            continue;
        };
        let lines = BufReader::new(GzDecoder::new(file)).lines();
        scenarios.extend(lines.map(|line| filled_in(serde_json::from_str(&line.unwrap()).unwrap())));
    }
    scenarios
}

fn filled_in(value: Value) -> Value {
    match value {
        Value::Object(members) => match members.iter().next() {
            Some((name, _)) if name == "$time" => CREATED.into(),
            Some((name, n)) if name == "$uid" => format!("uid-{n}").into(),
            Some((name, _)) if name == "$alloc" => {
                members.get("$alloc").map_or(Value::Null, |n| match &members["type"] {
                    Value::String(ty) if ty != "nodePort" => format!("10.96.0.{n}").into(),
                    _ => n.clone(),
                })
            }
            Some((name, _)) if name == "$age" => AGE.into(),
            _ => members
                .into_iter()
                .map(|(name, value)| (name, filled_in(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.into_iter().map(filled_in).collect(),
        Value::String(text) if text.contains("${uid:") => {
            text.replace("${uid:", "uid-").replace('}', "").into()
        }
        other => other,
    }
}

/// Requests and answers, also those that kubectl made.
fn exchanges(scenario: &Value) -> Vec<&Value> {
    let steps = scenario["steps"].as_array().into_iter().flatten();
    let exchanges = steps.flat_map(|step| match step["exchanges"].as_array() {
        Some(exchanges) => exchanges.iter().collect(),
        None => vec![step],
    });
    exchanges.filter(|exchange| exchange["response"]["body"].is_object()).collect()
}

/// Objects that a scenario showed, by uid and resource version.
type Seen = BTreeMap<(String, String), Value>;

fn version(object: &Value) -> (String, String) {
    (object["metadata"]["uid"].to_string(), object["metadata"]["resourceVersion"].to_string())
}

fn remember(seen: &mut Seen, body: &Value) {
    let kind = body["kind"].as_str().unwrap_or_default();
    if let Some(of_items) = kind.strip_suffix("List") {
        for item in body["items"].as_array().into_iter().flatten() {
            let mut item = item.clone();
            item["kind"] = of_items.into();
            item["apiVersion"] = body["apiVersion"].clone();
            seen.insert(version(&item), item);
        }
    } else if !matches!(kind, "Table" | "Status" | "PartialObjectMetadata") {
        seen.insert(version(body), body.clone());
    }
}

/// An object of the version that is stored, as far as columns look.
fn stored(mut object: Value) -> Option<Value> {
    match object["apiVersion"].as_str()? {
        "autoscaling/v1" if object["kind"] == "HorizontalPodAutoscaler" => {
            let target = object["spec"]["targetCPUUtilizationPercentage"].clone();
            let target = json!({"type": "Utilization", "averageUtilization": target});
            object["spec"]["metrics"] =
                json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]);
        }
        "events.k8s.io/v1" => {
            for (here, stored) in [
                ("regarding", "involvedObject"),
                ("note", "message"),
                ("reportingController", "reportingComponent"),
                ("deprecatedSource", "source"),
                ("deprecatedFirstTimestamp", "firstTimestamp"),
                ("deprecatedLastTimestamp", "lastTimestamp"),
                ("deprecatedCount", "count"),
            ] {
                object[stored] = object[here].clone();
            }
        }
        _ => {}
    }
    Some(object)
}

fn group(object: &Value) -> &str {
    object["apiVersion"].as_str().unwrap_or_default().split_once('/').map_or("", |(group, _)| group)
}

/// Ages differ with the time of the recording.
fn is_same(theirs: &Value, ours: &Value) -> bool {
    let (Some(theirs_text), Some(ours_text)) = (theirs.as_str(), ours.as_str()) else {
        return theirs == ours;
    };
    let is_age = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(['s', 'm', 'h', 'd', 'y'])
    };
    match (theirs_text.split_once(" ("), ours_text.split_once(" (")) {
        (Some((theirs, rest)), Some((ours, _))) if rest.ends_with(" ago)") => theirs == ours,
        _ => theirs == ours || (theirs_text == AGE || theirs_text == "0s") && is_age(ours_text),
    }
}

/// Every difference between a recorded row and ours.
fn differences(row: &Value, object: &Value) -> Option<String> {
    let (group, kind) = (group(object), object["kind"].as_str()?);
    let ours: Value = (of(group, kind).cells)(&stored(object.clone())?, NOW.parse().unwrap()).into();
    let conditions: Value = row_conditions(group, kind, object)
        .iter()
        .map(|it| json!({"type": it.condition_type, "status": "True", "reason": it.reason, "message": it.message}))
        .collect();
    let recorded = row.get("conditions").cloned().unwrap_or(json!([]));
    let cells = row["cells"].as_array()?.iter().zip(ours.as_array()?);
    let is_alike = row["cells"].as_array()?.len() == ours.as_array()?.len()
        && cells.into_iter().all(|(theirs, ours)| is_same(theirs, ours));
    (!is_alike || conditions != recorded)
        .then(|| format!("{kind}: {ours} {conditions} instead of {} {recorded}", row["cells"]))
}

#[test]
fn cells_are_those_of_the_real_server() {
    let (mut n_alike, mut kinds, mut different) = (0, BTreeSet::new(), Vec::new());
    for scenario in scenarios() {
        let mut seen = Seen::new();
        for exchange in exchanges(&scenario) {
            remember(&mut seen, &exchange["response"]["body"]);
        }
        for exchange in exchanges(&scenario) {
            let table = &exchange["response"]["body"];
            if table["kind"] != "Table" || exchange["request"]["path"].as_str().is_some_and(is_custom) {
                continue;
            }
            for row in table["rows"].as_array().into_iter().flatten() {
                let object = match row["object"]["kind"].as_str() {
                    None => continue,
                    Some("PartialObjectMetadata") => seen.get(&version(&row["object"])),
                    Some(_) => Some(&row["object"]),
                };
                let Some(object) = object else { continue };
                kinds.insert(object["kind"].to_string());
                match differences(row, object) {
                    None => n_alike += 1,
                    Some(difference) => different.push(format!("{}: {difference}", scenario["id"])),
                }
            }
        }
    }
    println!("{n_alike} rows of {} kinds alike: {kinds:?}", kinds.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Whether a path is that of a custom resource, whose columns come from its definition.
fn is_custom(path: &str) -> bool {
    path.strip_prefix("/apis/").is_some_and(|rest| {
        let group = rest.split('/').next().unwrap_or_default();
        Schema::get().types().all(|found| found.group != group)
    })
}

#[test]
fn columns_are_those_of_the_real_server() {
    let (mut kinds, mut different) = (BTreeSet::new(), Vec::new());
    for scenario in scenarios() {
        let mut seen = Seen::new();
        for exchange in exchanges(&scenario) {
            remember(&mut seen, &exchange["response"]["body"]);
        }
        for exchange in exchanges(&scenario) {
            let table = &exchange["response"]["body"];
            let Some(columns) = table["columnDefinitions"].as_array() else { continue };
            let row = &table["rows"][0]["object"];
            let object =
                if row["kind"] == "PartialObjectMetadata" { seen.get(&version(row)) } else { Some(row) };
            let Some(object) = object.filter(|object| object["kind"].is_string()) else { continue };
            if exchange["request"]["path"].as_str().is_some_and(is_custom) {
                continue;
            }
            kinds.insert(object["kind"].to_string());
            let ours = of(group(object), object["kind"].as_str().unwrap_or_default()).columns;
            let ours = ours.iter().map(|column| {
                json!({
                    "name": column.name, "type": column.ty, "format": column.format, "priority": column.priority,
                    "description": describe(column),
                })
            });
            let ours: Vec<Value> = ours.collect();
            if ours != *columns {
                let difference = format!("{}: {} instead of {}", object["kind"], json!(ours), json!(columns));
                different.push(difference);
            }
        }
    }
    println!("columns of {} kinds alike", kinds.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_field_that_a_column_shows_is_described() {
    let mut missing = Vec::new();
    for found in Schema::get().types().filter(|found| found.is_kind) {
        for column in of(found.group, found.name).columns {
            // Upstream looks for this where it is not, and describes nothing.
            let is_astray = column.description == "D:ObjectMeta.handler";
            if describe(column).is_empty() != is_astray {
                missing.push(format!("{}: {}", found.name, column.description));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
