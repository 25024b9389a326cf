use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::patch::Strategy as PatchStrategy;
use crate::patch::test_documents::{object_without_nulls, podlike};
use crate::patch::test_schema::{ANY, CONFIG_MAP, POD};

fn run(document: Value, patch: Value) -> Result<Value, StrategicError> {
    let patch = StrategicPatch::decode(patch.to_string().as_bytes()).expect("a patch");
    patch.apply(document, &POD)
}

fn check(document: Value, patch: Value, expected: Value) {
    let text = patch.to_string();
    assert_eq!(run(document, patch), Ok(expected), "{text}");
}

fn spec(containers: Value) -> Value {
    json!({"spec": {"containers": containers}})
}

#[test]
fn merges_lists_by_key_and_puts_new_elements_first() {
    let pod = || spec(json!([{"name": "a", "image": "1", "args": ["x"]}, {"name": "b"}]));
    check(
        pod(),
        spec(json!([{"name": "a", "image": "2"}])),
        spec(json!([{"name": "a", "image": "2", "args": ["x"]}, {"name": "b"}])),
    );
    check(
        pod(),
        spec(json!([{"name": "c"}])),
        spec(json!([{"name": "c"}, {"name": "a", "image": "1", "args": ["x"]}, {"name": "b"}])),
    );
    check(
        pod(),
        spec(json!([{"name": "b", "image": "2"}, {"name": "c"}])),
        spec(json!([
            {"name": "a", "image": "1", "args": ["x"]}, {"name": "b", "image": "2"}, {"name": "c"},
        ])),
    );
    check(
        pod(),
        spec(json!([{"name": "a", "args": ["y"]}])),
        spec(json!([{"name": "a", "image": "1", "args": ["y"]}, {"name": "b"}])),
    );
}

#[test]
fn elements_may_be_deleted_and_lists_replaced() {
    let pod = || spec(json!([{"name": "a"}, {"name": "b"}]));
    check(pod(), spec(json!([{"name": "a", "$patch": "delete"}])), spec(json!([{"name": "b"}])));
    check(pod(), spec(json!([{"$patch": "replace"}, {"name": "c"}])), spec(json!([{"name": "c"}])));
    check(pod(), spec(json!([{"$patch": "replace"}])), spec(json!([])));
    check(pod(), json!({"spec": {"$patch": "delete"}}), json!({"spec": {}}));
    check(pod(), json!({"spec": {"$patch": "replace", "x": 1}}), json!({"spec": {"x": 1}}));
    check(pod(), json!({"spec": {"containers": null}}), json!({"spec": {}}));
}

#[test]
fn order_is_set_explicitly() {
    let pod = || spec(json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]));
    let order = |order: Value, containers: Value| json!({"spec": {"$setElementOrder/containers": order, "containers": containers}});
    check(
        pod(),
        order(json!([{"name": "c"}, {"name": "d"}, {"name": "a"}]), json!([{"name": "d"}])),
        spec(json!([{"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "a"}])),
    );
    check(
        pod(),
        json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}),
        spec(json!([{"name": "b"}, {"name": "a"}, {"name": "c"}])),
    );
    let result =
        run(pod(), order(json!([{"name": "a"}, {"name": "b"}]), json!([{"name": "b"}, {"name": "a"}])));
    assert_eq!(
        result.expect_err("another order").to_string(),
        "the order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n\
         [map[name:a] map[name:b]]"
    );
}

#[test]
fn lists_of_scalars_are_sets() {
    let pod = || json!({"metadata": {"finalizers": ["a", "b", "c"]}});
    let finalizers = |list: Value| json!({"metadata": {"finalizers": list}});
    check(pod(), finalizers(json!(["d"])), finalizers(json!(["d", "a", "b", "c"])));
    check(pod(), finalizers(json!(["c", "d"])), finalizers(json!(["a", "b", "c", "d"])));
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["b", "x"]}});
    check(pod(), patch, finalizers(json!(["a", "c"])));
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/x": ["b"]}});
    check(pod(), patch, pod());
    let patch = json!({"metadata": {
        "$setElementOrder/finalizers": ["c", "d", "a"], "finalizers": ["d"],
        "$deleteFromPrimitiveList/finalizers": ["b"],
    }});
    check(pod(), patch, finalizers(json!(["c", "d", "a"])));
}

#[test]
fn long_lists_are_merged_in_one_go() {
    let names = |from: usize| (from..from + 60_000).map(|i| json!(format!("f/{i}"))).collect::<Vec<_>>();
    let merged = run(
        json!({"metadata": {"finalizers": names(0)}}),
        json!({"metadata": {"finalizers": names(30_000)}}),
    );
    let merged = merged.expect("sets of texts");
    assert_eq!(merged["metadata"]["finalizers"].as_array().map(Vec::len), Some(90_000));
    let containers =
        |from: usize| (from..from + 20_000).map(|i| json!({"name": format!("c{i}")})).collect::<Vec<_>>();
    let merged = run(spec(containers(0).into()), spec(containers(10_000).into())).expect("containers");
    assert_eq!(merged["spec"]["containers"].as_array().map(Vec::len), Some(30_000));
}

