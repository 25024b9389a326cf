//! OpenAPI 3.0 documents, one per group and version, as `/openapi/v3/apis/GROUP/VERSION` serves them.

use serde_json::{Map, Value, json};

use super::Schema;
use super::openapi::{Definitions, Dialect, Operation, Parameter, group_paths};

pub use super::openapi::{Input, Route, Verb};

/// The document of some routes.
pub fn document(schema: &Schema, input: &Input<'_>) -> Value {
    let mut definitions = Definitions::new(schema, Dialect::V3, input.definitions);
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
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": input.server_version},
        "paths": paths,
        "components": {
            "schemas": definitions.finish(),
            "securitySchemes": {
                "BearerToken": {
                    "type": "apiKey",
                    "name": "authorization",
                    "in": "header",
                    "description": "A bearer token.",
                },
            },
        },
    })
}

fn parameter(parameter: &Parameter) -> Value {
    let mut out = json!({
        "name": parameter.name,
        "in": if parameter.is_in_path { "path" } else { "query" },
        "description": parameter.description,
        "schema": {"type": parameter.ty, "uniqueItems": true},
    });
    if parameter.is_in_path {
        out["required"] = true.into();
    }
    out
}

/// The same schema for each media type.
fn content(media_types: &[&str], schema: &Value) -> Value {
    media_types
        .iter()
        .map(|name| ((*name).to_owned(), json!({"schema": schema})))
        .collect::<Map<_, _>>()
        .into()
}

fn render(operation: &Operation, definitions: &mut Definitions<'_>) -> Value {
    let answer = match &operation.answer {
        Some(name) => definitions.refer(name),
        None => json!({"type": "string"}),
    };
    let mut responses = Map::new();
    for code in operation.codes {
        let response = json!({
            "description": super::openapi_v2::status_text(*code),
            "content": content(&operation.answer_types, &answer),
        });
        responses.insert(code.to_string(), response);
    }
    responses.insert("401".to_owned(), json!({"description": "Unauthorized"}));
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        out.insert(name.to_owned(), value);
    };
    put("tags", json!([operation.tag]));
    put("description", operation.description.as_str().into());
    put("operationId", operation.id.as_str().into());
    if !operation.parameters.is_empty() {
        put("parameters", operation.parameters.iter().map(parameter).collect());
    }
    if let Some(body) = &operation.body {
        let reference = definitions.refer(&body.definition);
        let mut request = json!({"content": content(&body.media_types, &reference)});
        if body.is_required {
            request["required"] = true.into();
        }
        put("requestBody", request);
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
