//! Whether a write would change anything.

use serde_json::{Map, Value};

/// Whether two documents are the same but for their resource version.
pub fn equal_but_for_resource_version(a: &Value, b: &Value) -> bool {
    equal(a, b, |_, _| false)
}

/// Whether two documents are the same but for their resource version and the times of managed fields: a write
/// that changes no more than these is none.
pub fn equal_but_for_managed_field_times(a: &Value, b: &Value) -> bool {
    equal(a, b, |a, b| {
        let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else { return false };
        let same = |a: &Value, b: &Value| match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                equal_but_for(a, b, "time", |name, a, b| name == "time" || a == b)
            }
            (a, b) => a == b,
        };
        // Their order is that of their times, so it does not count either. No two are of the same manager.
        a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| same(a, b)))
    })
}

fn equal(a: &Value, b: &Value, managed: fn(&Value, &Value) -> bool) -> bool {
    let (Value::Object(a), Value::Object(b)) = (a, b) else { return a == b };
    equal_but_for(a, b, "", |name, a, b| match (name, a, b) {
        ("metadata", Value::Object(a), Value::Object(b)) => {
            equal_but_for(a, b, "resourceVersion", |name, a, b| {
                a == b || name == "managedFields" && managed(a, b)
            })
        }
        (_, a, b) => a == b,
    })
}

/// Whether two objects have the same members, `ignored` aside, that `same` finds the same.
fn equal_but_for(
    a: &Map<String, Value>,
    b: &Map<String, Value>,
    ignored: &str,
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> bool {
    let mut a = a.iter().filter(|(name, _)| *name != ignored);
    let mut b = b.iter().filter(|(name, _)| *name != ignored);
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some((name, a)), Some((other, b))) if name == other && same(name, a, b) => {}
            _ => return false,
        }
    }
}
