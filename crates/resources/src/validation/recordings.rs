//! Against what a real server refused and accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use apimachinery::ErrorList;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{validate, validate_update};
use crate::kind::{Context, Kind};
use crate::kinds;
use crate::schema::Schema;

/// The kinds whose validation is elsewhere.
const ELSEWHERE: [&str; 9] = [
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
];

const FAMILIES: [&str; 8] = ["validation", "crud", "pods", "patch", "tables", "listwatch", "kubectl", "auth"];

fn context(subresource: &str) -> Context<'_> {
    Context { user: "admin", user_uid: "", groups: &[], extra: &[], now: Timestamp::UNIX_EPOCH, subresource }
}

fn scenarios() -> Vec<Value> {
    let folder = env::var_os("STEERSMAN_GOLDEN_APISERVER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver"),
        PathBuf::from,
    );
    let mut scenarios = Vec::new();
    for family in FAMILIES {
        let Ok(file) = File::open(folder.join(format!("{family}.jsonl.gz"))) else {
            println!("SKIPPED: no recordings of {family} in {}", folder.display());
            continue;
        };
        let lines = BufReader::new(GzDecoder::new(file)).lines();
        scenarios.extend(lines.map(|line| filled_in(serde_json::from_str(&line.unwrap()).unwrap())));
    }
    scenarios
}

