//! The walk over a body and its type.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::super::json::Node;
use super::super::scalar::{
    Layout, canonical_duration, canonical_quantity, canonical_time, decode_base64, encode_base64,
};
use super::super::{Field, Resolved, Schema, Ty, Type, TypeId};
use super::{DecodeError, StrictError};

/// How many strict errors are kept.
pub(super) const STRICT_ERRORS_MAX: usize = 100;

pub(super) fn decode(
    schema: &Schema,
    of: &Type,
    node: Node,
) -> Result<(Value, Vec<StrictError>), DecodeError> {
    let ty = Ty::Named(of.id);
    let mut walk = Walk::new(schema, true);
    let value = match walk.value(node, &ty) {
        Ok(value) => value,
        Err(failure) => return Err(walk.with_place(failure)),
    };
    match walk.first_error {
        Some(error) => Err(error),
        None => Ok((value.unwrap_or_else(|| Value::Object(Map::new())), walk.strict)),
    }
}

/// A refusal by a scalar's own code, which ends the walk.
pub(super) enum Failure {
    Text(String),
    /// What was found, the type that was wanted, and the place inside what the code itself decoded.
    WrongType(String, String, Option<String>),
}

struct Walk<'s> {
    schema: &'s Schema,
    /// Names of the fields that lead here, without indices and without the keys of maps.
    fields: Vec<&'s str>,
    /// The structure that the last of them belongs to.
    structure: Option<&'s str>,
    /// Where we are, with indices and keys; empty while `is_strict` is false.
    path: String,
    is_strict: bool,
    strict: Vec<StrictError>,
    seen: BTreeSet<(bool, String)>,
    first_error: Option<DecodeError>,
}

impl<'s> Walk<'s> {
    fn new(schema: &'s Schema, is_strict: bool) -> Self {
        Self {
            schema,
            fields: Vec::new(),
            structure: None,
            path: String::new(),
            is_strict,
            strict: Vec::new(),
            seen: BTreeSet::new(),
            first_error: None,
        }
    }

    /// A refusal with the place where the walk is now.
    fn with_place(&self, failure: Failure) -> DecodeError {
        let (value, ty, inner) = match failure {
            Failure::Text(text) => return DecodeError::Scalar(text),
            Failure::WrongType(value, ty, inner) => (value, ty, inner),
        };
        let field = self.structure.map(|structure| {
            let mut path = self.fields.join(".");
            if let Some(inner) = inner {
                path = format!("{path}.{inner}");
            }
            (structure.to_owned(), path)
        });
        DecodeError::WrongType { value, field, ty }
    }

    /// Remembers the first value of a wrong type; the walk goes on.
    fn wrong_type(&mut self, found: String, wanted: &Ty) {
        if self.first_error.is_none() {
            let wanted = self.schema.go_name(wanted);
            self.first_error = Some(self.with_place(Failure::WrongType(found, wanted, None)));
        }
    }

    fn note(&mut self, is_duplicate: bool, name: &str) {
        if !self.is_strict || self.strict.len() >= STRICT_ERRORS_MAX {
            return;
        }
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        if self.seen.insert((is_duplicate, path.clone())) {
            self.strict.push(if is_duplicate {
                StrictError::DuplicateField(path)
            } else {
                StrictError::UnknownField(path)
            });
        }
    }

    /// One step down in the path, and what to cut it back to afterwards.
    fn enter(&mut self, name: &str) -> usize {
        let before = self.path.len();
        if self.is_strict {
            if before > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
        }
        before
    }

    /// A value of a type; `None` is null, or wrong.
    fn value(&mut self, node: Node, ty: &'s Ty) -> Result<Option<Value>, Failure> {
        match self.schema.resolve(ty) {
            Resolved::Object(named, fields) => match node {
                Node::Object(members) => self.structure(members, named, fields).map(Some),
                Node::Null => Ok(None),
                other => {
                    self.wrong_type(other.go_kind().to_owned(), ty);
                    Ok(None)
                }
            },
            Resolved::Text(_) => match node {
                Node::Text(text) => Ok(Some(Value::String(text))),
                Node::Null => Ok(None),
                other => {
                    self.wrong_type(other.go_kind().to_owned(), ty);
                    Ok(None)
                }
            },
            Resolved::Other(Ty::List(of)) => self.list(node, ty, of),
            Resolved::Other(Ty::Map(_, of)) => self.map(node, ty, of),
            Resolved::Other(scalar) => self.scalar(node, ty, scalar),
        }
    }

