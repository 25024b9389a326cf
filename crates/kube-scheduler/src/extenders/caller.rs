//! Requests to extenders.
//!
//! They are made by a thread of its own: the core waits for their answers and must not wait for itself.

use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::runtime::RuntimeFlavor;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsConnector;
use wire::config;

/// How large an answer may be: a list of nodes with everything in them.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Connections that are kept for later.
const IDLE_MAX: usize = 4;

/// Where an extender is and how to talk to it.
pub(super) struct Way {
    prefix: String,
    host: String,
    port: u16,
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Way {
    pub(super) fn new(extender: &config::Extender) -> Result<Way, String> {
        let prefix = extender.url_prefix.trim_end_matches('/').to_owned();
        let uri: Uri = prefix.parse().map_err(|error| format!("urlPrefix is no URL: {error}"))?;
        let host = uri.host().ok_or("urlPrefix names no host")?.trim_matches(['[', ']']).to_owned();
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("urlPrefix begins neither with http:// nor with https://".to_owned()),
        };
        let tls = if is_tls {
            let config = super::tls::client(extender)?;
            let named = extender.tls_config.as_ref().map_or("", |options| options.server_name.as_str());
            let name = if named.is_empty() { host.clone() } else { named.to_owned() };
            let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
            Some((TlsConnector::from(Arc::new(config)), name))
        } else {
            None
        };
        Ok(Way {
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: uri.authority().map(ToString::to_string).unwrap_or_default(),
            host,
            prefix,
            tls,
            timeout: extender.timeout().to_std().unwrap_or_default(),
            idle: Mutex::default(),
        })
    }

    fn url(&self, verb: &str) -> String {
        format!("{}/{verb}", self.prefix)
    }

    async fn post(&self, verb: &str, body: Vec<u8>) -> Result<Vec<u8>, String> {
        let url = self.url(verb);
        let path = url.parse::<Uri>().map_err(|error| format!("Post {url:?}: {error}"))?;
        let path = path.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let answer = tokio::time::timeout(self.timeout, self.exchange(&path, body.into())).await;
        let (code, answer) = match answer {
            Err(_) => {
                return Err(format!(
                    "Post {url:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                ));
            }
            Ok(answer) => answer.map_err(|error| format!("Post {url:?}: {error}"))?,
        };
        if code != StatusCode::OK {
            return Err(format!("failed {verb} with extender at URL {url}, code {}", code.as_u16()));
        }
        Ok(answer)
    }

    async fn exchange(&self, path: &str, body: Bytes) -> Result<(StatusCode, Vec<u8>), String> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut kept) = kept
            && kept.ready().await.is_ok()
            && let Ok(answer) = self.send(kept, path, body.clone()).await
        {
            return Ok(answer);
        }
        // One that was kept may have been closed at the other end, which is not the extender's failing.
        let connection = self.connect().await?;
        self.send(connection, path, body).await
    }

    async fn send(
        &self,
        mut connection: SendRequest<Full<Bytes>>,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let request = Request::post(path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let answer = connection.send_request(request).await.map_err(|error| error.to_string())?;
        let code = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        Ok((code, body))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| format!("dial tcp {}: {error}", self.authority))?;
        // A connection that cannot be tuned works all the same.
        let _ = stream.set_nodelay(true);
        let failed = |error: hyper::Error| error.to_string();
        match &self.tls {
            None => {
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
                tokio::spawn(connection);
                Ok(sender)
            }
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                let stream = stream.map_err(|error| format!("tls: {error}"))?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
                tokio::spawn(connection);
                Ok(sender)
            }
        }
    }
}

type Answer = Result<Vec<u8>, String>;
type Tell = Box<dyn FnOnce(Answer) + Send>;

struct Job {
    way: Arc<Way>,
    verb: String,
    body: Vec<u8>,
    tell: Tell,
}

/// The thread that makes requests. Clones are the same; it ends with the last of them.
#[derive(Clone)]
pub(super) struct Caller(mpsc::UnboundedSender<Job>);

impl Caller {
    pub(super) fn start() -> Result<Caller, String> {
        let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let run = move || {
            runtime.block_on(async move {
                while let Some(Job { way, verb, body, tell }) = jobs.recv().await {
                    tokio::spawn(async move { tell(way.post(&verb, body).await) });
                }
            });
        };
        let thread = std::thread::Builder::new().name("extenders".to_owned()).spawn(run);
        thread.map(|_| Caller(sender)).map_err(|error| error.to_string())
    }

    fn begin(&self, way: Arc<Way>, verb: &str, body: Vec<u8>, tell: Tell) -> Result<(), String> {
        let job = Job { way, verb: verb.to_owned(), body, tell };
        self.0.send(job).map_err(|_| GONE.to_owned())
    }

    /// Makes a request.
    pub(super) async fn call(&self, way: Arc<Way>, verb: &str, body: Vec<u8>) -> Answer {
        let (answer, answered) = oneshot::channel();
        // Who asked may have gone.
        self.begin(way, verb, body, Box::new(move |told| drop(answer.send(told))))?;
        answered.await.unwrap_or_else(|_| Err(GONE.to_owned()))
    }

    /// Makes a request and lets this thread wait for the answer.
    pub(super) fn wait_for(&self, way: Arc<Way>, verb: &str, body: Vec<u8>) -> Answer {
        let (answer, answered) = blocking::channel();
        self.begin(way, verb, body, Box::new(move |told| drop(answer.send(told))))?;
        let wait = || answered.recv().unwrap_or_else(|_| Err(GONE.to_owned()));
        let flavor = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
        // Where there are more threads, others take over what this one has to do.
        if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
            tokio::task::block_in_place(wait)
        } else {
            wait()
        }
    }
}

const GONE: &str = "the thread that asks extenders has ended";
