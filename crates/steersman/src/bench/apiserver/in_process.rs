//! A server inside this process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use apiserver::in_process::InProcess;
use apiserver::user::User;
use store::Store;

use super::client::Stopwatch;
use super::door::Door;
use crate::kube_apiserver;

/// A server inside this process, with its embedded store in a folder for the occasion.
pub(super) struct OwnServerInside {
    client: InProcess,
    store: Arc<dyn Store>,
    folder: tempfile::TempDir,
    ready_after: Duration,
}

impl OwnServerInside {
    /// Starts one on an empty folder.
    pub(super) async fn start() -> Result<OwnServerInside> {
        OwnServerInside::start_in(tempfile::tempdir().context("making a folder for the server")?).await
    }

    async fn start_in(folder: tempfile::TempDir) -> Result<OwnServerInside> {
        let watch = Stopwatch::start();
        let (server, store) = kube_apiserver::start_in_process(folder.path()).await?;
        let ready_after = watch.elapsed();
        let user =
            User { name: "bench".to_owned(), groups: vec![User::MASTERS.to_owned()], ..User::default() };
        Ok(OwnServerInside { client: InProcess::new(server, user), store, folder, ready_after })
    }

    /// How long it took to be ready.
    pub(super) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The way to it.
    pub(super) fn door(&self) -> Door {
        Door::InProcess(self.client.clone())
    }

    /// Ends it, starts another on the same folder, and says how long that took.
    pub(super) async fn restart(self) -> Result<Duration> {
        let OwnServerInside { client, store, folder, .. } = self;
        store.close().await.context("closing the store")?;
        drop((client, store));
        let again = OwnServerInside::start_in(folder).await?;
        let ready_after = again.ready_after();
        again.store.close().await.context("closing the store")?;
        Ok(ready_after)
    }
}