#[test]
fn retained_keys_are_all_that_stays() {
    let volumes = |volume: Value| json!({"spec": {"volumes": [volume]}});
    check(
        volumes(json!({"name": "v", "emptyDir": {}})),
        volumes(json!({"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}})),
        volumes(json!({"name": "v", "configMap": {"name": "c"}})),
    );
    let patch = volumes(json!({"name": "v", "$retainKeys": ["name"], "configMap": {}}));
    let error = run(volumes(json!({"name": "v"})), patch).expect_err("a key that is not retained");
    assert_eq!(error, StrategicError::BadPatchFormatForRetainKeys);
}

#[test]
fn values_that_are_new_come_without_directives_and_nulls() {
    check(
        json!({}),
        spec(json!([{"name": "a", "args": null}, {"name": "b", "$patch": "delete"}])),
        spec(json!([{"name": "a"}])),
    );
}

#[test]
fn says_what_does_not_fit() {
    let pod = || spec(json!([{"name": "a", "ports": [{"containerPort": 80}]}]));
    for (patch, code, message) in [
        (spec(json!([{"image": "i"}])), 500, "map: map[image:i] does not contain declared merge key: name"),
        (
            spec(json!([{"$patch": "bogus", "name": "a"}])),
            500,
            "unknown patch type: bogus in map: map[$patch:bogus name:a]",
        ),
        (json!({"spec": {"$patch": "bogus"}}), 500, "unknown patch type: bogus in map: map[$patch:bogus]"),
        (
            spec(json!([{"$patch": "merge", "name": "a"}])),
            500,
            "merging lists cannot yet be specified in the patch",
        ),
        (
            spec(json!(["a"])),
            500,
            "list element types are not identical: [[map[name:a ports:[map[containerPort:80]]]] [a]]",
        ),
        (json!({"spec": {"$retainKeys": "x"}}), 400, "invalid patch format of retainKeys"),
        (json!({"spec": {"$deleteFromPrimitiveList": []}}), 400, "invalid patch format of primitive list"),
        (json!({"spec": {"$setElementOrder": []}}), 400, "invalid patch format of setElementOrder list"),
        (
            json!({"spec": {"$setElementOrder/containers": {}}}),
            500,
            "expected a []interface {}, but received a map[string]interface {}",
        ),
        (
            json!({"spec": {"$setElementOrder/nope": []}}),
            500,
            "unable to find api field in struct PodSpec for the json field \"nope\"",
        ),
    ] {
        let status = Status::from(run(pod(), patch).expect_err(message));
        assert_eq!((status.code, status.message.as_str()), (code, message));
    }
    let lists = json!({"metadata": {"finalizers": [["a"]]}});
    let status = Status::from(run(lists.clone(), lists).expect_err("lists of lists"));
    assert_eq!(status, Status::unprocessable());
}

#[test]
fn says_why_a_patch_is_none() {
    for (text, message) in [
        ("[1]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("{bad", "invalid character 'b' looking for beginning of object key string"),
    ] {
        let status = StrategicPatch::decode(text.as_bytes()).expect_err(text);
        assert_eq!((status.code, status.message.as_str()), (400, message));
    }
    assert_eq!(StrategicPatch::decode(b"null").expect("nothing").members, Members::new());
}

#[test]
fn quotes_itself_as_messages_do() {
    let patch = StrategicPatch::decode(br#"{"spec":{"replicas":2,"replicas":4}}"#).expect("a patch");
    assert_eq!(patch.to_string(), "map[spec:map[replicas:4]]");
    assert_eq!(patch.strict_errors, ["duplicate field \"spec.replicas\""]);
}

#[test]
fn owned_fields_pass_untouched() {
    let managed = json!([{"manager": "m", "fieldsV1": {"f:data": {".": {}}}}]);
    let document = json!({"metadata": {"managedFields": managed}, "data": {"a": "1"}});
    let patch = StrategicPatch::decode(br#"{"data":{"b":"2"}}"#).expect("a patch");
    assert_eq!(
        patch.apply(document, &CONFIG_MAP),
        Ok(json!({"metadata": {"managedFields": managed}, "data": {"a": "1", "b": "2"}}))
    );
}

proptest! {
    #[test]
    fn never_panics(document in podlike(), patch in podlike()) {
        if let Value::Object(patch) = patch {
            let _ = StrategicPatch::new(patch).apply(document, ANY);
        }
    }

    /// A list that is new is taken as it is, double elements and all; merging it a second time makes a list of it
    /// that no further time changes, or shows that it cannot be merged.
    #[test]
    fn applying_again_changes_nothing(document in object_without_nulls(), patch in object_without_nulls()) {
        let patch = StrategicPatch::new(patch);
        let document = Value::Object(document);
        if let Ok(once) = patch.apply(document, &ByLetter)
            && let Ok(twice) = patch.apply(once.clone(), &ByLetter)
        {
            prop_assert_eq!(patch.apply(twice.clone(), &ByLetter), Ok(twice));
        }
    }

    #[test]
    fn nothing_changes_nothing(document in object_without_nulls()) {
        let document = Value::Object(document);
        let nothing = StrategicPatch::new(Members::new());
        prop_assert_eq!(nothing.apply(document.clone(), &ByLetter), Ok(document));
    }
}

/// `a` and `b` are lists merged by the key `c`, `d` is a set.
struct ByLetter;

impl PatchSchema for ByLetter {
    fn name(&self) -> &str {
        "ByLetter"
    }

    fn field(&self, name: &str) -> Option<FieldPatch<'_>> {
        let merge_key = if matches!(name, "a" | "b") { "c" } else { "" };
        let strategy = if name == "c" { PatchStrategy::Default } else { PatchStrategy::Merge };
        Some(FieldPatch { strategy, merge_key, child: Some(self) })
    }
}
