use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::test_types::request;
use super::super::{
    Managed, PathElement, Set, compare, field_set, fields_v1, merge, owned_of_new, remove, track,
    track_created, validate,
};
use super::{OBJECT, T1, T2, apply_as, owners, stored, thing};

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("c:\"d".to_owned()), Just(".".to_owned())]
}

fn any_element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        any_text().prop_map(PathElement::Field),
        any_text().prop_map(|text| PathElement::Value(text.into())),
        (0_i64..3).prop_map(PathElement::Index),
        (any_text(), 0_u8..3).prop_map(|(text, number)| {
            PathElement::Key(vec![("k".to_owned(), text.into()), ("n".to_owned(), number.into())])
        }),
    ]
}

fn any_set() -> impl Strategy<Value = Set> {
    let path = prop::collection::vec(any_element(), 1..4);
    prop::collection::vec(path, 0..12).prop_map(|paths| {
        let mut set = Set::default();
        for path in paths {
            set.insert(&path);
        }
        set
    })
}

/// A spec, some of whose members are of a manager's own, told by its letter.
fn any_spec(letter: &'static str) -> impl Strategy<Value = Value> {
    let port = (0_u8..4, prop::option::of(Just("TCP")), prop::option::of(any_text()));
    let ports = prop::collection::btree_map(0_u8..4, port, 0..3);
    let free = prop::collection::btree_map(any_text(), 0_u8..2, 0..3);
    (prop::option::of(0_u8..3), ports, free, prop::option::of(prop::collection::vec(any_text(), 0..2)))
        .prop_map(move |(replicas, ports, free, args)| {
            let mut spec = Map::new();
            if let Some(replicas) = replicas {
                spec.insert("replicas".to_owned(), replicas.into());
            }
            if let Some(args) = args {
                spec.insert("args".to_owned(), args.into());
            }
            let offset = if letter == "b" { 10 } else { 0 };
            let ports: Vec<Value> = ports
                .into_iter()
                .map(|(number, (_, protocol, name))| {
                    let mut port = json!({"port": number + offset});
                    if let Some(protocol) = protocol {
                        port["protocol"] = protocol.into();
                    }
                    if let Some(name) = name {
                        port["name"] = name.into();
                    }
                    port
                })
                .collect();
            if !ports.is_empty() {
                spec.insert("ports".to_owned(), ports.into());
            }
            let free: Map<String, Value> =
                free.into_iter().map(|(name, value)| (format!("{letter}{name}"), value.into())).collect();
            if !free.is_empty() {
                spec.insert("free".to_owned(), free.into());
            }
            Value::Object(spec)
        })
}

/// Without what two managers may both want.
fn own(mut spec: Value) -> Value {
    if let Some(members) = spec.as_object_mut() {
        members.remove("replicas");
        members.remove("args");
    }
    spec
}

/// Without managers, and with lists in an order that does not depend on who came first.
fn content(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["managedFields"] = Value::Null;
    if let Some(ports) = object["spec"].get_mut("ports").and_then(Value::as_array_mut) {
        ports.sort_by_key(ToString::to_string);
    }
    object
}

/// Whether everything that is owned is there.
fn check_owned_is_present(object: &Value) {
    let present = field_set(OBJECT, object).with_declared(Some(OBJECT));
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    for entry in Managed::decode(&entries).unwrap().0 {
        // Objects that are there without being leaves are owned with their first member.
        let missing = entry.set.difference(&present).paths();
        for path in missing {
            let pointer: String =
                path.iter().map(|step| format!("/{}", step.to_string().trim_start_matches('.'))).collect();
            prop_assert_present(object, &pointer);
        }
    }
}

fn prop_assert_present(object: &Value, pointer: &str) {
    assert!(object.pointer(pointer).is_some(), "{pointer} is owned and not in {object}");
}

