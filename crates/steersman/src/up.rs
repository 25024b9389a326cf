//! `steersman up`: a whole cluster in one process.
//!
//! The components are the same that run as processes of their own; only the way from one to another is shorter. Each is
//! a user of its own to the API server, with that user's rights.

mod apply;
mod debug;
pub(crate) mod in_process;
mod tour;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use apiserver::in_process::InProcess;
use apiserver::server::Server;
use apiserver::user::User;
use clap::{ArgAction, Args};
use client::Connection;
use component::flags;
use component::shutdown::Stage;
use kube_scheduler::why::LastDecisions;
use kube_scheduler::{Clock, Connections, Permission, Running};
use simulated_nodes::{Shape, Stages};
use tokio::task::JoinSet;
use wire::config::FeatureGates;

use crate::configuration::read_component_configuration;
use crate::kube_apiserver::{self, Prepared};
use crate::{Outcome, kube_scheduler as component_kube_scheduler, recording};
use debug::Debug;
use in_process::Within;

/// Who the scheduler is; the bootstrap roles give it what it needs.
pub(crate) const SCHEDULER: &str = "system:kube-scheduler";

/// Flags of the cluster, and those of the API server in it.
#[derive(Args)]
#[group(id = "cluster")]
#[command(mut_arg("bind_address", |flag| flag.default_value("127.0.0.1")))]
pub(crate) struct Options {
    /// How many nodes are simulated: their pods run as far as the API shows
    #[arg(long, value_name = "N", default_value_t = 0)]
    simulated_nodes: usize,
    /// A Node as YAML or JSON that simulated nodes are like; by default they have 16 CPUs, 64 GiB and room for 110 pods
    #[arg(long, value_name = "FILE")]
    node_shape: Option<PathBuf>,
    /// How long pods on simulated nodes take to start
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pod_start: String,
    /// After how long pods on simulated nodes have succeeded if they are not restarted always; without it they run until
    /// they are deleted, unless their annotation steersman.dev/completes-after says otherwise
    #[arg(long, value_name = "DURATION")]
    pod_completion: Option<String>,
    /// How long pods on simulated nodes take to stop, within their grace period
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pod_stop: String,
    /// By which part those durations may be longer by chance
    #[arg(long, value_name = "PART", default_value_t = 0.0)]
    pod_jitter: f64,
    /// How often a simulated node renews its lease
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    node_heartbeat: String,

    /// Start no scheduler: pods that name their node run, others wait
    #[arg(long, action = ArgAction::SetTrue)]
    no_scheduler: bool,
    /// The scheduler's configuration (kubescheduler.config.k8s.io/v1)
    #[arg(long, value_name = "FILE", conflicts_with = "no_scheduler")]
    scheduler_config: Option<PathBuf>,

    /// Write down in this folder everything that the scheduler is given and decides, for `steersman replay`
    #[arg(long, value_name = "DIR", conflicts_with = "no_scheduler")]
    record: Option<PathBuf>,

    /// Objects to apply at the start: files or folders, YAML or JSON; then it is shown where their pods go
    #[arg(short = 'f', long, value_name = "PATH")]
    filename: Vec<PathBuf>,

    #[command(flatten)]
    api_server: kube_apiserver::Options,
}

