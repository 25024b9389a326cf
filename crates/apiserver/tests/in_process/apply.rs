//! Who owns which fields.

use serde_json::{Value, json};

use crate::client::Client;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const SCALERS: &str = "namespaces/default/horizontalpodautoscalers";

/// Managers, each as `name operation version subresource`, and what they own.
fn owners(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let owner = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let words = ["manager", "operation", "apiVersion", "subresource"].map(text);
        (words.join(" ").trim_end().to_owned(), entry["fieldsV1"].clone())
    };
    entries.map(owner).collect()
}

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

#[tokio::test]
async fn an_applied_object_is_made_changed_and_left_alone() {
    let client = Client::start().await;
    let url = format!("{MAPS}/a");
    let made = client.apply(&url, "m", &map(json!({"a": "1"}))).await;
    assert_eq!(made.code, 201);
    let again = client.apply(&url, "m", &map(json!({"a": "1"}))).await;
    assert_eq!((again.code, &again.body), (200, &made.body));
    let changed = client.apply(&url, "m", &map(json!({"b": "1"}))).await;
    assert_eq!(changed.body["data"], json!({"b": "1"}));
    assert_eq!(owners(&changed.body), [("m Apply v1".to_owned(), json!({"f:data": {"f:b": {}}}))]);
    let conflict = client.apply(&url, "n", &map(json!({"b": "2"}))).await;
    assert_eq!((conflict.code, &conflict.body["reason"]), (409, &json!("Conflict")));
    let forced = client.apply(&url, "n&force=true", &map(json!({"b": "2"}))).await;
    assert_eq!(owners(&forced.body), [("n Apply v1".to_owned(), json!({"f:data": {"f:b": {}}}))]);
    let tried = client.apply(&url, "n&dryRun=All", &map(json!({}))).await;
    assert_eq!((tried.code, &tried.body["data"]), (200, &Value::Null));
    assert_eq!(client.get(&url).await.body["data"], json!({"b": "2"}));
}

#[tokio::test]
async fn other_writes_have_owners_too() {
    let client = Client::start().await;
    let url = format!("{MAPS}/a");
    client.post(&format!("{MAPS}?fieldManager=c"), &map(json!({"a": "1"}))).await;
    let patched = client.merge(&format!("{url}?fieldManager=p"), &json!({"data": {"b": "1"}})).await;
    let expected = [
        ("c Update v1".to_owned(), json!({"f:data": {".": {}, "f:a": {}}})),
        ("p Update v1".to_owned(), json!({"f:data": {"f:b": {}}})),
    ];
    assert_eq!(owners(&patched.body), expected);
    let replaced = client.put(&url, &map(json!({"a": "1", "b": "1"}))).await;
    assert_eq!(replaced.body["metadata"]["resourceVersion"], patched.body["metadata"]["resourceVersion"]);
    assert_eq!(owners(&replaced.body), expected);
    let forgotten = client.merge(&url, &json!({"metadata": {"managedFields": []}})).await;
    assert!(owners(&forgotten.body).is_empty(), "{:?}", forgotten.body);
}

#[tokio::test]
async fn owners_are_known_across_versions() {
    let client = Client::start().await;
    let (v1, v2) = (format!("/apis/autoscaling/v1/{SCALERS}"), format!("/apis/autoscaling/v2/{SCALERS}/a"));
    let scaler = |version: &str, spec: Value| {
        let mut scaler = json!({
            "apiVersion": format!("autoscaling/{version}"), "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "a"},
            "spec": {"maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}},
        });
        for (name, value) in spec.as_object().unwrap() {
            scaler["spec"][name] = value.clone();
        }
        scaler
    };
    let made = client.post(&v1, &scaler("v1", json!({"targetCPUUtilizationPercentage": 60}))).await;
    assert_eq!(made.code, 201);
    let owned = &owners(&made.body)[0];
    assert_eq!(owned.0, "unknown Update autoscaling/v1");
    assert_eq!(owned.1["f:spec"]["f:targetCPUUtilizationPercentage"], json!({}));
    let conflict = client.apply(&v2, "m", &scaler("v2", json!({"maxReplicas": 6}))).await;
    assert_eq!(
        conflict.body["message"],
        "Apply failed with 1 conflict: conflict with \"unknown\" using autoscaling/v1: .spec.maxReplicas"
    );
    let metrics = json!([{
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }]);
    let forced = client.apply(&v2, "m&force=true", &scaler("v2", json!({"metrics": metrics}))).await;
    assert_eq!(forced.code, 200, "{:?}", forced.body);
    let all = owners(&forced.body);
    assert_eq!(all[0].0, "m Apply autoscaling/v2");
    assert_eq!(all[1].0, "unknown Update autoscaling/v1");
    assert_eq!(all[1].1["f:spec"].get("f:targetCPUUtilizationPercentage"), None);
    let in_v1 = client.get(&format!("{v1}/a")).await.body;
    assert_eq!(in_v1["spec"]["targetCPUUtilizationPercentage"], 70);
    // What is applied in the other version next takes its place.
    let applied = client.apply(&format!("{v1}/a"), "m", &scaler("v1", json!({}))).await;
    assert_eq!(applied.code, 200, "{:?}", applied.body);
    assert_eq!(owners(&applied.body)[0].0, "m Apply autoscaling/v1");
}

#[tokio::test]
async fn a_scale_takes_the_replicas() {
    let client = Client::start().await;
    let url = "/apis/apps/v1/namespaces/default/deployments/d";
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "a"}},
            "template": {
                "metadata": {"labels": {"app": "a"}},
                "spec": {"containers": [{"name": "a", "image": "i"}]},
            },
        },
    });
    assert_eq!(client.apply(url, "m", &deployment).await.code, 201);
    let scale = json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 3},
    });
    let scale_url = format!("{url}/scale");
    let conflict = client.apply(&scale_url, "s", &scale).await;
    assert_eq!(conflict.body["details"]["causes"][0]["message"], "conflict with \"m\"");
    let scaled = client.apply(&scale_url, "s&force=true", &scale).await;
    assert_eq!((scaled.code, &scaled.body["spec"]), (200, &json!({"replicas": 3})));
    let all = owners(&client.get(url).await.body);
    assert_eq!(
        all.iter().find(|(name, _)| name == "s Apply apps/v1 scale").unwrap().1,
        json!({"f:spec": {"f:replicas": {}}})
    );
    let lost = &all.iter().find(|(name, _)| name == "m Apply apps/v1").unwrap().1;
    assert_eq!(lost["f:spec"].get("f:replicas"), None);
}

#[tokio::test]
async fn the_server_is_a_manager() {
    let client = Client::start().await;
    let namespace = client.get("/api/v1/namespaces/default").await.body;
    let labels = json!({"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}});
    assert_eq!(owners(&namespace), [("kube-apiserver Update v1".to_owned(), labels)]);
}

#[tokio::test]
async fn objects_that_are_nested_deeply_stay_readable() {
    let client = Client::start().await;
    for depth in [90, 98, 110, 123] {
        let data = (0..depth).fold(json!(1), |below, _| json!({"a": below}));
        let name = format!("d{depth}");
        let object = json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": name}, "revision": 1, "data": data,
        });
        let url = format!("/apis/apps/v1/namespaces/default/controllerrevisions/{name}");
        assert_eq!(client.apply(&url, "m", &object).await.code, 201);
        let patched = client.merge(&url, &json!({"metadata": {"labels": {"a": "b"}}})).await;
        assert_eq!(patched.code, 200, "{depth}: {:?}", patched.body);
        assert_eq!(client.delete(&url).await.code, 200);
    }
}
