//! Connections to one server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Real time since a moment.
pub(super) struct Stopwatch(Instant);

#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; no decision depends on it")]
impl Stopwatch {
    /// From now on.
    pub(super) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Until now.
    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// How the server knows who asks.
pub(super) enum Credentials {
    /// PEM texts.
    Certificate { certificate: Vec<u8>, key: Vec<u8> },
    /// A bearer token.
    Token(String),
}

/// A server and how to talk to it.
#[derive(Clone)]
pub(super) struct Target {
    /// `127.0.0.1:6443`
    authority: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    /// What every request says besides what it asks.
    headers: HeaderMap,
}

impl Target {
    /// `server` is an `https` address, `authority` the PEM of who vouches for it.
    pub(super) fn new(server: &str, authority: &[u8], credentials: Credentials) -> Result<Target> {
        let Some(address) = server.strip_prefix("https://").map(|rest| rest.trim_end_matches('/')) else {
            bail!("the server's address {server:?} is not https://HOST:PORT");
        };
        let (host, _) = address.rsplit_once(':').context("the server's address has no port")?;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .with_context(|| format!("{host:?} is no host name"))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority) {
            roots.add(certificate.context("the certificate authority's certificate")?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let (tls, bearer) = match credentials {
            Credentials::Token(token) => (builder.with_no_client_auth(), Some(format!("Bearer {token}"))),
            Credentials::Certificate { certificate, key } => {
                let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
                let chain = chain.context("the client certificate")?;
                let key = PrivateKeyDer::from_pem_slice(&key).context("the client key")?;
                (builder.with_client_auth_cert(chain, key)?, None)
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        headers.insert(USER_AGENT, HeaderValue::from_static("steersman-bench"));
        if let Some(bearer) = bearer {
            headers.insert(AUTHORIZATION, bearer.try_into().context("the token")?);
        }
        Ok(Target { authority: address.to_owned(), name, tls: Arc::new(tls), headers })
    }

    async fn dial(&self, protocol: &[u8]) -> Result<TokioIo<TlsStream<TcpStream>>> {
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![protocol.to_vec()];
        let connect = async {
            let stream = TcpStream::connect(&self.authority).await?;
            stream.set_nodelay(true)?;
            TlsConnector::from(Arc::new(tls)).connect(self.name.clone(), stream).await
        };
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .with_context(|| format!("{} does not answer within {CONNECT_TIMEOUT:?}", self.authority))?
            .with_context(|| format!("connecting to {}", self.authority))?;
        Ok(TokioIo::new(stream))
    }

    /// A connection for one request at a time.
    pub(super) async fn connect(&self) -> Result<Connection> {
        let (sender, connection) = http1::handshake(self.dial(b"http/1.1").await?).await?;
        tokio::spawn(connection);
        Ok(Connection { target: self.clone(), sender })
    }

    /// A connection for many requests at a time.
    pub(super) async fn connect_many(&self) -> Result<ManyAtATime> {
        let executor = TokioExecutor::new();
        let (sender, connection) = http2::handshake(executor, self.dial(b"h2").await?).await?;
        tokio::spawn(connection);
        Ok(ManyAtATime { target: self.clone(), sender })
    }

    fn request(
        &self,
        method: Method,
        uri: &str,
        body: Bytes,
        is_http2: bool,
    ) -> Result<Request<Full<Bytes>>> {
        let content_type = content_type(&method);
        let has_body = !body.is_empty();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.headers_mut() = self.headers.clone();
        if has_body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if is_http2 {
            *request.uri_mut() = format!("https://{}{uri}", self.authority).try_into()?;
        } else {
            *request.uri_mut() = uri.try_into()?;
            request.headers_mut().insert(HOST, HeaderValue::try_from(&self.authority)?);
        }
        Ok(request)
    }
}

const JSON: &str = "application/json";

/// What the body of a request is.
pub(super) fn content_type(method: &Method) -> &'static str {
    if method == Method::PATCH { "application/strategic-merge-patch+json" } else { JSON }
}

/// One request at a time.
pub(super) struct Connection {
    target: Target,
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Sends a request; its answer has to be read or dropped before the next.
    pub(super) async fn send(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>> {
        let request = self.target.request(method, uri, body, false)?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends a request, reads the whole answer, and returns it with its status.
    pub(super) async fn fetch(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        let response = self.send(method, uri, body).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Sends a request, reads the whole answer, and returns its status and, if that is not `wanted`, what it says.
    pub(super) async fn tell(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
        wanted: StatusCode,
    ) -> Result<Result<(), (StatusCode, Bytes)>> {
        let response = self.send(method, uri, body).await?;
        let status = response.status();
        let mut body = response.into_body();
        if status != wanted {
            return Ok(Err((status, body.collect().await?.to_bytes())));
        }
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(Ok(()))
    }

    /// The status of a GET.
    pub(super) async fn status(&mut self, uri: &str) -> Result<StatusCode> {
        Ok(self.send(Method::GET, uri, Bytes::new()).await?.status())
    }

    /// Reads an answer and forgets it; returns its length.
    pub(super) async fn drain(&mut self, uri: &str) -> Result<u64> {
        let response = self.send(Method::GET, uri, Bytes::new()).await?;
        if response.status() != StatusCode::OK {
            bail!("GET {uri} was answered with {}", response.status());
        }
        let mut body = response.into_body();
        let mut n_bytes = 0;
        while let Some(frame) = body.frame().await {
            n_bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok(n_bytes)
    }
}

/// Many requests at a time.
pub(super) struct ManyAtATime {
    target: Target,
    sender: http2::SendRequest<Full<Bytes>>,
}

impl ManyAtATime {
    /// Opens a stream of events.
    pub(super) async fn watch(&mut self, uri: &str) -> Result<Incoming> {
        let request = self.target.request(Method::GET, uri, Bytes::new(), true)?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            bail!("GET {uri} was answered with {}", response.status());
        }
        Ok(response.into_body())
    }
}
