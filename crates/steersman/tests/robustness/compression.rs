//! Large answers, compressed.

use std::io::Read as _;

use bytes::Bytes;

use crate::process::Server;

#[tokio::test]
async fn large_answers_are_compressed_for_who_takes_that() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let mut connection = client.connect().await.unwrap();
    for path in ["/apis/rbac.authorization.k8s.io/v1/clusterroles?pad", "/openapi/v2", "/api/v1/namespaces"] {
        let plain = client.get(path).await;
        assert_eq!(plain.header("content-encoding"), "");
        let gzip = connection.send("GET", path, &[("accept-encoding", "gzip")], Bytes::new()).await.unwrap();
        let is_large = plain.body.len() > 128 << 10;
        assert_eq!(gzip.header("content-encoding") == "gzip", is_large, "{path}: {} bytes", plain.body.len());
        if is_large {
            let vary: Vec<_> = gzip.headers.get_all("vary").iter().collect();
            assert!(vary.iter().any(|value| *value == "Accept-Encoding"), "{vary:?}");
            let mut all = Vec::new();
            flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut all).unwrap();
            assert_eq!(all, plain.body, "{path}");
            assert!(gzip.body.len() < plain.body.len() / 2);
        }
    }
}

#[tokio::test]
async fn lists_are_compressed_while_they_are_sent_and_the_gate_turns_it_off() {
    for is_on in [true, false] {
        let gate = format!("--feature-gates=APIResponseCompression={is_on}");
        let server = Server::start(&[&gate]).await;
        let mut connection = server.client().connect().await.unwrap();
        for i in 0..20 {
            let object =
                format!(r#"{{"metadata":{{"name":"m{i}"}},"data":{{"k":"{}"}}}}"#, "x".repeat(10_000));
            let path = "/api/v1/namespaces/default/configmaps";
            assert_eq!(connection.ask("POST", path, &object).await.unwrap().status, 201);
        }
        let path = "/api/v1/configmaps";
        let list = connection.send("GET", path, &[("accept-encoding", "gzip")], Bytes::new()).await.unwrap();
        assert_eq!(list.header("content-encoding") == "gzip", is_on);
        assert_eq!(list.body.len() < 100_000, is_on);
    }
}
