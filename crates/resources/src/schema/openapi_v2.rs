//! The OpenAPI 2.0 (Swagger) document of the whole server, as `/openapi/v2` serves it.

use serde_json::{Map, Value, json};

use super::Schema;
use super::openapi::{Definitions, Dialect, Operation, Parameter, group_paths};

pub use super::openapi::{Input, Route, Verb};

/// The document of some routes.
pub fn document(schema: &Schema, input: &Input<'_>) -> Value {
    let mut definitions = Definitions::new(schema, Dialect::V2, input.definitions);
    let mut paths = Map::new();
    for (path, item) in group_paths(schema, input) {
        let mut out = Map::new();
        for (method, operation) in &item.operations {
            out.insert((*method).to_owned(), render(operation, &mut definitions));
        }
        if !item.parameters.is_empty() {
            out.insert("parameters".to_owned(), item.parameters.iter().map(parameter).collect());
        }
        paths.insert(path, Value::Object(out));
    }
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": input.server_version},
        "paths": paths,
        "definitions": definitions.finish(),
        "securityDefinitions": {
            "BearerToken": {
                "type": "apiKey",
                "name": "authorization",
                "in": "header",
                "description": "A bearer token.",
            },
        },
        "security": [{"BearerToken": []}],
    })
}

/// The words for a status code.
pub(super) fn status_text(code: u16) -> &'static str {
    match code {
        201 => "Created",
        202 => "Accepted",
        _ => "OK",
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let mut out = json!({
        "name": parameter.name,
        "in": if parameter.is_in_path { "path" } else { "query" },
        "description": parameter.description,
        "type": parameter.ty,
        "uniqueItems": true,
    });
    if parameter.is_in_path {
        out["required"] = true.into();
    }
    out
}

fn render(operation: &Operation, definitions: &mut Definitions<'_>) -> Value {
    let answer = match &operation.answer {
        Some(name) => definitions.refer(name),
        None => json!({"type": "string"}),
    };
    let mut responses = Map::new();
    for code in operation.codes {
        let response = json!({"description": status_text(*code), "schema": answer});
        responses.insert(code.to_string(), response);
    }
    responses.insert("401".to_owned(), json!({"description": "Unauthorized"}));
    let mut parameters: Vec<Value> = operation.parameters.iter().map(parameter).collect();
    let mut consumes = vec!["*/*"];
    if let Some(body) = &operation.body {
        let mut sent = json!({"name": "body", "in": "body", "schema": definitions.refer(&body.definition)});
        if body.is_required {
            sent["required"] = true.into();
        }
        parameters.insert(0, sent);
        consumes.clone_from(&body.media_types);
    }
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    put("consumes", json!(consumes));
    put("produces", json!(operation.answer_types));
    put("schemes", json!(["https"]));
    put("tags", json!([operation.tag]));
    put("description", operation.description.as_str().into());
    put("operationId", operation.id.as_str().into());
    if !parameters.is_empty() {
        put("parameters", Value::Array(parameters));
    }
    put("responses", Value::Object(responses));
    if let Some(action) = operation.action {
        put("x-kubernetes-action", action.into());
    }
    if let Some((group, version, kind)) = &operation.kind {
        put("x-kubernetes-group-version-kind", json!({"group": group, "version": version, "kind": kind}));
    }
    Value::Object(out)
}
