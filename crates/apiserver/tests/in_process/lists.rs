//! Lists: pages, selectors, versions.

use serde_json::json;

use super::client::Client;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

async fn with_maps(names: &[&str]) -> Client {
    let client = Client::start().await;
    for name in names {
        let object =
            json!({"metadata": {"name": name, "labels": {"on": if *name < "c" { "yes" } else { "no" }}}});
        assert_eq!(client.post(MAPS, &object).await.code, 201);
    }
    client
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_show_one_state() {
    let client = with_maps(&["a", "b", "c", "d"]).await;
    let first = client.get(&format!("{MAPS}?limit=2")).await.body;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    client.delete(&format!("{MAPS}/c")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = client.get(&format!("{MAPS}?limit=2&continue={token}")).await.body;
    assert_eq!(names(&second), ["c", "d"], "what was deleted in between is still on the page");
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert_eq!(names(&client.get(MAPS).await.body), ["a", "b", "d"]);
}

#[tokio::test]
async fn selectors_select() {
    let client = with_maps(&["a", "b", "c"]).await;
    for (query, expected) in [
        ("labelSelector=on%3Dyes", vec!["a", "b"]),
        ("labelSelector=on%21%3Dyes", vec!["c"]),
        ("fieldSelector=metadata.name%3Db", vec!["b"]),
        ("labelSelector=on%3Dyes&limit=1", vec!["a"]),
    ] {
        let list = client.get(&format!("{MAPS}?{query}")).await.body;
        assert_eq!(names(&list), expected, "{query}");
    }
    assert_eq!(client.get(&format!("{MAPS}?fieldSelector=data.k%3Db")).await.code, 400);
}

#[tokio::test]
async fn an_exact_version_is_that_version() {
    let client = with_maps(&["a"]).await;
    let version = client.get(MAPS).await.body["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    client.post(MAPS, &json!({"metadata": {"name": "b"}})).await;
    let query = format!("resourceVersion={version}&resourceVersionMatch=Exact");
    assert_eq!(names(&client.get(&format!("{MAPS}?{query}")).await.body), ["a"]);
}
