//! Clients on the loopback interface.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::certificates::{Authority, ClientIdentity, Subject};
use crate::shutdown::{Shutdown, Stage};

/// Answers what it was asked.
struct Echo {
    shutdown: Shutdown,
    /// Has a permit for each slow request that has arrived.
    arrived: Arc<Semaphore>,
}

impl Handler for Echo {
    async fn handle(self: Arc<Self>, request: Request, peer: Arc<Peer>) -> Response {
        let (parts, body) = request.into_parts();
        match parts.uri.path() {
            "/panic" => panic!("as asked"),
            "/watch" => {
                let (sender, body) = Body::channel(1);
                tokio::spawn(async move {
                    let _ = sender.send(Bytes::from_static(b"started\n")).await;
                    tokio::select! {
                        () = self.shutdown.reached(Stage::Stopping) => {}
                        () = sender.closed() => {}
                    }
                });
                Response::new(body)
            }
            "/slow" => {
                self.arrived.add_permits(1);
                self.shutdown.reached(Stage::Stopping).await;
                Response::new(Body::full("late but there"))
            }
            "/bye" => {
                peer.end_connection();
                Response::new(Body::full("bye"))
            }
            path => {
                let body = body.read(10).await.map(|bytes| bytes.len()).map_err(|error| error.to_string());
                let name =
                    peer.certificates().first().and_then(Subject::of).map(|subject| subject.common_name);
                let refusal = peer.refusal().is_some();
                let address = peer.address().is_some();
                Response::new(Body::full(format!(
                    "{path} {:?} {body:?} {name:?} {refusal} {address}",
                    parts.version
                )))
            }
        }
    }
}

struct Server {
    address: SocketAddr,
    authority: Authority,
    shutdown: Shutdown,
    arrived: Arc<Semaphore>,
    served: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

fn now() -> jiff::Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the client's library looks at the clock as well")]
    jiff::Timestamp::now()
}

fn start(settings: Settings) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path(), now()).unwrap();
    let identity = authority.serving("apiserver", &["localhost".to_owned()], now()).unwrap();
    let mut roots = RootCertStore::empty();
    authority.add_to(&mut roots).unwrap();
    let tls = Tls::new(&identity, roots, &TlsOptions::default()).unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.address();
    let shutdown = Shutdown::new();
    let arrived = Arc::new(Semaphore::new(0));
    let handler = Arc::new(Echo { shutdown: shutdown.clone(), arrived: arrived.clone() });
    let served = tokio::spawn(serve(listener, tls, settings, handler, shutdown.clone()));
    Server { address, authority, shutdown, arrived, served, _folder: folder }
}

