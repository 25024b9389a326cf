//! Pods that are offered evenly: how long each of them takes when nobody is in a hurry.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use wire::config::FeatureGates;

use super::Settings;
use super::cluster::Cluster;
use super::pods::{plain_pod, pods_of};
use super::progress::Progress;
use super::run::{Ran, Run, Stop, Verdict};
use crate::bench::measure::{Scope, forget_peak};
use crate::bench::opcodes::{CreateNodes, Stage};
use crate::bench::params::Params;
use crate::bench::source::Source;
use crate::bench::templates::Templates;
use crate::configuration::read_configuration;

/// The namespace of the pods that are measured, and of those before them.
const NAMESPACE: &str = "offered";
const WARM_UP: &str = "warm-up";
/// Pods before the measured ones: the first of a kind is never typical.
const N_WARM_UP: u64 = 200;
/// A plain pod wants a tenth of a processor, and a plain node has four.
const PODS_PER_NODE: u64 = 40;

/// What is offered.
pub(super) struct Offered {
    pub(super) per_second: u64,
    pub(super) n_seconds: u64,
    pub(super) n_nodes: u64,
}

/// Offers pods and measures what becomes of them.
pub(super) async fn measure(settings: &Settings, offered: &Offered) -> Result<Ran> {
    let Offered { per_second, n_seconds, n_nodes } = *offered;
    let n_pods = per_second * n_seconds + N_WARM_UP;
    if n_pods > n_nodes * PODS_PER_NODE {
        bail!("--nodes {n_nodes}: {n_pods} pods do not fit on them, {PODS_PER_NODE} fit on each");
    }
    forget_peak();
    let cluster = match &settings.kubeconfig {
        Some(kubeconfig) => Cluster::of(kubeconfig).await?,
        None => {
            let gates = FeatureGates::default();
            Cluster::own(read_configuration(None, &gates)?, gates, settings.seed).await?
        }
    };
    let (source, params, progress) = (Source::Own, Params::new(BTreeMap::new()), Progress::new(1));
    let templates = Templates::new(&source, "".as_ref());
    let mut run = Run::new(&cluster, templates, &params, settings, &progress);
    let mut watching = JoinSet::new();
    run.observed.follow(&cluster.connection, &mut watching);
    progress.begin(&format!("{per_second} pods per second"));
    let done = async {
        run.create_nodes(&CreateNodes { count: Some(n_nodes), ..CreateNodes::default() }, 0).await?;
        offer(&mut run, WARM_UP, per_second, N_WARM_UP).await?;
        let scope = Scope { namespaces: vec![NAMESPACE.to_owned()], ..Scope::default() };
        run.requests.ensure_namespace(NAMESPACE).await?;
        run.start_collecting(NAMESPACE.to_owned(), scope)?;
        offer(&mut run, NAMESPACE, per_second, per_second * n_seconds).await?;
        run.stop_collecting()?;
        Ok(())
    };
    let done = done.await;
    progress.clear();
    run.requests.clean().await?;
    let verdict = match done {
        Ok(()) => Verdict::Measured(run.measured()),
        Err(Stop::Failed(reason) | Stop::NotRun(reason)) => Verdict::Failed(reason),
        Err(Stop::Wrong(error)) => return Err(error),
    };
    watching.shutdown().await;
    cluster.close().await?;
    let name = format!("Offered/{per_second}PerSecond_{n_nodes}Nodes");
    Ok(Ran { name, threshold: None, gates_without_effect: Vec::new(), verdict })
}

/// Creates pods at a rate and waits until all are bound. A create that takes long does not hold up the next one.
async fn offer(run: &mut Run<'_>, namespace: &str, per_second: u64, n: u64) -> Result<(), Stop> {
    run.requests.ensure_namespace(namespace).await?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1).div_f64(per_second as f64));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut tasks = JoinSet::new();
    for _ in 0..n {
        ticks.tick().await;
        let (requests, observed) = (run.requests.clone(), run.observed.clone());
        let namespace = namespace.to_owned();
        tasks.spawn(async move {
            let sent = Instant::now();
            let name = requests.create(&pods_of(&namespace), plain_pod()).await?;
            observed.lock().created(&namespace, &name, sent);
            Ok(())
        });
        while let Some(ended) = tasks.try_join_next() {
            Run::failed(ended)?;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        Run::failed(ended)?;
    }
    run.wait(namespace, Stage::Scheduled, n).await
}
