//! Requests to a component whose API server says what the test says.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use client::{Answer, Answering, Connection, Transport};
use component::certificates::{Authority, Subject};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use super::*;

/// Answers reviews: the token `good` is alice's, who may see /metrics.
#[derive(Clone, Default)]
struct Server {
    asked: Arc<Mutex<Vec<Value>>>,
    config_map: Arc<Mutex<Option<Value>>>,
    is_down: Arc<Mutex<bool>>,
}

impl Server {
    fn answer(&self, uri: &Uri, body: &[u8]) -> (u16, Value) {
        let review: Value = serde_json::from_slice(body).unwrap_or_default();
        match uri.path() {
            "/apis/authentication.k8s.io/v1/tokenreviews" => {
                self.asked.lock().unwrap().push(review.clone());
                let status = match review["spec"]["token"].as_str().unwrap() {
                    "good" => json!({"authenticated": true, "user": {
                        "username": "alice", "uid": "7", "groups": ["dev"], "extra": {"k": ["v"]},
                    }}),
                    "broken" => json!({"error": "cannot say"}),
                    _ => json!({"authenticated": false}),
                };
                (201, json!({"status": status}))
            }
            "/apis/authorization.k8s.io/v1/subjectaccessreviews" => {
                self.asked.lock().unwrap().push(review.clone());
                let spec = &review["spec"];
                let attributes = &spec["nonResourceAttributes"];
                let is_allowed = spec["user"] == "alice" && attributes["path"] == "/metrics";
                (201, json!({"status": {"allowed": is_allowed}}))
            }
            _ => match &*self.config_map.lock().unwrap() {
                Some(data) => (200, json!({"data": data})),
                None => (404, json!({"kind": "Status", "code": 404, "message": "not found"})),
            },
        }
    }

    fn n_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn connection(&self) -> Connection {
        Connection::over(self.clone(), "test", "test")
    }

    fn delegation(&self) -> Delegation {
        let ttl = Duration::from_secs(10);
        let settings = authorization::Settings {
            always_allow_paths: vec!["/healthz".into(), "/readyz".into(), "/livez".into()],
            authorized_ttl: ttl,
            unauthorized_ttl: ttl,
        };
        Delegation {
            authentication: Arc::new(Authentication::new(Some(self.connection()), ttl)),
            authorization: Arc::new(Authorization::new(Some(self.connection()), settings).unwrap()),
        }
    }
}

impl Transport for Server {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(async move {
            if *self.is_down.lock().unwrap() {
                return Err("connection refused".into());
            }
            let (code, answer) = self.answer(request.uri(), request.body());
            let body = Full::new(Bytes::from(answer.to_string())).map_err(|never| match never {});
            let body: Answer = body.boxed_unsync();
            Ok(http::Response::builder().status(code).body(body).unwrap())
        })
    }
}

fn with_token(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    headers
}

/// The user's name, or the code and the answer.
async fn ask(
    delegation: &Delegation,
    path: &str,
    mut headers: HeaderMap,
    peer: &Peer,
) -> Result<String, (u16, String)> {
    match delegation.admit("GET", path, &mut headers, peer).await {
        Ok(user) => Ok(user.name),
        Err(response) => {
            let code = response.status().as_u16();
            let body = response.into_body().collect().await.unwrap();
            Err((code, String::from_utf8(body.to_vec()).unwrap()))
        }
    }
}

fn nobody() -> Peer {
    Peer::remote("127.0.0.1:1".parse().unwrap(), false, Vec::new(), None)
}

