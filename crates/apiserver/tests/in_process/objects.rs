//! Create, update, patch, delete.

use serde_json::json;

use super::client::Client;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn an_object_lives_and_ends() {
    let client = Client::start().await;
    let created = client.post(MAPS, &json!({"metadata": {"name": "a"}, "data": {"k": "v"}})).await;
    assert_eq!(created.code, 201, "{created:?}");
    let version = created.body["metadata"]["resourceVersion"].clone();
    assert_eq!(created.body["kind"], "ConfigMap");
    assert!(created.body["metadata"]["uid"].is_string());
    assert_eq!(client.get(&format!("{MAPS}/a")).await.body, created.body);
    let same = client.put(&format!("{MAPS}/a"), &created.body).await;
    assert_eq!((same.code, &same.body["metadata"]["resourceVersion"]), (200, &version), "nothing to write");
    let patched = client.merge(&format!("{MAPS}/a"), &json!({"data": {"k": null, "l": "w"}})).await;
    assert_eq!(patched.body["data"], json!({"l": "w"}));
    let stale = client.put(&format!("{MAPS}/a"), &created.body).await;
    assert_eq!((stale.code, &stale.body["reason"]), (409, &json!("Conflict")));
    let deleted = client.delete(&format!("{MAPS}/a")).await;
    assert_eq!((deleted.code, &deleted.body["status"]), (200, &json!("Success")));
    assert_eq!(client.get(&format!("{MAPS}/a")).await.code, 404);
}

#[tokio::test]
async fn names_are_generated_and_taken_once() {
    let client = Client::start().await;
    let generated = client.post(MAPS, &json!({"metadata": {"generateName": "a-"}})).await;
    assert!(generated.body["metadata"]["name"].as_str().unwrap().starts_with("a-"));
    let object = json!({"metadata": {"name": "a"}});
    assert_eq!(client.post(MAPS, &object).await.code, 201);
    let again = client.post(MAPS, &object).await;
    assert_eq!((again.code, &again.body["reason"]), (409, &json!("AlreadyExists")));
}

#[tokio::test]
async fn dry_runs_store_nothing() {
    let client = Client::start().await;
    let created = client.post(&format!("{MAPS}?dryRun=All"), &json!({"metadata": {"name": "a"}})).await;
    assert_eq!(created.code, 201);
    assert_eq!(client.get(&format!("{MAPS}/a")).await.code, 404);
}

#[tokio::test]
async fn finalizers_hold_up_the_end() {
    let client = Client::start().await;
    let object = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    client.post(MAPS, &object).await;
    let deleted = client.delete(&format!("{MAPS}/a")).await;
    assert!(deleted.body["metadata"]["deletionTimestamp"].is_string(), "{deleted:?}");
    assert_eq!(client.get(&format!("{MAPS}/a")).await.code, 200);
    let released = client.merge(&format!("{MAPS}/a"), &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(released.code, 200);
    assert_eq!(client.get(&format!("{MAPS}/a")).await.code, 404);
}

#[tokio::test]
async fn unknown_fields_are_warned_about_or_refused() {
    let client = Client::start().await;
    let object = json!({"metadata": {"name": "a"}, "bogus": 1});
    let warned = client.post(MAPS, &object).await;
    assert_eq!(warned.warnings, ["299 - \"unknown field \\\"bogus\\\"\""]);
    let refused = client.post(&format!("{MAPS}?fieldValidation=Strict"), &object).await;
    assert_eq!(refused.code, 400);
}

#[tokio::test]
async fn what_makes_no_sense_is_a_clear_error() {
    let client = Client::start().await;
    for (method, url, content_type, body, code) in [
        ("POST", MAPS, "application/json", "{", 400),
        ("POST", MAPS, "application/json", "[]", 400),
        ("POST", MAPS, "text/plain", "{}", 415),
        ("POST", MAPS, "application/vnd.kubernetes.protobuf", "k8s", 415),
        ("PATCH", "/api/v1/namespaces/default", "application/apply-patch+yaml", "{}", 422),
        ("POST", MAPS, "application/json", r#"{"kind":"Pod","metadata":{"name":"a"}}"#, 400),
        ("GET", "/api/v1/nothings", "", "", 404),
        ("POST", "/api/v1/namespaces/default/configmaps/a", "application/json", "{}", 405),
        ("GET", "/api/v1/namespaces/default/configmaps?resourceVersion=x", "", "", 400),
        ("GET", "/api/v1/namespaces/default/configmaps?continue=x", "", "", 400),
        ("GET", "/%zz", "", "", 400),
    ] {
        let response = client.send(method, url, content_type, body).await;
        assert_eq!(response.status(), code, "{method} {url} {body}");
    }
}
