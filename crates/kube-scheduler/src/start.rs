//! From a connection and a configuration to a running scheduler.

use std::time::Duration;

use client::Connection;
use scheduling::engine::Scheduler;
use scheduling::framework::profile::ProfileError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::config::{FeatureGates, SchedulerConfiguration};

use crate::driver::{Driver, Handle, Hands, Observer};
use crate::events::Recorder;
use crate::executor::Executor;
use crate::extenders::{ExtenderError, Extenders};
use crate::metrics::{Meter, Metrics};
use crate::shadow::{Counts, Lines, Shadow};
use crate::{Clock, Permission, sources};

/// How many requests are under way at once. Each holds a connection, or a stream of one.
const REQUESTS_MAX: usize = 64;

/// What a scheduler is told at its start.
pub struct Settings {
    /// The configuration, defaulted and validated.
    pub configuration: SchedulerConfiguration,
    /// `--feature-gates`
    pub gates: FeatureGates,
    /// `--pod-max-in-unschedulable-pods-duration`
    pub pod_max_in_unschedulable: Duration,
    /// The time.
    pub clock: Clock,
    /// The seed of everything that is left to chance.
    pub seed: u64,
    /// What this computer is called, for events.
    pub host_name: String,
    /// Decide only, and compare; nothing is written.
    pub shadow: Option<ShadowSettings>,
    /// Who is to see everything that goes into the core and comes out of it.
    pub observers: Vec<Box<dyn Observer>>,
    /// What is counted, if anything is.
    pub metrics: Option<Metrics>,
}

/// What a shadow is told at its start.
#[derive(Default)]
pub struct ShadowSettings {
    /// Where a line of JSON per comparison goes.
    pub lines: Option<Lines>,
}

/// Why a scheduler cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A profile cannot be made.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// An extender cannot be asked.
    #[error(transparent)]
    Extender(#[from] ExtenderError),
}

/// The ways to the API server. They may be one.
#[derive(Clone)]
pub struct Connections {
    /// For everything but events.
    pub main: Connection,
    /// For events.
    pub events: Connection,
}

/// A scheduler that runs until this is dropped.
pub struct Running {
    /// To look into it.
    pub handle: Handle,
    /// For metrics.
    pub recorder: Recorder,
    /// For metrics; a shadow's has nothing to do.
    pub executor: Executor,
    /// How often a shadow agreed.
    pub shadow: Option<Counts>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Waits until a part of it has ended, which none does by itself. An error is a panic, and a defect.
    pub async fn ended(&mut self) -> Result<(), tokio::task::JoinError> {
        self.tasks.join_next().await.unwrap_or(Ok(()))
    }
}

/// Starts a scheduler: it follows the cluster at once, and acts as soon as it has [`Permission`]. Must be called within a
/// tokio runtime.
///
/// # Errors
/// If the profiles or the extenders cannot be made.
pub fn start(
    connections: &Connections,
    settings: Settings,
    permission: &Permission,
) -> Result<Running, StartError> {
    let Settings {
        configuration,
        gates,
        pod_max_in_unschedulable,
        clock,
        seed,
        host_name,
        shadow,
        mut observers,
        metrics,
    } = settings;
    let mut scheduler = Scheduler::new(&configuration, gates, seed)?;
    scheduler.set_pod_max_in_unschedulable(pod_max_in_unschedulable);
    if let Some(metrics) = &metrics {
        scheduler.set_stopwatch(metrics.timings.clone());
        let names: Vec<String> =
            configuration.profiles.iter().map(|profile| profile.scheduler_name.clone()).collect();
        observers.push(Box::new(Meter::new(metrics, scheduler.profiles(), &names, seed)));
    }
    let extenders = Extenders::new(&configuration.extenders)?;
    let onlooker = extenders.as_ref().map(Extenders::onlooker);
    if let Some(extenders) = &extenders {
        scheduler.set_extenders(extenders.deciding());
    }
    let kinds = sources::kinds(&scheduler, &configuration, &gates);
    let recorder = Recorder::start(connections.events.clone(), &host_name, clock);
    let (completed, completions) = mpsc::unbounded_channel();
    let executor = Executor::new(
        connections.main.clone(),
        recorder.clone(),
        permission.clone(),
        clock,
        REQUESTS_MAX,
        extenders,
        completed.clone(),
    );
    let shadow = shadow.map(|shadow| Shadow::new(shadow.lines, completed));
    let counts = shadow.as_ref().map(Shadow::counts);
    let hands = match shadow {
        Some(shadow) => Hands::Shadow(Box::new(shadow)),
        None => Hands::Real(executor.clone()),
    };
    let (mut tasks, news) =
        sources::follow(&connections.main, &kinds, client::Settings::default(), seed, onlooker.as_ref());
    let (driver, handle) =
        Driver::new(scheduler, observers, clock, permission.clone(), (news, kinds), (hands, completions));
    tasks.spawn(driver.run());
    Ok(Running { handle, recorder, executor, shadow: counts, tasks })
}
