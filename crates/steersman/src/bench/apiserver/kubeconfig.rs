//! Reading a kubeconfig: the current context's server and credentials.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::client::{Credentials, Target};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    current_context: String,
    contexts: Vec<Named<ContextEntry>>,
    clusters: Vec<Named<Cluster>>,
    users: Vec<Named<User>>,
}

#[derive(Deserialize)]
struct Named<T> {
    name: String,
    #[serde(alias = "context", alias = "cluster", alias = "user")]
    value: T,
}

#[derive(Deserialize)]
struct ContextEntry {
    cluster: String,
    user: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster {
    server: String,
    certificate_authority: Option<String>,
    certificate_authority_data: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct User {
    client_certificate: Option<String>,
    client_certificate_data: Option<String>,
    client_key: Option<String>,
    client_key_data: Option<String>,
    token: Option<String>,
}

/// Reads the file.
pub(super) fn read(file: &Path) -> Result<Target> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("reading the kubeconfig {shown}"))?;
    let config: Config = serde_saphyr::from_str(&text).with_context(|| format!("the kubeconfig {shown}"))?;
    let context = find(&config.contexts, &config.current_context, "context", file)?;
    let cluster = find(&config.clusters, &context.cluster, "cluster", file)?;
    let user = find(&config.users, &context.user, "user", file)?;
    let Some(authority) =
        pem(cluster.certificate_authority.as_deref(), cluster.certificate_authority_data.as_deref(), file)?
    else {
        bail!(
            "{shown}: the cluster has no certificate-authority-data: a server is only talked to if it can be trusted"
        );
    };
    let certificate = pem(user.client_certificate.as_deref(), user.client_certificate_data.as_deref(), file)?;
    let key = pem(user.client_key.as_deref(), user.client_key_data.as_deref(), file)?;
    let credentials = match (certificate, key, &user.token) {
        (Some(certificate), Some(key), _) => Credentials::Certificate { certificate, key },
        (_, _, Some(token)) => Credentials::Token(token.clone()),
        _ => bail!("{shown}: the user has neither a client certificate with its key nor a token"),
    };
    Target::new(&cluster.server, &authority, credentials)
}

fn find<'c, T>(all: &'c [Named<T>], name: &str, what: &str, file: &Path) -> Result<&'c T> {
    let found = all.iter().find(|named| named.name == name);
    found
        .map(|named| &named.value)
        .with_context(|| format!("{}: there is no {what} called {name:?}", file.display()))
}

/// A certificate or key: in the file itself, or in one that it names, relative to it.
fn pem(path: Option<&str>, data: Option<&str>, file: &Path) -> Result<Option<Vec<u8>>> {
    if let Some(data) = data {
        let decoded = STANDARD.decode(data.trim());
        return decoded.map(Some).with_context(|| format!("{}: data is not base64", file.display()));
    }
    let Some(path) = path else { return Ok(None) };
    let path = file.parent().unwrap_or(Path::new("")).join(path);
    fs::read(&path).map(Some).with_context(|| format!("reading {}", path.display()))
}