    fn structure(
        &mut self,
        members: Vec<(String, Node)>,
        of: &'s Type,
        fields: &'s [Field],
    ) -> Result<Value, Failure> {
        let n_fields = self.fields.len();
        let structure = self.structure;
        let mut out = Map::new();
        let mut seen = vec![false; fields.len()];
        for (name, node) in members {
            let Some(at) = fields.iter().position(|field| field.name == name) else {
                self.note(false, &name);
                continue;
            };
            let field = &fields[at];
            if std::mem::replace(&mut seen[at], true) {
                self.note(true, &name);
            }
            self.fields.extend(field.embedded_in.iter().flat_map(|names| names.split('.')));
            if of.is_kind && matches!(field.name, "kind" | "apiVersion") {
                self.fields.push("TypeMeta");
            }
            self.fields.push(field.name);
            self.structure = Some(of.name);
            let before = self.enter(field.name);
            let is_null = node == Node::Null;
            match self.value(node, &field.ty)? {
                Some(value) => merge(&mut out, self.schema, field, value),
                None if is_null && (field.is_pointer || self.is_collection(&field.ty)) => {
                    out.remove(field.name);
                }
                None => {}
            }
            self.path.truncate(before);
            self.fields.truncate(n_fields);
            self.structure = structure;
        }
        Ok(Value::Object(out))
    }

    fn is_collection(&self, ty: &Ty) -> bool {
        matches!(self.schema.resolve(ty), Resolved::Other(Ty::List(_) | Ty::Map(..) | Ty::Bytes))
    }

    fn list(&mut self, node: Node, ty: &'s Ty, of: &'s Ty) -> Result<Option<Value>, Failure> {
        let items = match node {
            Node::List(items) => items,
            Node::Null => return Ok(None),
            other => {
                self.wrong_type(other.go_kind().to_owned(), ty);
                return Ok(None);
            }
        };
        let mut out = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let before = self.path.len();
            if self.is_strict {
                self.path.push_str(&format!("[{at}]"));
            }
            let value = self.value(item, of)?;
            out.push(value.unwrap_or_else(|| self.schema.zero(of)));
            self.path.truncate(before);
        }
        Ok(Some(Value::Array(out)))
    }

    fn map(&mut self, node: Node, ty: &'s Ty, of: &'s Ty) -> Result<Option<Value>, Failure> {
        let members = match node {
            Node::Object(members) => members,
            Node::Null => return Ok(None),
            other => {
                self.wrong_type(other.go_kind().to_owned(), ty);
                return Ok(None);
            }
        };
        let mut out = Map::new();
        for (name, node) in members {
            if out.contains_key(&name) {
                self.note(true, &name);
            }
            let before = self.enter(&name);
            let value = self.value(node, of)?;
            self.path.truncate(before);
            out.insert(name, value.unwrap_or_else(|| self.schema.zero(of)));
        }
        Ok(Some(Value::Object(out)))
    }

    fn scalar(&mut self, node: Node, ty: &'s Ty, scalar: &'s Ty) -> Result<Option<Value>, Failure> {
        match scalar {
            Ty::Boolean => match node {
                Node::Bool(value) => return Ok(Some(Value::Bool(value))),
                Node::Null => {}
                other => self.wrong_type(other.go_kind().to_owned(), ty),
            },
            Ty::Int32 | Ty::Int64 | Ty::Float64 => match node {
                Node::Number(text) => match number(&text, scalar) {
                    Some(number) => return Ok(Some(Value::Number(number))),
                    None => self.wrong_type(format!("number {text}"), ty),
                },
                Node::Null => {}
                other => self.wrong_type(other.go_kind().to_owned(), ty),
            },
            Ty::Bytes => return Ok(self.bytes(node, ty)),
            Ty::SchemaOrBool | Ty::SchemaOrArray | Ty::SchemaOrStrings => {
                return schema_or(self.schema, node, scalar);
            }
            _ => return own_code(node, scalar),
        }
        Ok(None)
    }

    fn bytes(&mut self, node: Node, ty: &'s Ty) -> Option<Value> {
        match node {
            Node::Text(text) => match decode_base64(&text) {
                Ok(bytes) => return Some(Value::String(encode_base64(&bytes))),
                Err(at) => {
                    let message = format!("illegal base64 data at input byte {at}");
                    self.first_error.get_or_insert(DecodeError::Scalar(message));
                }
            },
            // A list of numbers is bytes, too.
            Node::List(items) => {
                let mut bytes = Vec::with_capacity(items.len());
                for item in items {
                    match &item {
                        Node::Number(text) => match text.parse::<u8>() {
                            Ok(byte) => bytes.push(byte),
                            Err(_) => self.wrong_byte(format!("number {text}")),
                        },
                        Node::Null => bytes.push(0),
                        other => self.wrong_byte(other.go_kind().to_owned()),
                    }
                }
                return Some(Value::String(encode_base64(&bytes)));
            }
            Node::Null => {}
            other => self.wrong_type(other.go_kind().to_owned(), ty),
        }
        None
    }

    fn wrong_byte(&mut self, found: String) {
        if self.first_error.is_none() {
            self.first_error = Some(self.with_place(Failure::WrongType(found, "uint8".to_owned(), None)));
        }
    }
}

