//! Patches that a real API server was sent, and what it made of them.
//!
//! A recorded patch applied to the last recorded body must give the next one, but for what the server adds
//! (resource version, generation, owned fields, defaults). Where the answer was an error of the patch itself,
//! ours must be the same. Without the recordings there is nothing to compare, and the tests say so.

use serde_json::{Value, json};

use super::json::JsonPatch;
use super::merge::MergePatch;
use super::strategic::StrategicPatch;
use super::test_schema::{CONFIG_MAP, DEPLOYMENT, POD};
use super::{JSON_PATCH, MERGE_PATCH, PatchSchema, STRATEGIC_MERGE_PATCH};
use crate::recorded_tests::scenarios;
use crate::status::Status;

/// A body without what the server decides.
fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["resourceVersion", "managedFields", "generation", "uid"] {
            metadata.remove(name);
        }
        metadata.retain(|_, value| !is_empty(value));
    }
    body
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(|it| it.is_empty())
}

/// The first difference that is no default: whatever we have must be there, lists in the same length and order.
fn difference(ours: &Value, theirs: &Value, path: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours.iter().find_map(|(name, value)| {
            let path = format!("{path}/{name}");
            match theirs.get(name) {
                Some(theirs) => difference(value, theirs, &path),
                None if value.is_null() || is_empty(value) => None,
                None => Some(format!("{path}: {value} is not there")),
            }
        }),
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => ours
            .iter()
            .zip(theirs)
            .enumerate()
            .find_map(|(i, (ours, theirs))| difference(ours, theirs, &format!("{path}/{i}"))),
        (ours, theirs) if ours == theirs => None,
        (ours, theirs) => Some(format!("{path}: {ours} is {theirs}")),
    }
}

fn schema(kind: &str) -> Option<&'static dyn PatchSchema> {
    match kind {
        "Pod" => Some(&POD),
        "Deployment" => Some(&DEPLOYMENT),
        "ConfigMap" => Some(&CONFIG_MAP),
        _ => None,
    }
}

/// Fields of some kinds that updates do not change, or that no kind has.
const IGNORED: [&str; 7] =
    ["bogus", "unknown", "stringData", "signerName", "creationTimestamp", "selfLink", "preferredHolder"];

/// Whether a path is that of a subresource which is no part of the object, or takes only a part of the changes.
fn changes_elsewhere(path: &str) -> bool {
    ["/scale", "/resize", "/ephemeralcontainers", "/eviction", "/binding", "/approval", "/finalize"]
        .iter()
        .any(|end| path.ends_with(end))
}

enum Outcome {
    Patched(Value),
    Refused(Box<Status>),
    Skipped(&'static str),
}

fn apply(media_type: &str, body: &[u8], document: &Value) -> Outcome {
    let document = document.clone();
    let result = match media_type {
        JSON_PATCH => JsonPatch::decode(body)
            .and_then(|patch| patch.apply(document).map_err(|error| Box::new(Status::from(error)))),
        MERGE_PATCH => MergePatch::decode(body).map(|patch| patch.apply(document)),
        STRATEGIC_MERGE_PATCH => match schema(document["kind"].as_str().unwrap_or_default()) {
            None => return Outcome::Skipped("no schema of the kind"),
            Some(schema) => StrategicPatch::decode(body).and_then(|patch| {
                patch.apply(document, schema).map_err(|error| Box::new(Status::from(error)))
            }),
        },
        _ => return Outcome::Skipped("server-side apply"),
    };
    match result {
        Ok(patched) => Outcome::Patched(patched),
        Err(status) => Outcome::Refused(status),
    }
}

/// Whether an error answer is about the patch, and not about what became of the object.
fn is_about_the_patch(answer: &Value) -> bool {
    let is_typed = answer["details"]["causes"][0]["field"] == "patch";
    match answer["code"].as_u64() {
        Some(422) => answer["details"] == json!({}) && !is_typed,
        Some(400) => !answer["message"].as_str().unwrap_or_default().contains("name"),
        Some(500) => {
            let message = answer["message"].as_str().unwrap_or_default();
            message.contains("merge key") || message.contains("patch type")
        }
        _ => false,
    }
}

#[derive(Default)]
struct Tally {
    n_patched: usize,
    n_refused: usize,
    skipped: Vec<String>,
    different: Vec<String>,
}

impl Tally {
    fn run(&mut self, scenario: &Value) {
        let id = scenario["id"].as_str().unwrap_or_default();
        let mut objects = std::collections::BTreeMap::<String, Value>::new();
        for (i, step) in scenario["steps"].as_array().into_iter().flatten().enumerate() {
            let (request, response) = (&step["request"], &step["response"]);
            let (Some(path), Some(answer)) = (request["path"].as_str(), response.get("body")) else {
                continue;
            };
            let path = path.trim_end_matches("/status").to_owned();
            if request["method"] == "PATCH" {
                self.compare(&format!("{id} step {i}"), request, answer, objects.get(&path));
            }
            let is_object = answer["metadata"]["uid"] != Value::Null;
            let is_dry_run = request["query"].to_string().contains("dryRun");
            if changes_elsewhere(&path) {
                // What became of the object is only known when it is seen again.
                objects.remove(path.rsplit_once('/').map_or("", |(object, _)| object));
            } else if is_object && !is_dry_run {
                let name = answer["metadata"]["name"].as_str().unwrap_or_default();
                let path = if request["method"] == "POST" { format!("{path}/{name}") } else { path };
                objects.insert(path, answer.clone());
            }
        }
    }