/// Values in place of what stands for them.
fn filled_in(value: Value) -> Value {
    match value {
        Value::Object(members) => match members.keys().next().map(String::as_str) {
            Some("$time") => match members.get("frac").and_then(Value::as_u64) {
                Some(6) => "2026-01-01T00:00:00.000000Z".into(),
                _ => "2026-01-01T00:00:00Z".into(),
            },
            Some("$uid") => "6f1e1c8e-0000-4000-8000-000000000000".into(),
            Some("$rv" | "$lrv") => "1".into(),
            Some("$alloc") if members["type"] == "nodePort" => 30000.into(),
            Some("$alloc") => "10.96.0.7".into(),
            _ => members
                .into_iter()
                .map(|(name, value)| (name, filled_in(value)))
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.into_iter().map(filled_in).collect(),
        Value::String(text) if text.contains("${uid:") => {
            text.replace("${uid:", "uid-").replace('}', "").into()
        }
        other => other,
    }
}

fn exchanges(scenario: &Value) -> Vec<&Value> {
    let steps = scenario["steps"].as_array().into_iter().flatten();
    let exchanges = steps.flat_map(|step| match step["exchanges"].as_array() {
        Some(exchanges) => exchanges.iter().collect(),
        None => vec![step],
    });
    exchanges.filter(|exchange| exchange["response"]["body"].is_object()).collect()
}

fn group(object: &Value) -> &str {
    object["apiVersion"].as_str().unwrap_or_default().split_once('/').map_or("", |(group, _)| group)
}

/// The kind of an object, and its group and version as the table of kinds has them.
fn kind_of(object: &Value) -> Option<(&'static Kind, (&'static str, &'static str))> {
    let api_version = object["apiVersion"].as_str()?;
    let wanted = api_version.split_once('/').unwrap_or(("", api_version));
    let kind =
        *kinds::all().iter().find(|kind| object["kind"] == kind.kind && kind.versions.contains(&wanted))?;
    Some((kind, *kind.versions.iter().find(|version| **version == wanted)?))
}

/// An object as it is stored: decoded, defaulted, converted.
fn prepared(object: &Value) -> Option<Value> {
    let schema = Schema::get();
    let (kind, (group, version)) = kind_of(object)?;
    let of = schema.type_of(group, version, kind.kind)?;
    let mut object = schema.decode_json(of, object.to_string().as_bytes()).ok()?.value;
    kind.strategy.set_defaults(&mut object, group, version);
    let stored = kind.versions[kind.stored_in];
    if (group, version) != stored {
        kind.strategy.convert(&mut object, (group, version), stored);
    }
    Some(object)
}

/// Errors as causes, without those about metadata, which is checked elsewhere.
fn causes(errors: &ErrorList) -> Vec<String> {
    let texts = errors
        .iter()
        .map(|error| format!("{}: {}: {}", error.field, error.error_type.reason(), error.body()));
    texts.filter(|text| !is_about_metadata(text)).collect()
}

fn is_about_metadata(cause: &str) -> bool {
    let rest = cause.strip_prefix("metadata.").unwrap_or_default();
    !rest.is_empty() && !rest.starts_with("taints") && !rest.starts_with("annotations[")
}

fn recorded_causes(answer: &Value) -> Vec<String> {
    let text = |cause: &Value, name: &str| cause[name].as_str().unwrap_or_default().to_owned();
    let causes = answer["details"]["causes"].as_array().into_iter().flatten();
    causes
        .map(|cause| {
            format!("{}: {}: {}", text(cause, "field"), text(cause, "reason"), text(cause, "message"))
        })
        .filter(|text| !is_about_metadata(text))
        .collect()
}

/// What was refused for other reasons than the rules of its kind.
fn is_elsewhere(exchange: &Value) -> bool {
    let answer = &exchange["response"]["body"];
    let kind = answer["details"]["kind"].as_str().unwrap_or_default();
    let causes = recorded_causes(answer);
    ELSEWHERE.contains(&kind)
        || kind.is_empty()
        || kind.ends_with("Options")
        || kind.chars().next().is_some_and(char::is_lowercase)
        || causes.iter().any(|cause| cause.contains("compilation failed"))
}

#[test]
fn refuses_what_the_real_server_refuses() {
    let (mut n_alike, mut kinds, mut different) = (0, BTreeSet::new(), Vec::new());
    for scenario in scenarios() {
        for exchange in exchanges(&scenario) {
            let (request, answer) = (&exchange["request"], &exchange["response"]["body"]);
            let is_refused = exchange["response"]["status"] == 422 && request["method"] == "POST";
            let mut object = request["body"].clone();
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            if !is_refused || is_elsewhere(exchange) || answer["details"]["kind"] != kind.as_str() {
                continue;
            }
            let path: Vec<&str> = request["path"].as_str().unwrap_or_default().split('/').collect();
            if let Some(at) =
                path.iter().position(|part| *part == "namespaces").filter(|at| path.len() > at + 2)
            {
                object["metadata"]["namespace"] = path[at + 1].into();
            }
            let Some(mut object) = prepared(&object) else { continue };
            if let Some((kind, _)) = kind_of(&request["body"]) {
                kind.strategy.prepare_for_create(context(""), &mut object);
            }
            let ours = causes(&validate(group(&request["body"]), &kind, context(""), &object));
            let theirs = recorded_causes(answer);
            kinds.insert(kind.clone());
            if ours == theirs {
                n_alike += 1;
            } else {
                different.push(format!("{}: {kind}: {ours:#?} instead of {theirs:#?}", scenario["id"]));
            }
        }
    }
    println!("{n_alike} objects of {} kinds refused alike: {kinds:?}", kinds.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn accepts_what_the_real_server_accepts() {
    let (mut n_alike, mut kinds, mut different) = (0, BTreeSet::new(), BTreeMap::new());
    for scenario in scenarios() {
        for exchange in exchanges(&scenario) {
            let answer = &exchange["response"]["body"];
            let kind = answer["kind"].as_str().unwrap_or_default();
            if exchange["response"]["status"] != 201 || ELSEWHERE.contains(&kind) {
                continue;
            }
            let Some(object) = prepared(answer) else { continue };
            let errors = validate(group(answer), kind, context(""), &object);
            kinds.insert(kind.to_owned());
            if errors.is_empty() {
                n_alike += 1;
            } else {
                different.insert(format!("{kind}: {errors}"), scenario["id"].to_string());
            }
        }
    }
    println!("{n_alike} objects of {} kinds accepted alike: {kinds:?}", kinds.len());
    assert!(different.is_empty(), "{different:#?}");
}

/// The object that a change makes, if the change is one that can be made here.
fn changed(old: &Value, request: &Value) -> Option<Value> {
    match request["method"].as_str()? {
        "PUT" => Some(request["body"].clone()),
        "PATCH" if request["headers"]["Content-Type"] == "application/merge-patch+json" => {
            let mut object = old.clone();
            merge(&mut object, &request["body"]);
            Some(object)
        }
        _ => None,
    }
}

/// A merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in members {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

/// Upstream refuses every patch of a ControllerRevision, because it compares its data as bytes that a patch writes anew.
/// Those are left out here.
#[test]
fn refuses_and_accepts_changes_as_the_real_server_does() {
    let (mut n_refused, mut n_accepted, mut kinds, mut different) = (0, 0, BTreeSet::new(), Vec::new());
    for scenario in scenarios() {
        let mut objects: BTreeMap<String, Value> = BTreeMap::new();
        for exchange in exchanges(&scenario) {
            let (request, answer) = (&exchange["request"], &exchange["response"]["body"]);
            let status = exchange["response"]["status"].as_u64().unwrap_or_default();
            let path = request["path"].as_str().unwrap_or_default();
            let mut parts: Vec<&str> = path.split('/').collect();
            let subresource = match parts.last() {
                Some(last @ (&"status" | &"finalize" | &"scale" | &"approval")) => last,
                _ => "",
            };
            if !subresource.is_empty() {
                parts.pop();
            }
            let mut place = parts.join("/");
            if request["method"] == "POST" {
                place = format!("{place}/{}", answer["metadata"]["name"].as_str().unwrap_or_default());
            }
            if let Some(old) =
                objects.get(&place).filter(|_| subresource != "scale" && subresource != "approval")
            {
                let kind = old["kind"].as_str().unwrap_or_default().to_owned();
                let new = changed(old, request).filter(|_| !ELSEWHERE.contains(&kind.as_str()));
                let is_refused = status == 422 && !is_elsewhere(exchange);
                if let (Some(new), Some(before)) = (new.as_ref().and_then(prepared), prepared(old))
                    && (status == 200 || is_refused)
                    && !(kind == "ControllerRevision" && request["method"] == "PATCH")
                {
                    let new = if status == 200 {
                        prepared(answer).unwrap_or(new)
                    } else {
                        restored(new, &before, subresource)
                    };
                    let errors = validate_update(group(old), &kind, context(subresource), &new, &before);
                    let ours = causes(&errors);
                    let theirs = if is_refused { recorded_causes(answer) } else { Vec::new() };
                    kinds.insert(kind.clone());
                    match ours == theirs {
                        true if is_refused => n_refused += 1,
                        true => n_accepted += 1,
                        false => different.push(format!(
                            "{} {subresource}: {kind}: {ours:#?} instead of {theirs:#?}",
                            scenario["id"]
                        )),
                    }
                }
            }
            if status < 300
                && !matches!(
                    answer["kind"].as_str(),
                    Some("Scale" | "Status" | "Table" | "PartialObjectMetadata") | None
                )
            {
                objects.insert(place, answer.clone());
            }
        }
    }
    println!("{n_refused} changes of {} kinds refused alike, {n_accepted} accepted: {kinds:?}", kinds.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// What the server restores before it looks at a change: status, or everything else.
fn restored(mut new: Value, old: &Value, subresource: &str) -> Value {
    if subresource.is_empty() {
        new["status"] = old["status"].clone();
    } else {
        new["spec"] = old["spec"].clone();
    }
    new
}
