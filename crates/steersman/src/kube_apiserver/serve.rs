//! From flags and a store to a server, and to its end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use apiserver::authentication::{Authentication, Tokens};
use apiserver::authorization::modes;
use apiserver::bootstrap::Cidr;
use apiserver::feature_gates::FeatureGates;
use apiserver::server::Server;
use apiserver::start::{Settings, start};
use component::certificates::{Authority, Identity, Subject};
use component::kubeconfig::Kubeconfig;
use component::metrics::{Text, Type};
use component::serving::{self, Listener, Tls, TlsOptions, TlsVersion};
use component::shutdown::{Shutdown, Stage};
use component::{certificates, flags};
use jiff::Timestamp;
use rustls::RootCertStore;
use store::Store;

use super::{Options, authorities, service_accounts, tell};

/// A server that is ready to be asked, and not yet listening.
pub(crate) struct Prepared {
    /// The server, for clients in this process.
    pub(crate) server: Arc<Server>,
    /// How far the end of this process has come. Signals are followed already.
    pub(crate) shutdown: Shutdown,
    listener: Listener,
    tls: Tls,
    kubeconfig: PathBuf,
}

/// Makes a server of flags and a store.
pub(crate) async fn prepare(options: &Options, store: Arc<dyn Store>) -> Result<Prepared> {
    let listener = serving::bind(SocketAddr::new(options.bind_address, options.secure_port))?;
    let address = advertised(options);
    let settings = settings(options, address, listener.address().port())?;
    let settings = Settings { flags: crate::flag_values(), ..settings };
    let (tls, authorities_pem) = tls(options, &settings, address, &listener)?;
    let shutdown = Shutdown::new();
    let delay = flags::duration(&options.shutdown_delay_duration).context("--shutdown-delay-duration")?;
    tokio::spawn(shutdown.follow_signals().context("catching signals")?);
    let server = start(store, settings, shutdown.clone()).await.context("starting the server")?;
    if let Err(error) = authorities::publish(&server, &authorities_pem).await {
        // Others then have to be told by flags; a full disk, for instance, is no reason not to serve.
        tell(format_args!("{error:#}"));
    }
    if options.etcd_servers.is_empty() {
        let file = options.data_dir.join("store").join("store.redb");
        server.metrics.collect_with(move |text| write_size(&file, text));
    }
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            shutdown.reached(Stage::Draining).await;
            tokio::time::sleep(delay).await;
            shutdown.advance(Stage::Stopping);
        }
    });
    Ok(Prepared { server, shutdown, listener, tls, kubeconfig: kubeconfig_path(options) })
}

impl Prepared {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Serves until the end of this process.
    pub(crate) async fn serve(self) {
        serving::serve(self.listener, self.tls, serving::Settings::default(), self.server, self.shutdown)
            .await;
    }
}

/// How large the store's file is.
fn write_size(file: &Path, text: &mut Text) {
    let Ok(metadata) = file.metadata() else { return };
    let name = "apiserver_storage_size_bytes";
    let labels = [("storage_cluster_id", "embedded")];
    text.family(name, Type::Gauge, "The size of the store's file, in bytes.").value(
        name,
        &labels,
        metadata.len() as f64,
    );
}

pub(super) fn announce(prepared: &Prepared) {
    tell(format_args!(
        "serving on https://{}; try: kubectl --kubeconfig {} get namespaces",
        prepared.address(),
        prepared.kubeconfig().display()
    ));
}

fn kubeconfig_path(options: &Options) -> PathBuf {
    options.admin_kubeconfig.clone().unwrap_or_else(|| options.data_dir.join("admin.kubeconfig"))
}