pub(crate) fn run(options: &Options) -> Outcome {
    kube_apiserver::raise_file_limit();
    kube_apiserver::take_small_pages();
    component_kube_scheduler::log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads of the cluster")?;
    runtime.block_on(up(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn up(options: &Options) -> Result<()> {
    let objects = apply::read(&options.filename)?;
    let simulation = simulation(options)?;
    let api_server = options.api_server.clone().without_plugin("ServiceAccount");
    let store = kube_apiserver::open_store(&api_server).await?;
    let ran = async {
        let prepared = kube_apiserver::prepare(&api_server, Arc::clone(&store)).await?;
        let cluster = Cluster::start(options, &prepared, simulation).await?;
        tour::welcome(options, &prepared);
        let shutdown = prepared.shutdown.clone();
        let admin = connection(&prepared.server, "kubernetes-admin", User::MASTERS);
        let kubeconfig = prepared.kubeconfig().to_owned();
        let serving = tokio::spawn(prepared.serve());
        let touring = async {
            if !objects.is_empty() {
                apply::apply(&admin, &objects).await?;
                tour::show(&admin, &objects, !options.no_scheduler, &kubeconfig).await?;
            }
            tour::stays_up();
            std::future::pending::<Result<()>>().await
        };
        tokio::select! {
            failed = touring => failed?,
            () = shutdown.reached(Stage::Draining) => tour::ends(),
        }
        // Nobody writes any more while the server finishes what has begun.
        drop(cluster);
        serving.await.context("serving the API")
    };
    let ran = ran.await;
    let closed = store.close().await.context("closing the store");
    ran.and(closed)
}

/// A client in this process.
pub(crate) fn connection(server: &Arc<Server>, user: &str, group: &str) -> Connection {
    let groups = [group, User::AUTHENTICATED].map(str::to_owned);
    let groups = groups.into_iter().filter(|group| !group.is_empty()).collect();
    let user = User { name: user.to_owned(), groups, ..User::default() };
    let name = user.name.clone();
    Connection::over(
        Within(InProcess::new(Arc::clone(server), user)),
        "the API server of this process",
        &name,
    )
}

/// Everything but the API server. It ends with this value.
struct Cluster {
    _scheduler: Option<Running>,
    _nodes: Option<JoinSet<()>>,
}

impl Cluster {
    async fn start(
        options: &Options,
        prepared: &Prepared,
        simulation: Option<simulated_nodes::Settings>,
    ) -> Result<Cluster> {
        let scheduler = if options.no_scheduler {
            None
        } else {
            Some(scheduler(&prepared.server, options.scheduler_config.as_deref(), options.record.as_deref())?)
        };
        let nodes = match simulation {
            None => None,
            Some(settings) => {
                let connection = connection(&prepared.server, "steersman:simulated-nodes", User::MASTERS);
                Some(simulated_nodes::start(&connection, settings).await.context("simulating nodes")?)
            }
        };
        Ok(Cluster { _scheduler: scheduler, _nodes: nodes })
    }
}

/// The scheduler of a process that has the API server: there is no other, so nobody is elected.
pub(crate) fn scheduler(
    server: &Arc<Server>,
    configuration: Option<&Path>,
    record: Option<&Path>,
) -> Result<Running> {
    let gates = FeatureGates::parse("").context("the feature gates")?;
    let configuration = read_component_configuration(configuration, &gates)?;
    let connection = connection(server, SCHEDULER, "");
    let connections = Connections { main: connection.clone(), events: connection };
    let (clock, seed) = (Clock::start(), component_kube_scheduler::seed());
    let decisions = LastDecisions::default();
    let mut observers = vec![decisions.observer()];
    if let Some(folder) = record {
        observers.push(recording::record(folder, &configuration, gates, seed, clock.now())?);
    }
    let settings = kube_scheduler::Settings {
        configuration,
        gates,
        pod_max_in_unschedulable: Duration::from_secs(300),
        seed,
        clock,
        host_name: component_kube_scheduler::host_name(),
        shadow: None,
        observers,
        metrics: None,
    };
    let running = kube_scheduler::start(&connections, settings, &Permission::given());
    let running = running.context("starting the scheduler")?;
    // A server has one process, and that has one scheduler.
    let _ = server.addition.set(Arc::new(Debug { decisions, handle: running.handle.clone() }));
    Ok(running)
}

fn simulation(options: &Options) -> Result<Option<simulated_nodes::Settings>> {
    let duration = |flag: &'static str, text: &str| flags::duration(text).context(flag);
    if !(0.0..=10.0).contains(&options.pod_jitter) {
        bail!("--pod-jitter: {} is not between 0 and 10", options.pod_jitter);
    }
    let stages = Stages {
        start: duration("--pod-start", &options.pod_start)?,
        completion: match &options.pod_completion {
            Some(text) => Some(duration("--pod-completion", text)?),
            None => None,
        },
        stop: duration("--pod-stop", &options.pod_stop)?,
        jitter: options.pod_jitter,
    };
    let heartbeat = duration("--node-heartbeat", &options.node_heartbeat)?;
    if heartbeat < Duration::from_secs(1) {
        bail!("--node-heartbeat: it must be a second at least");
    }
    let shape = match &options.node_shape {
        Some(path) => shape(path).with_context(|| format!("--node-shape {}", path.display()))?,
        None => Shape::default(),
    };
    if options.simulated_nodes == 0 {
        return Ok(None);
    }
    Ok(Some(simulated_nodes::Settings { n_nodes: options.simulated_nodes, shape, stages, heartbeat }))
}

fn shape(path: &Path) -> Result<Shape> {
    let mut documents = apply::documents(path)?;
    let (Some(node), None) = (documents.pop(), documents.pop()) else {
        bail!("one Node is expected in it");
    };
    Ok(Shape::from_node(node)?)
}
