use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{recordings, scenarios};
use crate::schema::{Schema, Type};

const FAMILIES: [&str; 8] =
    ["crud", "validation", "patch", "pods", "admission", "listwatch", "tables", "crds"];

/// The type of an object by what it says it is.
fn type_of(object: &Value) -> Option<&'static Type> {
    let (group, version) = super::split(object["apiVersion"].as_str()?);
    Schema::get().type_of(group, version, object["kind"].as_str()?)
}

/// Texts instead of placeholders, in the form that the type needs.
fn filled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let first = members.keys().next().map(String::as_str).unwrap_or_default();
            match (members.len(), first) {
                (1, "$uid" | "$rv" | "$lrv" | "$continue" | "$token" | "$age") => "1".into(),
                (1 | 2, "$time") => "2024-01-01T00:00:00Z".into(),
                (2, "frac") => "2024-01-01T00:00:00.000000Z".into(),
                (2, "$alloc") if members.get("type") == Some(&"port".into()) => 30_000.into(),
                (2, "$alloc") => "10.96.0.1".into(),
                _ => {
                    Value::Object(members.iter().map(|(name, value)| (name.clone(), filled(value))).collect())
                }
            }
        }
        Value::Array(items) => items.iter().map(filled).collect(),
        other => other.clone(),
    }
}

/// Objects in an answer.
fn objects(body: &Value) -> Vec<&Value> {
    match type_of(body) {
        Some(_) => vec![body],
        None => Vec::new(),
    }
}

/// Where two values differ first, as a JSON pointer.
fn difference(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| {
                let at = format!("{at}/{name}");
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => difference(a, b, &at),
                    (a, b) => Some(format!("{at}: ours {a:?}, theirs {b:?}")),
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| difference(a, b, &format!("{at}/{index}")))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{at}: ours {a}, theirs {b}")),
    }
}

#[test]
fn what_a_real_server_answers_stays_as_it_is() {
    let Some(folder) = recordings() else { return };
    let schema = Schema::get();
    let (mut n_objects, mut different) = (0, BTreeMap::new());
    for family in FAMILIES {
        for scenario in scenarios(&folder, family) {
            for step in scenario["steps"].as_array().expect("steps") {
                for object in objects(&step["response"]["body"]) {
                    let Some(of) = type_of(object) else { continue };
                    let object = filled(object);
                    n_objects += 1;
                    let found = match schema.decode_value(of, &object) {
                        Err(error) => Some(error.to_string()),
                        Ok(decoded) if !decoded.strict.is_empty() => Some(format!("{:?}", decoded.strict)),
                        Ok(decoded) => difference(&decoded.value, &object, ""),
                    };
                    if let Some(found) = found {
                        let key = format!("{} {}", of.name, found);
                        different.entry(key).or_insert_with(|| scenario["id"].clone());
                    }
                }
            }
        }
    }
    assert!(n_objects > 1000, "only {n_objects} objects");
    assert!(different.is_empty(), "of {n_objects} objects {} differ:\n{different:#?}", different.len());
}

/// What ends the message of a refusal of a body, or warnings about one.
fn refused(schema: &Schema, of: &Type, body: &Value, step: &Value) -> Option<String> {
    let message = step["response"]["body"]["message"].as_str().unwrap_or_default();
    let is_strict = message.contains("strict decoding error: ");
    let is_about_type =
        ["json: cannot unmarshal", "illegal base64", "parsing time", "quantities must", "unable to parse"]
            .iter()
            .any(|start| message.contains(start));
    let warnings: Vec<String> = step["response"]["headers"]["warning"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|text| text.contains("unknown field") || text.contains("duplicate field"))
        .map(|text| {
            let quoted = text.strip_prefix("299 - ").expect("a code and an agent");
            quoted[1..quoted.len() - 1].replace("\\\"", "\"")
        })
        .collect();
    match schema.decode_value(of, body) {
        Err(error) => {
            (!message.ends_with(&error.to_string())).then(|| format!("ours {error}, theirs {message}"))
        }
        Ok(_) if is_about_type && !is_strict => Some(format!("ours decodes, theirs {message}")),
        Ok(decoded) => {
            let strict: Vec<String> = decoded.strict.iter().map(ToString::to_string).collect();
            if is_strict {
                let all = strict.join(", ");
                return (!message.ends_with(&all)).then(|| format!("ours {all}, theirs {message}"));
            }
            let is_silent = step["response"]["status"] != 201 && warnings.is_empty();
            (!is_silent && strict != warnings).then(|| format!("ours {strict:?}, theirs {warnings:?}"))
        }
    }
}

