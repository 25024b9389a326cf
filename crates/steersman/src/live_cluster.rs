//! A cluster as its API server has it now, for commands that otherwise read files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use client::{Access, Connection, List, Resource};
use http::StatusCode;
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

async fn snapshot(cluster: &Cluster) -> Result<Snapshot> {
    let access = Access {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        server: None,
        user_agent: concat!("steersman/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let connection = Connection::open(&access).await?;
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
