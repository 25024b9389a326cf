//! The way to an API server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::time::Instant;

use crate::error::{Error, Refusal, with_causes};
use crate::limit::Limit;
use crate::meter::{Meter, Sent};
use crate::transport::{Answer, Transport};

/// Who to talk to, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A kubeconfig. Without it: `$KUBECONFIG`, `~/.kube/config`, or the service account of the pod that this runs in.
    pub kubeconfig: Option<PathBuf>,
    /// The context of it, if not the current one.
    pub context: Option<String>,
    /// The address of the server, if not the one in the kubeconfig.
    pub server: Option<String>,
    /// Whether any certificate of the server will do.
    pub accept_invalid_certificates: bool,
    /// What this program calls itself to the server.
    pub user_agent: String,
}

/// A way to send requests to one API server. Clones share it.
#[derive(Clone)]
pub struct Connection {
    transport: Arc<dyn Transport>,
    /// The server, for messages.
    server: Arc<str>,
    user_agent: Arc<str>,
    default_namespace: Arc<str>,
    limit: Option<Arc<Limit>>,
    meter: Option<Arc<dyn Meter>>,
}

impl Connection {
    /// Finds out where the server is and prepares to talk to it. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Access`] if there is no kubeconfig, or it names what does not exist.
    pub async fn open(access: &Access) -> Result<Connection, Error> {
        let mut config = config(access).await?;
        if let Some(server) = &access.server {
            config.cluster_url = server.parse().map_err(|error| {
                Error::Access(format!(
                    "{server:?} is no address of a server ({error}): give one like https://10.0.0.1:6443"
                ))
            })?;
        }
        config.accept_invalid_certs |= access.accept_invalid_certificates;
        let server = config.cluster_url.to_string();
        let default_namespace = config.default_namespace.as_str().into();
        let client = kube::Client::try_from(config)
            .map_err(|error| Error::Access(format!("{server}: {}", with_causes(&error))))?;
        let connection = Connection::over(client, &server, &access.user_agent);
        Ok(Connection { default_namespace, ..connection })
    }

    /// Talks to a server that is reached in some other way, such as one in the same process. `server` is what it is
    /// called in messages.
    pub fn over(transport: impl Transport, server: &str, user_agent: &str) -> Connection {
        Connection {
            transport: Arc::new(transport),
            server: server.into(),
            user_agent: user_agent.into(),
            default_namespace: "default".into(),
            limit: None,
            meter: None,
        }
    }

    /// The same way to the server, on which at most `qps` requests are begun per second, after `burst` at once. A client of
    /// its own: what others send does not count.
    pub fn limited(&self, qps: f64, burst: u32) -> Connection {
        Connection { limit: Limit::new(qps, burst).map(Arc::new), ..self.clone() }
    }

    /// The same way to the server, on which requests are counted.
    pub fn metered(&self, meter: Arc<dyn Meter>) -> Connection {
        Connection { meter: Some(meter), ..self.clone() }
    }

    /// The same way to the server under another name.
    pub fn with_user_agent(&self, user_agent: &str) -> Connection {
        Connection { user_agent: user_agent.into(), ..self.clone() }
    }

    /// The namespace that the kubeconfig's context names, or `default`.
    pub fn default_namespace(&self) -> &str {
        &self.default_namespace
    }

    /// Where the server is.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Sends a request and waits for the whole answer. `what` says in errors what was tried: `listing pods`.
    pub async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        content: Option<(&str, Vec<u8>)>,
        what: &str,
    ) -> Result<Bytes, Error> {
        let verb = self.meter.as_ref().map(|_| method.to_string());
        let answer = self.begin(method, path_and_query, content, what).await?;
        let body = answer.into_body().collect().await;
        let body = body.map(http_body_util::Collected::to_bytes);
        if let (Some(meter), Some(verb), Ok(body)) = (&self.meter, verb, &body) {
            meter.received(&verb, &self.server, body.len());
        }
        body.map_err(|error| self.unreachable(error.as_ref()))
    }

    /// Sends a request; the answer's body, which is a success, can be read as it comes.
    pub(crate) async fn begin(
        &self,
        method: Method,
        path_and_query: &str,
        content: Option<(&str, Vec<u8>)>,
        what: &str,
    ) -> Result<Response<Answer>, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(path_and_query)
            .header(header::USER_AGENT, &*self.user_agent)
            .header(header::ACCEPT, "application/json, */*");
        let body = match content {
            Some((media_type, body)) => {
                request = request.header(header::CONTENT_TYPE, media_type);
                Bytes::from(body)
            }
            None => Bytes::new(),
        };
        let request = request
            .body(body)
            .map_err(|error| Error::Misunderstood { what: what.to_owned(), problem: error.to_string() })?;
        let asked = Instant::now();
        if let Some(limit) = &self.limit {
            limit.pass().await;
        }
        let sent = Instant::now();
        let (verb, n_bytes) = (request.method().clone(), request.body().len());
        let answer = self.transport.send(request).await;
        if let Some(meter) = &self.meter {
            meter.sent(&Sent {
                method: verb.as_str(),
                server: &self.server,
                code: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
                took: sent.elapsed(),
                held_back: sent - asked,
                n_bytes,
            });
        }
        let answer = answer.map_err(|error| self.unreachable(error.as_ref()))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let code = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| self.unreachable(error.as_ref()))?;
        Err(Error::Refused(Refusal::read(code, &body.to_bytes(), what)))
    }

    pub(crate) fn unreachable(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        Error::Unreachable { server: self.server.as_ref().to_owned(), problem: with_causes(error) }
    }
}

async fn config(access: &Access) -> Result<Config, Error> {
    let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
    let named = access.kubeconfig.clone().map(|path| ("--kubeconfig", path));
    if let Some((source, path)) = named {
        let kubeconfig = Kubeconfig::read_from(&path).map_err(|error| {
            Error::Access(format!("{source} {}: {}", path.display(), with_causes(&error)))
        })?;
        return from_kubeconfig(kubeconfig, &options, &path).await;
    }
    if is_given("KUBECONFIG") || home_kubeconfig().is_some_and(|path| path.exists()) {
        let kubeconfig = Kubeconfig::read()
            .map_err(|error| Error::Access(format!("the kubeconfig: {}", with_causes(&error))))?;
        return from_kubeconfig(kubeconfig, &options, Path::new("the kubeconfig")).await;
    }
    if is_given("KUBERNETES_SERVICE_HOST") {
        return Config::incluster().map_err(|error| {
            Error::Access(format!("the service account of this pod: {}", with_causes(&error)))
        });
    }
    if let Some(server) = &access.server {
        let url = server
            .parse()
            .map_err(|error| Error::Access(format!("{server:?} is no address of a server: {error}")))?;
        return Ok(Config::new(url));
    }
    Err(Error::Access(
        "there is no cluster to talk to: give --kubeconfig FILE, set KUBECONFIG, or have a ~/.kube/config"
            .to_owned(),
    ))
}

async fn from_kubeconfig(
    kubeconfig: Kubeconfig,
    options: &KubeConfigOptions,
    path: &Path,
) -> Result<Config, Error> {
    Config::from_custom_kubeconfig(kubeconfig, options)
        .await
        .map_err(|error| Error::Access(format!("{}: {}", path.display(), with_causes(&error))))
}

fn is_given(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn home_kubeconfig() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".kube").join("config"))
}
