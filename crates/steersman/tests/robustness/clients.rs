//! Clients that are slow, silent, or too many.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::process::Server;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

async fn exchange(client: &Client, bytes: &[u8]) -> String {
    let mut stream = client.dial("http/1.1").await.unwrap();
    // The server may answer and close before it has everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for_for_ever() {
    let server = Server::start(&["--request-timeout=1s"]).await;
    let client = server.client();
    let headers = "Content-Type: application/json\r\nContent-Length: 1000\r\nConnection: close\r\n";
    let answer = exchange(&client, client.head(&format!("POST {MAPS}"), headers).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    assert!(answer.contains("request did not complete within the allotted timeout"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_cut_is_an_error_of_the_client() {
    let mut server = Server::start(&[]).await;
    let client = server.client();
    let headers = "Content-Type: application/json\r\nContent-Length: 1000\r\n";
    let mut stream = client.dial("http/1.1").await.unwrap();
    let head = client.head(&format!("POST {MAPS}"), headers);
    stream.write_all(format!("{head}{{\"metadata\"").as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(client.get("/readyz").await.status, 200);
    assert!(server.is_running());
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let too_large = " ".repeat((3 << 20) + 1);
    for (method, path) in
        [("POST", MAPS.to_owned()), ("PATCH", format!("{MAPS}/a")), ("PUT", format!("{MAPS}/a"))]
    {
        let answer = client.ask(method, &path, &too_large).await;
        assert_eq!(
            (answer.status, &answer.json()["reason"]),
            (413, &"RequestEntityTooLarge".into()),
            "{method}"
        );
    }
    // Without a length that says so at once.
    let mut body = Vec::from(client.head(
        &format!("POST {MAPS}"),
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n",
    ));
    for _ in 0..4 {
        body.extend_from_slice(b"100000\r\n");
        body.extend(std::iter::repeat_n(b' ', 1 << 20));
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let answer = exchange(&client, &body).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn deep_nesting_is_an_error_in_every_format() {
    let mut server = Server::start(&[]).await;
    let client = server.client();
    assert_eq!(client.ask("POST", MAPS, r#"{"metadata":{"name":"a"}}"#).await.status, 201);
    let mut connection = client.connect().await.unwrap();
    let deep = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(100_000), close.repeat(100_000))
    };
    let list = deep("[", "", "]");
    let object = deep("{\"a\":", "1", "}");
    let yaml = deep("{a: ", "1", "}");
    let patch = format!("[{{\"op\":\"add\",\"path\":\"/data\",\"value\":{list}}}]");
    let pointer = format!(r#"[{{"op":"add","path":"{}","value":1}}]"#, "/a".repeat(100_000));
    for (method, content_type, body) in [
        ("POST", "application/json", &list),
        ("POST", "application/json", &object),
        ("POST", "application/yaml", &list),
        ("POST", "application/yaml", &yaml),
        ("PUT", "application/json", &object),
        ("DELETE", "application/json", &object),
        ("PATCH", "application/merge-patch+json", &object),
        ("PATCH", "application/strategic-merge-patch+json", &object),
        ("PATCH", "application/json-patch+json", &patch),
        ("PATCH", "application/json-patch+json", &pointer),
        ("PATCH", "application/apply-patch+yaml", &yaml),
    ] {
        let path = if method == "POST" { MAPS.to_owned() } else { format!("{MAPS}/a?fieldManager=m") };
        let headers = [("content-type", content_type)];
        let answer = connection.send(method, &path, &headers, Bytes::from(body.clone())).await.unwrap();
        assert!((400..500).contains(&answer.status), "{method} {content_type}: {}", answer.text());
        assert_eq!(answer.json()["kind"], "Status", "{method} {content_type}");
    }
    for path in [format!("/{}", "a/".repeat(30_000)), format!("{MAPS}?labelSelector={}", "(".repeat(30_000))]
    {
        let answer = client.get(&path).await;
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    assert!(server.is_running());
}

#[tokio::test]
async fn objects_cannot_be_nested_deeper_by_patches_than_they_can_be_read() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let revisions = "/apis/apps/v1/namespaces/default/controllerrevisions";
    let nested = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    let object = format!(r#"{{"metadata":{{"name":"r"}},"revision":1,"data":{}}}"#, nested(100));
    let created = client.ask("POST", revisions, &object).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let mut connection = client.connect().await.unwrap();
    for n in [20, 24, 25, 26, 27, 28, 60, 110] {
        let pointer = "/a".repeat(99);
        let patch = format!(r#"[{{"op":"add","path":"/data{pointer}/a","value":{}}}]"#, nested(n));
        let headers = [("content-type", "application/json-patch+json")];
        let path = format!("{revisions}/r?dryRun=All");
        let answer = connection.send("PATCH", &path, &headers, patch.into()).await.unwrap();
        assert_ne!(answer.status, 500, "{n}: {}", answer.text());
        let path = format!("{revisions}/r2{n}");
        let object = format!(r#"{{"metadata":{{"name":"r2{n}"}},"revision":1,"data":{}}}"#, nested(100 + n));
        let created = client.ask("POST", revisions, &object).await;
        if created.status == 201 {
            assert_eq!(client.get(&path).await.status, 200);
            assert_eq!(client.ask("DELETE", &path, "").await.status, 200);
        }
    }
    assert_eq!(client.get(revisions).await.status, 200);
}

#[tokio::test]
async fn too_many_requests_are_told_to_come_again() {
    let server = Server::start(&["--max-mutating-requests-inflight=1", "--request-timeout=4s"]).await;
    let user = server.client_with("user-token");
    let mut slow = user.dial("http/1.1").await.unwrap();
    let headers = "Content-Type: application/json\r\nContent-Length: 1000\r\n";
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    slow.write_all(user.head(&format!("POST {reviews}"), headers).as_bytes()).await.unwrap();
    slow.flush().await.unwrap();
    let admin = server.client();
    while !admin.get("/metrics").await.text().contains("inflight_requests{request_kind=\"mutating\"} 1\n") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = user.ask("POST", reviews, "{}").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"), "{}", refused.text());
    assert_eq!(user.get("/version").await.status, 200, "reads have turns of their own");
    assert_eq!(
        admin.ask("POST", MAPS, r#"{"metadata":{"name":"a"}}"#).await.status,
        201,
        "administrators go first"
    );
    let metrics = admin.get("/metrics").await.text();
    let terminations = metrics.lines().find(|line| line.starts_with("apiserver_request_terminations_total{"));
    assert!(terminations.is_some_and(|line| line.contains("code=\"429\"")), "{terminations:?}");
}

#[tokio::test]
async fn idle_connections_are_held_by_the_thousand() {
    const N: usize = 2_000;
    let server = Server::start(&[]).await;
    let client = server.client();
    let before_mb = server.rss_mb();
    let mut raw = Vec::new();
    let mut held = Vec::new();
    for i in 0..N {
        // Some have not even begun a handshake, some have asked something.
        match TcpStream::connect(server.address()).await {
            Ok(stream) if i % 10 != 0 => raw.push(stream),
            Ok(_) => {
                let mut connection = client.connect().await.unwrap();
                assert_eq!(connection.ask("GET", "/livez", "").await.unwrap().status, 200);
                held.push(connection);
            }
            // The test's own limit of open files.
            Err(_) => break,
        }
    }
    assert!(raw.len() > 500, "{}", raw.len());
    assert_eq!(client.get("/readyz").await.status, 200);
    let grown_mb = server.rss_mb().saturating_sub(before_mb);
    assert!(grown_mb < 400, "{grown_mb} MB for {} connections", raw.len() + held.len());
    assert!(held.iter().all(crate::client::Connection::is_open));
}

#[tokio::test]
async fn watchers_that_do_not_read_hold_no_memory() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let mut silent = Vec::new();
    for _ in 0..50 {
        let mut stream = client.dial("http/1.1").await.unwrap();
        let head = client.head(&format!("GET {MAPS}?watch=1"), "");
        stream.write_all(head.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let mut connection = client.connect().await.unwrap();
    let value = "x".repeat(100_000);
    let object = |i: usize| format!(r#"{{"metadata":{{"name":"m"}},"data":{{"k":"{i}{value}"}}}}"#);
    assert_eq!(connection.ask("POST", MAPS, &object(0)).await.unwrap().status, 201);
    for i in 1..1_500 {
        let answer = connection.ask("PUT", &format!("{MAPS}/m"), &object(i)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    // 150 MB were written; what is remembered for watchers is limited to 64 MB, twice for the store's own window.
    let rss_mb = server.rss_mb();
    assert!(rss_mb < 600, "{rss_mb} MB");
    assert_eq!(client.get("/readyz").await.status, 200);
}
