//! Zero values: which are printed and which are left out.
//!
//! Upstream's objects are Go structures. An absent text and an empty one are the same unless the field is a pointer;
//! on the way out a field with `omitempty` is left out when it is zero, one without is printed always, and a
//! structure that is no pointer is printed always, if only as `{}`. Stored objects have gone through protobuf, which
//! does not tell an empty list from none, so a list that is printed always is `null` when it is empty. Only the
//! `items` of a list of objects are `[]`.
//!
//! | field | absent or zero |
//! |---|---|
//! | pointer | kept as it is; `null` if it is absent and printed always |
//! | structure | printed, each field by these rules |
//! | text, number, boolean | left out, or printed if printed always |
//! | list, map, bytes | left out, or `null` if printed always |
//! | time, free-form value | `null`, or left out with `omitzero` |
//! | amount, span of time, int-or-string | `"0"`, `"0s"`, `0` |

use apimachinery::members::member;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::{Field, Resolved, Schema, Ty, Type};

/// What is printed for a field without a value.
pub(super) enum Absent {
    Nothing,
    Zero,
    Null,
}

impl Schema {
    /// Makes an object of a type what upstream prints after a round trip through its structures: zero values are
    /// added or taken away. Unknown fields and values of wrong types are left as they are. Doing it twice changes
    /// nothing more.
    pub fn normalise(&self, of: &Type, value: &mut Value) {
        self.normalise_ty(&Ty::Named(of.id), value);
    }

    fn normalise_ty(&self, ty: &Ty, value: &mut Value) {
        match (self.resolve(ty), value) {
            (Resolved::Object(of, fields), Value::Object(members)) => {
                self.normalise_fields(of, fields, members);
            }
            (Resolved::Other(Ty::List(of)), Value::Array(items)) => {
                for item in items {
                    self.normalise_ty(of, item);
                }
            }
            (Resolved::Other(Ty::Map(_, of)), Value::Object(members)) => {
                for value in members.values_mut() {
                    // Protobuf does not tell no bytes from none.
                    if **of == Ty::Bytes && value.is_null() {
                        *value = Value::String(String::new());
                    }
                    self.normalise_ty(of, value);
                }
            }
            (Resolved::Other(Ty::SchemaOrBool | Ty::SchemaOrArray | Ty::SchemaOrStrings), value) => {
                self.normalise_schema_or(value);
            }
            _ => {}
        }
    }

    fn normalise_fields(&self, of: &Type, fields: &[Field], members: &mut Map<String, Value>) {
        let plan = self.plan(of.id);
        let mut gone: SmallVec<[&'static str; 8]> = SmallVec::new();
        for (name, value) in members.iter_mut() {
            // Most values are neither zero nor have anything inside: for them the field is not even looked up.
            let is_zero = is_zero(value);
            if !is_zero && !matches!(value, Value::Array(_) | Value::Object(_)) {
                continue;
            }
            let Some(at) = plan.find(fields, name) else { continue };
            let (field, step) = (&fields[at], plan.step(at));
            if value.is_null() {
                match self.printed_for(of, field) {
                    Some(printed) => *value = printed,
                    None => gone.push(field.name),
                }
                continue;
            }
            if step.has_inside {
                self.normalise_ty(&field.ty, value);
            }
            if is_zero && step.drops_zero {
                match self.printed_for(of, field) {
                    Some(printed) => *value = printed,
                    None => gone.push(field.name),
                }
            }
        }
        for name in gone {
            members.remove(name);
        }
        for at in &plan.printed {
            let field = &fields[usize::from(*at)];
            if member(members, field.name).is_none()
                && let Some(printed) = self.printed_for(of, field)
            {
                members.insert(field.name.to_owned(), printed);
            }
        }
    }

    /// What an absent field of a type is printed as; `None` if it is not.
    pub(super) fn printed_for(&self, of: &Type, field: &Field) -> Option<Value> {
        match self.absent(field) {
            // Lists of objects are made for an answer, not stored.
            Absent::Null if of.is_kind && field.name == "items" => Some(Value::Array(Vec::new())),
            Absent::Nothing => None,
            Absent::Zero => Some(self.zero(&field.ty)),
            Absent::Null => Some(Value::Null),
        }
    }

    fn normalise_schema_or(&self, value: &mut Value) {
        let Some(props) = self.named("apiextensions.k8s.io", "v1", "JSONSchemaProps") else { return };
        match value {
            Value::Object(_) => self.normalise(props, value),
            Value::Array(items) => items.iter_mut().for_each(|item| self.normalise(props, item)),
            _ => {}
        }
    }

    pub(super) fn absent(&self, field: &Field) -> Absent {
        if field.is_pointer {
            return if field.is_always_printed { Absent::Null } else { Absent::Nothing };
        }
        if field.omits_zero {
            return Absent::Nothing;
        }
        match self.resolve(&field.ty) {
            Resolved::Object(..) => Absent::Zero,
            Resolved::Other(ty) => match ty {
                Ty::List(_) | Ty::Map(..) | Ty::Bytes if field.is_always_printed => Absent::Null,
                Ty::Quantity | Ty::Duration | Ty::IntOrString => Absent::Zero,
                Ty::Time
                | Ty::MicroTime
                | Ty::RawExtension
                | Ty::FieldsV1
                | Ty::Json
                | Ty::SchemaOrBool
                | Ty::SchemaOrArray
                | Ty::SchemaOrStrings => Absent::Null,
                _ if field.is_always_printed => Absent::Zero,
                _ => Absent::Nothing,
            },
            Resolved::Text(_) if field.is_always_printed => Absent::Zero,
            Resolved::Text(_) => Absent::Nothing,
        }
    }

    /// Whether a zero value of the field is the same as none.
    pub(super) fn is_dropped_when_zero(&self, field: &Field) -> bool {
        match self.resolve(&field.ty) {
            Resolved::Text(_) => true,
            Resolved::Object(..) => false,
            Resolved::Other(ty) => matches!(
                ty,
                Ty::Boolean | Ty::Int32 | Ty::Int64 | Ty::Float64 | Ty::Bytes | Ty::List(_) | Ty::Map(..)
            ),
        }
    }

    /// What upstream prints for a value of a type that nothing was put into.
    pub fn zero(&self, ty: &Ty) -> Value {
        match self.resolve(ty) {
            Resolved::Text(_) => Value::String(String::new()),
            Resolved::Object(of, fields) => {
                let mut members = Map::new();
                self.normalise_fields(of, fields, &mut members);
                Value::Object(members)
            }
            Resolved::Other(ty) => match ty {
                Ty::Boolean => Value::Bool(false),
                Ty::Int32 | Ty::Int64 | Ty::Float64 | Ty::IntOrString => Value::Number(0.into()),
                Ty::Quantity => Value::String("0".to_owned()),
                Ty::Duration => Value::String("0s".to_owned()),
                _ => Value::Null,
            },
        }
    }
}

pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}