impl Server {
    async fn connect(&self, protocol: &str, client: Option<&ClientIdentity>) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        self.authority.add_to(&mut roots).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let chain = vec![CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(client.key_pem.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn http1(&self) -> hyper::client::conn::http1::SendRequest<Full<Bytes>> {
        let stream = TokioIo::new(self.connect("http/1.1", None).await);
        let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn http2(
        &self,
        client: Option<&ClientIdentity>,
    ) -> hyper::client::conn::http2::SendRequest<Full<Bytes>> {
        let stream = TokioIo::new(self.connect("h2", client).await);
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }
}

fn get(path: &str) -> http::Request<Full<Bytes>> {
    post(path, "")
}

fn post(path: &str, body: &'static str) -> http::Request<Full<Bytes>> {
    http::Request::builder().uri(path).header("host", "localhost").body(Full::from(body)).unwrap()
}

async fn text<B>(response: http::Response<B>) -> String
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn speaks_both_versions_and_knows_the_client() {
    let server = start(Settings::default());
    let mut http1 = server.http1().await;
    for (body, read) in [("12345", "Ok(5)"), ("12345678901", "Err(\"the body is longer than 10 bytes\")")] {
        let response = http1.send_request(post("/a", body)).await.unwrap();
        assert_eq!(text(response).await, format!("/a HTTP/1.1 {read} None false true"));
    }
    let client = server.authority.sign_client(&Subject::new("alice", &["dev"]), now()).unwrap();
    let mut http2 = server.http2(Some(&client)).await;
    let response = http2.send_request(post("/b", "12345")).await.unwrap();
    assert_eq!(text(response).await, "/b HTTP/2.0 Ok(5) Some(\"alice\") false true");
}

#[tokio::test]
async fn a_bad_certificate_is_a_refusal_and_not_the_end_of_the_connection() {
    let server = start(Settings::default());
    let other = tempfile::tempdir().unwrap();
    let other = Authority::open(other.path(), now()).unwrap();
    let client = other.sign_client(&Subject::new("mallory", &["system:masters"]), now()).unwrap();
    let mut http2 = server.http2(Some(&client)).await;
    let response = http2.send_request(get("/")).await.unwrap();
    assert_eq!(text(response).await, "/ HTTP/2.0 Ok(0) Some(\"mallory\") true true");
}

#[tokio::test]
async fn a_request_in_the_same_process_needs_no_socket() {
    let handler = Arc::new(Echo { shutdown: Shutdown::new(), arrived: Arc::new(Semaphore::new(0)) });
    let request = http::Request::builder().uri("/in").body(RequestBody::Full(Bytes::new())).unwrap();
    let response = handler.handle(request, Peer::in_process()).await;
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body, "/in HTTP/1.1 Ok(0) None false false");
}

#[tokio::test]
async fn a_panic_is_an_answer_and_nothing_else() {
    let server = start(Settings::default());
    let mut http2 = server.http2(None).await;
    let mut http1 = server.http1().await;
    let response = http2.send_request(get("/panic")).await.unwrap();
    assert_eq!(response.status(), 500);
    let response = http1.send_request(get("/panic")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(text(response).await.starts_with("This request caused apiserver to panic."));
    assert_eq!(http2.send_request(get("/")).await.unwrap().status(), 200);
    assert_eq!(http1.send_request(get("/")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_stop_finishes_requests_and_ends_streams() {
    let server = start(Settings::default());
    let mut http2 = server.http2(None).await;
    let mut http1 = server.http1().await;
    let mut watch = http2.send_request(get("/watch")).await.unwrap().into_body();
    let started = watch.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(started, "started\n");
    let slow2 = tokio::spawn(http2.send_request(get("/slow")));
    let slow1 = tokio::spawn(async move { http1.send_request(get("/slow")).await });
    // An idle connection does not hold up the end.
    let _idle = server.http1().await;
    // Only requests that have arrived are finished.
    let _both = server.arrived.acquire_many(2).await.unwrap();
    server.shutdown.advance(Stage::Stopping);
    let rest = watch.collect().await.expect("the stream ends as one that is complete").to_bytes();
    assert_eq!(rest, "");
    for slow in [text(slow2.await.unwrap().unwrap()).await, text(slow1.await.unwrap().unwrap()).await] {
        assert_eq!(slow, "late but there");
    }
    server.served.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_has_an_end() {
    let server = start(Settings { stop_wait: Duration::from_secs(3600), ..Settings::default() });
    // A client that never sends its request's body.
    let mut stuck = server.connect("http/1.1", None).await;
    stuck.write_all(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n").await.unwrap();
    let mut other = server.http1().await;
    assert_eq!(other.send_request(get("/")).await.unwrap().status(), 200);
    server.shutdown.advance(Stage::Stopping);
    server.shutdown.advance(Stage::Ending);
    server.served.await.unwrap();
}

#[tokio::test]
async fn half_a_request_does_not_hold_a_connection() {
    let settings = Settings {
        header_wait: Duration::from_millis(100),
        handshake_wait: Duration::from_millis(100),
        ..Settings::default()
    };
    let server = start(settings);
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut slow = server.connect("http/1.1", None).await;
    slow.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    let mut rest = Vec::new();
    // What is read does not matter; that it ends does.
    let _ = silent.read_to_end(&mut rest).await;
    let _ = slow.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_connection_can_be_told_to_end() {
    let server = start(Settings::default());
    let mut http2 = server.http2(None).await;
    let response = http2.send_request(get("/bye")).await.unwrap();
    assert_eq!(text(response).await, "bye");
    while http2.ready().await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(http2.is_closed());
}

#[tokio::test]
async fn connections_have_a_limit() {
    let server = start(Settings { n_connections_max: 1, ..Settings::default() });
    let first = server.http1().await;
    let waiting = server.http1();
    tokio::pin!(waiting);
    tokio::select! {
        _ = &mut waiting => panic!("there is no room"),
        () = tokio::time::sleep(Duration::from_millis(50)) => {}
    }
    drop(first);
    let mut second = waiting.await;
    assert_eq!(second.send_request(get("/")).await.unwrap().status(), 200);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = bind(first.address()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}", first.address())), "{error}");
}
