//! The messages of OpenAPI 2.0 (Swagger), as gnostic numbers their fields (`openapiv2/OpenAPIv2.proto`).

use serde_json::Value;

use super::{Message, Shape};
use Shape::{Any, Boolean, Choice, Each, Integer, List, Number, Text};

/// A whole document.
pub(in crate::openapi) static DOCUMENT: Message = Message::of(
    &[
        ("swagger", 1, Text),
        ("info", 2, Shape::Message(&INFO)),
        ("host", 3, Text),
        ("basePath", 4, Text),
        ("schemes", 5, Each(&Text)),
        ("consumes", 6, Each(&Text)),
        ("produces", 7, Each(&Text)),
        ("paths", 8, Shape::Message(&PATHS)),
        ("definitions", 9, Shape::Message(&SCHEMAS)),
        ("parameters", 10, Shape::Message(&PARAMETER_DEFINITIONS)),
        ("security", 12, Each(&Shape::Message(&SECURITY_REQUIREMENT))),
        ("securityDefinitions", 13, Shape::Message(&SECURITY_DEFINITIONS)),
    ],
    16,
);

static INFO: Message = Message::of(
    &[("title", 1, Text), ("version", 2, Text), ("description", 3, Text), ("termsOfService", 4, Text)],
    7,
);

static PATHS: Message =
    Message { members: &[], others: Some((2, Shape::Message(&PATH_ITEM))), extensions: 1 };

static SCHEMAS: Message = Message::map(Shape::Message(&SCHEMA));

static PARAMETER_DEFINITIONS: Message = Message::map(Choice(parameter));

static SECURITY_REQUIREMENT: Message = Message::map(List(&Text));

static SECURITY_DEFINITIONS: Message = Message::map(Choice(security));

static PATH_ITEM: Message = Message::of(
    &[
        ("$ref", 1, Text),
        ("get", 2, Shape::Message(&OPERATION)),
        ("put", 3, Shape::Message(&OPERATION)),
        ("post", 4, Shape::Message(&OPERATION)),
        ("delete", 5, Shape::Message(&OPERATION)),
        ("options", 6, Shape::Message(&OPERATION)),
        ("head", 7, Shape::Message(&OPERATION)),
        ("patch", 8, Shape::Message(&OPERATION)),
        ("parameters", 9, Each(&Choice(parameter_or_reference))),
    ],
    10,
);

static OPERATION: Message = Message::of(
    &[
        ("tags", 1, Each(&Text)),
        ("summary", 2, Text),
        ("description", 3, Text),
        ("operationId", 5, Text),
        ("produces", 6, Each(&Text)),
        ("consumes", 7, Each(&Text)),
        ("parameters", 8, Each(&Choice(parameter_or_reference))),
        ("responses", 9, Shape::Message(&RESPONSES)),
        ("schemes", 10, Each(&Text)),
        ("deprecated", 11, Boolean),
        ("security", 12, Each(&Shape::Message(&SECURITY_REQUIREMENT))),
    ],
    13,
);

static REFERENCE: Message = Message::of(&[("$ref", 1, Text), ("description", 2, Text)], 0);

static BODY_PARAMETER: Message = Message::of(
    &[
        ("description", 1, Text),
        ("name", 2, Text),
        ("in", 3, Text),
        ("required", 4, Boolean),
        ("schema", 5, Shape::Message(&SCHEMA)),
    ],
    6,
);

/// Of parameters in queries; those of forms have the same numbers.
static QUERY_PARAMETER: Message = Message::of(
    &[
        ("required", 1, Boolean),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("allowEmptyValue", 5, Boolean),
        ("type", 6, Text),
        ("format", 7, Text),
        ("items", 8, Shape::Message(&ITEMS)),
        ("collectionFormat", 9, Text),
        ("default", 10, Any),
        ("maximum", 11, Number),
        ("minimum", 13, Number),
        ("maxLength", 15, Integer),
        ("minLength", 16, Integer),
        ("pattern", 17, Text),
        ("uniqueItems", 20, Boolean),
        ("enum", 21, Each(&Any)),
    ],
    23,
);

