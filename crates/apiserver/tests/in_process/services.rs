//! Addresses and ports of services.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use store::Embedded;
use store::embedded::Limits;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_neither_keeps_an_address_nor_loses_one() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::start_on(Arc::new(Embedded::open(folder.path(), Limits::default()).unwrap())).await;
    for i in 0..60 {
        // Writes wait for the disk, and are left somewhere on the way.
        let patience = Duration::from_micros(100 * (i % 20));
        let object = service(&format!("s{i}"), json!({}));
        let _ = tokio::time::timeout(patience, client.post(SERVICES, &object)).await;
        let gone = format!("{SERVICES}/s{}", i / 2);
        let _ = tokio::time::timeout(patience, client.delete(&gone)).await;
    }
    let mut found = (Vec::new(), Vec::new());
    for _ in 0..500 {
        let of = |list: &Value, pointer: &str| {
            let items = list["items"].as_array().unwrap().iter();
            let mut all: Vec<String> =
                items.map(|item| item.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        let services = client.get("/api/v1/services").await.body;
        let addresses = client.get("/apis/networking.k8s.io/v1/ipaddresses").await.body;
        found = (of(&services, "/spec/clusterIP"), of(&addresses, "/metadata/name"));
        if found.0 == found.1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(found.0, found.1, "each service has one address, and each address one service");
}

/// Two services want the last port while others write to them: one gets it, and is not told that it has to share it.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_port_goes_to_one_of_two_whatever_else_is_written() {
    let client = Client::start().await;
    for port in 30000..30015 {
        let spec = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]});
        assert_eq!(client.post(SERVICES, &service(&format!("s{port}"), spec)).await.code, 201);
    }
    for name in ["a", "b"] {
        assert_eq!(client.post(SERVICES, &service(name, json!({}))).await.code, 201);
    }
    for round in 0..10 {
        let mut writers = Vec::new();
        for name in ["a", "b"] {
            let (other, url) = (client.clone(), format!("{SERVICES}/{name}"));
            writers.push(tokio::spawn(async move {
                for n in 0..20 {
                    let note = json!({"metadata": {"annotations": {"n": format!("{round} {n}")}}});
                    assert_eq!(other.merge(&url, &note).await.code, 200);
                }
            }));
        }
        let open = json!({"spec": {"type": "NodePort"}});
        let (at_a, at_b) = (format!("{SERVICES}/a"), format!("{SERVICES}/b"));
        let (a, b) = tokio::join!(client.merge(&at_a, &open), client.merge(&at_b, &open));
        let mut codes = [a.code, b.code];
        codes.sort_unstable();
        assert_eq!(codes, [200, 500], "{:?} {:?}", a.body, b.body);
        for writer in writers {
            writer.await.unwrap();
        }
        let close = json!({"spec": {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": null}]}});
        for name in ["a", "b"] {
            assert_eq!(client.merge(&format!("{SERVICES}/{name}"), &close).await.code, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_there_again_when_a_write_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::start_on(Arc::new(Embedded::open(folder.path(), Limits::default()).unwrap())).await;
    let url = format!("{SERVICES}/a");
    assert_eq!(client.post(SERVICES, &service("a", json!({}))).await.code, 201);
    for port in [30001, 30002, 30001, 30002] {
        let (other, at) = (client.clone(), url.clone());
        let others = tokio::spawn(async move {
            for n in 0..20 {
                other.merge(&at, &json!({"metadata": {"annotations": {"n": format!("{port} {n}")}}})).await;
            }
        });
        let open = json!({"spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}});
        let opened = client.merge(&url, &open).await;
        assert_eq!(opened.code, 200, "{:?}", opened.body);
        others.await.unwrap();
    }
}