    fn compare(&mut self, step: &str, request: &Value, answer: &Value, document: Option<&Value>) {
        let media_type = request["headers"]["Content-Type"].as_str().unwrap_or_default();
        let body = match request.get("body") {
            Some(body) => body.to_string(),
            None => request["bodyText"].as_str().unwrap_or_default().to_owned(),
        };
        let Some(document) = document else {
            return self.skipped.push(format!("{step}: no object before"));
        };
        let path = request["path"].as_str().unwrap_or_default();
        if changes_elsewhere(path) {
            return self.skipped.push(format!("{step}: a subresource that changes something else"));
        }
        if body.contains("tolerations") && answer["kind"] == "Pod" {
            return self.skipped.push(format!("{step}: admission adds tolerations"));
        }
        let refused = answer["kind"] == "Status" && answer["status"] == "Failure";
        match apply(media_type, body.as_bytes(), document) {
            Outcome::Skipped(why) => self.skipped.push(format!("{step}: {why}")),
            Outcome::Refused(status) if refused && status.to_document() == *answer => self.n_refused += 1,
            Outcome::Refused(status) => {
                self.different.push(format!("{step}: {} instead of {answer}", status.to_document()));
            }
            Outcome::Patched(_) if refused && is_about_the_patch(answer) => {
                self.different.push(format!("{step}: not refused, but should be: {answer}"));
            }
            Outcome::Patched(_) if refused => {
                self.skipped.push(format!("{step}: refused for the object: {}", answer["code"]));
            }
            Outcome::Patched(mut patched) => {
                let mut answer = comparable(answer);
                // A patch of a subresource changes that part alone.
                let unchanged: &[&str] =
                    if path.ends_with("/status") { &["spec", "metadata"] } else { &["status"] };
                for part in unchanged {
                    patched[*part].take();
                    answer[*part].take();
                }
                match difference(&comparable(&patched), &answer, "") {
                    None => self.n_patched += 1,
                    Some(difference)
                        if IGNORED.iter().any(|name| difference.contains(&format!("/{name}: "))) =>
                    {
                        self.skipped
                            .push(format!("{step}: the server does not take the field: {difference}"));
                    }
                    Some(difference) => self.different.push(format!("{step}: {difference}\n  {body}")),
                }
            }
        }
    }
}

#[test]
fn patches_what_the_real_server_patched() {
    let mut tally = Tally::default();
    for family in ["patch", "crud", "listwatch", "pods"] {
        for scenario in scenarios(family) {
            tally.run(&scenario);
        }
    }
    println!("{} patched alike, {} refused alike", tally.n_patched, tally.n_refused);
    let (apply, others): (Vec<_>, Vec<_>) = tally
        .skipped
        .iter()
        .partition(|skipped| skipped.contains("/ssa-") || skipped.contains("server-side"));
    println!("skipped: {} steps about server-side apply", apply.len());
    for skipped in others {
        println!("skipped: {skipped}");
    }
    assert!(tally.different.is_empty(), "{}", tally.different.join("\n"));
}
