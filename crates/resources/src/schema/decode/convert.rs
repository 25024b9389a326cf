//! A strategic merge patch's result into an object of a type.
//!
//! Upstream patches a tree and then converts it, field by field in the order of its structures, with messages of its
//! own; the first thing that does not fit ends it. Unknown fields are told after those of the objects inside.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use super::super::json::Node;
use super::super::{Field, Resolved, Schema, Ty, Type};
use super::walk::{Failure, STRICT_ERRORS_MAX, own_code, schema_or};
use super::{DecodeError, StrictError};

pub(super) fn convert(
    schema: &Schema,
    of: &Type,
    value: &Value,
) -> Result<(Value, Vec<StrictError>), DecodeError> {
    let mut convert = Convert { schema, path: String::new(), strict: Vec::new() };
    let value = convert.value(value, &Ty::Named(of.id)).map_err(DecodeError::Scalar)?;
    Ok((value.unwrap_or_else(|| Value::Object(Map::new())), convert.strict))
}

struct Convert<'s> {
    schema: &'s Schema,
    path: String,
    strict: Vec<StrictError>,
}

/// Go's word for what kind of value a tree has.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

impl Convert<'_> {
    fn value(&mut self, value: &Value, ty: &Ty) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        match self.schema.resolve(ty) {
            Resolved::Object(_, fields) => match value {
                Value::Object(members) => self.structure(members, fields).map(Some),
                other => Err(format!("cannot restore struct from: {}", kind(other))),
            },
            Resolved::Text(_) => match value {
                Value::String(text) => Ok(Some(Value::String(text.clone()))),
                Value::Number(number) if !number.is_f64() => {
                    Err(format!("cannot convert int64 to {}", self.schema.go_name(ty)))
                }
                _ => Err("unrecognized type: string".to_owned()),
            },
            Resolved::Other(Ty::List(of)) => match value {
                Value::Array(items) => self.list(items, of).map(Some),
                other => Err(format!("cannot restore slice from {}", kind(other))),
            },
            Resolved::Other(Ty::Map(_, of)) => match value {
                Value::Object(members) => self.map(members, of).map(Some),
                other => Err(format!("cannot restore map from {}", kind(other))),
            },
            Resolved::Other(scalar) => self.scalar(value, scalar).map(Some),
        }
    }

    fn structure(&mut self, members: &Map<String, Value>, fields: &[Field]) -> Result<Value, String> {
        let mut out = Map::new();
        for field in fields {
            let Some(value) = members.get(field.name) else { continue };
            let before = self.path.len();
            self.push(field.name);
            let value = self.value(value, &field.ty)?;
            self.path.truncate(before);
            if let Some(value) = value {
                out.insert(field.name.to_owned(), value);
            }
        }
        for name in members.keys() {
            let is_known = fields.iter().any(|field| field.name == name);
            if !is_known && self.strict.len() < STRICT_ERRORS_MAX {
                let before = self.path.len();
                self.push(name);
                self.strict.push(StrictError::UnknownField(self.path.clone()));
                self.path.truncate(before);
            }
        }
        Ok(Value::Object(out))
    }

    fn push(&mut self, name: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
    }

    fn list(&mut self, items: &[Value], of: &Ty) -> Result<Value, String> {
        let mut out = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let before = self.path.len();
            // Writing to a text cannot fail.
            let _ = write!(self.path, "[{at}]");
            let value = self.value(item, of)?;
            self.path.truncate(before);
            out.push(value.unwrap_or_else(|| self.schema.zero(of)));
        }
        Ok(Value::Array(out))
    }

    /// The keys of maps are not in paths: upstream does not track them here.
    fn map(&mut self, members: &Map<String, Value>, of: &Ty) -> Result<Value, String> {
        let mut out = Map::new();
        for (name, value) in members {
            let value = self.value(value, of)?;
            out.insert(name.clone(), value.unwrap_or_else(|| self.schema.zero(of)));
        }
        Ok(Value::Object(out))
    }

    fn scalar(&self, value: &Value, scalar: &Ty) -> Result<Value, String> {
        let unrecognized = |wanted: &str| format!("unrecognized type: {wanted}");
        match (scalar, value) {
            (Ty::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (Ty::Boolean, _) => Err(unrecognized("bool")),
            (Ty::Int32, Value::Number(number)) => {
                whole(number, "int32").map(|whole| Value::from(whole as i32))
            }
            (Ty::Int64, Value::Number(number)) => whole(number, "int64").map(Value::from),
            (Ty::Float64, Value::Number(_)) => Ok(value.clone()),
            (Ty::Int32 | Ty::Int64 | Ty::Float64, _) => Err(unrecognized(&self.schema.go_name(scalar))),
            (Ty::Bytes, Value::String(text)) => super::super::scalar::decode_base64(text)
                .map(|bytes| Value::String(super::super::scalar::encode_base64(&bytes)))
                .map_err(|at| format!("error decoding from json: illegal base64 data at input byte {at}")),
            (Ty::Bytes, Value::Array(_)) => Err(unrecognized("uint8")),
            (Ty::Bytes, other) => Err(format!("cannot restore slice from {}", kind(other))),
            (Ty::SchemaOrBool | Ty::SchemaOrArray | Ty::SchemaOrStrings, _) => {
                self.by_own_code(schema_or(self.schema, Node::from_value(value), scalar))
            }
            _ => self.by_own_code(own_code(Node::from_value(value), scalar)),
        }
    }

    fn by_own_code(&self, result: Result<Option<Value>, Failure>) -> Result<Value, String> {
        match result {
            Ok(value) => Ok(value.unwrap_or(Value::Null)),
            Err(Failure::Text(text)) => Err(text),
            Err(Failure::WrongType(value, ty, _)) => {
                Err(format!("json: cannot unmarshal {value} into Go value of type {ty}"))
            }
        }
    }
}

/// A whole number; one that is too large for its type loses its upper bits, as it does upstream.
fn whole(number: &Number, wanted: &str) -> Result<i64, String> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    match number.as_f64() {
        Some(fraction) if fraction.fract() == 0.0 => Ok(fraction as i64),
        _ => Err(format!("cannot convert float64 to {wanted}")),
    }
}
