use serde_json::{Value, json};

use super::super::scale::{managers_of_object, managers_of_scale};
use super::super::test_types::request;
use super::super::{Request, Set, apply, track, track_created};
use super::{T1, T2, owners, stored, thing};

fn created(spec: Value) -> Value {
    let mut object = stored(thing(spec));
    track_created(&request("creator", T1), &mut object, None);
    object
}

fn updated(manager: &'static str, live: &Value, spec: Value, said: Option<Value>) -> Value {
    let mut object = stored(thing(spec));
    track(&request(manager, T2), live, &mut object, said);
    object
}

#[test]
fn a_creator_owns_what_is_no_zero_value() {
    let object = created(json!({"replicas": 1, "ports": [{"port": 1, "protocol": "TCP"}]}));
    assert_eq!(
        object["metadata"]["managedFields"],
        json!([{
            "manager": "creator", "operation": "Update", "apiVersion": "v1", "time": T1, "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {
                "f:ports": {
                    ".": {},
                    "k:{\"port\":1,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:protocol": {}},
                },
                "f:replicas": {},
            }},
        }])
    );
    assert_eq!(owners(&created(json!({}))), []);
}

#[test]
fn an_update_takes_what_it_changes_and_nothing_else() {
    let live = created(json!({"replicas": 1, "args": ["a"]}));
    let object = updated("m", &live, json!({"replicas": 2, "args": ["a"]}), None);
    assert_eq!(
        owners(&object),
        [
            ("creator Update".to_owned(), json!({"f:spec": {"f:args": {}}})),
            ("m Update".to_owned(), json!({"f:spec": {"f:replicas": {}}})),
        ]
    );
    let object = updated("m", &object, json!({"replicas": 2}), None);
    assert_eq!(owners(&object), [("m Update".to_owned(), json!({"f:spec": {"f:replicas": {}}}))]);
    let again = updated("other", &object, json!({"replicas": 2}), None);
    assert_eq!(again, object);
}

#[test]
fn managers_are_what_the_client_says_if_it_says_something_sensible() {
    let live = created(json!({"replicas": 1}));
    let same = json!({"replicas": 1});
    let entry = |operation: &str| {
        json!([{
            "manager": "said", "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }])
    };
    let names = |said: Option<Value>| {
        let owners = owners(&updated("m", &live, same.clone(), said));
        owners.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some(entry("Apply"))), ["said Apply"]);
    assert_eq!(names(Some(entry("Bad"))), ["creator Update"]);
    assert_eq!(names(None), ["creator Update"]);
    assert!(names(Some(json!([]))).is_empty());
    assert!(names(Some(json!([{"time": null, "manager": ""}]))).is_empty());
    // Nobody tracks it any more.
    let untracked = updated("m", &live, same, Some(json!([])));
    assert_eq!(owners(&updated("m", &untracked, json!({"replicas": 2}), None)), []);
}

#[test]
fn an_object_can_be_created_with_managers() {
    let said = json!([{
        "manager": "said", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:args": {}}},
    }]);
    let mut object = stored(thing(json!({"replicas": 1, "args": ["a"]})));
    track_created(&request("creator", T1), &mut object, Some(said));
    assert_eq!(
        owners(&object),
        [("creator Update".to_owned(), json!({"f:spec": {"f:args": {}, "f:replicas": {}}}))]
    );
}

#[test]
fn what_is_reset_belongs_to_nobody() {
    let reset = Set::of_fields(&[&["spec"]]);
    let request = Request { reset: &reset, ..request("m", T1) };
    let mut object = stored(thing(json!({"replicas": 1, "ports": [{"port": 1, "name": "n"}]})));
    object["status"] = json!({"replicas": 1});
    track_created(&request, &mut object, None);
    let status = json!({"f:status": {".": {}, "f:replicas": {}}});
    assert_eq!(owners(&object), [("m Update".to_owned(), status.clone())]);
    let mut changed = object.clone();
    changed["spec"]["replicas"] = 2.into();
    track(&request, &object, &mut changed, None);
    assert_eq!(owners(&changed), [("m Update".to_owned(), status)]);
    let applied = apply(&request, &object, &thing(json!({"replicas": 3})), false, false).unwrap();
    assert_eq!(owners(&applied), owners(&object));
}

#[test]
fn old_updates_are_put_together() {
    const NAMES: [&str; 12] =
        ["m00", "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11"];
    let mut live = created(json!({"free": {}}));
    for (i, name) in NAMES.into_iter().enumerate() {
        let mut changed = live.clone();
        changed["spec"]["free"][name] = i.into();
        track(&request(name, T2), &live, &mut changed, None);
        live = changed;
    }
    let owners = owners(&live);
    assert_eq!(owners.len(), 10);
    let older =
        owners.iter().find(|(name, _)| name == "ancient-changes Update").expect("an entry of older ones");
    assert_eq!(older.1, json!({"f:spec": {"f:free": {".": {}, "f:m00": {}, "f:m01": {}, "f:m02": {}}}}));
}

#[test]
fn a_scale_has_the_owners_of_the_replicas() {
    let live = created(json!({"replicas": 1, "args": ["a"]}));
    let of_object = live["metadata"]["managedFields"].as_array().unwrap();
    let of_scale = managers_of_scale(of_object).unwrap();
    assert_eq!(of_scale[0]["apiVersion"], "autoscaling/v1");
    assert_eq!(of_scale[0]["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));
    // Nothing has changed.
    let same = managers_of_object(of_object, of_scale.as_array().unwrap(), "v1").unwrap();
    assert_eq!(same, live["metadata"]["managedFields"]);
    let taken = json!([{
        "manager": "hpa", "operation": "Update", "apiVersion": "autoscaling/v1", "time": T2, "subresource": "scale",
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }]);
    let taken = managers_of_object(of_object, taken.as_array().unwrap(), "v1").unwrap();
    assert_eq!(
        taken,
        json!([
            {
                "manager": "hpa", "operation": "Update", "apiVersion": "v1", "subresource": "scale",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
            {
                "manager": "creator", "operation": "Update", "apiVersion": "v1", "time": T1,
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:args": {}}},
            },
        ])
    );
}