/// Of parameters in paths; those in headers have the same numbers.
static PATH_PARAMETER: Message = Message::of(
    &[
        ("required", 1, Boolean),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 5, Text),
        ("format", 6, Text),
        ("items", 7, Shape::Message(&ITEMS)),
        ("collectionFormat", 8, Text),
        ("default", 9, Any),
        ("maximum", 10, Number),
        ("minimum", 12, Number),
        ("maxLength", 14, Integer),
        ("minLength", 15, Integer),
        ("pattern", 16, Text),
        ("uniqueItems", 19, Boolean),
        ("enum", 20, Each(&Any)),
    ],
    22,
);

/// What a list in a parameter is made of.
static ITEMS: Message =
    Message::of(&[("type", 1, Text), ("format", 2, Text), ("items", 3, Shape::Message(&ITEMS))], 18);

static RESPONSES: Message =
    Message { members: &[], others: Some((1, Choice(response_or_reference))), extensions: 2 };

static RESPONSE: Message = Message::of(&[("description", 1, Text), ("schema", 2, Choice(answer_schema))], 5);

static BASIC_SECURITY: Message = Message::of(&[("type", 1, Text), ("description", 2, Text)], 3);

static API_KEY_SECURITY: Message =
    Message::of(&[("type", 1, Text), ("name", 2, Text), ("in", 3, Text), ("description", 4, Text)], 5);

static SCHEMA: Message = Message::of(
    &[
        ("$ref", 1, Text),
        ("format", 2, Text),
        ("title", 3, Text),
        ("description", 4, Text),
        ("default", 5, Any),
        ("multipleOf", 6, Number),
        ("maximum", 7, Number),
        ("exclusiveMaximum", 8, Boolean),
        ("minimum", 9, Number),
        ("exclusiveMinimum", 10, Boolean),
        ("maxLength", 11, Integer),
        ("minLength", 12, Integer),
        ("pattern", 13, Text),
        ("maxItems", 14, Integer),
        ("minItems", 15, Integer),
        ("uniqueItems", 16, Boolean),
        ("maxProperties", 17, Integer),
        ("minProperties", 18, Integer),
        ("required", 19, Each(&Text)),
        ("enum", 20, Each(&Any)),
        ("additionalProperties", 21, Choice(additional_properties)),
        ("type", 22, List(&Text)),
        ("items", 23, List(&Shape::Message(&SCHEMA))),
        ("allOf", 24, Each(&Shape::Message(&SCHEMA))),
        ("properties", 25, Shape::Message(&SCHEMAS)),
        ("discriminator", 26, Text),
        ("readOnly", 27, Boolean),
        ("example", 30, Any),
    ],
    31,
);

fn is_reference(value: &Value) -> bool {
    value.get("$ref").is_some_and(Value::is_string)
}

fn parameter_or_reference(value: &Value) -> (u32, Shape) {
    if is_reference(value) { (2, Shape::Message(&REFERENCE)) } else { (1, Choice(parameter)) }
}

fn parameter(value: &Value) -> (u32, Shape) {
    if value["in"] == "body" { (1, Shape::Message(&BODY_PARAMETER)) } else { (2, Choice(other_parameter)) }
}

fn other_parameter(value: &Value) -> (u32, Shape) {
    match value["in"].as_str() {
        Some("header") => (1, Shape::Message(&PATH_PARAMETER)),
        Some("formData") => (2, Shape::Message(&QUERY_PARAMETER)),
        Some("path") => (4, Shape::Message(&PATH_PARAMETER)),
        _ => (3, Shape::Message(&QUERY_PARAMETER)),
    }
}

fn response_or_reference(value: &Value) -> (u32, Shape) {
    if is_reference(value) { (2, Shape::Message(&REFERENCE)) } else { (1, Shape::Message(&RESPONSE)) }
}

fn answer_schema(_: &Value) -> (u32, Shape) {
    (1, Shape::Message(&SCHEMA))
}

fn additional_properties(value: &Value) -> (u32, Shape) {
    if value.is_boolean() { (2, Boolean) } else { (1, Shape::Message(&SCHEMA)) }
}

fn security(value: &Value) -> (u32, Shape) {
    match value["type"].as_str() {
        Some("basic") => (1, Shape::Message(&BASIC_SECURITY)),
        Some("apiKey") => (2, Shape::Message(&API_KEY_SECURITY)),
        _ => (0, Any),
    }
}
