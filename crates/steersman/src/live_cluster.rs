//! A cluster as its API server has it now, for commands that otherwise read files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use client::{Access, Connection, List, Resource};
use http::{Method, StatusCode};
use kube_scheduler::why::{PODS, Words};
use tokio::task::JoinSet;
use wire::decode::{Origin, Sourced};
use wire::{Kind, Object};

use crate::cluster_files::ClusterFiles;

/// Pods that have run to their end take no room, and there can be many.
const UNFINISHED: &str = "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";

/// Which cluster, as kubectl's flags say it.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Cluster {
    /// The kubeconfig that says where the cluster is; otherwise KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE", conflicts_with = "filename")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig to use, if not the current one
    #[arg(long, value_name = "NAME", conflicts_with = "filename")]
    context: Option<String>,
    /// The scheduler to ask what it has decided, as https://HOST:10259, with the credentials of the kubeconfig; otherwise
    /// the API server is asked, which knows if the scheduler is in the same process
    #[arg(long, value_name = "URL", conflicts_with = "filename")]
    scheduler: Option<String>,
    /// Do not check the certificate of --scheduler, which is self-signed unless it was given one
    #[arg(long, requires = "scheduler")]
    insecure_skip_tls_verify: bool,
}

/// A cluster that was read.
pub(crate) struct Snapshot {
    /// Its objects.
    pub(crate) files: ClusterFiles,
    /// The namespace of the kubeconfig's context.
    pub(crate) default_namespace: String,
}

/// Reads all objects that scheduling can depend on.
pub(crate) fn read(cluster: &Cluster) -> Result<Snapshot> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting to read")?;
    runtime.block_on(snapshot(cluster))
}

/// What the running scheduler says about a pod; nothing if there is none to ask, or it knows nothing.
pub(crate) fn ask_scheduler(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<Words>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting to read")?;
    runtime.block_on(async {
        let access = Access {
            server: cluster.scheduler.clone(),
            accept_invalid_certificates: cluster.insecure_skip_tls_verify,
            ..cluster.access()
        };
        let connection = Connection::open(&access).await?;
        let path = format!("{PODS}{namespace}/{name}");
        let body = match connection.send(Method::GET, &path, None, "asking the scheduler").await {
            Ok(body) => body,
            // An API server that is alone, or who asks may not: what can be found out without it is said anyway.
            Err(error) if cluster.scheduler.is_none() && error.refusal().is_some() => return Ok(None),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code == StatusCode::NOT_FOUND) => {
                return Ok(None);
            }
            Err(error) => return Err(error).context("--scheduler"),
        };
        Ok(Some(serde_json::from_slice(&body).context("what the scheduler says")?))
    })
}

impl Cluster {
    fn access(&self) -> Access {
        Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            server: None,
            accept_invalid_certificates: false,
            user_agent: concat!("steersman/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

async fn snapshot(cluster: &Cluster) -> Result<Snapshot> {
    let connection = Connection::open(&cluster.access()).await?;
    let mut lists = JoinSet::new();
    for (position, kind) in Kind::ALL.iter().enumerate() {
        let connection = connection.clone();
        lists.spawn(async move { list(&connection, *kind).await.map(|listed| (position, listed)) });
    }
    let mut listed = Vec::new();
    while let Some(list) = lists.join_next().await {
        listed.push(list.context("reading the cluster")??);
    }
    listed.sort_unstable_by_key(|(position, _)| *position);
    let objects = listed.into_iter().flat_map(|(_, list)| list.objects);
    let file = connection.server().into();
    let sourced = objects.enumerate().map(|(i, object): (usize, Object)| {
        let origin = Origin { file: std::sync::Arc::clone(&file), document: i + 1, item: None, line: 1 };
        Sourced { object, origin }
    });
    Ok(Snapshot {
        files: ClusterFiles { objects: sourced.collect(), ..ClusterFiles::default() },
        default_namespace: connection.default_namespace().to_owned(),
    })
}

/// All objects of a kind; none if the server does not have the kind.
async fn list(connection: &Connection, kind: Kind) -> Result<List, client::Error> {
    let selection = if kind == Kind::Pod { UNFINISHED } else { "" };
    match client::list(connection, Resource::of(kind), selection).await {
        Err(error) if error.refusal().is_some_and(|refusal| refusal.code == StatusCode::NOT_FOUND) => {
            Ok(List::default())
        }
        listed => listed,
    }
}
