//! The process: its start, its life and its end, in kube-scheduler's order.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use base::Stream;
use client::leader_election::{self, Elector, End, Standing};
use client::{Access, Connection};
use component::metrics::{Registry, Type};
use component::serving;
use component::shutdown::{Shutdown, Stage};
use jiff::Timestamp;
use kube_scheduler::metrics::{Leading, Metrics, Requests};
use kube_scheduler::serving::{Checks, SetVerbosity, Site, dump};
use kube_scheduler::shadow::{Counts, Verdict};
use kube_scheduler::why::LastDecisions;
use kube_scheduler::{Clock, Connections, Permission, Running, ShadowSettings, start};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use wire::config::{Gate, SchedulerConfiguration};

use super::effective::Effective;
use super::{Options, host_name, secure, seed};
use crate::Outcome;
use crate::recording::record;

/// How long what has begun may go on when another one is to lead.
const HAND_OVER_WAIT: Duration = Duration::from_secs(1);

/// How often it is looked whether what has begun is done.
const LOOK: Duration = Duration::from_millis(5);

pub(super) async fn run(options: &Options, effective: Effective, set_verbosity: SetVerbosity) -> Outcome {
    let shutdown = Shutdown::new();
    tokio::spawn(shutdown.follow_signals().context("catching signals")?);
    let second_signal = {
        let shutdown = shutdown.clone();
        async move { shutdown.reached(Stage::Ending).await }
    };
    tokio::select! {
        code = live(options, effective, set_verbosity, &shutdown) => code,
        () = second_signal => Ok(ExitCode::FAILURE),
    }
}

/// From the flags to the end.
async fn live(
    options: &Options,
    effective: Effective,
    set_verbosity: SetVerbosity,
    shutdown: &Shutdown,
) -> Outcome {
    let flags = &options.flags;
    let started = now();
    let metrics = Metrics::new(effective.metrics.clone(), &effective.gates);
    let connections = Ways::open(&effective.configuration, &flags.master, &metrics).await?;
    tracing::info!(
        version = super::VERSION,
        server = connections.main.server(),
        "Starting Kubernetes Scheduler"
    );
    if effective.gates.enabled(Gate::CoordinatedLeaderElection) {
        tracing::warn!("CoordinatedLeaderElection has no effect: the lease is taken by whoever is first");
    }
    let decisions = LastDecisions::default();
    let elects = effective.configuration.leader_election.leader_elect && flags.shadow.is_none();
    let permission = if elects { Permission::none() } else { Permission::given() };
    let core = Core::default();
    let configuration = wire::config::to_value(&effective.configuration);
    tracing::debug!(config = %configuration, "Using component config");
    let serving = match secure::listen(flags)? {
        None => None,
        Some(listener) => {
            let synced = Arc::clone(&core);
            let checks = Checks::new(elects, shutdown.clone(), move || {
                synced.get().is_some_and(kube_scheduler::driver::Handle::is_synced)
            });
            let site = kube_scheduler::serving::Settings {
                delegation: Some(secure::delegation(flags, &user_agent("")).await?),
                checks,
                metrics: metrics.clone(),
                connection: connections.main.clone(),
                permission: permission.clone(),
                configuration,
                flags: options.all.iter().map(|flag| (flag.name.clone(), flag.value.clone())).collect(),
                started,
                profiling: effective.configuration.enable_profiling,
                set_verbosity,
                decisions: decisions.clone(),
            };
            let site = Arc::new(Site::new(site, Arc::clone(&core)));
            let tls = secure::tls(flags, started)?;
            tracing::info!(address = %listener.address(), "Serving securely");
            let settings = secure::settings(flags);
            Some(tokio::spawn(serving::serve(listener, tls, settings, site, shutdown.clone())))
        }
    };
    dump_on_signal(&core)?;
    let is_ending = Arc::default();
    let life = Life { options, effective, connections, metrics, permission, core, decisions, is_ending };
    let ended = life.live(elects, shutdown).await;
    shutdown.advance(Stage::Stopping);
    if let Some(serving) = serving {
        serving.await.context("serving")?;
    }
    ended
}

/// A look into the core, once there is one.
type Core = Arc<OnceLock<kube_scheduler::driver::Handle>>;

