//! What a real API server said about options, selectors and metadata, and what this crate says.
//!
//! Without the recordings there is nothing to compare, and the tests say so.

use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::field::{ErrorList, Path};
use crate::meta::{MetaRules, validate_finalizers_of_core_kinds, validate_object_meta};
use crate::names::NameRule;
use crate::options::{DeleteOptions, ListOptions, Query, WriteOptions};
use crate::patch::APPLY_PATCH;
use crate::status::Status;

/// The scenarios of a family, placeholders as texts; none where the recordings are not there.
pub(crate) fn scenarios(family: &str) -> Vec<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/golden/apiserver")
        .join(format!("{family}.jsonl.gz"));
    let Ok(packed) = std::fs::File::open(&file) else {
        println!("SKIPPED: no recordings at {}", file.display());
        return Vec::new();
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("gzip");
    text.lines()
        .map(|line| with_placeholders_as_text(serde_json::from_str(line).expect("a scenario")))
        .collect()
}

/// `{"$rv": 3}` stands for a text: as an object it would be taken for one.
fn with_placeholders_as_text(value: Value) -> Value {
    match value {
        Value::Object(members) => match members.keys().next().map(String::as_str) {
            Some("$rv" | "$uid" | "$time" | "$lrv" | "$continue") => {
                Value::Object(members).to_string().into()
            }
            _ => {
                let members =
                    members.into_iter().map(|(name, value)| (name, with_placeholders_as_text(value)));
                Value::Object(members.collect())
            }
        },
        Value::Array(items) => items.into_iter().map(with_placeholders_as_text).collect(),
        scalar => scalar,
    }
}

fn steps(families: &[&str]) -> Vec<(String, Value)> {
    let mut steps = Vec::new();
    for scenario in families.iter().flat_map(|family| scenarios(family)) {
        for (i, step) in scenario["steps"].as_array().into_iter().flatten().enumerate() {
            if step["request"].is_object() {
                steps.push((
                    format!("{} step {i}", scenario["id"].as_str().unwrap_or_default()),
                    step.clone(),
                ));
            }
        }
    }
    steps
}

fn query(request: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| "1".to_owned(), str::to_owned);
    let pairs = request["query"].as_array().into_iter().flatten();
    pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// Our answer to the options of a request; none where they are in order or not looked at here.
fn refusal(request: &Value) -> Option<Box<Status>> {
    let query = query(request);
    let query = Query(&query);
    let media_type = request["headers"]["Content-Type"].as_str().unwrap_or_default();
    match request["method"].as_str().unwrap_or_default() {
        "GET" => {
            let mut options = match ListOptions::decode(query) {
                Ok(options) => options,
                Err(status) => return Some(status),
            };
            options.set_defaults();
            options.validate().err()
        }
        "POST" => WriteOptions::for_create(query).err(),
        "PUT" => WriteOptions::for_update(query).err(),
        "PATCH" => WriteOptions::for_patch(query, media_type == APPLY_PATCH).err(),
        // A deletion of several objects looks at its selectors first.
        "DELETE" if ListOptions::decode(query).is_err() => ListOptions::decode(query).err(),
        "DELETE" => match (request.get("body"), request["bodyText"].as_str()) {
            (Some(body), _) => DeleteOptions::from_body(body.to_string().as_bytes()).err(),
            (None, Some(text)) => DeleteOptions::from_body(text.as_bytes()).err(),
            (None, None) => DeleteOptions::from_query(query).err(),
        },
        _ => None,
    }
}

#[test]
fn options_are_refused_as_the_real_server_refuses_them() {
    let (mut n_alike, mut n_accepted, mut different) = (0, 0, Vec::new());
    for (step, exchange) in steps(&["crud", "patch", "listwatch", "tables", "validation", "pods"]) {
        let (request, answer) = (&exchange["request"], &exchange["response"]["body"]);
        let status = exchange["response"]["status"].as_u64().unwrap_or_default();
        let message = answer["message"].as_str().unwrap_or_default();
        let is_about_options = message.contains("Options.meta.k8s.io")
            || message.starts_with("strconv.ParseInt")
            || message.starts_with("unable to parse requirement")
            || message.starts_with("found '")
            || message.starts_with("invalid selector")
            || message.starts_with("couldn't get version/kind; json");
        match refusal(request) {
            None if status < 300 => n_accepted += 1,
            None if is_about_options => different.push(format!("{step}: not refused: {message}")),
            Some(ours) if ours.to_document() == *answer => n_alike += 1,
            Some(ours) if status < 300 || is_about_options => {
                different.push(format!("{step}: {} instead of {answer}", ours.to_document()));
            }
            _ => {}
        }
    }
    println!("{n_alike} refused alike, {n_accepted} accepted alike");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn metadata_is_refused_as_the_real_server_refuses_it() {
    let (mut n_alike, mut different) = (0, Vec::new());
    for (step, exchange) in steps(&["crud"]) {
        let (request, answer) = (&exchange["request"], &exchange["response"]["body"]);
        // These kinds have the plain rule for names, and in the recordings no mistakes outside of metadata.
        let path = request["path"].as_str().unwrap_or_default();
        let is_plain = ["configmaps", "leases", "events", "endpointslices", "limitranges", "podtemplates"]
            .iter()
            .any(|resource| path.starts_with("/api") && path.ends_with(&format!("/{resource}")));
        let about = step.contains("-names") || step.contains("-metadata-checks");
        if !(about && is_plain && request["method"] == "POST")
            || path.starts_with("/api/v1/") && path.ends_with("/events")
        {
            continue;
        }
        let mut document = request["body"].clone();
        if document["metadata"].get("generateName").is_some()
            || document["metadata"].get("namespace").is_some()
        {
            continue;
        }
        document["metadata"]["namespace"] = "n".into();
        let rules = MetaRules { is_namespaced: true, name: NameRule::Dns1123Subdomain };
        let metadata = Path::new("metadata");
        let mut errors: ErrorList = validate_object_meta(&document, rules, &metadata);
        // Leases are the one kind here that leaves finalizers without prefix alone.
        if !path.ends_with("/leases") {
            errors.extend(validate_finalizers_of_core_kinds(&document, &metadata));
        }
        let causes = answer["details"]["causes"].as_array().cloned().unwrap_or_default();
        let ours: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let theirs: Vec<String> = causes
            .iter()
            .map(|cause| {
                let text = |name: &str| cause[name].as_str().unwrap_or_default();
                format!("{}: {}", text("field"), text("message"))
            })
            .collect();
        if ours == theirs {
            n_alike += 1;
        } else {
            different.push(format!("{step}: {ours:#?} instead of {theirs:#?}"));
        }
    }
    println!("{n_alike} alike");
    assert!(different.is_empty(), "{}", different.join("\n"));
}
