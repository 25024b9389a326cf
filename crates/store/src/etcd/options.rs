//! Where etcd is, and how to prove who asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::connection::with_sources;
use crate::error::OpenError;

/// How long to try to connect to an endpoint.
const CONNECT_WAIT: Duration = Duration::from_secs(3);
/// How often a connection is asked for a sign of life, and how long that may take.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(10);

/// How to reach etcd; kube-apiserver's `--etcd-*` flags.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `http://host:port` or `https://host:port`, at least one. They are tried in this order.
    pub endpoints: Vec<String>,
    /// For `https`.
    pub tls: Option<Tls>,
}

/// Files in PEM format.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificates of the authorities that etcd's certificate may come from.
    pub ca: PathBuf,
    /// This client's certificate with its private key, if etcd wants to know who asks.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Options {
    /// One channel per endpoint, not yet connected, with the endpoint's name.
    pub(super) fn channels(&self) -> Result<Vec<(String, Channel)>, OpenError> {
        if self.endpoints.is_empty() {
            return Err(refuse("endpoints", "there is none; at least one URL is needed"));
        }
        let tls = self.tls.as_ref().map(Tls::config).transpose()?;
        self.endpoints.iter().map(|endpoint| channel(endpoint, tls.as_ref())).collect()
    }
}

impl Tls {
    fn config(&self) -> Result<ClientTlsConfig, OpenError> {
        let mut config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&self.ca)?));
        if let Some((certificate, key)) = &self.client {
            config = config.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        Ok(config)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|error| OpenError::Io { path: path.to_path_buf(), reason: error.to_string() })
}

fn refuse(field: &str, reason: &str) -> OpenError {
    OpenError::Configuration { field: field.to_owned(), reason: reason.to_owned() }
}

fn channel(endpoint: &str, tls: Option<&ClientTlsConfig>) -> Result<(String, Channel), OpenError> {
    let field = format!("endpoint {endpoint:?}");
    let made = Endpoint::from_shared(endpoint.to_owned());
    let made =
        made.map_err(|error| refuse(&field, &format!("{error}; a URL like https://host:2379 is needed")))?;
    let made = made
        .connect_timeout(CONNECT_WAIT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_WAIT)
        .keep_alive_while_idle(true);
    let made = match (made.uri().scheme_str(), tls) {
        (Some("http"), None) => made,
        (Some("https"), Some(tls)) => made.tls_config(tls.clone()).map_err(|error| {
            let error = with_sources(error.to_string(), &error);
            refuse("tls", &format!("{error}; certificates and keys are to be in PEM format"))
        })?,
        (Some("http"), Some(_)) => {
            return Err(refuse(
                &field,
                "certificates are given, but http does not use them; https is needed",
            ));
        }
        (Some("https"), None) => {
            return Err(refuse(&field, "https needs the certificate of an authority, and none is given"));
        }
        _ => return Err(refuse(&field, "it has to begin with http:// or https://")),
    };
    Ok((endpoint.to_owned(), made.connect_lazy()))
}