/// The ways to the API server: each has a limit and a name of its own.
struct Ways {
    main: Connection,
    events: Connection,
    election: Connection,
}

impl Ways {
    async fn open(configuration: &SchedulerConfiguration, master: &str, metrics: &Metrics) -> Result<Ways> {
        let settings = &configuration.client_connection;
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let access = Access {
            kubeconfig: text(&settings.kubeconfig).map(Into::into),
            server: text(master),
            user_agent: user_agent("/scheduler"),
            ..Access::default()
        };
        let open = Connection::open(&access).await.context("finding the API server")?;
        let open = open.metered(Requests::register(&metrics.registry));
        let burst = u32::try_from(settings.burst).unwrap_or(0);
        let limited =
            |name: &str| open.limited(f64::from(settings.qps), burst).with_user_agent(&user_agent(name));
        Ok(Ways {
            main: limited("/scheduler"),
            events: limited(""),
            election: open.with_user_agent(&user_agent("/leader-election")),
        })
    }
}

/// As kube-scheduler calls itself.
fn user_agent(suffix: &str) -> String {
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let version = env!("CARGO_PKG_VERSION");
    format!("kube-scheduler/{} ({os}/{architecture}) steersman/{version}{suffix}", super::VERSION)
}

/// What the process has while it schedules.
struct Life<'o> {
    options: &'o Options,
    effective: Effective,
    connections: Ways,
    metrics: Metrics,
    permission: Permission,
    core: Core,
    decisions: LastDecisions,
    /// Whether permission is not to be given any more.
    is_ending: Arc<AtomicBool>,
}

impl Life<'_> {
    async fn live(self, elects: bool, shutdown: &Shutdown) -> Outcome {
        if !elects {
            let mut running = self.start()?;
            return tokio::select! {
                ended = running.ended() => Err(broken(ended)),
                () = shutdown.reached(Stage::Draining) => {
                    self.permission.take();
                    if self.options.flags.shadow.is_some() {
                        return Ok(ExitCode::SUCCESS);
                    }
                    Err(anyhow!("finished without leader elect"))
                }
            };
        }
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut standing = self.elect(stopped)?;
        let waits_for_lease = self.effective.configuration.delay_cache_until_active;
        let mut running = if waits_for_lease { None } else { Some(self.start()?) };
        loop {
            let is_running = running.is_some();
            tokio::select! {
                ended = async {
                    match &mut running {
                        Some(running) => running.ended().await,
                        None => std::future::pending().await,
                    }
                } => return Err(broken(ended)),
                () = self.permission.wait(), if !is_running => running = Some(self.start()?),
                end = &mut standing => {
                    // The elector ends by itself only when it has led and has lost its lease.
                    end.context("leader election")?;
                    tracing::error!("Leaderelection lost");
                    return Ok(ExitCode::FAILURE);
                }
                () = shutdown.reached(Stage::Draining) => break,
            }
        }
        // Nothing new begins, and what has begun is answered before another one leads.
        self.is_ending.store(true, Ordering::Release);
        self.permission.take();
        if let Some(running) = &running {
            let idle = async {
                while running.executor.n_under_way() > 0 {
                    tokio::time::sleep(LOOK).await;
                }
            };
            let _ = tokio::time::timeout(HAND_OVER_WAIT, idle).await;
        }
        self.permission.take();
        drop(stop);
        standing.await.context("leader election")?;
        tracing::info!("Requested to terminate, exiting");
        Ok(ExitCode::SUCCESS)
    }

    /// Starts the scheduler itself.
    fn start(&self) -> Result<Running> {
        let flags = &self.options.flags;
        let Effective { configuration, gates, pod_max_in_unschedulable, .. } = &self.effective;
        let (clock, seed) = (Clock::start(), seed());
        let mut observers = vec![self.decisions.observer()];
        if let Some(folder) = &flags.record {
            observers.push(record(folder, configuration, *gates, seed, clock.now())?);
        }
        let shadow = if flags.shadow.is_some() {
            Some(ShadowSettings { lines: shadow_lines(flags.shadow_report.as_deref())? })
        } else {
            None
        };
        let settings = kube_scheduler::Settings {
            configuration: configuration.clone(),
            gates: *gates,
            pod_max_in_unschedulable: *pod_max_in_unschedulable,
            clock,
            seed,
            host_name: host_name(),
            shadow,
            observers,
            metrics: Some(self.metrics.clone()),
        };
        let connections =
            Connections { main: self.connections.main.clone(), events: self.connections.events.clone() };
        let running = start(&connections, settings, &self.permission).context("starting the scheduler")?;
        if let Some(counts) = running.shadow.clone() {
            show_agreement(&self.metrics.registry, counts);
        }
        // It starts once.
        let _ = self.core.set(running.handle.clone());
        Ok(running)
    }

    /// Takes part in the election in the background, and gives and takes permission as it goes.
    fn elect(&self, stopped: tokio::sync::oneshot::Receiver<()>) -> Result<JoinHandle<End>> {
        let election = &self.effective.configuration.leader_election;
        let time = |time: wire::config::Duration| time.to_std().unwrap_or_default();
        let settings = leader_election::Settings {
            namespace: election.resource_namespace.clone(),
            name: election.resource_name.clone(),
            lease_duration: time(election.lease_duration),
            renew_deadline: time(election.renew_deadline),
            retry_period: time(election.retry_period),
        };
        let seed = seed();
        let component = self.effective.configuration.profiles.first();
        let component = component.map_or("kube-scheduler", |profile| profile.scheduler_name.as_str());
        let elector = Elector::new(
            self.connections.election.clone(),
            settings,
            &leader_election::identity(&host_name(), random_bytes(seed)),
            component,
            Arc::new(now),
            seed,
        )?;
        Leading::register(&self.metrics.registry, self.permission.clone(), elector.n_slow_paths());
        let (permission, mut standing) = (self.permission.clone(), elector.standing());
        let is_ending = Arc::clone(&self.is_ending);
        Ok(tokio::spawn(async move {
            // It is told to stop by the other end's being dropped.
            let stop = async {
                let _ = stopped.await;
            };
            let follow = async {
                loop {
                    match *standing.borrow_and_update() {
                        Standing::Leader { until } if !is_ending.load(Ordering::Acquire) => {
                            permission.give_until(until);
                        }
                        _ => permission.take(),
                    }
                    if standing.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! {
                end = elector.run(stop) => {
                    permission.take();
                    end
                }
                () = follow => End::Lost,
            }
        }))
    }
}

/// A part of the scheduler has ended, which none does by itself.
fn broken(ended: Result<(), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(()) => anyhow!("a part of the scheduler has ended by itself, which is a defect"),
        Err(error) => anyhow!("a part of the scheduler has ended, which is a defect: {error}"),
    }
}

