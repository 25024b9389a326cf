//! Whom to trust: what the component was told, and what the cluster says for the rest.
//!
//! kube-apiserver publishes whom it trusts in the ConfigMap `kube-system/extension-apiserver-authentication`. It is read
//! again every half minute, and so are files, because authorities are renewed while components run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::{Connection, Error};
use component::certificates::ClientAuthority;
use http::Method;
use serde_json::Value;

use crate::Authentication;
use crate::authentication::{RequestHeader, Trust};

/// How often it is looked for changes.
const PERIOD: Duration = Duration::from_secs(30);

const CONFIG_MAP: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

/// What flags say about certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `--client-ca-file`
    pub client_ca_file: Option<PathBuf>,
    /// `--requestheader-client-ca-file`
    pub request_header_ca_file: Option<PathBuf>,
    /// `--requestheader-allowed-names`
    pub allowed_names: Vec<String>,
    /// `--requestheader-username-headers`
    pub username_headers: Vec<String>,
    /// `--requestheader-uid-headers`
    pub uid_headers: Vec<String>,
    /// `--requestheader-group-headers`
    pub group_headers: Vec<String>,
    /// `--requestheader-extra-headers-prefix`
    pub extra_prefixes: Vec<String>,
    /// `--authentication-skip-lookup`: nothing is read from the cluster.
    pub skip_lookup: bool,
    /// `--authentication-tolerate-lookup-failure`: if nothing can be read from the cluster at the start, nobody's
    /// certificate is believed for the time being.
    pub tolerate_lookup_failure: bool,
}

/// Why it is not known whom to trust.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// A file cannot be read or used.
    #[error("{flag} {}: {problem}", path.display())]
    File {
        /// Which flag names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The cluster does not say.
    #[error(
        "unable to read configmap kube-system/extension-apiserver-authentication ({0}). If the permission is missing, a \
         role binding to the role extension-apiserver-authentication-reader in kube-system gives it; if the configmap \
         is, --client-ca-file says whom to trust"
    )]
    ConfigMap(#[source] Error),
    /// The cluster says something that cannot be used.
    #[error("configmap kube-system/extension-apiserver-authentication: {0}")]
    Content(String),
}

/// Finds out whom to trust, and goes on doing so in the background as long as anybody authenticates.
///
/// # Errors
/// If it cannot be found out at the start, and that is not tolerated.
pub async fn follow(
    authentication: &Arc<Authentication>,
    connection: Option<Connection>,
    settings: Settings,
) -> Result<(), LookupError> {
    let connection = connection.filter(|_| !settings.skip_lookup);
    match look(connection.as_ref(), &settings).await {
        Ok(trust) => authentication.trust(trust),
        Err(error @ LookupError::File { .. }) => return Err(error),
        Err(error) if !settings.tolerate_lookup_failure => return Err(error),
        Err(error) => {
            tracing::warn!(%error, "Client certificates are not believed until it is known whom to trust");
            authentication.trust(look(None, &settings).await?);
        }
    }
    let weak = Arc::downgrade(authentication);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PERIOD).await;
            let Some(authentication) = weak.upgrade() else { return };
            match look(connection.as_ref(), &settings).await {
                Ok(trust) => authentication.trust(trust),
                Err(error) => {
                    tracing::debug!(%error, "Certificates that were believed are believed further on");
                }
            }
        }
    });
    Ok(())
}

async fn look(connection: Option<&Connection>, settings: &Settings) -> Result<Trust, LookupError> {
    let client_ca = read("--client-ca-file", settings.client_ca_file.as_ref())?;
    let proxy_ca = read("--requestheader-client-ca-file", settings.request_header_ca_file.as_ref())?;
    let proxy = |ca: ClientAuthority| RequestHeader {
        ca,
        allowed_names: settings.allowed_names.clone(),
        username_headers: settings.username_headers.clone(),
        uid_headers: settings.uid_headers.clone(),
        group_headers: settings.group_headers.clone(),
        extra_prefixes: settings.extra_prefixes.clone(),
    };
    let mut trust = Trust { client_ca, request_header: proxy_ca.map(proxy) };
    let Some(connection) = connection else { return Ok(trust) };
    if trust.client_ca.is_some() && trust.request_header.is_some() {
        return Ok(trust);
    }
    let what = "reading whom the cluster trusts";
    let answer = connection.send(Method::GET, CONFIG_MAP, None, what).await;
    let answer = answer.map_err(LookupError::ConfigMap)?;
    let object: Value =
        serde_json::from_slice(&answer).map_err(|error| LookupError::Content(error.to_string()))?;
    let data = &object["data"];
    if trust.client_ca.is_none() {
        trust.client_ca = authority(data, "client-ca-file")?;
    }
    if trust.request_header.is_none()
        && let Some(ca) = authority(data, "requestheader-client-ca-file")?
    {
        trust.request_header = Some(RequestHeader {
            ca,
            allowed_names: texts(data, "requestheader-allowed-names")?,
            username_headers: texts(data, "requestheader-username-headers")?,
            uid_headers: texts(data, "requestheader-uid-headers")?,
            group_headers: texts(data, "requestheader-group-headers")?,
            extra_prefixes: texts(data, "requestheader-extra-headers-prefix")?,
        });
    }
    Ok(trust)
}

fn read(flag: &'static str, path: Option<&PathBuf>) -> Result<Option<ClientAuthority>, LookupError> {
    let Some(path) = path else { return Ok(None) };
    let problem = |problem: String| LookupError::File { flag, path: path.clone(), problem };
    let pem = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    ClientAuthority::from_pem(&pem).map(Some).map_err(problem)
}

fn authority(data: &Value, key: &str) -> Result<Option<ClientAuthority>, LookupError> {
    let Some(pem) = data[key].as_str().filter(|pem| !pem.is_empty()) else { return Ok(None) };
    let authority = ClientAuthority::from_pem(pem);
    authority.map(Some).map_err(|problem| LookupError::Content(format!("{key} {problem}")))
}

/// A list as JSON in a string.
fn texts(data: &Value, key: &str) -> Result<Vec<String>, LookupError> {
    let Some(text) = data[key].as_str().filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    serde_json::from_str(text).map_err(|error| LookupError::Content(format!("{key}: {error}")))
}
