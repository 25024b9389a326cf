use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::patch::test_documents::document;

fn run(document: Value, patch: Value) -> Result<Value, OperationError> {
    JsonPatch::decode(patch.to_string().as_bytes()).expect("a patch").apply(document)
}

fn check(document: Value, patch: Value, expected: Option<Value>) {
    let text = patch.to_string();
    assert_eq!(run(document, patch).ok(), expected, "{text}");
}

#[test]
fn operations_on_members() {
    let doc = || json!({"d": {"a": "1", "b": "2"}});
    check(
        doc(),
        json!([{"op": "add", "path": "/d/c", "value": 3}]),
        Some(json!({"d": {"a": "1", "b": "2", "c": 3}})),
    );
    check(doc(), json!([{"op": "remove", "path": "/d/b"}]), Some(json!({"d": {"a": "1"}})));
    check(doc(), json!([{"op": "remove", "path": "/d/x"}]), None);
    check(
        doc(),
        json!([{"op": "replace", "path": "/d/a", "value": {}}]),
        Some(json!({"d": {"a": {}, "b": "2"}})),
    );
    check(
        doc(),
        json!([{"op": "move", "from": "/d/a", "path": "/x"}]),
        Some(json!({"d": {"b": "2"}, "x": "1"})),
    );
    check(doc(), json!([{"op": "move", "from": "/d/x", "path": "/x"}]), None);
    check(
        doc(),
        json!([{"op": "copy", "from": "/d/a", "path": "/x"}]),
        Some(json!({"d": {"a": "1", "b": "2"}, "x": "1"})),
    );
    check(doc(), json!([{"op": "test", "path": "/d", "value": {"b": "2", "a": "1"}}]), Some(doc()));
    check(doc(), json!([{"op": "test", "path": "/d/a", "value": 1}]), None);
    check(doc(), json!([{"op": "add", "path": "/x/y", "value": 1}]), None);
    check(doc(), json!([{"op": "add", "path": "/d/a/y", "value": 1}]), None);
    check(doc(), json!([{"op": "frob", "path": "/d"}]), None);
    check(doc(), json!([{"op": "add"}]), None);
    check(doc(), json!([]), Some(doc()));
}

#[test]
fn operations_on_elements() {
    let doc = || json!({"l": [1, 2]});
    check(doc(), json!([{"op": "add", "path": "/l/-", "value": 3}]), Some(json!({"l": [1, 2, 3]})));
    check(doc(), json!([{"op": "add", "path": "/l/0", "value": 3}]), Some(json!({"l": [3, 1, 2]})));
    check(doc(), json!([{"op": "add", "path": "/l/2", "value": 3}]), Some(json!({"l": [1, 2, 3]})));
    check(doc(), json!([{"op": "add", "path": "/l/3", "value": 3}]), None);
    check(doc(), json!([{"op": "add", "path": "/l/-1", "value": 3}]), Some(json!({"l": [1, 2, 3]})));
    check(doc(), json!([{"op": "remove", "path": "/l/-1"}]), Some(json!({"l": [1]})));
    check(doc(), json!([{"op": "remove", "path": "/l/2"}]), None);
    check(doc(), json!([{"op": "remove", "path": "/l/-3"}]), None);
    check(doc(), json!([{"op": "replace", "path": "/l/1", "value": 3}]), Some(json!({"l": [1, 3]})));
    check(doc(), json!([{"op": "replace", "path": "/l/2", "value": 3}]), None);
    check(doc(), json!([{"op": "replace", "path": "/l/-", "value": 3}]), None);
    check(doc(), json!([{"op": "move", "from": "/l/0", "path": "/l/1"}]), Some(json!({"l": [2, 1]})));
    check(doc(), json!([{"op": "move", "from": "/l/0", "path": "/l/2"}]), None);
    check(doc(), json!([{"op": "test", "path": "/l/0", "value": 1}]), Some(doc()));
    check(doc(), json!([{"op": "test", "path": "/l/x", "value": 1}]), None);
}

