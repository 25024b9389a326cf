//! What is served besides objects.

use serde_json::{Value, json};

use super::client::Client;

/// Asks for a path with `Accept`; status, media type and text.
async fn get(client: &Client, path: &str, accept: &str) -> (u16, String, String) {
    let (parts, bytes) = client.raw("GET", path, &[("accept", accept)], "").await;
    let media_type = parts.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    (parts.status.as_u16(), media_type.unwrap_or_default(), String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn methods_count_where_upstream_routes_by_them() {
    let client = Client::start().await;
    for (path, status) in [
        ("/", 200),
        ("/healthz", 200),
        ("/openapi/v2", 200),
        ("/openapi/v3", 200),
        ("/apis", 200),
        ("/apis/apps", 200),
        ("/version", 405),
        ("/version/", 405),
        ("/api", 405),
        ("/api/v1", 405),
        ("/apis/apps/v1", 405),
        ("/apis/apps/v9", 404),
        ("/nope", 404),
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "HEAD"] {
            let (parts, bytes) = client.raw(method, path, &[], "{}").await;
            assert_eq!(parts.status.as_u16(), status, "{method} {path}");
            if method == "HEAD" {
                assert!(bytes.is_empty(), "{path}: the answer to HEAD has no body");
            } else if status == 405 {
                let body: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!((&body["reason"], &body["details"]), (&json!("MethodNotAllowed"), &json!({})));
            }
        }
    }
    assert_eq!(client.raw("POST", "/metrics", &[], "").await.0.status, 200);
    assert_eq!(client.raw("DELETE", "/metrics", &[], "").await.0.status, 405);
}

#[tokio::test]
async fn openapi_is_json_or_protobuf() {
    let client = Client::start().await;
    for (path, version) in [("/openapi/v2", "v2"), ("/openapi/v3/apis/apps/v1", "v3")] {
        let protobuf = format!("application/com.github.proto-openapi.spec.{version}.v1.0+protobuf");
        let of_old = format!("application/com.github.proto-openapi.spec.{version}@v1.0+protobuf");
        for (accept, media_type) in [
            (protobuf.as_str(), protobuf.as_str()),
            (&of_old, &protobuf),
            ("application/json", "application/json"),
            ("application/*", "application/json"),
            ("*/*", "application/json"),
            (&format!("application/json;q=0.5, {protobuf}"), &protobuf),
        ] {
            let (status, found, _) = get(&client, path, accept).await;
            assert_eq!((status, found.as_str()), (200, media_type), "{path} {accept}");
        }
        assert_eq!(get(&client, path, "text/html").await.0, 406);
        let (parts, _) = client.raw("GET", path, &[("accept", &protobuf)], "").await;
        let tag = parts.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        let headers = [("accept", protobuf.as_str()), ("if-none-match", tag.as_str())];
        assert_eq!(client.raw("GET", path, &headers, "").await.0.status, 304, "{path}");
    }
}

#[tokio::test]
async fn operators_can_look_inside() {
    let client = Client::start().await;
    let (status, media_type, text) = get(&client, "/debug/pprof/", "*/*").await;
    assert_eq!((status, media_type.as_str()), (200, "text/html; charset=utf-8"));
    assert!(text.contains("cmdline"), "{text}");
    let (_, _, text) = get(&client, "/debug/pprof/cmdline", "*/*").await;
    assert!(text.starts_with(&std::env::args().next().unwrap()), "{text}");
    let levels = "/debug/api_priority_and_fairness/dump_priority_levels";
    let (_, media_type, text) = get(&client, levels, "application/json").await;
    assert_eq!(media_type, "text/plain; charset=utf-8");
    assert!(
        text.starts_with("PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests,"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 4);
    for (path, word) in [("/statusz", "Up: 0 hr 00 min"), ("/flagz", "kube-apiserver flags")] {
        for accept in ["text/plain", "*/*"] {
            let (status, media_type, text) = get(&client, path, accept).await;
            assert_eq!((status, media_type.as_str()), (200, "text/plain; charset=utf-8"), "{path}");
            assert!(text.contains(word), "{text}");
        }
        assert_eq!(get(&client, path, "application/json").await.0, 406);
    }
    assert_eq!(get(&client, "/debug/flags/v", "*/*").await.0, 406);
}

#[tokio::test]
async fn people_are_told_what_has_no_effect() {
    let client = Client::start().await;
    let quotas = "/api/v1/namespaces/default/resourcequotas";
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "3"}}}).to_string();
    let json = ("content-type", "application/json");
    let kubectl = ("user-agent", "kubectl/v1.36.2 (linux/amd64) kubernetes/0");
    let warnings = |parts: &http::response::Parts| parts.headers.get_all("warning").iter().count();
    let (parts, _) = client.raw("POST", quotas, &[json, kubectl], &quota).await;
    assert_eq!(parts.status, 201);
    let warning = parts.headers.get("warning").unwrap().to_str().unwrap();
    assert!(warning.starts_with("299 - \"this ResourceQuota is stored and has no effect"), "{warning}");
    let (parts, _) = client.raw("POST", quotas, &[json, kubectl], &quota).await;
    assert_eq!((parts.status.as_u16(), warnings(&parts)), (409, 0), "nothing was stored");
    let (parts, _) = client.raw("GET", quotas, &[kubectl], "").await;
    assert_eq!(warnings(&parts), 0, "nothing was written");
    let other = quota.replace("\"q\"", "\"other\"");
    let (parts, _) = client.raw("POST", quotas, &[json, ("user-agent", "a-controller/1")], &other).await;
    assert_eq!((parts.status.as_u16(), warnings(&parts)), (201, 0), "a program");
    let maps = "/api/v1/namespaces/default/configmaps";
    let (parts, _) = client.raw("POST", maps, &[json, kubectl], r#"{"metadata":{"name":"m"}}"#).await;
    assert_eq!((parts.status.as_u16(), warnings(&parts)), (201, 0));
}
