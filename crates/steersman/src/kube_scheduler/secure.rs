//! How the scheduler serves: certificates, who may ask what.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use client::{Access, Connection};
use component::certificates::{Authority, Identity};
use component::flags;
use component::serving::{Listener, Settings, Tls, TlsOptions, TlsVersion, bind_beside};
use delegation::{Authentication, Authorization, Delegation, authorization, lookup};
use jiff::Timestamp;

use super::flags::Flags;

/// How long requests may go on when the scheduler ends.
const STOP_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// Opens the port; nothing if it is turned off.
pub(super) fn listen(flags: &Flags) -> Result<Option<Listener>> {
    let port = u16::try_from(flags.secure_port).context("--secure-port")?;
    if port == 0 {
        return Ok(None);
    }
    Ok(Some(bind_beside(SocketAddr::new(flags.bind_address, port), flags.permit_port_sharing)?))
}

pub(super) fn settings(flags: &Flags) -> Settings {
    let mut settings = Settings { stop_wait: STOP_WAIT, ..Settings::default() };
    if flags.http2_max_streams_per_connection > 0 {
        settings.n_streams_max = flags.http2_max_streams_per_connection;
    }
    settings
}

/// The certificate that is given, or one that is made now.
pub(super) fn tls(flags: &Flags, now: Timestamp) -> Result<Tls> {
    let identity = match (flags.tls_cert_file.as_str(), flags.tls_private_key_file.as_str()) {
        ("", "") => own_certificate(flags, now)?,
        (certificate, key) if !certificate.is_empty() && !key.is_empty() => {
            Identity::load(Path::new(certificate), Path::new(key)).context("--tls-cert-file")?
        }
        _ => bail!("--tls-cert-file and --tls-private-key-file need each other"),
    };
    let options = TlsOptions {
        named: flags.tls_sni_cert_key.iter().map(|text| named(text)).collect::<Result<_>>()?,
        only_http1: flags.disable_http2_serving,
        curves: flags.tls_curve_preferences.clone(),
        min_version: TlsVersion::parse(&flags.tls_min_version).context("--tls-min-version")?,
        cipher_suites: flags.tls_cipher_suites.clone(),
    };
    Tls::asking(&identity, &options).context("setting up TLS (--tls-…)")
}

/// `cert.pem,key.pem:name,name`
fn named(text: &str) -> Result<(Vec<String>, Identity)> {
    let (files, names) = text.split_once(':').unwrap_or((text, ""));
    let Some((certificate, key)) = files.split_once(',') else {
        bail!("--tls-sni-cert-key {text:?}: CERT,KEY or CERT,KEY:NAME,NAME is expected");
    };
    let identity = Identity::load(Path::new(certificate), Path::new(key)).context("--tls-sni-cert-key")?;
    let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok((names, identity))
}

/// A certificate for this computer only. It is kept if there is a folder for it.
fn own_certificate(flags: &Flags, now: Timestamp) -> Result<Identity> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if !flags.bind_address.is_unspecified() {
        names.push(flags.bind_address.to_string());
    }
    let make = |folder: &Path| -> Result<Identity> {
        let authority = Authority::open(folder, now)?;
        Ok(authority.serving("kube-scheduler", &names, now)?)
    };
    if flags.cert_dir.is_empty() {
        let folder = tempfile::tempdir().context("making a folder for a certificate")?;
        return make(folder.path());
    }
    let folder = Path::new(&flags.cert_dir);
    std::fs::create_dir_all(folder).with_context(|| format!("--cert-dir {}", folder.display()))?;
    make(folder).context("--cert-dir")
}

/// Who may ask what: whom the cluster lets.
pub(super) async fn delegation(flags: &Flags, user_agent: &str) -> Result<Delegation> {
    let ttl = |flag: &'static str, text: &str| flags::duration(text).context(flag);
    let reviewing_tokens = connection(&flags.authentication_kubeconfig, user_agent)
        .await
        .context("--authentication-kubeconfig")?;
    let authentication = Arc::new(Authentication::new(
        reviewing_tokens.clone(),
        ttl("--authentication-token-webhook-cache-ttl", &flags.authentication_token_webhook_cache_ttl)?,
    ));
    let settings = lookup::Settings {
        client_ca_file: file(&flags.client_ca_file),
        request_header_ca_file: file(&flags.requestheader_client_ca_file),
        allowed_names: flags.requestheader_allowed_names.clone(),
        username_headers: flags.requestheader_username_headers.clone(),
        uid_headers: flags.requestheader_uid_headers.clone(),
        group_headers: flags.requestheader_group_headers.clone(),
        extra_prefixes: flags.requestheader_extra_headers_prefix.clone(),
        skip_lookup: flags.authentication_skip_lookup,
        tolerate_lookup_failure: flags.authentication_tolerate_lookup_failure,
    };
    lookup::follow(&authentication, reviewing_tokens, settings).await?;
    let reviewing_access = connection(&flags.authorization_kubeconfig, user_agent)
        .await
        .context("--authorization-kubeconfig")?;
    let settings = authorization::Settings {
        always_allow_paths: flags.authorization_always_allow_paths.clone(),
        authorized_ttl: ttl(
            "--authorization-webhook-cache-authorized-ttl",
            &flags.authorization_webhook_cache_authorized_ttl,
        )?,
        unauthorized_ttl: ttl(
            "--authorization-webhook-cache-unauthorized-ttl",
            &flags.authorization_webhook_cache_unauthorized_ttl,
        )?,
    };
    let authorization = Authorization::new(reviewing_access, settings)
        .map_err(|error| anyhow::anyhow!("--authorization-always-allow-paths: {error}"))?;
    Ok(Delegation { authentication, authorization: Arc::new(authorization) })
}

fn file(path: &str) -> Option<PathBuf> {
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// The kubeconfig that is given, or the service account of the pod; nothing outside of a cluster.
async fn connection(kubeconfig: &str, user_agent: &str) -> Result<Option<Connection>> {
    let kubeconfig = file(kubeconfig);
    if kubeconfig.is_none() && std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Ok(None);
    }
    let access = Access { kubeconfig, user_agent: user_agent.to_owned(), ..Access::default() };
    Ok(Some(Connection::open(&access).await?))
}
