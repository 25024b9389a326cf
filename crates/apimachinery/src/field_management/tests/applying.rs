use serde_json::json;

use super::super::test_types::request;
use super::super::{ApplyError, track_created};
use super::{T1, apply_as, conflicts_of, owners, stored, thing};

#[test]
fn an_applier_owns_what_it_applies_and_loses_what_it_does_not_apply_any_more() {
    let applied = thing(json!({"replicas": 1, "ports": [{"port": 1}]}));
    let live = apply_as("m", None, &applied, false).unwrap();
    let element = "k:{\"port\":1,\"protocol\":\"TCP\"}";
    assert_eq!(
        owners(&live),
        [(
            "m Apply".to_owned(),
            json!({"f:spec": {"f:ports": {element: {".": {}, "f:port": {}}}, "f:replicas": {}}})
        )]
    );
    assert_eq!(apply_as("m", Some(&live), &applied, false).unwrap(), live);
    let live = apply_as("m", Some(&live), &thing(json!({"replicas": 1})), false).unwrap();
    assert_eq!(live["spec"], json!({"replicas": 1, "selector": null}));
    let live = apply_as("m", Some(&live), &thing(json!({})), false).unwrap();
    assert_eq!(owners(&live), [("m Apply".to_owned(), json!({"f:spec": {}}))]);
    assert_eq!(live["metadata"]["name"], "a");
}

#[test]
fn fields_of_others_are_in_conflict_unless_they_are_the_same_or_force_is_used() {
    let live = apply_as("m1", None, &thing(json!({"replicas": 1, "args": ["a"]})), false).unwrap();
    let other = thing(json!({"replicas": 2}));
    assert_eq!(
        conflicts_of(apply_as("m2", Some(&live), &other, false)),
        "Apply failed with 1 conflict: conflict with \"m1\": .spec.replicas"
    );
    let both = thing(json!({"replicas": 2, "args": []}));
    assert_eq!(
        conflicts_of(apply_as("m2", Some(&live), &both, false)),
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.args\n- .spec.replicas"
    );
    let shared = apply_as("m2", Some(&live), &thing(json!({"replicas": 1})), false).unwrap();
    assert_eq!(owners(&shared).len(), 2);
    let kept = apply_as("m1", Some(&shared), &thing(json!({"args": ["a"]})), false).unwrap();
    assert_eq!(kept["spec"]["replicas"], 1);
    let forced = apply_as("m2", Some(&live), &other, true).unwrap();
    assert_eq!(
        owners(&forced),
        [
            ("m1 Apply".to_owned(), json!({"f:spec": {"f:args": {}}})),
            ("m2 Apply".to_owned(), json!({"f:spec": {"f:replicas": {}}})),
        ]
    );
}

#[test]
fn conflicts_name_owners_of_updates_with_their_version() {
    let mut live = stored(thing(json!({"replicas": 1, "args": ["a"]})));
    track_created(&request("u", T1), &mut live, None);
    let live = apply_as("m1", Some(&live), &thing(json!({"args": ["a"]})), false).unwrap();
    assert_eq!(
        conflicts_of(apply_as("m2", Some(&live), &thing(json!({"replicas": 2, "args": ["b"]})), false)),
        "Apply failed with 3 conflicts: conflicts with \"m1\":\n- .spec.args\nconflicts with \"u\" using v1:\n- \
         .spec.args\n- .spec.replicas"
    );
}

#[test]
fn what_nobody_tracked_belongs_to_nobody_in_particular() {
    let live = stored(thing(json!({"replicas": 1})));
    assert_eq!(
        conflicts_of(apply_as("m", Some(&live), &thing(json!({"replicas": 2})), false)),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .spec.replicas"
    );
    let live = apply_as("m", Some(&live), &thing(json!({"args": ["a"]})), false).unwrap();
    let names: Vec<String> = owners(&live).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["m Apply", "before-first-apply Update"]);
}

#[test]
fn kubectl_goes_on_from_what_it_applied_by_itself() {
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let last = thing(json!({"replicas": 1}));
    let mut live = stored(thing(json!({"replicas": 1, "args": ["a"]})));
    live["metadata"]["annotations"] = json!({key: last.to_string()});
    track_created(&request("kubectl-client-side-apply", T1), &mut live, None);
    assert!(
        conflicts_of(apply_as("m", Some(&live), &thing(json!({"replicas": 2})), false))
            .contains("1 conflict")
    );
    let applied = thing(json!({"replicas": 2}));
    let migrated = apply_as("kubectl", Some(&live), &applied, false).unwrap();
    assert_eq!(migrated["spec"]["replicas"], 2);
    assert_eq!(migrated["metadata"]["annotations"][key], format!("{applied}\n"));
    let both = thing(json!({"replicas": 2, "args": ["b"]}));
    assert_eq!(
        conflicts_of(apply_as("kubectl", Some(&live), &both, false)),
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .spec.args"
    );
}

#[test]
fn only_objects_of_the_kind_can_be_applied() {
    let check = |applied, expected: ApplyError| {
        assert_eq!(apply_as("m", None, &applied, false), Err(expected), "{applied}");
    };
    let bad = |text: &str| ApplyError::BadRequest(text.to_owned());
    check(json!({}), bad("invalid object type: /, Kind="));
    check(json!({"apiVersion": "a/v1", "kind": "Thing"}), bad("invalid object type: a/v1, Kind=Thing"));
    let mut managed = thing(json!({}));
    managed["metadata"]["managedFields"] = json!([]);
    check(managed, bad("metadata.managedFields must be nil"));
    check(
        thing(json!({"x": 1})),
        ApplyError::Unfit(
            "failed to create typed patch object (/a; /v1, Kind=Thing): .spec.x: field not declared in schema"
                .to_owned(),
        ),
    );
}
