//! The two ways to a server: through HTTPS, and inside the process.

use anyhow::{Result, bail};
use apiserver::in_process::InProcess;
use bytes::Bytes;
use component::body::Body;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::client::{self, ManyAtATime};

/// A server and the way to it.
#[derive(Clone)]
pub(super) enum Door {
    /// Through HTTPS.
    Https(client::Target),
    /// By a call.
    InProcess(InProcess),
}

/// Asks one request at a time.
pub(super) enum Asker {
    Https(Box<client::Connection>),
    InProcess(InProcess),
}

/// Opens several streams.
pub(super) enum Watcher {
    Https(ManyAtATime),
    InProcess(InProcess),
}

/// A stream of events.
pub(super) enum Events {
    Https(Incoming),
    InProcess(Body),
}

impl Door {
    /// Somebody who asks one request at a time.
    pub(super) async fn connect(&self) -> Result<Asker> {
        Ok(match self {
            Door::Https(target) => Asker::Https(Box::new(target.connect().await?)),
            Door::InProcess(client) => Asker::InProcess(client.clone()),
        })
    }

    /// Somebody who opens several streams.
    pub(super) async fn connect_many(&self) -> Result<Watcher> {
        Ok(match self {
            Door::Https(target) => Watcher::Https(target.connect_many().await?),
            Door::InProcess(client) => Watcher::InProcess(client.clone()),
        })
    }
}

fn request(method: Method, uri: &str, body: Bytes) -> Result<Request<Bytes>> {
    let content_type = (!body.is_empty()).then(|| client::content_type(&method));
    let mut request = Request::new(body);
    *request.uri_mut() = uri.try_into()?;
    *request.method_mut() = method;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(content_type) = content_type {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    Ok(request)
}

impl Asker {
    /// Sends a request, reads the whole answer, and returns it with its status.
    pub(super) async fn fetch(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        match self {
            Asker::Https(connection) => connection.fetch(method, uri, body).await,
            Asker::InProcess(client) => {
                let response = client.ask(request(method, uri, body)?).await;
                let status = response.status();
                Ok((status, response.into_body().collect().await?))
            }
        }
    }

    /// Sends a request, reads the whole answer, and demands a status.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
        wanted: StatusCode,
    ) -> Result<Bytes> {
        let (status, answer) = self.fetch(method.clone(), uri, body).await?;
        if status != wanted {
            bail!("{method} {uri} was answered with {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(answer)
    }

    /// Sends a request, reads the whole answer without keeping it, and demands a status.
    pub(super) async fn tell(
        &mut self,
        method: Method,
        uri: &str,
        body: Bytes,
        wanted: StatusCode,
    ) -> Result<()> {
        let told = match self {
            Asker::Https(connection) => connection.tell(method.clone(), uri, body, wanted).await?,
            Asker::InProcess(client) => {
                let response = client.ask(request(method.clone(), uri, body)?).await;
                let status = response.status();
                let mut body = response.into_body();
                if status == wanted {
                    while let Some(piece) = body.next().await {
                        piece?;
                    }
                    Ok(())
                } else {
                    Err((status, body.collect().await?))
                }
            }
        };
        told.or_else(|(status, answer)| {
            bail!("{method} {uri} was answered with {status}: {}", String::from_utf8_lossy(&answer))
        })
    }

    /// Reads an answer and forgets it; returns its length.
    pub(super) async fn drain(&mut self, uri: &str) -> Result<u64> {
        let client = match self {
            Asker::Https(connection) => return connection.drain(uri).await,
            Asker::InProcess(client) => client,
        };
        let response = client.ask(request(Method::GET, uri, Bytes::new())?).await;
        if response.status() != StatusCode::OK {
            bail!("GET {uri} was answered with {}", response.status());
        }
        let mut body = response.into_body();
        let mut n_bytes = 0;
        while let Some(piece) = body.next().await {
            n_bytes += piece?.len() as u64;
        }
        Ok(n_bytes)
    }
}

impl Watcher {
    /// Opens a stream of events.
    pub(super) async fn watch(&mut self, uri: &str) -> Result<Events> {
        let client = match self {
            Watcher::Https(connection) => return Ok(Events::Https(connection.watch(uri).await?)),
            Watcher::InProcess(client) => client,
        };
        let response = client.ask(request(Method::GET, uri, Bytes::new())?).await;
        if response.status() != StatusCode::OK {
            bail!("GET {uri} was answered with {}", response.status());
        }
        Ok(Events::InProcess(response.into_body()))
    }
}

impl Events {
    /// The next piece, which may be several events; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        match self {
            Events::Https(body) => body.frame().await?.ok()?.into_data().ok(),
            Events::InProcess(body) => body.next().await?.ok(),
        }
    }
}