/// How often a shadow and the scheduler that it follows agreed, as a metric.
fn show_agreement(registry: &Registry, counts: Counts) {
    registry.collect_with(move |text| {
        let name = "steersman_shadow_decisions_total";
        let help =
            "How often this shadow's decision and that of the scheduler which it follows were compared.";
        let mut lines = text.family(name, Type::Counter, help);
        for verdict in Verdict::ALL {
            lines.value(name, &[("verdict", verdict.as_str())], counts.get(verdict) as f64);
        }
    });
}

fn shadow_lines(path: Option<&Path>) -> Result<Option<kube_scheduler::shadow::Lines>> {
    Ok(match path {
        None => None,
        Some(path) if path.as_os_str() == "-" => Some(Box::new(std::io::stdout())),
        Some(path) => {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            Some(Box::new(file.with_context(|| format!("--shadow-report {}", path.display()))?))
        }
    })
}

/// Writes what the scheduler knows into the log whenever SIGUSR2 comes.
fn dump_on_signal(core: &Core) -> Result<()> {
    let mut signals = signal(SignalKind::user_defined2()).context("catching SIGUSR2")?;
    let core = Arc::clone(core);
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            if let Some(handle) = core.get() {
                dump(handle).await;
            }
        }
    });
    Ok(())
}

fn random_bytes(seed: u64) -> [u8; 16] {
    let mut random = Stream::new(seed, "identity");
    let mut bytes = [0; 16];
    for half in bytes.chunks_exact_mut(8) {
        half.copy_from_slice(&random.seed().to_le_bytes());
    }
    bytes
}

#[allow(clippy::disallowed_methods, reason = "an edge of the program, where time comes in")]
fn now() -> Timestamp {
    Timestamp::now()
}