#[test]
fn what_upstreams_library_does_its_own_way() {
    let doc = || json!({"d": {"a": "1", "n": null}});
    check(
        doc(),
        json!([{"op": "replace", "path": "/d/x", "value": 1}]),
        Some(json!({"d": {"a": "1", "n": null, "x": 1}})),
    );
    check(
        doc(),
        json!([{"op": "copy", "from": "/d/x", "path": "/y"}]),
        Some(json!({"d": {"a": "1", "n": null}, "y": null})),
    );
    check(doc(), json!([{"op": "test", "path": "/d/x", "value": null}]), Some(doc()));
    check(doc(), json!([{"op": "test", "path": "/d/x"}]), Some(doc()));
    check(doc(), json!([{"op": "test", "path": "/d/x", "value": 0}]), None);
    check(doc(), json!([{"op": "add", "path": "/d/n/x", "value": 0}]), None);
    check(doc(), json!([{"op": "add", "path": "d", "value": 0}]), None);
    check(doc(), json!([{"op": "add", "path": "", "value": {}}]), None);
    check(doc(), json!([{"op": "replace", "path": "", "value": {"b": 1}}]), Some(json!({"b": 1})));
    check(doc(), json!([{"op": "replace", "path": "", "value": 1}]), Some(doc()));
    check(doc(), json!([{"op": "test", "path": "", "value": doc()}]), Some(doc()));
}

