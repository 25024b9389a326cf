//! Patched objects as messages quote them.
//!
//! Upstream patches the text of an object. What a patch did not touch is still written as the object was: members in the
//! order of the type's fields. What it did touch has been written anew, with members in the order of their names.

use apimachinery::go;
use resources::schema::{Resolved, Schema, Ty, Type};
use serde_json::{Map, Value};

/// The text of `new`, which a JSON or merge patch has made of `old`, an object of a type.
pub(super) fn patched(of: &Type, old: &Value, new: &Value) -> String {
    let Value::Object(members) = new else { return go::compact_json(new) };
    let mut out = String::new();
    let sorted = sorted(members);
    members_into(&mut out, &sorted, |out, name, value| {
        touched(out, of.field(name).map(|field| &field.ty), old.get(name), value);
    });
    out
}

/// The text of a member of an object of a type, as the object is written.
pub(crate) fn member_text(of: &Type, name: &str, value: &Value) -> String {
    let mut out = String::new();
    untouched(&mut out, of.field(name).map(|field| &field.ty), value);
    out
}

/// Writes what may have been touched.
fn touched(out: &mut String, ty: Option<&Ty>, old: Option<&Value>, new: &Value) {
    match (old, new) {
        (Some(old), new) if old == new => untouched(out, ty, new),
        (Some(Value::Object(old)), Value::Object(new)) => {
            members_into(out, &sorted(new), |out, name, value| {
                touched(out, member(ty, name), old.get(name), value);
            });
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let of = item(ty);
            items_into(out, new, |out, place, value| {
                // Items that only have moved are as they were.
                let before = old.iter().find(|before| *before == value).or_else(|| old.get(place));
                touched(out, of, before, value);
            });
        }
        _ => out.push_str(&go::compact_json(new)),
    }
}

/// Writes what is as it was.
fn untouched(out: &mut String, ty: Option<&Ty>, value: &Value) {
    match value {
        Value::Object(members) => {
            let known: &[_] = match ty.map(|ty| Schema::get().resolve(ty)) {
                Some(Resolved::Object(_, fields)) => fields,
                _ => &[],
            };
            let place = |name: &str| known.iter().position(|field| field.name == name).unwrap_or(known.len());
            let mut ordered = sorted(members);
            ordered.sort_by_key(|(name, _)| place(name));
            members_into(out, &ordered, |out, name, value| untouched(out, member(ty, name), value));
        }
        Value::Array(items) => {
            let of = item(ty);
            items_into(out, items, |out, _, value| untouched(out, of, value));
        }
        scalar => out.push_str(&go::compact_json(scalar)),
    }
}

/// The type of a member of an object or a map.
fn member<'t>(ty: Option<&'t Ty>, name: &str) -> Option<&'t Ty> {
    match Schema::get().resolve(ty?) {
        Resolved::Object(of, _) => of.field(name).map(|field| &field.ty),
        Resolved::Other(Ty::Map(_, of)) => Some(of),
        _ => None,
    }
}

/// The type of the items of a list.
fn item(ty: Option<&Ty>) -> Option<&Ty> {
    match Schema::get().resolve(ty?) {
        Resolved::Other(Ty::List(of)) => Some(of),
        _ => None,
    }
}

fn sorted(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut sorted: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

fn members_into(
    out: &mut String,
    members: &[(&str, &Value)],
    mut write: impl FnMut(&mut String, &str, &Value),
) {
    out.push('{');
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&go::compact_json(&Value::from(*name)));
        out.push(':');
        write(out, name, value);
    }
    out.push('}');
}

fn items_into(out: &mut String, items: &[Value], mut write: impl FnMut(&mut String, usize, &Value)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, i, item);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(old: &Value, new: &Value, expected: &str) {
        let of = Schema::get().type_of("apps", "v1", "Deployment").unwrap();
        assert_eq!(patched(of, old, new), expected);
    }

    #[test]
    fn touched_parts_are_sorted_and_others_have_the_order_of_the_type() {
        let old = json!({
            "kind": "Deployment",
            "apiVersion": "apps/v1",
            "metadata": {"uid": "u", "labels": {"b": "1", "a": "2"}, "name": "d"},
            "spec": {
                "template": {"spec": {"containers": [{"image": "i", "name": "c"}]}},
                "replicas": 1,
                "paused": true,
            },
        });
        let mut new = old.clone();
        new["spec"]["replicas"] = "x".into();
        let containers = r#"[{"name":"c","image":"i"}]"#;
        let metadata = r#"{"name":"d","uid":"u","labels":{"a":"2","b":"1"}}"#;
        check(
            &old,
            &new,
            &format!(
                r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{metadata},"spec":{{"paused":true,"replicas":"x","template":{{"spec":{{"containers":{containers}}}}}}}}}"#
            ),
        );
        let mut new = old.clone();
        new["spec"] = json!({"template": {"spec": {"containers": [
            {"name": "new", "image": "j"}, {"image": "i", "name": "c"},
        ]}}});
        new["metadata"] = json!({});
        let given = r#"{"image":"j","name":"new"}"#;
        check(
            &old,
            &new,
            &format!(
                r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{}},"spec":{{"template":{{"spec":{{"containers":[{given},{{"name":"c","image":"i"}}]}}}}}}}}"#
            ),
        );
    }

    #[test]
    fn what_is_no_object_is_quoted_as_it_is() {
        check(&json!({}), &json!([{"b": 1, "a": "<"}]), r#"[{"a":"\u003c","b":1}]"#);
        check(&json!({}), &json!({"metadata": 1, "a": null}), r#"{"a":null,"metadata":1}"#);
    }
}
