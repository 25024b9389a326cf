//! Conditions that the server keeps true by itself.

use serde_json::{Value, json};

use super::client::{Client, Events};

const FLOW_CONTROL: &str = "/apis/flowcontrol.apiserver.k8s.io/v1";
const API_SERVICES: &str = "/apis/apiregistration.k8s.io/v1/apiservices";

async fn watch(client: &Client, url: &str, name: &str) -> Events {
    client.watch(&format!("{url}?watch=1&fieldSelector=metadata.name%3D{name}")).await
}

/// Waits until the only condition of an object has a reason; the object then.
async fn until(events: &mut Events, reason: &str) -> Value {
    loop {
        let object = events.next().await.expect("the watch goes on")["object"].take();
        if object["status"]["conditions"][0]["reason"] == reason {
            return object;
        }
    }
}

#[tokio::test]
async fn flow_schemas_tell_whether_their_level_is_there() {
    let client = Client::start().await;
    let schemas = format!("{FLOW_CONTROL}/flowschemas");
    let mut events = watch(&client, &schemas, "s").await;
    let subject = json!({"kind": "User", "user": {"name": "zed"}});
    let rule =
        json!({"nonResourceRules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}], "subjects": [subject]});
    let spec =
        json!({"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": 9000, "rules": [rule]});
    let created = client.post(&schemas, &json!({"metadata": {"name": "s"}, "spec": spec})).await;
    assert_eq!((created.code, &created.body["status"]), (201, &json!({})));
    let dangling = until(&mut events, "NotFound").await;
    assert_eq!(dangling["status"]["conditions"][0]["status"], "True");
    let managers = dangling["metadata"]["managedFields"].as_array().unwrap();
    let applied = managers.iter().find(|manager| manager["operation"] == "Apply").expect("it is applied");
    assert_eq!(applied["manager"], "api-priority-and-fairness-config-consumer-v1");
    assert_eq!(applied["subresource"], "status");

    let levels = format!("{FLOW_CONTROL}/prioritylevelconfigurations");
    let level = json!({"metadata": {"name": "l"}, "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}});
    assert_eq!(client.post(&levels, &level).await.code, 201);
    assert_eq!(until(&mut events, "Found").await["status"]["conditions"][0]["status"], "False");
    assert_eq!(client.delete(&format!("{levels}/l")).await.code, 200);
    until(&mut events, "NotFound").await;
}

#[tokio::test]
async fn api_services_tell_whether_their_service_is_there() {
    let client = Client::start().await;
    let mut events = watch(&client, API_SERVICES, "v1.x").await;
    let service = json!({"namespace": "default", "name": "s"});
    let spec = json!({
        "group": "x",
        "version": "v1",
        "groupPriorityMinimum": 1000,
        "versionPriority": 15,
        "insecureSkipTLSVerify": true,
        "service": service,
    });
    let created = client.post(API_SERVICES, &json!({"metadata": {"name": "v1.x"}, "spec": spec})).await;
    assert_eq!((created.code, &created.body["status"]), (201, &json!({})));
    let missing = until(&mut events, "ServiceNotFound").await;
    assert_eq!(missing["status"]["conditions"][0]["message"], "service/s in \"default\" is not present");

    let services = "/api/v1/namespaces/default/services";
    let service = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 443, "name": "https"}]}});
    assert_eq!(client.post(services, &service).await.code, 201);
    until(&mut events, "EndpointsNotFound").await;
    let slice = json!({
        "metadata": {"name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
        "addressType": "IPv4",
        "endpoints": [],
        "ports": [{"name": "https", "port": 8443}],
    });
    let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
    assert_eq!(client.post(slices, &slice).await.code, 201);
    until(&mut events, "MissingEndpoints").await;
    let endpoints = json!({"endpoints": [{"addresses": ["192.0.2.1"]}]});
    assert_eq!(client.merge(&format!("{slices}/s-1"), &endpoints).await.code, 200);
    until(&mut events, "FailedDiscoveryCheck").await;
    let since = missing["status"]["conditions"][0]["lastTransitionTime"].clone();
    let now = client.get(&format!("{API_SERVICES}/v1.x")).await.body;
    assert_eq!(now["status"]["conditions"][0]["lastTransitionTime"], since, "it was never available");
}
