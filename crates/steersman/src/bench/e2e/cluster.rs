//! The cluster that is measured.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use apiserver::user::User;
use client::{Access, Connection};
use kube_scheduler::why::LastDecisions;
use kube_scheduler::{Clock, Connections, Permission, Running};
use store::Store;
use wire::config::{FeatureGates, SchedulerConfiguration};

use super::attempts::Attempts;
use crate::kube_apiserver;
use crate::up;

/// What scheduler_perf disables too: there are no controllers, nodes are ready from the start, and templates give
/// priorities as numbers.
const WITHOUT_ADMISSION: [&str; 3] = ["ServiceAccount", "TaintNodesByCondition", "Priority"];

/// A cluster: one of our own in this process, or one that somebody else runs.
pub(super) struct Cluster {
    /// The client's way to it.
    pub(super) connection: Connection,
    own: Option<Own>,
}

struct Own {
    scheduler: Running,
    store: Arc<dyn Store>,
    attempts: Attempts,
    /// It is removed with this value.
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// An empty cluster in this process: the API server on a folder of its own, and the live scheduler.
    pub(super) async fn own(
        configuration: SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
    ) -> Result<Cluster> {
        let folder = tempfile::tempdir().context("making a folder for the cluster")?;
        std::fs::create_dir(folder.path().join("pki")).context("making a folder for keys")?;
        let (server, store) =
            kube_apiserver::start_in_process_without(folder.path(), &WITHOUT_ADMISSION).await?;
        let way = up::connection(&server, up::SCHEDULER, "");
        let connections = Connections { main: way.clone(), events: way };
        let attempts = Attempts::default();
        let settings = kube_scheduler::Settings {
            configuration,
            gates,
            pod_max_in_unschedulable: Duration::from_secs(300),
            seed,
            clock: Clock::start(),
            host_name: crate::kube_scheduler::host_name(),
            shadow: None,
            metrics: None,
            // As in `up`.
            observers: vec![LastDecisions::default().observer(), Box::new(attempts.clone())],
        };
        let mut scheduler = kube_scheduler::start(&connections, settings, &Permission::given())
            .context("starting the scheduler")?;
        scheduler.handle.synced().await;
        let connection = up::connection(&server, "steersman:bench", User::MASTERS);
        Ok(Cluster { connection, own: Some(Own { scheduler, store, attempts, _folder: folder }) })
    }

    /// A cluster that somebody else runs.
    pub(super) async fn of(kubeconfig: &Path) -> Result<Cluster> {
        let access = Access {
            kubeconfig: Some(kubeconfig.to_owned()),
            user_agent: "steersman-bench".to_owned(),
            ..Access::default()
        };
        Ok(Cluster { connection: Connection::open(&access).await?, own: None })
    }

    /// Whether its processes are this one.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The times of the core's attempts, if it is in this process.
    pub(super) fn attempts(&self) -> Option<&Attempts> {
        self.own.as_ref().map(|own| &own.attempts)
    }

    /// Ends it.
    pub(super) async fn close(self) -> Result<()> {
        let Some(Own { scheduler, store, .. }) = self.own else { return Ok(()) };
        drop(scheduler);
        store.close().await.context("closing the store")
    }
}
