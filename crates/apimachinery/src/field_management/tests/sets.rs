use serde_json::{Value, json};

use super::super::test_types::Ty;
use super::super::{Comparison, PathElement, Set, compare, field_set, fields_v1, merge, remove, validate};
use super::{OBJECT, thing};

#[test]
fn sets_are_written_as_upstream_writes_them() {
    let fields = json!({
        "f:metadata": {"f:finalizers": {"v:\"a\"": {}}, "f:labels": {".": {}, "f:a/b": {}}},
        "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}, "f:args": {"i:3": {}}},
    });
    let set = fields_v1::decode(&fields).unwrap();
    assert_eq!(fields_v1::encode(&set), fields);
    let paths: Vec<String> =
        set.paths().iter().map(|path| path.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(
        paths,
        [
            ".metadata.labels",
            ".metadata.finalizers[=\"a\"]",
            ".metadata.labels.a/b",
            ".spec.args[3]",
            ".spec.ports[port=80,protocol=\"TCP\"]",
            ".spec.ports[port=80,protocol=\"TCP\"].port",
        ]
    );
    assert_eq!(fields_v1::decode(&json!({"x:later": {}, "f:a": {}})).unwrap().paths().len(), 1);
    for bad in [
        json!({"a": {}}),
        json!({"k:[": {}}),
        json!({"v:x": {}}),
        json!({"i:x": {}}),
        json!({"f:a": 1}),
        json!(1),
    ] {
        assert!(fields_v1::decode(&bad).is_err(), "{bad}");
    }
}

#[test]
fn steps_are_sorted_by_kind_and_value() {
    let key = |port: Value| PathElement::Key(vec![("port".to_owned(), port)]);
    let mut steps = [
        PathElement::Index(1),
        PathElement::Value(json!("b")),
        key(json!("80")),
        key(json!(443)),
        PathElement::Value(json!(2)),
        PathElement::field("b"),
        key(json!(80)),
        PathElement::field("a"),
    ];
    steps.sort();
    let texts: Vec<String> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [".a", ".b", "[port=80]", "[port=443]", "[port=\"80\"]", "[=2]", "[=\"b\"]", "[1]"]);
}

fn check_compare(old: Value, new: Value, added: Value, modified: Value, removed: Value) {
    let Comparison { added: a, modified: m, removed: r } = compare(OBJECT, &thing(old), &thing(new));
    let spec = |set: &Set| match fields_v1::encode(set) {
        Value::Object(mut level) => level.remove("f:spec").unwrap_or(json!({})),
        other => other,
    };
    assert_eq!((spec(&a), spec(&m), spec(&r)), (added, modified, removed));
}