#[tokio::test(start_paused = true)]
async fn probes_are_let_in_and_all_else_is_asked_about() {
    let server = Server::default();
    let delegation = server.delegation();
    assert_eq!(ask(&delegation, "/healthz", HeaderMap::new(), &nobody()).await.unwrap(), "system:anonymous");
    assert_eq!(server.n_asked(), 0);
    let (code, body) = ask(&delegation, "/metrics", HeaderMap::new(), &nobody()).await.unwrap_err();
    assert_eq!(code, 403);
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status["message"], r#"forbidden: User "system:anonymous" cannot get path "/metrics""#);
    assert_eq!(status["reason"], "Forbidden");
    assert_eq!(ask(&delegation, "/healthz/ping", HeaderMap::new(), &nobody()).await.unwrap_err().0, 403);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_reviewed_and_remembered_for_a_while() {
    let server = Server::default();
    let delegation = server.delegation();
    for _ in 0..3 {
        assert_eq!(ask(&delegation, "/metrics", with_token("good"), &nobody()).await.unwrap(), "alice");
    }
    assert_eq!(server.n_asked(), 2, "one token, one access");
    let access = server.asked.lock().unwrap()[1]["spec"].clone();
    assert_eq!(access["groups"], json!(["dev", "system:authenticated"]));
    assert_eq!((&access["uid"], &access["extra"]), (&json!("7"), &json!({"k": ["v"]})));
    assert_eq!(access["nonResourceAttributes"], json!({"path": "/metrics", "verb": "get"}));
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(ask(&delegation, "/metrics", with_token("good"), &nobody()).await.is_ok());
    assert_eq!(server.n_asked(), 4);
    assert_eq!(ask(&delegation, "/configz", with_token("good"), &nobody()).await.unwrap_err().0, 403);

    let (code, body) = ask(&delegation, "/healthz", with_token("bad"), &nobody()).await.unwrap_err();
    assert_eq!((code, body.contains(r#""message":"Unauthorized""#)), (401, true), "also where all may ask");
    let n = server.n_asked();
    assert_eq!(ask(&delegation, "/healthz", with_token("bad"), &nobody()).await.unwrap_err().0, 401);
    assert_eq!(server.n_asked(), n);
    for _ in 0..2 {
        assert_eq!(ask(&delegation, "/healthz", with_token("broken"), &nobody()).await.unwrap_err().0, 401);
    }
    assert_eq!(server.n_asked(), n + 2, "what nobody could say is asked again");
}

#[tokio::test(start_paused = true)]
async fn without_an_api_server_nobody_is_let_in() {
    let server = Server::default();
    let delegation = server.delegation();
    *server.is_down.lock().unwrap() = true;
    let (code, body) = ask(&delegation, "/metrics", HeaderMap::new(), &nobody()).await.unwrap_err();
    assert_eq!(code, 500);
    assert!(body.starts_with("Internal Server Error: \"/metrics\": test: "), "{body}");
    assert_eq!(ask(&delegation, "/metrics", with_token("good"), &nobody()).await.unwrap_err().0, 401);
    assert!(ask(&delegation, "/livez", HeaderMap::new(), &nobody()).await.is_ok());

    let settings = authorization::Settings {
        always_allow_paths: Vec::new(),
        authorized_ttl: Duration::ZERO,
        unauthorized_ttl: Duration::ZERO,
    };
    let alone = Delegation {
        authentication: Arc::new(Authentication::new(None, Duration::ZERO)),
        authorization: Arc::new(Authorization::new(None, settings).unwrap()),
    };
    assert_eq!(ask(&alone, "/metrics", with_token("good"), &nobody()).await.unwrap_err().0, 403);
}

fn now() -> jiff::Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the library that verifies looks at the clock as well")]
    jiff::Timestamp::now()
}

/// An authority and what certificates it signs.
struct Signer(Authority, #[allow(dead_code, reason = "it keeps the files")] tempfile::TempDir);

impl Signer {
    fn new() -> Signer {
        let folder = tempfile::tempdir().unwrap();
        Signer(Authority::open(folder.path(), now()).unwrap(), folder)
    }

    fn peer(&self, name: &str, groups: &[&str]) -> Peer {
        let client = self.0.sign_client(&Subject::new(name, groups), now()).unwrap();
        let certificate = CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).unwrap();
        Peer::remote("127.0.0.1:1".parse().unwrap(), false, vec![certificate], Some("unknown".into()))
    }
}

#[tokio::test]
async fn the_cluster_says_whose_certificates_are_good() {
    let (clients, proxies, others) = (Signer::new(), Signer::new(), Signer::new());
    let server = Server::default();
    *server.config_map.lock().unwrap() = Some(json!({
        "client-ca-file": clients.0.certificate_pem(),
        "requestheader-client-ca-file": proxies.0.certificate_pem(),
        "requestheader-allowed-names": r#"["front-proxy"]"#,
        "requestheader-username-headers": r#"["X-Remote-User"]"#,
        "requestheader-group-headers": r#"["X-Remote-Group"]"#,
        "requestheader-extra-headers-prefix": r#"["X-Remote-Extra-"]"#,
    }));
    let delegation = server.delegation();
    let settings = lookup::Settings::default();
    lookup::follow(&delegation.authentication, Some(server.connection()), settings).await.unwrap();

    let none = HeaderMap::new;
    assert_eq!(
        ask(&delegation, "/x", none(), &clients.peer("root", &["system:masters"])).await.unwrap(),
        "root"
    );
    assert_eq!(ask(&delegation, "/metrics", none(), &clients.peer("alice", &[])).await.unwrap(), "alice");
    assert_eq!(ask(&delegation, "/metrics", none(), &others.peer("alice", &[])).await.unwrap_err().0, 401);
    let by_token = ask(&delegation, "/metrics", with_token("good"), &others.peer("x", &[])).await;
    assert_eq!(by_token.unwrap(), "alice", "another credential is good");

    let mut said = HeaderMap::new();
    said.insert("x-remote-user", "alice".parse().unwrap());
    said.append("x-remote-group", "a".parse().unwrap());
    said.append("x-remote-group", "b".parse().unwrap());
    said.insert("x-remote-extra-example.com%2fscopes", "s".parse().unwrap());
    let mut headers = said.clone();
    let proxy = proxies.peer("front-proxy", &[]);
    let user = delegation.authentication.authenticate(&mut headers, &proxy).await.unwrap();
    assert_eq!(user.groups, ["a", "b", "system:authenticated"]);
    assert_eq!(user.extra, [("example.com/scopes".to_owned(), vec!["s".to_owned()])]);
    assert!(headers.is_empty(), "{headers:?}");
    assert_eq!(
        ask(&delegation, "/metrics", said.clone(), &proxies.peer("other", &[])).await.unwrap_err().0,
        401
    );
    assert_eq!(ask(&delegation, "/metrics", said, &nobody()).await.unwrap_err().0, 403, "nobody said that");
}

#[tokio::test]
async fn a_cluster_that_does_not_say_is_tolerated_or_not() {
    let server = Server::default();
    let delegation = server.delegation();
    let follow = |settings| lookup::follow(&delegation.authentication, Some(server.connection()), settings);
    let error = follow(lookup::Settings::default()).await.unwrap_err().to_string();
    assert!(error.contains("extension-apiserver-authentication-reader"), "{error}");
    let tolerant = lookup::Settings { tolerate_lookup_failure: true, ..lookup::Settings::default() };
    follow(tolerant.clone()).await.unwrap();
    follow(lookup::Settings { skip_lookup: true, ..lookup::Settings::default() }).await.unwrap();
    let missing = Some("/nowhere/ca.crt".into());
    let error =
        follow(lookup::Settings { client_ca_file: missing, ..tolerant }).await.unwrap_err().to_string();
    assert!(error.starts_with("--client-ca-file /nowhere/ca.crt: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::new();
    let path = folder.path().join("ca.crt");
    std::fs::write(&path, signer.0.certificate_pem()).unwrap();
    let settings =
        lookup::Settings { client_ca_file: Some(path), skip_lookup: true, ..lookup::Settings::default() };
    follow(settings).await.unwrap();
    assert_eq!(
        ask(&delegation, "/metrics", HeaderMap::new(), &signer.peer("alice", &[])).await.unwrap(),
        "alice"
    );
}
