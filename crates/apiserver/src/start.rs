//! From a store to a server that can be asked.

mod health;
mod metrics;
mod objects;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use component::metrics::ApiServerMetrics;
use component::shutdown::Shutdown;
use resources::kinds;
use store::Store;

use crate::admission::chain::{self, Chain, ChainError};
use crate::admission::timed::Plugins;
use crate::authentication::Authentication;
use crate::authorization::modes::{Mode, Modes};
use crate::bootstrap::{self, Cidr};
use crate::chance::Random;
use crate::discovery::Discovery;
use crate::feature_gates::FeatureGates;
use crate::loops;
use crate::measured::Measured;
use crate::objects::Objects;
use crate::openapi::OpenApi;
use crate::registry::Registry;
use crate::served::Kinds;
use crate::server::{Inflight, Server};
use crate::service_account::{self, ServiceAccounts};
use crate::services::{Allocators, Range};
use crate::watch_cache::Caches;

/// What a server is told at its start. The names are those of upstream's flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--advertise-address`
    pub advertise_address: IpAddr,
    /// `--secure-port`
    pub secure_port: u16,
    /// `--service-cluster-ip-range`
    pub service_ranges: Vec<Cidr>,
    /// `--service-node-port-range`, the first and the last
    pub node_ports: (u16, u16),
    /// `--authorization-mode`
    pub modes: Vec<Mode>,
    /// Who is known.
    pub authentication: Authentication,
    /// Tokens of service accounts; without, none are issued or believed.
    pub service_accounts: Option<service_account::Settings>,
    /// `--enable-admission-plugins`
    pub enabled_plugins: Vec<String>,
    /// `--disable-admission-plugins`
    pub disabled_plugins: Vec<String>,
    /// `--default-not-ready-toleration-seconds`
    pub not_ready_toleration_seconds: i64,
    /// `--default-unreachable-toleration-seconds`
    pub unreachable_toleration_seconds: i64,
    /// `--event-ttl`
    pub event_ttl: Duration,
    /// `--request-timeout`
    pub request_timeout: Duration,
    /// `--min-request-timeout`
    pub min_request_timeout: Duration,
    /// `--feature-gates`
    pub feature_gates: FeatureGates,
    /// `--max-requests-inflight`
    pub n_read_only_max: usize,
    /// `--max-mutating-requests-inflight`
    pub n_mutating_max: usize,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read or written.
    #[error("the store cannot be used")]
    Store(#[from] store::Error),
    /// A name of an admission plugin is wrong.
    #[error(transparent)]
    Admission(#[from] ChainError),
    /// A range of service addresses cannot be used.
    #[error("--service-cluster-ip-range")]
    Range(#[from] crate::services::RangeError),
}

/// A server over a store: reads it, makes what every cluster has, and is ready.
///
/// # Errors
/// The store fails, or a setting makes no sense.
pub async fn start(
    store: Arc<dyn Store>,
    settings: Settings,
    shutdown: Shutdown,
) -> Result<Arc<Server>, StartError> {
    let kinds = Kinds::new(kinds::all());
    let registered = component::metrics::Registry::new();
    let counters = Arc::new(ApiServerMetrics::register(&registered));
    let store: Arc<dyn Store> = Arc::new(Measured::new(store, &kinds, Arc::clone(&counters)));
    let caches = Arc::new(Caches::new(&kinds));
    metrics::register(&registered, &caches, &settings.feature_gates);
    caches.start(Arc::clone(&store)).await?;
    let objects: Arc<dyn Objects> = Arc::clone(&caches) as Arc<dyn Objects>;
    let modes = Arc::new(Modes::new(&settings.modes, &objects));
    let names = Random::new("admission");
    let chain = Chain::new(
        &settings.enabled_plugins,
        &settings.disabled_plugins,
        &chain::Settings {
            not_ready_toleration_seconds: settings.not_ready_toleration_seconds,
            unreachable_toleration_seconds: settings.unreachable_toleration_seconds,
            authorizer: Arc::clone(&modes) as _,
            name_suffix: Arc::new(move || names.with(|random| apimachinery::meta::generate_name("", random))),
        },
    )?;
    let ranges: Result<Vec<Range>, _> =
        settings.service_ranges.iter().map(|range| range.to_string().parse()).collect();
    let address = format!("{}:{}", settings.advertise_address, settings.secure_port);
    let discovery = Discovery::new(&kinds, address.clone());
    let openapi = OpenApi::new(&kinds);
    let mut authentication = settings.authentication;
    authentication.service_accounts = settings
        .service_accounts
        .map(|settings| Arc::new(ServiceAccounts::new(settings, Arc::clone(&objects))));
    let registry = Registry {
        store: Arc::clone(&store),
        kinds,
        caches,
        admission: Plugins::new(chain.into_plugins(), Arc::clone(&counters)),
        modes,
        allocators: Allocators::new(ranges?, settings.node_ports),
        event_ttl: settings.event_ttl,
        random: Random::new("registry"),
    };
    let desired = bootstrap::objects(&bootstrap::Settings {
        advertise_address: settings.advertise_address,
        secure_port: settings.secure_port,
        service_ranges: settings.service_ranges.clone(),
        now: crate::clock::now(),
    });
    objects::make(&registry, desired).await?;
    registry.allocators.repair(&registry).await?;
    let revision = store.revision().await?;
    registry.caches.wait_for(revision.0, Duration::from_secs(10)).await;
    let health = health::checks(Arc::clone(&store), &shutdown);
    let server = Arc::new(Server {
        registry,
        authentication,
        address,
        discovery,
        openapi,
        health,
        metrics: registered,
        min_request_timeout: settings.min_request_timeout,
        compresses: settings.feature_gates.enabled("APIResponseCompression"),
        inflight: Inflight::new(
            settings.n_read_only_max,
            settings.n_mutating_max,
            settings.request_timeout / 4,
            &counters,
        ),
        request_timeout: settings.request_timeout,
        shutdown: shutdown.clone(),
        counters,
        addition: OnceLock::new(),
    });
    loops::start(&server, &shutdown);
    Ok(server)
}