#[test]
fn what_differs_is_found() {
    let none = || json!({});
    check_compare(json!({"replicas": 1}), json!({"replicas": 2}), none(), json!({"f:replicas": {}}), none());
    check_compare(
        json!({"selector": {"a": "b"}}),
        json!({"selector": {"a": "c"}}),
        none(),
        json!({"f:selector": {}}),
        none(),
    );
    let port = |port: u16| json!({"port": port, "protocol": "TCP"});
    check_compare(
        json!({"ports": [port(1), {"port": 2}]}),
        json!({"ports": [port(3), port(1)]}),
        json!({"f:ports": {"k:{\"port\":3,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:protocol": {}}}}),
        none(),
        json!({"f:ports": {"k:{\"port\":2,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}),
    );
    check_compare(json!({"ports": null}), json!({"ports": []}), none(), json!({"f:ports": {}}), none());
    check_compare(
        json!({"ports": [port(1)]}),
        json!({"ports": [port(1), port(1)]}),
        json!({"f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {}}}),
        none(),
        json!({"f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:protocol": {}}}}),
    );
    check_compare(
        json!({"free": {"a": {"b": 1}}}),
        json!({"free": {"a": {"c": [1]}}}),
        json!({"f:free": {"f:a": {"f:c": {}}}}),
        none(),
        json!({"f:free": {"f:a": {"f:b": {}}}}),
    );
    check_compare(
        json!({"free": {"a": 1}}),
        json!({"free": "text"}),
        none(),
        json!({"f:free": {}}),
        json!({"f:free": {"f:a": {}}}),
    );
}

#[test]
fn all_fields_are_found() {
    let value = thing(json!({
        "selector": {"a": "b"}, "args": [], "ports": [{"port": 1}], "replicas": null, "free": {"a": {}},
    }));
    assert_eq!(
        fields_v1::encode(&field_set(OBJECT, &value))["f:spec"],
        json!({
            "f:selector": {}, "f:args": {}, "f:replicas": {},
            "f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            "f:free": {"f:a": {}},
        })
    );
}

#[test]
fn elements_are_merged_in_the_order_that_is_applied() {
    let check = |live: &[&str], applied: &[&str], expected: &[&str]| {
        assert_eq!(merge(Ty::Names, &json!(live), &json!(applied)), json!(expected), "{live:?} {applied:?}");
    };
    check(&["a", "b"], &["b", "a"], &["b", "a"]);
    check(&["a", "x", "b"], &["b", "a"], &["x", "b", "a"]);
    check(&["a", "b"], &["c"], &["a", "b", "c"]);
    check(&["a", "b", "c"], &["b", "d"], &["a", "b", "c", "d"]);
    check(&[], &["a"], &["a"]);
    check(&["a"], &[], &["a"]);
}

#[test]
fn objects_are_merged_member_by_member() {
    let live =
        json!({"replicas": 1, "selector": {"a": "b"}, "args": ["x"], "ports": [{"port": 1, "name": "n"}]});
    let applied = json!({"selector": {"c": "d"}, "args": ["y"], "ports": [{"port": 1, "protocol": "TCP"}, {"port": 2}]});
    assert_eq!(
        merge(Ty::Spec, &live, &applied),
        json!({
            "replicas": 1, "selector": {"c": "d"}, "args": ["y"],
            "ports": [{"port": 1, "name": "n", "protocol": "TCP"}, {"port": 2}],
        })
    );
}

#[test]
fn fields_are_removed() {
    let value =
        json!({"replicas": 1, "selector": {"a": "b"}, "ports": [{"port": 1}, {"port": 2, "name": "n"}]});
    let set = fields_v1::decode(&json!({
        "f:replicas": {}, "f:selector": {},
        "f:ports": {"k:{\"port\":1,\"protocol\":\"TCP\"}": {}, "k:{\"port\":2,\"protocol\":\"TCP\"}": {"f:name": {}}},
    }));
    assert_eq!(remove(Ty::Spec, &value, &set.unwrap()), json!({"ports": [{"port": 2}]}));
    let all = field_set(Ty::Spec, &json!({"replicas": 1}));
    assert_eq!(remove(Ty::Spec, &json!({"replicas": 1}), &all), Value::Null);
}

#[test]
fn what_does_not_fit_is_refused_in_upstreams_words() {
    let check = |spec: Value, expected: &str| {
        assert_eq!(validate(OBJECT, &thing(spec.clone())).err().unwrap_or_default(), expected, "{spec}");
    };
    check(json!({"replicas": null, "free": {"a": [1]}, "ports": [{"port": 1}]}), "");
    check(json!({"replicas": "x"}), ".spec.replicas: expected numeric (int or float), got string");
    check(json!({"x": 1}), ".spec.x: field not declared in schema");
    check(json!({"selector": [1]}), ".spec.selector: expected map, got &{[1]}");
    check(json!({"ports": {}}), ".spec.ports: expected list, got &{map[]}");
    check(
        json!({"args": ["a", 1.5]}),
        ".spec.args[1]: expected string, got &value.valueUnstructured{Value:1.5}",
    );
    check(
        json!({"ports": [{"port": 1}, {"port": 1, "protocol": "TCP"}]}),
        ".spec.ports: duplicate entries for key [port=1,protocol=\"TCP\"]",
    );
    check(
        json!({"ports": [{"port": 1, "name": true}], "args": [{"a": ["b", null]}]}),
        "errors:\n  .spec.args[0]: expected string, got &value.valueUnstructured{Value:map[string]interface \
         {}{\"a\":[]interface {}{\"b\", interface {}(nil)}}}\n  .spec.ports[port=1,protocol=\"TCP\"].name: expected \
         string, got &value.valueUnstructured{Value:true}",
    );
    assert_eq!(
        validate(Ty::Names, &json!(["a", {}])).unwrap_err(),
        ": element 1: associative list without keys has an element that's a map type"
    );
}
