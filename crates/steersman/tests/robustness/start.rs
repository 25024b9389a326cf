//! Starts that cannot be, and ends.

use std::net::TcpListener;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::process::{Server, refused};

#[test]
fn a_flag_with_a_wrong_value_is_named() {
    for (flag, value) in [
        ("--request-timeout", "1"),
        ("--request-timeout", "0s"),
        ("--min-request-timeout", "-1"),
        ("--max-requests-inflight", "many"),
        ("--max-mutating-requests-inflight", "-1"),
        ("--event-ttl", "1d"),
        ("--shutdown-delay-duration", "x"),
        ("--feature-gates", "WatchLst=true"),
        ("--feature-gates", "SidecarContainers=false"),
        ("--feature-gates", "WatchList"),
        ("--authorization-mode", "Rbac"),
        ("--service-cluster-ip-range", "10.96.0.0"),
        ("--service-node-port-range", "1"),
        ("--tls-min-version", "1.2"),
        ("--tls-cipher-suites", "NULL"),
        ("--token-auth-file", "/no/such/file"),
        ("--client-ca-file", "/no/such/file"),
        ("--bind-address", "localhost"),
        ("--advertise-address", "x"),
        ("--secure-port", "66000"),
        ("--enable-admission-plugins", "Nothing"),
        ("--anonymous-auth", "perhaps"),
        ("--default-not-ready-toleration-seconds", "soon"),
        ("--etcd-servers", "ftp://x"),
        ("--etcd-cafile", "/no/such/file"),
    ] {
        let given = format!("{flag}={value}");
        let mut arguments = vec![given.as_str()];
        if flag == "--etcd-cafile" {
            arguments.push("--etcd-servers=https://127.0.0.1:1");
        }
        let (output, text) = refused(&arguments, |_| {});
        assert_eq!(output.status.code(), Some(2), "{given}: {text}");
        assert!(text.contains(flag.trim_start_matches("--")), "{given}: {text}");
    }
    let (_, text) = refused(&["--no-such-flag"], |_| {});
    assert!(text.contains("--no-such-flag"), "{text}");
}

#[test]
fn a_store_that_cannot_be_used_says_how_to_recover() {
    let store = |data: &std::path::Path, content: &[u8]| {
        std::fs::create_dir(data.join("store")).unwrap();
        std::fs::write(data.join("store/store.redb"), content).unwrap();
    };
    let damaged = vec![7; 100_000];
    for content in [&damaged[..], b"", b"hello"] {
        let (output, text) = refused(&[], |data| store(data, content));
        assert_eq!(output.status.code(), Some(2));
        assert!(text.contains("store.redb") && text.contains("backup"), "{text}");
    }
    let (output, text) = refused(&[], |data| std::fs::write(data.join("store"), "").unwrap());
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("store"), "{text}");
    let (output, text) = refused(&["--cert-dir", "/proc/none"], |_| {});
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("/proc/none"), "{text}");
}

#[tokio::test]
async fn a_truncated_store_is_refused_and_left_as_it_is() {
    let mut server = Server::start(&[]).await;
    server.terminate();
    assert!(server.ended().await.success());
    let file = server.data().join("store/store.redb");
    let bytes = std::fs::read(&file).unwrap();
    let cut = &bytes[..bytes.len() / 3];
    let (output, text) = refused(&[], |data| {
        std::fs::create_dir(data.join("store")).unwrap();
        std::fs::write(data.join("store/store.redb"), cut).unwrap();
    });
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("store.redb") && text.contains("backup"), "{text}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (output, text) = refused(&[&format!("--secure-port={}", taken.local_addr().unwrap().port())], |_| {});
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains(&address) && text.contains("in use"), "{text}");
}

#[tokio::test]
async fn a_folder_belongs_to_one_server() {
    let server = Server::start(&[]).await;
    let data = server.data();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_steersman"))
        .args(["kube-apiserver", "--secure-port", "0", "--data-dir"])
        .arg(&data)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("in use by another process"), "{text}");
}

#[tokio::test]
async fn the_end_waits_for_requests_and_ends_watches() {
    let mut server = Server::start(&["--shutdown-delay-duration=300ms"]).await;
    let client = server.client();
    let mut watch = client.dial("http/1.1").await.unwrap();
    let head = client.head("GET /api/v1/namespaces?watch=1&resourceVersion=0", "");
    watch.write_all(head.as_bytes()).await.unwrap();
    let body = r#"{"metadata":{"name":"late"}}"#;
    let mut slow = client.dial("http/1.1").await.unwrap();
    let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let head = client.head("POST /api/v1/namespaces/default/configmaps", &headers);
    slow.write_all(head.as_bytes()).await.unwrap();
    // A round trip, so that both have arrived.
    client.get("/livez").await;
    server.terminate();
    while client.connect().await.is_ok() && client.get("/readyz").await.status == 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    slow.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let mut events = Vec::new();
    let _ = watch.read_to_end(&mut events).await;
    assert!(events.ends_with(b"0\r\n\r\n"), "the watch ends as a complete answer");
    assert!(server.ended().await.success(), "{}", server.log());
    server.restart().await;
    assert_eq!(server.client().get("/api/v1/namespaces/default/configmaps/late").await.status, 200);
}

#[tokio::test]
async fn gates_without_effect_are_said() {
    let server = Server::start(&["--feature-gates=WatchList=false,AllAlpha=false"]).await;
    assert!(server.log().contains("WatchList=false has no effect"), "{}", server.log());
    assert!(!server.log().contains("CBOR"), "{}", server.log());
}
