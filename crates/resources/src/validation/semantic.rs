//! Whether two values mean the same (upstream's `Semantic.DeepEqual`): amounts are compared by value, and an empty list or map
//! is the same as none.

use serde_json::{Map, Value};

use super::members::quantity;
use crate::schema::{Resolved, Schema, Ty};

/// Whether two values of a type mean the same.
pub(crate) fn equal(group: &str, of: &str, a: Option<&Value>, b: Option<&Value>) -> bool {
    match Schema::get().named(group, "v1", of) {
        Some(of) => equal_values(&Ty::Named(of.id), a, b, true),
        None => a == b,
    }
}

/// Whether two lists of values of a type mean the same.
pub(crate) fn equal_lists(group: &str, of: &str, a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(group, of, Some(a), Some(b)))
}

fn equal_values(ty: &Ty, a: Option<&Value>, b: Option<&Value>, is_pointer: bool) -> bool {
    let (a, b) = (a.filter(|a| !a.is_null()), b.filter(|b| !b.is_null()));
    if a == b {
        return true;
    }
    match Schema::get().resolve(ty) {
        Resolved::Object(_, fields) => {
            if is_pointer && a.is_some() != b.is_some() {
                return false;
            }
            fields.iter().all(|field| {
                let a = a.and_then(|a| a.get(field.name));
                let b = b.and_then(|b| b.get(field.name));
                equal_values(&field.ty, a, b, field.is_pointer)
            })
        }
        Resolved::Text(..) => equal_scalars(a, b, is_pointer, &Value::from("")),
        Resolved::Other(ty) => match ty {
            Ty::List(of) => {
                let a = a.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let b = b.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal_values(of, Some(a), Some(b), false))
            }
            Ty::Map(_, of) => {
                let none = Map::new();
                let a = a.and_then(Value::as_object).unwrap_or(&none);
                let b = b.and_then(Value::as_object).unwrap_or(&none);
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, a)| b.get(key).is_some_and(|b| equal_values(of, Some(a), Some(b), false)))
            }
            Ty::Quantity => match (a, b) {
                (Some(a), Some(b)) => quantity(a) == quantity(b),
                _ => !is_pointer && [a, b].into_iter().flatten().all(|value| quantity(value).is_zero()),
            },
            Ty::String => equal_scalars(a, b, is_pointer, &Value::from("")),
            Ty::Boolean => equal_scalars(a, b, is_pointer, &Value::from(false)),
            Ty::Int32 | Ty::Int64 | Ty::IntOrString => equal_scalars(a, b, is_pointer, &Value::from(0)),
            _ => false,
        },
    }
}

fn equal_scalars(a: Option<&Value>, b: Option<&Value>, is_pointer: bool, zero: &Value) -> bool {
    !is_pointer && a.unwrap_or(zero) == b.unwrap_or(zero)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_compared_by_value_and_nothing_is_empty() {
        for (a, b, expected) in [
            (
                json!({"resources": {"limits": {"cpu": "1"}}}),
                json!({"resources": {"limits": {"cpu": "1000m"}}}),
                true,
            ),
            (json!({"resources": {}}), json!({"resources": {"limits": {}}}), true),
            (json!({"ports": []}), json!({}), true),
            (json!({"stdin": false}), json!({}), true),
            (json!({"securityContext": {}}), json!({}), false),
            (json!({"image": "a"}), json!({"image": "b"}), false),
            (json!({"securityContext": {"runAsUser": 0}}), json!({"securityContext": {}}), false),
        ] {
            assert_eq!(equal("", "Container", Some(&a), Some(&b)), expected, "{a} {b}");
        }
    }
}
