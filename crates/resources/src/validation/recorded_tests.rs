//! Against what a real server said of pods and the kinds that make them.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use apimachinery::ErrorList;
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::patch::{json::JsonPatch, merge::MergePatch};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::members::Members as _;
use super::pods;
use super::workloads::{
    controller_revisions, cron_jobs, daemon_sets, deployments, jobs, pod_templates, replica_sets,
    replication_controllers, stateful_sets,
};
use crate::kind::{Context, Generation, Kind};
use crate::kinds::all;
use crate::schema::Schema;

const FAMILIES: [&str; 7] = ["validation", "crud", "pods", "patch", "tables", "listwatch", "admission"];
const NOW: &str = "2024-01-01T00:00:00Z";

type Validate = fn(Context<'_>, &Value) -> ErrorList;
type ValidateUpdate = fn(Context<'_>, &Value, &Value) -> ErrorList;

/// The kinds that are validated here.
pub(super) const KINDS: [(&str, Validate, ValidateUpdate); 10] = [
    ("Pod", pods::validate, pods::validate_update),
    ("PodTemplate", pod_templates::validate, pod_templates::validate_update),
    ("ReplicationController", replication_controllers::validate, replication_controllers::validate_update),
    ("ReplicaSet", replica_sets::validate, replica_sets::validate_update),
    ("Deployment", deployments::validate, deployments::validate_update),
    ("StatefulSet", stateful_sets::validate, stateful_sets::validate_update),
    ("DaemonSet", daemon_sets::validate, daemon_sets::validate_update),
    ("ControllerRevision", controller_revisions::validate, controller_revisions::validate_update),
    ("Job", jobs::validate, jobs::validate_update),
    ("CronJob", cron_jobs::validate, cron_jobs::validate_update),
];

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

fn scenarios(folder: &Path, family: &str) -> impl Iterator<Item = Value> + use<> {
    let file = File::open(folder.join(format!("{family}.jsonl.gz"))).expect("a recording");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
}

/// Texts that a name or a uid can be, instead of placeholders.
fn filled_text(text: &str) -> String {
    let mut filled = text.to_owned();
    for (start, put) in [("${uid:", "uid-"), ("${suffix:", "abcd")] {
        while let Some(at) = filled.find(start) {
            let Some(end) = filled[at..].find('}') else { break };
            let number = filled[at + start.len()..at + end].to_owned();
            filled.replace_range(at..=at + end, &format!("{put}{number}"));
        }
    }
    filled
}

fn filled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let first = members.keys().next().map(String::as_str).unwrap_or_default();
            match (members.len(), first) {
                (1, "$uid") => format!("uid-{}", members[first]).into(),
                (1, "$rv" | "$lrv" | "$continue" | "$token" | "$age") => "1".into(),
                (1 | 2, "$time") => NOW.into(),
                (2, "frac") => "2024-01-01T00:00:00.000000Z".into(),
                _ => members.iter().map(|(name, value)| (filled_text(name), filled(value))).collect(),
            }
        }
        Value::Array(items) => items.iter().map(filled).collect(),
        Value::String(text) => filled_text(text).into(),
        other => other.clone(),
    }
}

/// What a path names: the kind, the group and version, the object's path without subresource, the subresource.
struct Target {
    kind: &'static Kind,
    version: (&'static str, &'static str),
    object: Option<String>,
    subresource: String,
}

fn target(path: &str) -> Option<Target> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let ["namespaces", _, plural, names @ ..] = rest else { return None };
    let kind = all().iter().find(|kind| {
        kind.plural == *plural && kind.versions.contains(&(group, version)) && kind.is_stored()
    })?;
    let version = kind.versions.iter().find(|served| **served == (group, version))?;
    let subresource = names.get(1).copied().unwrap_or_default().to_owned();
    let n_parts = parts.len() - names.len().saturating_sub(1);
    let object = names.first().map(|_| parts[..n_parts].join("/"));
    Some(Target { kind, version: *version, object, subresource })
}

