//! The messages of OpenAPI 3.0, as gnostic numbers their fields (`openapiv3/OpenAPIv3.proto`).

use serde_json::Value;

use super::{Message, Shape};
use Shape::{Any, Boolean, Choice, Each, Integer, List, Number, Text};

/// A whole document.
pub(in crate::openapi) static DOCUMENT: Message = Message::of(
    &[
        ("openapi", 1, Text),
        ("info", 2, Shape::Message(&INFO)),
        ("paths", 4, Shape::Message(&PATHS)),
        ("components", 5, Shape::Message(&COMPONENTS)),
    ],
    9,
);

static INFO: Message = Message::of(
    &[
        ("title", 1, Text),
        ("description", 2, Text),
        ("termsOfService", 3, Text),
        ("version", 6, Text),
        ("summary", 8, Text),
    ],
    7,
);

static PATHS: Message =
    Message { members: &[], others: Some((1, Shape::Message(&PATH_ITEM))), extensions: 2 };

static COMPONENTS: Message = Message::of(
    &[("schemas", 1, Shape::Message(&SCHEMAS)), ("securitySchemes", 7, Shape::Message(&SECURITY_SCHEMES))],
    10,
);

static SCHEMAS: Message = Message::map(Choice(schema_or_reference));

static SECURITY_SCHEMES: Message = Message::map(Choice(security_scheme_or_reference));

static PATH_ITEM: Message = Message::of(
    &[
        ("$ref", 1, Text),
        ("summary", 2, Text),
        ("description", 3, Text),
        ("get", 4, Shape::Message(&OPERATION)),
        ("put", 5, Shape::Message(&OPERATION)),
        ("post", 6, Shape::Message(&OPERATION)),
        ("delete", 7, Shape::Message(&OPERATION)),
        ("options", 8, Shape::Message(&OPERATION)),
        ("head", 9, Shape::Message(&OPERATION)),
        ("patch", 10, Shape::Message(&OPERATION)),
        ("trace", 11, Shape::Message(&OPERATION)),
        ("parameters", 13, Each(&Choice(parameter_or_reference))),
    ],
    14,
);

static OPERATION: Message = Message::of(
    &[
        ("tags", 1, Each(&Text)),
        ("summary", 2, Text),
        ("description", 3, Text),
        ("operationId", 5, Text),
        ("parameters", 6, Each(&Choice(parameter_or_reference))),
        ("requestBody", 7, Choice(request_body_or_reference)),
        ("responses", 8, Shape::Message(&RESPONSES)),
        ("deprecated", 10, Boolean),
    ],
    13,
);

static PARAMETER: Message = Message::of(
    &[
        ("name", 1, Text),
        ("in", 2, Text),
        ("description", 3, Text),
        ("required", 4, Boolean),
        ("deprecated", 5, Boolean),
        ("allowEmptyValue", 6, Boolean),
        ("style", 7, Text),
        ("explode", 8, Boolean),
        ("allowReserved", 9, Boolean),
        ("schema", 10, Choice(schema_or_reference)),
        ("content", 13, Shape::Message(&CONTENT)),
    ],
    14,
);

static REQUEST_BODY: Message = Message::of(
    &[("description", 1, Text), ("content", 2, Shape::Message(&CONTENT)), ("required", 3, Boolean)],
    4,
);

static CONTENT: Message = Message::map(Shape::Message(&MEDIA_TYPE));

static MEDIA_TYPE: Message =
    Message::of(&[("schema", 1, Choice(schema_or_reference)), ("example", 2, Any)], 5);

static RESPONSES: Message = Message {
    members: &[("default", 1, Choice(response_or_reference))],
    others: Some((2, Choice(response_or_reference))),
    extensions: 3,
};

static RESPONSE: Message =
    Message::of(&[("description", 1, Text), ("content", 3, Shape::Message(&CONTENT))], 5);

static REFERENCE: Message =
    Message::of(&[("$ref", 1, Text), ("summary", 2, Text), ("description", 3, Text)], 0);

static SECURITY_SCHEME: Message = Message::of(
    &[
        ("type", 1, Text),
        ("description", 2, Text),
        ("name", 3, Text),
        ("in", 4, Text),
        ("scheme", 5, Text),
        ("bearerFormat", 6, Text),
        ("openIdConnectUrl", 8, Text),
    ],
    9,
);

/// The schema of a value.
pub(super) static SCHEMA: Message = Message::of(
    &[
        ("nullable", 1, Boolean),
        ("readOnly", 3, Boolean),
        ("writeOnly", 4, Boolean),
        ("example", 7, Any),
        ("deprecated", 8, Boolean),
        ("title", 9, Text),
        ("multipleOf", 10, Number),
        ("maximum", 11, Number),
        ("exclusiveMaximum", 12, Boolean),
        ("minimum", 13, Number),
        ("exclusiveMinimum", 14, Boolean),
        ("maxLength", 15, Integer),
        ("minLength", 16, Integer),
        ("pattern", 17, Text),
        ("maxItems", 18, Integer),
        ("minItems", 19, Integer),
        ("uniqueItems", 20, Boolean),
        ("maxProperties", 21, Integer),
        ("minProperties", 22, Integer),
        ("required", 23, Each(&Text)),
        ("enum", 24, Each(&Any)),
        ("type", 25, Text),
        ("allOf", 26, Each(&Choice(schema_or_reference))),
        ("oneOf", 27, Each(&Choice(schema_or_reference))),
        ("anyOf", 28, Each(&Choice(schema_or_reference))),
        ("not", 29, Shape::Message(&SCHEMA)),
        ("items", 30, List(&Choice(schema_or_reference))),
        ("properties", 31, Shape::Message(&SCHEMAS)),
        ("additionalProperties", 32, Choice(additional_properties)),
        ("default", 33, Choice(default)),
        ("description", 34, Text),
        ("format", 35, Text),
    ],
    36,
);

fn is_reference(value: &Value) -> bool {
    value.get("$ref").is_some_and(Value::is_string)
}

fn or_reference(value: &Value, message: &'static Message) -> (u32, Shape) {
    if is_reference(value) { (2, Shape::Message(&REFERENCE)) } else { (1, Shape::Message(message)) }
}

fn schema_or_reference(value: &Value) -> (u32, Shape) {
    or_reference(value, &SCHEMA)
}

fn security_scheme_or_reference(value: &Value) -> (u32, Shape) {
    or_reference(value, &SECURITY_SCHEME)
}

fn parameter_or_reference(value: &Value) -> (u32, Shape) {
    or_reference(value, &PARAMETER)
}

fn request_body_or_reference(value: &Value) -> (u32, Shape) {
    or_reference(value, &REQUEST_BODY)
}

fn response_or_reference(value: &Value) -> (u32, Shape) {
    or_reference(value, &RESPONSE)
}

fn additional_properties(value: &Value) -> (u32, Shape) {
    if value.is_boolean() { (2, Boolean) } else { (1, Choice(schema_or_reference)) }
}

/// Only what is no object and no list can be said.
fn default(value: &Value) -> (u32, Shape) {
    match value {
        Value::Number(_) => (1, Number),
        Value::Bool(_) => (2, Boolean),
        Value::String(_) => (3, Text),
        _ => (0, Any),
    }
}
