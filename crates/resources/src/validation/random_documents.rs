//! Documents of any kind and any content: validation and tables take them all.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{validate, validate_update};
use crate::columns;
use crate::kind::{Context, Kind};
use crate::kinds;
use crate::schema::{Resolved, Schema, Ty, Type};

const DEPTH_MAX: u32 = 7;

/// An object of a type with something in every field.
fn full(of: &Type, depth: u32) -> Value {
    let members = of.fields().iter().map(|field| (field.name.to_owned(), full_value(&field.ty, depth + 1)));
    members.collect::<Map<_, _>>().into()
}

fn full_value(ty: &Ty, depth: u32) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    match Schema::get().resolve(ty) {
        Resolved::Object(of, _) => full(of, depth),
        Resolved::Text(values) => values.first().copied().unwrap_or("a").into(),
        Resolved::Other(ty) => match ty {
            Ty::Boolean => true.into(),
            Ty::Int32 | Ty::Int64 | Ty::Float64 | Ty::IntOrString => 1.into(),
            Ty::Quantity => "1".into(),
            Ty::Bytes => "YQ==".into(),
            Ty::Time | Ty::MicroTime => "2024-01-01T00:00:00Z".into(),
            Ty::List(of) => json!([full_value(of, depth + 1)]),
            Ty::Map(_, of) => json!({"cpu": full_value(of, depth + 1)}),
            _ => json!({}),
        },
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!([null, "", {}, []])),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[-a-zA-Z0-9./:%@,=*#?+ \u{e4}\u{1f600}]{0,80}".prop_map(Value::from),
        "[0-9]{1,3}\\.[0-9]{1,3}\\.0\\.0/[0-9]{1,3}".prop_map(Value::from),
        "https?://[a-z.@?#/]{0,20}".prop_map(Value::from),
    ]
}

/// Puts a value somewhere, or twice, or takes away what is there.
fn change(at: &mut Value, way: &[usize], value: &Value, takes_away: bool) {
    let Some((step, rest)) = way.split_first() else {
        *at = value.clone();
        return;
    };
    match at {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(step % members.len()).cloned().unwrap_or_default();
            if takes_away && rest.is_empty() {
                members.remove(&name);
            } else if let Some(member) = members.get_mut(&name) {
                change(member, rest, value, takes_away);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if takes_away {
                items.push(items[step % items.len()].clone());
            }
            let i = step % items.len();
            change(&mut items[i], rest, value, takes_away);
        }
        at => *at = value.clone(),
    }
}

fn check(kind: &Kind, new: &Value, old: &Value) -> Result<(), TestCaseError> {
    for subresource in ["", "status", "finalize", "approval", "scale"] {
        let context = Context {
            user: "alice",
            user_uid: "",
            groups: &[],
            extra: &[],
            now: Timestamp::UNIX_EPOCH,
            subresource,
        };
        let lists = [
            validate(kind.group, kind.kind, context, new),
            validate_update(kind.group, kind.kind, context, new, old),
        ];
        for error in lists.iter().flat_map(apimachinery::ErrorList::iter) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
    let columns = columns::of(kind.group, kind.kind);
    let n_cells = (columns.cells)(new, Timestamp::UNIX_EPOCH).len();
    // An IPAddress has one cell more than columns, as upstream's.
    prop_assert_eq!(n_cells, columns.columns.len() + usize::from(kind.kind == "IPAddress"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn never_panics(
        changes in prop::collection::vec((prop::collection::vec(0usize..40, 1..9), any_value(), any::<bool>()), 0..6),
        old_changes in prop::collection::vec((prop::collection::vec(0usize..40, 1..9), any_value(), any::<bool>()), 0..3),
    ) {
        for kind in kinds::all().iter().filter(|kind| kind.is_stored()) {
            let (group, version) = kind.versions[kind.stored_in];
            let Some(of) = Schema::get().type_of(group, version, kind.kind) else { continue };
            let mut old = full(of, 0);
            for (way, value, takes_away) in &old_changes {
                change(&mut old, way, value, *takes_away);
            }
            let mut new = old.clone();
            for (way, value, takes_away) in &changes {
                change(&mut new, way, value, *takes_away);
            }
            check(kind, &new, &old)?;
        }
    }
}