fn context(subresource: &str) -> Context<'_> {
    Context {
        user: "admin",
        user_uid: "uid-admin",
        groups: &[],
        extra: &[],
        now: NOW.parse().expect("a time"),
        subresource,
    }
}

fn defaulted(target: &Target, sent: &Value) -> Option<Value> {
    let schema = Schema::get();
    let of = schema.type_of(target.version.0, target.version.1, target.kind.kind)?;
    let mut object = schema.decode_value(of, sent).ok()?.value;
    target.kind.strategy.set_defaults(&mut object, target.version.0, target.version.1);
    Some(object)
}

/// What a changed object is before it is validated.
fn changed(target: &Target, request: &Value, old: &Value) -> Option<Value> {
    let body = filled(&request["body"]);
    let sent = match (
        request["method"].as_str()?,
        request["headers"]["Content-Type"].as_str().unwrap_or_default(),
    ) {
        ("PUT", _) => body,
        ("PATCH", "application/merge-patch+json") => {
            MergePatch::new(body.as_object()?.clone()).apply(old.clone())
        }
        ("PATCH", "application/json-patch+json") => {
            JsonPatch::decode(body.to_string().as_bytes()).ok()?.apply(old.clone()).ok()?
        }
        _ => return None,
    };
    let mut object = defaulted(target, &sent)?;
    if target.kind.has_status {
        let (kept, of) = if target.subresource == "status" { ("spec", old) } else { ("status", old) };
        match (of.get(kept), object.as_object_mut()) {
            (Some(value), Some(members)) => members.insert(kept.to_owned(), value.clone()),
            (None, Some(members)) => members.remove(kept),
            _ => None,
        };
    }
    target.kind.strategy.prepare_for_update(context(&target.subresource), &mut object, old);
    Some(object)
}

/// What a new object is before it is validated.
fn created(target: &Target, request: &Value, uid: &str) -> Option<Value> {
    let mut object = defaulted(target, &filled(&request["body"]))?;
    MetaMut::of(&mut object).set_uid(uid);
    if target.kind.has_status {
        object.as_object_mut()?.remove("status");
    }
    if matches!(target.kind.generation, Generation::Of(_) | Generation::Fixed | Generation::Own) {
        MetaMut::of(&mut object).set_generation(1);
    }
    target.kind.strategy.prepare_for_create(context(""), &mut object);
    Some(object)
}

fn causes(errors: &ErrorList) -> Vec<(String, String)> {
    errors.iter().map(|error| (error.field.clone(), error.body())).collect()
}

/// The causes of a refusal that are not about metadata.
fn expected(body: &Value) -> Vec<(String, String)> {
    let causes = body["details"]["causes"].as_array().into_iter().flatten();
    let texts = causes.map(|cause| {
        (filled_text(cause.text("field")), without_empty_lists(&filled_text(cause.text("message"))))
    });
    texts.filter(|(field, _)| !field.starts_with("metadata.") || field.contains("annotations[")).collect()
}

/// Upstream keeps an empty list that was just sent apart from none, until the object is stored. Decoding here does not.
fn without_empty_lists(message: &str) -> String {
    message.replace(":[]", ":null").replace(": []", ": null")
}

/// Upstream compares the data of revisions byte by byte as the client sent it. Who sends blanks between members, as the
/// recorder did, cannot patch such an object at all, because patching takes the blanks out.
fn is_about_blanks(kind: &str, theirs: &[(String, String)], method: &str) -> bool {
    kind == "ControllerRevision" && method == "PATCH" && theirs.iter().all(|(field, _)| field == "data")
}

/// What differs, in a few lines.
fn differing(ours: &[(String, String)], theirs: &[(String, String)]) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let lines = |list: &[(String, String)]| {
        list.iter().map(|(field, message)| format!("    {field}: {message}\n")).collect::<String>()
    };
    Some(format!("  ours\n{}  theirs\n{}", lines(ours), lines(theirs)))
}

