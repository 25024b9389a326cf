//! What `/healthz`, `/livez` and `/readyz` look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use component::health::{Endpoints, Health};
use component::shutdown::{Shutdown, Stage};
use store::Store;

/// How often the store is asked how it is.
const INTERVAL: Duration = Duration::from_secs(5);

/// Hooks of upstream that are done before the first request here.
const HOOKS: [&str; 6] = [
    "start-apiserver-admission-initializer",
    "crd-informer-synced",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
];

pub(super) fn checks(store: Arc<dyn Store>, shutdown: &Shutdown) -> Health {
    let is_well = Arc::new(AtomicBool::new(true));
    tokio::spawn(watch_store(store, Arc::clone(&is_well), shutdown.clone()));
    let mut health = Health::new();
    let check = move || {
        if is_well.load(Ordering::Relaxed) { Ok(()) } else { Err("the store does not answer".to_owned()) }
    };
    health.add("etcd", Endpoints::All, check.clone());
    health.add("etcd-readiness", Endpoints::Ready, check);
    health.add("informer-sync", Endpoints::Ready, || Ok(()));
    for name in HOOKS {
        health.add_hook(name).done();
    }
    let shutdown = shutdown.clone();
    health.add("shutdown", Endpoints::Ready, move || {
        if shutdown.stage() == Stage::Running { Ok(()) } else { Err("process is shutting down".to_owned()) }
    });
    health
}

async fn watch_store(store: Arc<dyn Store>, is_well: Arc<AtomicBool>, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.reached(Stage::Stopping) => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        is_well.store(store.health().await.is_ok(), Ordering::Relaxed);
    }
}