/// What apiextensions reads with code of its own, in which nothing is strict.
pub(super) fn schema_or(schema: &Schema, node: Node, scalar: &Ty) -> Result<Option<Value>, Failure> {
    let props = schema.named("apiextensions.k8s.io", "v1", "JSONSchemaProps");
    let props = Ty::Named(props.map_or(TypeId(0), |found| found.id));
    let of = match (scalar, &node) {
        (_, Node::Null) => return Ok(None),
        (_, Node::Object(_)) => props,
        (Ty::SchemaOrBool, Node::Bool(value)) => return Ok(Some(Value::Bool(*value))),
        (Ty::SchemaOrBool, _) => {
            return Err(Failure::Text("boolean or JSON schema expected".to_owned()));
        }
        (Ty::SchemaOrArray, Node::List(_)) => Ty::List(Box::new(props)),
        (Ty::SchemaOrStrings, Node::List(_)) => Ty::List(Box::new(Ty::String)),
        _ => return Ok(None),
    };
    let mut inner = Walk::new(schema, false);
    let error = match inner.value(node, &of) {
        Err(failure) => inner.with_place(failure),
        Ok(value) => match inner.first_error.take() {
            None => return Ok(value),
            Some(error) => error,
        },
    };
    Err(match error {
        DecodeError::WrongType { value, field, ty } => {
            Failure::WrongType(value, ty, field.map(|(_, path)| path))
        }
        other => Failure::Text(other.to_string()),
    })
}

/// A second member of the same name adds to an object and replaces anything else.
fn merge(out: &mut Map<String, Value>, schema: &Schema, field: &Field, value: Value) {
    match (out.get_mut(field.name), value) {
        (Some(Value::Object(old)), Value::Object(new)) if is_object(schema, &field.ty) => {
            merge_members(old, new, schema, &field.ty);
        }
        (_, value) => {
            out.insert(field.name.to_owned(), value);
        }
    }
}

fn is_object(schema: &Schema, ty: &Ty) -> bool {
    matches!(schema.resolve(ty), Resolved::Object(..) | Resolved::Other(Ty::Map(..)))
}

fn merge_members(old: &mut Map<String, Value>, new: Map<String, Value>, schema: &Schema, ty: &Ty) {
    match schema.resolve(ty) {
        Resolved::Object(named, _) => {
            for (name, value) in new {
                if let Some(field) = named.field(&name) {
                    merge(old, schema, field, value);
                }
            }
        }
        _ => old.extend(new),
    }
}

fn number(text: &str, scalar: &Ty) -> Option<Number> {
    match scalar {
        Ty::Int32 => text.parse::<i32>().ok().map(Number::from),
        Ty::Int64 => text.parse::<i64>().ok().map(Number::from),
        _ => text.parse::<f64>().ok().and_then(|number| {
            // Go prints a whole number without a point.
            let whole = number as i64;
            if number.abs() < 1e15 && (whole as f64 - number).abs() < f64::EPSILON {
                Some(Number::from(whole))
            } else {
                Number::from_f64(number)
            }
        }),
    }
}

/// Scalars that upstream reads with code of their own: what that code refuses is final.
pub(super) fn own_code(node: Node, scalar: &Ty) -> Result<Option<Value>, Failure> {
    if let Ty::RawExtension | Ty::FieldsV1 | Ty::Json = scalar {
        return Ok(Some(node).filter(|node| *node != Node::Null).map(Node::into_value));
    }
    let wanted_text = |node: &Node| Failure::WrongType(node.go_kind().to_owned(), "string".to_owned(), None);
    let text = match (scalar, node) {
        (_, Node::Null) => return Ok(None),
        (Ty::IntOrString, Node::Text(text)) => return Ok(Some(Value::String(text))),
        (Ty::IntOrString, Node::Number(text)) => {
            let wrong = || Failure::WrongType(format!("number {text}"), "int32".to_owned(), None);
            return text.parse::<i32>().map(|number| Some(Value::Number(number.into()))).map_err(|_| wrong());
        }
        (Ty::IntOrString, other) => {
            return Err(Failure::WrongType(other.go_kind().to_owned(), "int32".to_owned(), None));
        }
        (Ty::Quantity, Node::Text(text) | Node::Number(text)) => text,
        (Ty::Quantity, Node::Bool(value)) => value.to_string(),
        (Ty::Quantity, _) => "{".to_owned(),
        (_, Node::Text(text)) => text,
        (_, other) => return Err(wanted_text(&other)),
    };
    let canonical = match scalar {
        Ty::Quantity => canonical_quantity(&text).map(Some).map_err(str::to_owned),
        Ty::Duration => canonical_duration(&text).map(Some),
        Ty::MicroTime => canonical_time(&text, Layout::Micros),
        _ => canonical_time(&text, Layout::Seconds),
    };
    canonical.map(|text| text.map(Value::String)).map_err(Failure::Text)
}