#[test]
fn refuses_what_a_real_server_refused_and_nothing_else() {
    let Some(folder) = recordings() else { return };
    let (mut n_refused, mut n_accepted, mut n_skipped) = (0, 0, 0);
    let mut found: Vec<String> = Vec::new();
    for family in FAMILIES {
        for scenario in scenarios(&folder, family) {
            let mut stored: BTreeMap<String, Value> = BTreeMap::new();
            for step in scenario["steps"].as_array().expect("steps") {
                let (request, response) = (&step["request"], &step["response"]);
                let Some(target) = request["path"].as_str().and_then(target) else { continue };
                let Some((_, validate, validate_update)) =
                    KINDS.iter().find(|(kind, _, _)| *kind == target.kind.kind)
                else {
                    continue;
                };
                let method = request["method"].as_str().unwrap_or_default();
                let is_dry = request["query"].to_string().contains("dryRun");
                let body = filled(&response["body"]);
                let status = response["status"].as_i64().unwrap_or_default();
                if matches!(status, 200 | 201) && body["kind"] == target.kind.kind {
                    let name = Meta::of(&body).name();
                    let path = target.object.clone().unwrap_or_else(|| {
                        format!("{}/{name}", request["path"].as_str().expect("a path").trim_matches('/'))
                    });
                    let errors = match (method, stored.get(&path)) {
                        ("POST", _) if target.object.is_none() => validate(context(""), &body),
                        ("PUT" | "PATCH", Some(old)) => {
                            validate_update(context(&target.subresource), &body, old)
                        }
                        _ => ErrorList::new(),
                    };
                    n_accepted += 1;
                    if !errors.is_empty() {
                        found.push(format!("{} accepted {method} {path}: {errors}", scenario["id"]));
                    }
                    if !is_dry {
                        stored.insert(path, body);
                    }
                    continue;
                }
                if status == 201
                    && target.subresource == "binding"
                    && let Some(pod) = target.object.as_ref().and_then(|path| stored.get_mut(path))
                {
                    pod["spec"]["nodeName"] = request["body"]["target"]["name"].clone();
                }
                if status != 422 || body["details"]["kind"] != target.kind.kind {
                    continue;
                }
                let theirs = expected(&response["body"]);
                let errors = match &target.object {
                    None => {
                        let message = response["body"]["message"].as_str().unwrap_or_default();
                        let number = message.split("${uid:").nth(1).and_then(|rest| rest.split('}').next());
                        let uid = format!("uid-{}", number.unwrap_or("0"));
                        created(&target, request, &uid).map(|object| validate(context(""), &object))
                    }
                    Some(path) => stored.get(path).and_then(|old| {
                        let object = changed(&target, request, old)?;
                        Some(validate_update(context(&target.subresource), &object, old))
                    }),
                };
                let errors = errors.filter(|_| !is_about_blanks(target.kind.kind, &theirs, method));
                let Some(errors) = errors else {
                    n_skipped += 1;
                    continue;
                };
                n_refused += 1;
                // Names are metadata, but some kinds have rules of their own for them.
                let ours = causes(&errors)
                    .into_iter()
                    .filter(|(field, _)| field != "metadata.name")
                    .collect::<Vec<_>>();
                if let Some(difference) = differing(&ours, &theirs) {
                    found.push(format!("{} {method} {}\n{difference}", scenario["id"], request["path"]));
                }
            }
        }
    }
    println!("{n_refused} refusals and {n_accepted} accepted objects compared, {n_skipped} patches skipped");
    for difference in &found {
        println!("{difference}");
    }
    assert!(n_refused > 100 && n_accepted > 300, "too few were found to compare");
    assert!(found.is_empty(), "{} differences", found.len());
}