#[test]
fn bodies_are_refused_and_warned_of_as_a_real_server_does() {
    let Some(folder) = recordings() else { return };
    let schema = Schema::get();
    let (mut n_bodies, mut different) = (0, BTreeMap::new());
    for family in FAMILIES {
        for scenario in scenarios(&folder, family) {
            for step in scenario["steps"].as_array().expect("steps") {
                let request = &step["request"];
                if !matches!(request["method"].as_str(), Some("POST" | "PUT")) || !request["body"].is_object()
                {
                    continue;
                }
                let Some(of) = type_of(&request["body"]) else { continue };
                let message = step["response"]["body"]["message"].as_str().unwrap_or_default();
                let is_ignored = request["query"].to_string().contains("Ignore");
                if message.contains("unknown conversion") || is_ignored {
                    continue;
                }
                n_bodies += 1;
                if let Some(found) = refused(schema, of, &filled(&request["body"]), step) {
                    different.entry(found).or_insert_with(|| scenario["id"].clone());
                }
            }
        }
    }
    assert!(n_bodies > 500, "only {n_bodies} bodies");
    assert!(different.is_empty(), "of {n_bodies} bodies {} differ:\n{different:#?}", different.len());
}

/// Paths of what is in one value and not in another.
fn not_in(ours: &Value, theirs: &Value, at: &str, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                let at = format!("{at}.{name}");
                match b.get(name) {
                    Some(other) => not_in(value, other, &at, out),
                    None => out.push(at),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() <= b.len() => {
            for (a, b) in a.iter().zip(b) {
                not_in(a, b, &format!("{at}[]"), out);
            }
        }
        (a, b) if a == b => {}
        _ => out.push(at.to_owned()),
    }
}

/// What the server sets by code of the kind, whatever was sent.
const SET_BY_THE_SERVER: [&str; 6] = [
    "FlowSchema.spec.matchingPrecedence",
    "PersistentVolumeClaim.spec.dataSource",
    "Secret.stringData",
    "Service.spec.ports[].targetPort",
    "TokenRequest.spec.audiences",
    "TokenRequest.spec.expirationSeconds",
];

#[test]
fn what_is_created_is_what_was_decoded() {
    let Some(folder) = recordings() else { return };
    let schema = Schema::get();
    let (mut n_bodies, mut changed) = (0, BTreeMap::new());
    for family in ["crud", "pods", "validation", "patch"] {
        for scenario in scenarios(&folder, family) {
            for step in scenario["steps"].as_array().expect("steps") {
                let (sent, answer) = (&step["request"]["body"], &step["response"]["body"]);
                let is_same_kind = sent["kind"].is_string() && sent["kind"] == answer["kind"];
                if step["response"]["status"] != 201 || !is_same_kind {
                    continue;
                }
                let Some(of) = type_of(sent) else { continue };
                let decoded = schema.decode_value(of, &filled(sent)).expect("the server took it");
                n_bodies += 1;
                let mut different = Vec::new();
                not_in(&decoded.value, &filled(answer), of.name, &mut different);
                for path in different {
                    let is_default = path.ends_with("Probe.grpc.service");
                    let is_system = [".metadata.", ".status"].iter().any(|part| path.contains(part));
                    if !is_default && !is_system && !SET_BY_THE_SERVER.contains(&path.as_str()) {
                        changed.entry(path).or_insert_with(|| scenario["id"].clone());
                    }
                }
            }
        }
    }
    assert!(n_bodies > 500, "only {n_bodies} bodies");
    assert!(changed.is_empty(), "of {n_bodies} bodies, changed by nobody: {changed:#?}");
}
