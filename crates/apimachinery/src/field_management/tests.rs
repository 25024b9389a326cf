mod applying;
mod properties;
mod sets;
mod tracking;

use serde_json::{Value, json};

use super::test_types::{Ty, request};
use super::{ApplyError, apply};

const T1: &str = "2026-01-01T00:00:01Z";
const T2: &str = "2026-01-01T00:00:02Z";

/// An object with a spec.
fn thing(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec})
}

/// What the server makes of an object before it is stored: no nulls, zero values where they are printed.
fn stored(mut object: Value) -> Value {
    fn without_nulls(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|_, value| !value.is_null());
                members.values_mut().for_each(without_nulls);
            }
            Value::Array(items) => items.iter_mut().for_each(without_nulls),
            _ => {}
        }
    }
    without_nulls(&mut object);
    for member in ["metadata", "spec"] {
        if !object[member].is_object() {
            object[member] = json!({});
        }
    }
    if object["spec"].get("selector").is_none() {
        object["spec"]["selector"] = Value::Null;
    }
    object
}

/// Applies an object to the live one, or to nothing.
fn apply_as(
    manager: &'static str,
    live: Option<&Value>,
    applied: &Value,
    force: bool,
) -> Result<Value, ApplyError> {
    let request = request(manager, T1);
    let done = apply(&request, live.unwrap_or(request.zero), applied, live.is_none(), force);
    done.map(stored)
}

/// The managers of an object, each with what it owns.
fn owners(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let owner = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        (format!("{} {}", text("manager"), text("operation")), entry["fieldsV1"].clone())
    };
    entries.map(owner).collect()
}

fn conflicts_of(done: Result<Value, ApplyError>) -> String {
    match done {
        Err(ApplyError::Conflicts(conflicts)) => conflicts.into_status().message,
        other => format!("{other:?}"),
    }
}

/// The type of whole objects.
const OBJECT: Ty = Ty::Object;