#[test]
fn says_what_failed_as_upstreams_library_does() {
    for (operation, message) in [
        (json!({"op": "x"}), "Unexpected kind: x"),
        (json!({}), "Unexpected kind: unknown"),
        (json!({"op": "add"}), "add operation failed to decode path: missing value"),
        (
            json!({"op": "replace"}),
            "replace operation failed to decode path: operation missing path field: missing value",
        ),
        (
            json!({"op": "move"}),
            "move operation failed to decode from: operation, missing from field: missing value",
        ),
        (
            json!({"op": "add", "path": "/x/y"}),
            "add operation does not apply: doc is missing path: \"/x/y\": missing value",
        ),
        (
            json!({"op": "replace", "path": "/nope/x"}),
            "replace operation does not apply: doc is missing path: /nope/x: missing value",
        ),
        (
            json!({"op": "replace", "path": "/l/5"}),
            "replace operation does not apply: doc is missing key: /l/5: missing value",
        ),
        (
            json!({"op": "test", "path": "/x/y"}),
            "test operation does not apply: is missing path: /x/y: missing value",
        ),
        (json!({"op": "test", "path": "/l", "value": 1}), "testing value /l failed: test failed"),
        (
            json!({"op": "remove", "path": "/x"}),
            "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
        ),
        (
            json!({"op": "remove", "path": "/l/-4"}),
            "error in remove for path: '/l/-4': Unable to access invalid index: -4: invalid index referenced",
        ),
        (
            json!({"op": "add", "path": "/l/x"}),
            "error in add for path: '/l/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": \
             invalid syntax",
        ),
        (
            json!({"op": "move", "from": "/l/x", "path": "/y"}),
            "error in move for path: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        (
            json!({"op": "copy", "from": "/l/0", "path": "/x/y"}),
            "copy operation does not apply: doc is missing destination path: /x/y: missing value",
        ),
    ] {
        let error = run(json!({"l": [1, 2]}), json!([operation])).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn pointers_are_unescaped() {
    let document = json!({"a/b": {"c~d": 1}});
    check(document.clone(), json!([{"op": "test", "path": "/a~1b/c~0d", "value": 1}]), Some(document));
}

#[test]
fn says_why_a_patch_is_none() {
    for (text, message) in [
        (
            r#"{"op":"add"}"#,
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        ("not json", "error decoding patch: invalid character 'o' in literal null (expecting 'u')"),
        ("", "error decoding patch: unexpected end of JSON input"),
        (
            r#"[{"op":"add","path":1}]"#,
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string",
        ),
        (
            "[1]",
            "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
        ),
    ] {
        let status = JsonPatch::decode(text.as_bytes()).expect_err(text);
        assert_eq!((status.code, status.message.as_str()), (400, message));
    }
}

#[test]
fn too_many_operations_are_refused() {
    let operation = r#"{"op":"test","path":"/x"}"#;
    let patch = format!("[{}]", vec![operation; 10_001].join(","));
    let status = JsonPatch::decode(patch.as_bytes()).expect_err("too many");
    assert_eq!(status.code, 413);
    assert_eq!(
        status.message,
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    );
}

#[test]
fn copies_that_grow_without_end_are_refused() {
    let copies: Vec<Value> = (0..40).map(|_| json!({"op": "copy", "from": "/a", "path": "/a/-"})).collect();
    let result = run(json!({"a": ["x".repeat(1000)]}), copies.into());
    assert!(matches!(result, Err(OperationError::CopyTooLarge { .. })), "{result:?}");
    let status = Status::from(OperationError::TestFailed("/a".to_owned()));
    assert_eq!(status.to_document()["details"], json!({}));
}

#[test]
fn strict_reading_reports_unknown_and_double_members() {
    let patch = br#"[{"op":"test","op":"test","path":"/x","foo":1}]"#;
    let patch = JsonPatch::decode(patch).expect("a patch");
    assert_eq!(
        patch.strict_errors,
        ["json patch duplicate field \"[0].op\"", "json patch unknown field \"[0].foo\""]
    );
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof!["[abcd]", "-?[0-9]", Just("-".to_owned()), "~[01]"], 0..4)
        .prop_map(|steps| steps.iter().map(|step| format!("/{step}")).collect())
}

#[test]
fn documents_are_not_nested_without_limit() {
    // Each copy doubles the depth.
    let mut depth = 1;
    let mut operations = Vec::new();
    for _ in 0..16 {
        operations.push(json!({"op": "copy", "from": "/a", "path": format!("/a{}", "/a".repeat(depth))}));
        depth *= 2;
    }
    let error = run(json!({"a": {"a": {}}}), operations.into()).unwrap_err();
    assert_eq!(error.to_string(), "copy operation does not apply: exceeded max depth");

    let nested = |depth: usize| (1..depth).fold(json!({}), |below, _| json!([below]));
    for op in ["add", "replace", "move"] {
        let at = |depth: usize| {
            let document = json!({"from": nested(depth), "d": {"d": {}}});
            let patch = json!([{"op": op, "path": "/d/d/x", "from": "/from", "value": nested(depth)}]);
            run(document, patch)
        };
        assert!(at(DEPTH_MAX - 3).is_ok(), "{op}");
        assert_eq!(at(DEPTH_MAX - 2), Err(OperationError::TooDeep { operation: op }));
    }
}

fn operation() -> impl Strategy<Value = Value> {
    let op = prop_oneof![
        Just("add"),
        Just("remove"),
        Just("replace"),
        Just("move"),
        Just("copy"),
        Just("test"),
        Just("x")
    ];
    (op, path(), path(), document())
        .prop_map(|(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}))
}

proptest! {
    #[test]
    fn never_panics(document in document(), operations in proptest::collection::vec(operation(), 0..6)) {
        let _ = run(document, operations.into());
    }

    #[test]
    fn what_was_added_to_an_object_is_there(document in document(), value in document()) {
        let patch = json!([
            {"op": "add", "path": "/new", "value": value},
            {"op": "test", "path": "/new", "value": value},
            {"op": "remove", "path": "/new"},
        ]);
        let expected = document.as_object().map(|members| {
            let mut members = members.clone();
            members.remove("new");
            Value::Object(members)
        });
        if let Some(expected) = expected {
            prop_assert_eq!(run(document, patch).ok(), Some(expected));
        }
    }
}
