//! `/flagz` and `/statusz` (KEP-4828, KEP-4827): for people as text, for programs as objects.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{answer, plain};
use component::serving::Response;

const COMPONENT: &str = "kube-scheduler";
const GROUP: &str = "config.k8s.io";

const WARNING: &str = "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility \
                       guarantees and is for debugging purposes only.";

/// What stands between names and values: another one each time, so that nobody parses it.
const DELIMITERS: [&str; 4] = [":", ": ", "=", " "];

/// What has been served at `/statusz` as paths.
const PATHS: [&str; 8] = [
    "/configz",
    "/debug/pprof",
    "/healthz",
    "/livez",
    "/metrics",
    "/metrics/resources",
    "/metrics/slis",
    "/readyz",
];

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Object { version: &'static str, is_yaml: bool },
}

/// The first form that is accepted and can be had.
fn form(headers: &HeaderMap, kind: &str) -> Option<Form> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.trim().is_empty() {
        return Some(Form::Text);
    }
    accepted.split(',').find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        if matches!(media_type, "text/plain" | "*/*" | "text/*") {
            return Some(Form::Text);
        }
        let is_yaml = media_type == "application/yaml";
        if media_type != "application/json" && !is_yaml {
            return None;
        }
        let (mut version, mut group, mut asked) = (None, "", "");
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            match key {
                "v" => version = ["v1beta1", "v1alpha1"].into_iter().find(|known| *known == value),
                "g" => group = value,
                "as" => asked = value,
                _ => {}
            }
        }
        let version = version.filter(|_| group == GROUP && asked == kind)?;
        Some(Form::Object { version, is_yaml })
    })
}

pub(super) fn flagz(headers: &HeaderMap, flags: &[(String, String)]) -> Response {
    let mut flags = flags.to_vec();
    flags.sort();
    match form(headers, "Flagz") {
        None => not_acceptable(),
        Some(Form::Text) => {
            let delimiter = delimiter();
            let lines = flags.iter().map(|(name, value)| format!("{name}{delimiter}{value}\n"));
            text("flagz", &lines.collect::<String>())
        }
        Some(form) => {
            let flags: Map<String, Value> =
                flags.into_iter().map(|(name, value)| (name, value.into())).collect();
            object(form, "Flagz", json!({ "flags": flags }))
        }
    }
}

pub(super) fn statusz(headers: &HeaderMap, started: Timestamp) -> Response {
    let up = uptime(started);
    // There is no Go in this program.
    let (go, version) = ("", "1.36");
    match form(headers, "Statusz") {
        None => not_acceptable(),
        Some(Form::Text) => {
            let delimiter = delimiter();
            let at = started.strftime("%a %b %e %H:%M:%S UTC %Y").to_string();
            let up = format!("{} hr {:02} min {:02} sec", up / 3600, up / 60 % 60, up % 60);
            let lines = [
                ("Started", at.as_str()),
                ("Up", &up),
                ("Go version", "none"),
                ("Binary version", version),
                ("Emulation version", version),
                ("Paths", &PATHS.join(" ")),
            ];
            let lines = lines.map(|(name, value)| format!("{name}{delimiter}{value}\n"));
            text("statusz", &lines.concat())
        }
        Some(form) => {
            let fields = json!({
                "startTime": format!("{started:.0}"),
                "uptimeSeconds": up,
                "goVersion": go,
                "binaryVersion": version,
                "emulationVersion": version,
                "paths": PATHS,
            });
            object(form, "Statusz", fields)
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "an edge of the program: somebody asks how long it has run")]
fn uptime(started: Timestamp) -> i64 {
    Timestamp::now().duration_since(started).as_secs().max(0)
}

/// One of the delimiters; which one does not matter as long as it is not always the same.
#[allow(clippy::disallowed_methods, reason = "an edge of the program, and nothing depends on it")]
fn delimiter() -> &'static str {
    let nanos = Timestamp::now().subsec_nanosecond().unsigned_abs() as usize;
    DELIMITERS[nanos / 1000 % DELIMITERS.len()]
}

fn text(name: &str, lines: &str) -> Response {
    let text = format!("\n{COMPONENT} {name}\n{WARNING}\n\n{lines}");
    plain(StatusCode::OK, &text)
}

fn object(form: Form, kind: &str, fields: Value) -> Response {
    let Form::Object { version, is_yaml } = form else { return not_acceptable() };
    let mut object = json!({
        "kind": kind, "apiVersion": format!("{GROUP}/{version}"), "metadata": { "name": COMPONENT },
    });
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
    // JSON is YAML.
    let media_type = if is_yaml { "application/yaml" } else { "application/json" };
    let mut response = answer(StatusCode::OK, media_type, object.to_string());
    if version == "v1alpha1" {
        let words = format!("299 - \"{GROUP}/v1alpha1 {kind} is deprecated; use {GROUP}/v1beta1 {kind}\"");
        if let Ok(warning) = HeaderValue::from_str(&words) {
            response.headers_mut().insert(header::WARNING, warning);
        }
    }
    response
}

fn not_acceptable() -> Response {
    plain(
        StatusCode::NOT_ACCEPTABLE,
        "only text/plain, and application/json or application/yaml with ;v=v1beta1;g=config.k8s.io;as=KIND, are served\n",
    )
}
