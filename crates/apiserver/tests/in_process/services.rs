//! Addresses and ports of services.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::Client;

const SERVICES: &str = "/api/v1/namespaces/default/services";

fn service(name: &str, spec: Value) -> Value {
    let mut object = json!({"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
    for (key, value) in spec.as_object().unwrap() {
        object["spec"][key] = value.clone();
    }
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_ports_are_given_to_one_service_each() {
    let client = Client::start().await;
    let mut tasks = Vec::new();
    for i in 0..16 {
        let client = client.clone();
        let object = service(&format!("s{i}"), json!({"type": "NodePort"}));
        tasks.push(tokio::spawn(async move { client.post(SERVICES, &object).await }));
    }
    let (mut addresses, mut ports) = (BTreeSet::new(), BTreeSet::new());
    for task in tasks {
        let created = task.await.unwrap();
        assert_eq!(created.code, 201, "{created:?}");
        addresses.insert(created.body["spec"]["clusterIP"].as_str().unwrap().to_owned());
        ports.insert(created.body["spec"]["ports"][0]["nodePort"].as_u64().unwrap());
    }
    assert_eq!((addresses.len(), ports.len()), (16, 16));
    let full = client.post(SERVICES, &service("one-more", json!({"type": "NodePort"}))).await;
    assert_eq!(full.code, 500, "all sixteen ports are taken");
    // What goes comes back.
    assert_eq!(client.delete(&format!("{SERVICES}/s3")).await.code, 200);
    let object = service("one-more", json!({"type": "NodePort"}));
    assert_eq!(client.post(SERVICES, &object).await.code, 201);
}

#[tokio::test]
async fn an_address_that_is_asked_for_is_given_once() {
    let client = Client::start().await;
    let asked = json!({"clusterIP": "10.96.0.77"});
    assert_eq!(client.post(SERVICES, &service("a", asked.clone())).await.code, 201);
    let taken = client.post(SERVICES, &service("b", asked)).await;
    assert_eq!(taken.code, 422);
    assert!(
        taken.body["message"].as_str().unwrap().contains("provided IP is already allocated"),
        "{taken:?}"
    );
    let outside = client.post(SERVICES, &service("c", json!({"clusterIP": "10.97.0.1"}))).await;
    assert_eq!(outside.code, 422);
}
