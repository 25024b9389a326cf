//! One workload, from its op-codes to its measures.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::task::JoinSet;
use wire::{Kind, Object};

use super::Settings;
use super::cluster::Cluster;
use super::observed::Observed;
use super::period::{Measured, Period};
use super::progress::Progress;
use super::requests::Requests;
use crate::bench::config::{TestCase, Workload};
use crate::bench::measure::{Scope, forget_peak};
use crate::bench::opcodes::{Op, TemplateParams};
use crate::bench::params::Params;
use crate::bench::run::{configuration, gates, unsupported};
use crate::bench::source::Source;
use crate::bench::templates::Templates;

/// A workload that is being run.
pub(super) struct Run<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) requests: Requests,
    pub(super) observed: Observed,
    pub(super) templates: Templates<'a>,
    pub(super) params: &'a Params,
    pub(super) default_pod_template_path: Option<&'a str>,
    pub(super) progress: &'a Progress,
    pub(super) patience: Duration,
    /// How many pods op-codes have created, by namespace.
    pub(super) created: BTreeMap<String, u64>,
    /// What goes on beside the op-codes, until the workload ends.
    pub(super) background: JoinSet<()>,
    pub(super) n_nodes: u64,
    measured: Vec<Measured>,
}

/// Why a workload was not run to its end.
pub(super) enum Stop {
    /// It needs what is not there.
    NotRun(String),
    /// Pods that should be bound were not, or the API server refused something.
    Failed(String),
    /// The files are wrong.
    Wrong(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Stop {
        if error.downcast_ref::<client::Error>().is_some() {
            return Stop::Failed(format!("{error:#}"));
        }
        Stop::Wrong(error)
    }
}

/// What came of a workload.
pub(super) struct Ran {
    /// `SchedulingBasic/5000Nodes`.
    pub(super) name: String,
    /// The rate of bound pods per second that is expected.
    pub(super) threshold: Option<f64>,
    /// Feature gates of the workload that make no difference here.
    pub(super) gates_without_effect: Vec<String>,
    /// The measures, one or more, or why there are none.
    pub(super) verdict: Verdict,
}

/// Whether a workload was run.
pub(super) enum Verdict {
    /// It was.
    Measured(Vec<Measured>),
    /// It needs what is not there.
    NotRun(String),
    /// It was not run to its end.
    Failed(String),
}

/// Runs a workload in a cluster of its own, or in the one that is named.
pub(super) async fn run(
    settings: &Settings,
    source: &Source,
    case: &TestCase,
    workload: &Workload,
    progress: &Progress,
) -> Result<Ran> {
    let name = format!("{}/{}", case.name, workload.name);
    let at = || format!("{}: {name}", case.file.display());
    let (gates, gates_without_effect) = gates(case, workload);
    let ran = |verdict| Ran {
        name: name.clone(),
        threshold: workload.threshold(),
        gates_without_effect: gates_without_effect.clone(),
        verdict,
    };
    let params = Params::new(workload.params.clone());
    let mut templates = Templates::new(source, case.folder());
    if let Some(reason) = needs(case, &mut templates, &params).with_context(at)? {
        return Ok(ran(Verdict::NotRun(reason)));
    }
    forget_peak();
    let cluster = match &settings.kubeconfig {
        Some(_) if case.scheduler_config_path.is_some() => {
            let reason = "a scheduler's configuration of its own, and the cluster's scheduler has another";
            return Ok(ran(Verdict::NotRun(reason.to_owned())));
        }
        Some(kubeconfig) => Cluster::of(kubeconfig).await?,
        None => {
            let configuration = configuration(source, case, &gates).with_context(at)?;
            Cluster::own(configuration, gates, settings.seed).await?
        }
    };
    let mut run = Run::new(&cluster, templates, &params, settings, progress);
    run.default_pod_template_path = case.default_pod_template_path.as_deref();
    let mut watching = JoinSet::new();
    run.observed.follow(&cluster.connection, &mut watching);
    let done = run.all(&case.ops).await;
    run.background.shutdown().await;
    let verdict = match done {
        Ok(()) => {
            let unused = params.unused();
            if !unused.is_empty() {
                bail!("{}: params: no op-code uses {}", at(), unused.join(", "));
            }
            Verdict::Measured(run.measured)
        }
        Err(Stop::NotRun(reason)) => Verdict::NotRun(reason),
        Err(Stop::Failed(reason)) => Verdict::Failed(reason),
        Err(Stop::Wrong(error)) => return Err(error).with_context(at),
    };
    run.requests.clean().await.context("removing what the workload made")?;
    watching.shutdown().await;
    cluster.close().await?;
    Ok(ran(verdict))
}

/// Why a workload cannot be run at all, if so. Nothing is run of one that cannot be run to its end.
fn needs(case: &TestCase, templates: &mut Templates<'_>, params: &Params) -> Result<Option<String>> {
    for op in &case.ops {
        if let Some(reason) = op.needs_more_than_the_core() {
            return Ok(Some(reason));
        }
        let pods = match op {
            Op::CreatePods(op) => op,
            Op::CreatePodSets(op) => &op.create_pods_op,
            _ => continue,
        };
        let path = pods.pod_template_path.as_deref().or(case.default_pod_template_path.as_deref());
        let mut pod = wire::Pod::default();
        if let Some(path) = path {
            let tree = templates.tree(path, 0, 1, &params.for_template(&pods.template_params)?)?;
            let read = wire::decode::json_object(Kind::Pod, &tree.to_string());
            let Object::Pod(read) = read.with_context(|| path.to_owned())? else {
                bail!("{path}: this is no Pod");
            };
            pod = *read;
        }
        if pods.persistent_volume_claim_template_path.is_some() {
            pod.spec.volumes.push(wire::Volume {
                persistent_volume_claim: Some(wire::PersistentVolumeClaimVolumeSource::default()),
                ..wire::Volume::default()
            });
        }
        if let Some(reason) = unsupported(&pod) {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

impl<'a> Run<'a> {
    /// Nothing has been done yet, and nobody watches.
    pub(super) fn new(
        cluster: &'a Cluster,
        templates: Templates<'a>,
        params: &'a Params,
        settings: &Settings,
        progress: &'a Progress,
    ) -> Run<'a> {
        Run {
            cluster,
            requests: Requests::new(cluster.connection.clone(), settings.concurrency, !cluster.is_own()),
            observed: Observed::default(),
            templates,
            params,
            default_pod_template_path: None,
            progress,
            patience: settings.patience,
            created: BTreeMap::new(),
            background: JoinSet::new(),
            n_nodes: 0,
            measured: Vec::new(),
        }
    }

    async fn all(&mut self, ops: &[Op]) -> Result<(), Stop> {
        for (i, op) in ops.iter().enumerate() {
            self.progress.say(|| op.name().to_owned());
            self.carry_out(op, i).await.map_err(|stop| {
                let place = format!("workloadTemplate[{i}] ({})", op.name());
                match stop {
                    Stop::Wrong(error) => Stop::Wrong(error.context(place)),
                    Stop::Failed(reason) => Stop::Failed(format!("{place}: {reason}")),
                    Stop::NotRun(reason) => Stop::NotRun(reason),
                }
            })?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, op: &Op, index: usize) -> Result<(), Stop> {
        match op {
            Op::CreateNodes(op) => Ok(self.create_nodes(op, index).await?),
            Op::CreateNamespaces(op) => Ok(self.create_namespaces(op).await?),
            Op::CreatePods(op) => self.create_pods(op, index).await,
            Op::CreatePodSets(op) => self.create_pod_sets(op).await,
            Op::CreateAny(op) => Ok(self.create_any(op).await?),
            Op::UpdateAny(op) => Ok(self.update_any(op).await?),
            Op::DeletePods(op) => Ok(self.delete_pods(op).await?),
            Op::Churn(op) => Ok(self.churn(op, index).await?),
            Op::Barrier(op) => self.barrier(op).await,
            Op::Sleep(op) => Ok(self.sleep(op).await?),
            Op::StartCollectingMetrics(op) => {
                let scope = Scope { namespaces: op.namespaces.clone(), labels: op.label_selector.clone() };
                Ok(self.start_collecting(op.name.clone(), scope)?)
            }
            Op::StopCollectingMetrics(_) => Ok(self.stop_collecting()?),
            Op::CreateResourceDriver(_) | Op::AllocResourceClaims(_) => {
                Err(Stop::NotRun(op.needs_more_than_the_core().unwrap_or_default()))
            }
        }
    }

    /// Begins to measure.
    pub(super) fn start_collecting(&mut self, name: String, scope: Scope) -> Result<()> {
        let mut pods = self.observed.lock();
        if pods.period.is_some() {
            bail!("metrics are being collected already; stopCollectingMetrics is missing before");
        }
        pods.period = Some(Period::new(name, scope));
        drop(pods);
        if let Some(attempts) = self.cluster.attempts() {
            // Those before do not count.
            drop(attempts.take());
        }
        Ok(())
    }

    /// Ends to measure.
    pub(super) fn stop_collecting(&mut self) -> Result<()> {
        let period = self.observed.lock().period.take();
        let period = period.context("no metrics are being collected; startCollectingMetrics is missing")?;
        let attempts = self.cluster.attempts().map(super::attempts::Attempts::take);
        self.measured.push(period.finish(self.n_nodes, attempts, self.cluster.is_own()));
        Ok(())
    }

    /// What was measured.
    pub(super) fn measured(self) -> Vec<Measured> {
        self.measured
    }

    /// Values for a template.
    pub(super) fn template_params(&self, given: &TemplateParams) -> Result<TemplateParams> {
        self.params.for_template(given)
    }

    /// The first error of tasks that have ended.
    pub(super) fn failed(ended: Result<Result<()>, tokio::task::JoinError>) -> Result<()> {
        ended.map_err(|error| anyhow!("a request of the client did not end: {error}"))?
    }
}
