//! Opens the store that the flags name.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use store::{Embedded, OpenError, Store};

use super::Options;

pub(crate) async fn open(options: &Options) -> Result<Arc<dyn Store>> {
    if !options.etcd_servers.is_empty() {
        return open_etcd(options).await;
    }
    let folder = options.data_dir.join("store");
    // Reading a large store takes a while; nobody is served meanwhile.
    let open = || tokio::task::block_in_place(|| Embedded::open(&folder, store::embedded::Limits::default()));
    for _ in 0..LOCK_TRIES {
        match open() {
            // A process that was killed just now has it until the system has cleared it away.
            Err(OpenError::InUse { .. }) => tokio::time::sleep(LOCK_WAIT).await,
            opened => return Ok(Arc::new(opened.context("opening the store")?)),
        }
    }
    Ok(Arc::new(open().context("opening the store")?))
}

/// How often it is looked whether another process has let go of the store, and how long it is waited in between.
const LOCK_TRIES: u32 = 15;
const LOCK_WAIT: Duration = Duration::from_millis(200);

async fn open_etcd(options: &Options) -> Result<Arc<dyn Store>> {
    let client = options.etcd_certfile.clone().zip(options.etcd_keyfile.clone());
    let tls = options.etcd_cafile.clone().map(|ca| store::etcd::Tls { ca, client });
    let endpoints = options.etcd_servers.clone();
    let etcd = store::Etcd::new(&store::etcd::Options { endpoints, tls })
        .context("--etcd-servers, --etcd-cafile, --etcd-certfile, --etcd-keyfile")?;
    etcd.health().await.with_context(|| format!("asking etcd at {}", options.etcd_servers.join(",")))?;
    Ok(Arc::new(etcd))
}