/// The address that others use: the one that was given, or bound to, or the loopback.
pub(super) fn advertised(options: &Options) -> IpAddr {
    let bound = Some(options.bind_address).filter(|address| !address.is_unspecified());
    options.advertise_address.or(bound).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

pub(super) fn settings(options: &Options, address: IpAddr, port: u16) -> Result<Settings> {
    let tokens = match &options.token_auth_file {
        Some(path) => Tokens::load(path).context("--token-auth-file")?,
        None => Tokens::default(),
    };
    Ok(Settings {
        advertise_address: address,
        secure_port: port,
        service_ranges: Cidr::parse_service_ranges(&options.service_cluster_ip_range)
            .context("--service-cluster-ip-range")?,
        node_ports: node_ports(&options.service_node_port_range)?,
        modes: modes::parse(&options.authorization_mode)?,
        authentication: Authentication {
            tokens: Arc::new(tokens),
            allows_anonymous: options.anonymous_auth,
            api_audiences: service_accounts::audiences(options),
            service_accounts: None,
        },
        service_accounts: Some(service_accounts::settings(options, &certificate_folder(options))?),
        enabled_plugins: options.enable_admission_plugins.clone(),
        disabled_plugins: options.disable_admission_plugins.clone(),
        not_ready_toleration_seconds: options.default_not_ready_toleration_seconds,
        unreachable_toleration_seconds: options.default_unreachable_toleration_seconds,
        event_ttl: flags::duration(&options.event_ttl).context("--event-ttl")?,
        request_timeout: positive("--request-timeout", &options.request_timeout)?,
        min_request_timeout: Duration::from_secs(u64::from(options.min_request_timeout)),
        feature_gates: feature_gates(options)?,
        n_read_only_max: options.max_requests_inflight,
        n_mutating_max: options.max_mutating_requests_inflight,
        flags: Vec::new(),
    })
}

/// Upstream's gates; what has no effect here is said.
fn feature_gates(options: &Options) -> Result<FeatureGates> {
    let gates = FeatureGates::parse(&options.feature_gates.join(",")).context("--feature-gates")?;
    for (name, value) in gates.without_effect() {
        tell(format_args!(
            "--feature-gates: {name}={value} has no effect here: the API is served with upstream's defaults"
        ));
    }
    Ok(gates)
}

/// A duration that must not be zero.
fn positive(flag: &'static str, text: &str) -> Result<Duration> {
    let duration = flags::duration(text).context(flag)?;
    if duration.is_zero() {
        bail!("{flag}: it must be longer than 0");
    }
    Ok(duration)
}

fn node_ports(text: &str) -> Result<(u16, u16)> {
    let parse = || {
        let (first, last) = text.split_once('-')?;
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first > 0 && first <= last).then_some((first, last))
    };
    parse().with_context(|| format!("--service-node-port-range: {text:?} is no range such as 30000-32767"))
}

/// How the server proves who it is, and whom it believes, the latter also as PEM. Writes the administrator's kubeconfig.
fn tls(
    options: &Options,
    settings: &Settings,
    address: IpAddr,
    listener: &Listener,
) -> Result<(Tls, String)> {
    let folder = certificate_folder(options);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let now = now();
    let authority = Authority::open(&folder, now)?;
    let identity = match (&options.tls_cert_file, &options.tls_private_key_file) {
        (Some(certificate), Some(key)) => Identity::load(certificate, key)?,
        _ => authority.serving("apiserver", &names(settings, address), now)?,
    };
    let mut roots = RootCertStore::empty();
    authority.add_to(&mut roots)?;
    let mut authorities_pem = authority.certificate_pem().to_owned();
    if let Some(path) = &options.client_ca_file {
        authorities_pem += &std::fs::read_to_string(path).context("--client-ca-file")?;
        certificates::load_roots(path, &mut roots).context("--client-ca-file")?;
    }
    let admin = authority.client("admin", &Subject::new("kubernetes-admin", &["system:masters"]), now)?;
    let server = format!("https://{}", SocketAddr::new(local(options), listener.address().port()));
    let kubeconfig = Kubeconfig {
        cluster: "steersman",
        server: &server,
        authority_pem: authority.certificate_pem(),
        user: "kubernetes-admin",
        client: &admin,
    };
    kubeconfig.write(&kubeconfig_path(options))?;
    let tls_options = TlsOptions {
        min_version: TlsVersion::parse(&options.tls_min_version).context("--tls-min-version")?,
        cipher_suites: options.tls_cipher_suites.clone(),
        ..TlsOptions::default()
    };
    let tls = Tls::new(&identity, roots, &tls_options);
    Ok((tls.context("setting up TLS (--tls-cipher-suites, --tls-min-version)")?, authorities_pem))
}

fn certificate_folder(options: &Options) -> PathBuf {
    options.cert_dir.clone().unwrap_or_else(|| options.data_dir.join("pki"))
}

/// The address for clients on this machine.
fn local(options: &Options) -> IpAddr {
    Some(options.bind_address).filter(|bound| !bound.is_unspecified()).unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// What the serving certificate is good for.
fn names(settings: &Settings, address: IpAddr) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        .map(str::to_owned)
        .to_vec();
    names.push("kubernetes.default.svc.cluster.local".to_owned());
    names.push("127.0.0.1".to_owned());
    names.push("::1".to_owned());
    names.push(address.to_string());
    names.extend(settings.service_ranges.iter().map(|range| range.nth(1).to_string()));
    names.sort();
    names.dedup();
    names
}

#[allow(clippy::disallowed_methods, reason = "certificates have to be good now")]
fn now() -> Timestamp {
    Timestamp::now()
}
