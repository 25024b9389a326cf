//! Opens the store that the flags name.

use std::sync::Arc;

use anyhow::{Context, Result};
use store::{Embedded, Store};

use super::Options;

pub(crate) async fn open(options: &Options) -> Result<Arc<dyn Store>> {
    if !options.etcd_servers.is_empty() {
        return open_etcd(options).await;
    }
    let folder = options.data_dir.join("store");
    // Reading a large store takes a while; nobody is served meanwhile.
    let opened = tokio::task::block_in_place(|| Embedded::open(&folder, store::embedded::Limits::default()));
    Ok(Arc::new(opened.context("opening the store")?))
}

async fn open_etcd(options: &Options) -> Result<Arc<dyn Store>> {
    let client = options.etcd_certfile.clone().zip(options.etcd_keyfile.clone());
    let tls = options.etcd_cafile.clone().map(|ca| store::etcd::Tls { ca, client });
    let endpoints = options.etcd_servers.clone();
    let etcd = store::Etcd::new(&store::etcd::Options { endpoints, tls })
        .context("--etcd-servers, --etcd-cafile, --etcd-certfile, --etcd-keyfile")?;
    etcd.health().await.with_context(|| format!("asking etcd at {}", options.etcd_servers.join(",")))?;
    Ok(Arc::new(etcd))
}