proptest! {
    #[test]
    fn fields_survive_being_written_and_read(set in any_set()) {
        prop_assert_eq!(fields_v1::decode(&fields_v1::encode(&set)).unwrap(), set);
    }

    #[test]
    fn sets_follow_the_laws_of_sets(a in any_set(), b in any_set()) {
        let union = a.clone().union(b.clone());
        prop_assert_eq!(&union, &b.clone().union(a.clone()));
        let both = a.intersection(&b);
        prop_assert_eq!(&both, &b.intersection(&a));
        let only = a.difference(&b);
        prop_assert_eq!(&only.clone().union(both.clone()), &a);
        prop_assert!(only.intersection(&b).is_empty());
        prop_assert_eq!(union.difference(&b), only.clone());
        prop_assert_eq!(a.difference(&a), Set::default());
        prop_assert_eq!(a.outside(&b).difference(&only), Set::default());
        for path in a.paths() {
            prop_assert!(a.has(&path) && union.has(&path) && only.has(&path) != b.has(&path));
        }
    }

    #[test]
    fn a_creator_owns_what_a_comparison_finds(spec in any_spec("a")) {
        let request = request("m", T1);
        let object = stored(thing(spec));
        let found = compare(OBJECT, request.zero, &object);
        let expected = fields_v1::encode(&found.added.union(found.modified));
        let owned = owned_of_new(OBJECT, request.zero, &object, &Set::default());
        let owned = owned.map_or_else(|| "{}".to_owned(), |owned| owned.text);
        // As text, so that the order of members counts, too.
        prop_assert_eq!(owned, expected.to_string());
    }

    #[test]
    fn applying_again_changes_nothing(a in any_spec("a"), b in any_spec("a")) {
        let (a, b) = (thing(a), thing(b));
        let live = apply_as("m", None, &a, false).unwrap();
        let live = apply_as("m", Some(&live), &b, false).unwrap();
        prop_assert_eq!(apply_as("m", Some(&live), &b, false).unwrap(), live.clone());
        check_owned_is_present(&live);
        // Nothing is left of the first.
        prop_assert_eq!(content(&live), content(&apply_as("m", None, &b, false).unwrap()));
    }

    #[test]
    fn appliers_of_different_fields_commute(a in any_spec("a"), b in any_spec("b")) {
        let (a, b) = (thing(own(a)), thing(own(b)));
        let first = apply_as("m1", None, &a, false).unwrap();
        let both = apply_as("m2", Some(&first), &b, false).unwrap();
        let other = apply_as("m2", None, &b, false).unwrap();
        let other = apply_as("m1", Some(&other), &a, false).unwrap();
        prop_assert_eq!(content(&both), content(&other));
        // Times, which entries are sorted by, say who came first.
        let sorted = |object: &Value| {
            let mut owners = owners(object);
            owners.sort_by(|(a, _), (b, _)| a.cmp(b));
            owners
        };
        prop_assert_eq!(sorted(&both), sorted(&other));
        check_owned_is_present(&both);
    }

    #[test]
    fn only_what_is_there_is_owned(a in any_spec("a"), b in any_spec("a"), c in any_spec("b"), force: bool) {
        let mut live = stored(thing(a));
        track_created(&request("m1", T1), &mut live, None);
        check_owned_is_present(&live);
        let mut changed = stored(thing(b));
        track(&request("m2", T2), &live, &mut changed, None);
        check_owned_is_present(&changed);
        if let Ok(applied) = apply_as("m3", Some(&changed), &thing(c.clone()), force) {
            check_owned_is_present(&applied);
            let fields = field_set(OBJECT, &thing(c));
            let now = field_set(OBJECT, &applied);
            prop_assert!(fields.difference(&now).paths().iter().all(|path| path.len() < 3));
        }
    }

    #[test]
    fn never_panics(a in crate::patch::any_document(), b in crate::patch::any_document()) {
        let _ = validate(OBJECT, &a);
        compare(OBJECT, &a, &b);
        let merged = merge(OBJECT, &a, &b);
        remove(OBJECT, &merged, &field_set(OBJECT, &b));
        let mut changed = b.clone();
        track(&request("m", T1), &a, &mut changed, Some(a.clone()));
        track_created(&request("m", T1), &mut changed, Some(b.clone()));
        let _ = apply_as("m", Some(&a), &b, true);
        let _ = Managed::decode(std::slice::from_ref(&a));
    }
}
