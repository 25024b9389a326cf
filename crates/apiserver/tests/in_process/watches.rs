//! Watches.

use serde_json::json;

use super::client::Client;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn a_watch_shows_what_is_there_and_what_happens() {
    let client = Client::start().await;
    client.post(MAPS, &json!({"metadata": {"name": "a"}})).await;
    let mut events = client.watch(&format!("{MAPS}?watch=1&allowWatchBookmarks=true")).await;
    assert_eq!(events.next_brief().await, "ADDED a");
    let bookmark = events.next().await.unwrap();
    assert_eq!(bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    client.merge(&format!("{MAPS}/a"), &json!({"data": {"k": "v"}})).await;
    assert_eq!(events.next_brief().await, "MODIFIED a");
    client.delete(&format!("{MAPS}/a")).await;
    let deleted = events.next().await.unwrap();
    assert_eq!(deleted["type"], "DELETED");
    assert_eq!(deleted["object"]["data"]["k"], "v");
}

#[tokio::test]
async fn what_begins_or_ceases_to_be_selected_comes_or_goes() {
    let client = Client::start().await;
    client.post(MAPS, &json!({"metadata": {"name": "a"}})).await;
    let version = client.get(MAPS).await.body["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let url = format!("{MAPS}?watch=1&labelSelector=on%3Dyes&resourceVersion={version}");
    let mut events = client.watch(&url).await;
    for (label, expected) in [("yes", "ADDED a"), ("no", "DELETED a"), ("yes", "ADDED a")] {
        client.merge(&format!("{MAPS}/a"), &json!({"metadata": {"labels": {"on": label}}})).await;
        assert_eq!(events.next_brief().await, expected, "{label}");
    }
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_up() {
    let client = Client::start().await;
    let mut events = client.watch(&format!("{MAPS}?watch=1&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=1")).await;
    assert!(events.next().await.is_none(), "the time is up and nothing happened");
}

#[tokio::test]
async fn watchers_share_what_is_sent() {
    let client = Client::start().await;
    let version = client.get(MAPS).await.body["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let url = format!("{MAPS}?watch=1&resourceVersion={version}");
    let mut watches = Vec::new();
    for _ in 0..50 {
        watches.push(client.watch(&url).await);
    }
    for i in 0..20 {
        client.post(MAPS, &json!({"metadata": {"name": format!("m{i}")}})).await;
    }
    for events in &mut watches {
        for i in 0..20 {
            assert_eq!(events.next_brief().await, format!("ADDED m{i}"));
        }
    }
}
