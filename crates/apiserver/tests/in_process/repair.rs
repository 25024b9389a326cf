//! What is put right by itself: the Service `kubernetes`, addresses and ports of services.

use std::sync::Arc;
use std::time::Duration;

use apiserver::services::Suspects;
use bytes::Bytes;
use component::shutdown::{Shutdown, Stage};
use serde_json::{Value, json};
use store::{Committed, Expect, Found, Listing, Memory, Range, Revision, Store, StoreFuture, Watch, Write};

use super::client::Client;

const SERVICES: &str = "/api/v1/namespaces/default/services";
const ADDRESSES: &str = "/apis/networking.k8s.io/v1/ipaddresses";

fn node_port(name: &str, port: u16) -> Value {
    json!({"metadata": {"name": name}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}})
}

/// Waits until something is there, while time passes.
async fn until_there(client: &Client, url: &str) -> Value {
    for _ in 0..1_000 {
        let found = client.get(url).await;
        if found.code == 200 {
            return found.body;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{url} does not come back");
}

#[tokio::test(start_paused = true)]
async fn the_service_kubernetes_comes_back() {
    let client = Client::start().await;
    let slice = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
    let service = format!("{SERVICES}/kubernetes");
    let before = client.get(&service).await.body;
    for url in [service.as_str(), slice] {
        assert_eq!(client.delete(url).await.code, 200);
    }
    let after = until_there(&client, &service).await;
    assert_eq!(after["spec"], before["spec"]);
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(until_there(&client, slice).await["endpoints"][0]["addresses"], json!(["192.0.2.10"]));
    let endpoints = until_there(&client, "/api/v1/namespaces/default/endpoints/kubernetes").await;
    assert_eq!(endpoints["subsets"][0]["addresses"][0]["ip"], "192.0.2.10");
    until_there(&client, &format!("{ADDRESSES}/10.96.0.1")).await;
    // And what somebody writes into them does not stay.
    let wrong = json!({"subsets": [{"addresses": [{"ip": "192.0.2.99"}], "ports": [{"port": 1}]}]});
    assert_eq!(client.merge("/api/v1/namespaces/default/endpoints/kubernetes", &wrong).await.code, 200);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let endpoints = client.get("/api/v1/namespaces/default/endpoints/kubernetes").await.body;
    assert_eq!(endpoints["subsets"][0]["addresses"][0]["ip"], "192.0.2.10");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_was_deleted_comes_back_and_is_told_of() {
    let client = Client::start().await;
    let service =
        json!({"metadata": {"name": "a"}, "spec": {"clusterIP": "10.96.0.77", "ports": [{"port": 80}]}});
    assert_eq!(client.post(SERVICES, &service).await.code, 201);
    let address = format!("{ADDRESSES}/10.96.0.77");
    assert_eq!(client.delete(&address).await.code, 200);
    let again = until_there(&client, &address).await;
    assert_eq!(again["spec"]["parentRef"]["name"], "a");
    assert_eq!(again["metadata"]["labels"]["ipaddress.kubernetes.io/managed-by"], "ipallocator.k8s.io");
    let mut event = Value::Null;
    for _ in 0..100 {
        let events = client.get("/apis/events.k8s.io/v1/namespaces/default/events").await.body;
        event = events["items"][0].clone();
        if !event.is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(event["reason"], "ClusterIPNotAllocated");
    assert_eq!(event["note"], "Cluster IP [IPv4]: 10.96.0.77 is not allocated; repairing");
    assert_eq!(event["regarding"]["name"], "a");
    assert_eq!(event["reportingController"], "ipallocator-repair-controller");
    let taken = json!({"metadata": {"name": "b"}, "spec": service["spec"]});
    assert_eq!(client.post(SERVICES, &taken).await.code, 422, "it belongs to a");
}

#[tokio::test]
async fn what_no_service_needs_is_given_back_after_a_while() {
    let client = Client::start().await;
    let registry = client.registry();
    // Otherwise any address, also one of those below.
    let mut service = node_port("a", 30001);
    service["spec"]["clusterIP"] = "10.96.0.100".into();
    assert_eq!(client.post(SERVICES, &service).await.code, 201);
    // What a crash in the middle of a create leaves, and somebody else's address.
    let put = |key: &'static str, value: String| {
        registry.store.commit(Bytes::from_static(key.as_bytes()), Expect::Absent, Write::put(value))
    };
    let of = |manager: &str| {
        let labels = json!({"ipaddress.kubernetes.io/managed-by": manager});
        let parent = json!({"resource": "services", "namespace": "default", "name": "gone"});
        json!({"metadata": {"name": "x", "labels": labels}, "spec": {"parentRef": parent}}).to_string()
    };
    put("/registry/ipaddresses/10.96.0.200", of("ipallocator.k8s.io")).await.unwrap();
    put("/registry/ipaddresses/10.96.0.201", of("somebody")).await.unwrap();
    put("/registry/ranges/servicenodeports/30002", "{}".to_owned()).await.unwrap();
    let mut suspects = Suspects::default();
    let mut repair =
        async |now_ns| registry.allocators.repair(registry, &mut suspects, now_ns, 60).await.unwrap().len();
    let is_there = async |key: &str| registry.store.get(key.as_bytes()).await.unwrap().entry.is_some();
    assert_eq!(repair(100).await, 0);
    assert_eq!(repair(159).await, 0, "it may be in the making");
    assert!(is_there("/registry/ranges/servicenodeports/30002").await);
    assert_eq!(repair(160).await, 1, "the address is told of");
    for (key, expected) in [
        ("/registry/ipaddresses/10.96.0.200", false),
        ("/registry/ipaddresses/10.96.0.201", true),
        ("/registry/ranges/servicenodeports/30002", false),
        ("/registry/ranges/servicenodeports/30001", true),
    ] {
        assert_eq!(is_there(key).await, expected, "{key}");
    }
}

#[tokio::test]
async fn a_port_of_a_service_that_is_free_by_mistake_is_taken_again() {
    let client = Client::start().await;
    let registry = client.registry();
    assert_eq!(client.post(SERVICES, &node_port("a", 30001)).await.code, 201);
    let key = Bytes::from_static(b"/registry/ranges/servicenodeports/30001");
    registry.store.commit(key.clone(), Expect::Anything, Write::Delete).await.unwrap();
    registry.allocators.repair(registry, &mut Suspects::default(), 0, 60).await.unwrap();
    assert_eq!(client.post(SERVICES, &node_port("b", 30001)).await.code, 422);
    assert_eq!(client.delete(&format!("{SERVICES}/a")).await.code, 200);
    assert!(registry.store.get(&key).await.unwrap().entry.is_none());
}

#[tokio::test]
async fn an_address_of_two_services_is_told_of_and_stays_with_who_has_it() {
    let client = Client::start().await;
    let registry = client.registry();
    let service =
        json!({"metadata": {"name": "b"}, "spec": {"clusterIP": "10.96.0.77", "ports": [{"port": 80}]}});
    assert_eq!(client.post(SERVICES, &service).await.code, 201);
    let stored = registry.store.get(b"/registry/services/specs/default/b").await.unwrap().entry.unwrap();
    let copy = String::from_utf8(stored.value.to_vec()).unwrap().replace("\"name\":\"b\"", "\"name\":\"a\"");
    let key = Bytes::from_static(b"/registry/services/specs/default/a");
    registry.store.commit(key, Expect::Absent, Write::put(copy)).await.unwrap();
    let found = registry.allocators.repair(registry, &mut Suspects::default(), 0, 60).await.unwrap();
    let reasons: Vec<_> = found.iter().map(|finding| (finding.reason, finding.of.2.as_str())).collect();
    assert_eq!(reasons, [("ClusterIPAlreadyAllocated", "a")]);
    let address = client.get(&format!("{ADDRESSES}/10.96.0.77")).await.body;
    assert_eq!(address["spec"]["parentRef"]["name"], "b");
}

/// A store that other servers write too.
#[derive(Debug)]
struct Shared(Memory);

impl Store for Shared {
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found> {
        self.0.get(key)
    }

    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing> {
        self.0.list(range, at)
    }

    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed> {
        self.0.commit(key, expect, write)
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch> {
        self.0.watch(prefix, after)
    }

    fn revision(&self) -> StoreFuture<'_, Revision> {
        self.0.revision()
    }

    fn compact(&self, to: Revision) -> StoreFuture<'_, ()> {
        self.0.compact(to)
    }

    fn health(&self) -> StoreFuture<'_, ()> {
        self.0.health()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.0.close()
    }
}

/// Waits until the Service `kubernetes` leads to these servers.
async fn until_servers(client: &Client, expected: &[&str]) {
    for _ in 0..1_000 {
        let endpoints = client.get("/api/v1/namespaces/default/endpoints/kubernetes").await.body;
        let addresses = endpoints["subsets"][0]["addresses"].as_array().into_iter().flatten();
        if addresses.map(|address| address["ip"].as_str().unwrap()).eq(expected.iter().copied()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the endpoints are not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn servers_of_one_store_are_all_endpoints() {
    let store: Arc<dyn Store> = Arc::new(Shared(Memory::new()));
    let first = Client::start_at([192, 0, 2, 10], Arc::clone(&store), Shutdown::new()).await;
    until_servers(&first, &["192.0.2.10"]).await;
    let end = Shutdown::new();
    let _second = Client::start_at([192, 0, 2, 11], store, end.clone()).await;
    until_servers(&first, &["192.0.2.10", "192.0.2.11"]).await;
    end.advance(Stage::Draining);
    until_servers(&first, &["192.0.2.10"]).await;
}
