//! One workload, from its op-codes to its measures.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use wire::config::{FeatureGates, Gate, SchedulerConfiguration};

use super::config::{TestCase, Workload};
use super::measure::{Measured, Scope, forget_peak};
use super::opcodes::{CreatePods, Op, TemplateParams};
use super::params::Params;
use super::source::{Source, resolve};
use super::templates::Templates;
use super::world::{Stuck, World};
use crate::configuration::read_configuration;

/// Gates that choose how the API server is talked to; the core alone does not talk.
const GATES_WITHOUT_EFFECT: [Gate; 2] = [Gate::SchedulerAsyncAPICalls, Gate::SchedulerAsyncPreemption];

/// A workload that is being run.
pub(super) struct Run<'a> {
    pub(super) world: World,
    pub(super) templates: Templates<'a>,
    pub(super) params: &'a Params,
    pub(super) default_pod_template_path: Option<&'a str>,
    /// The pods that no op-code has waited for yet, by namespace.
    pub(super) awaited: BTreeMap<String, Vec<Arc<str>>>,
    measured: Vec<Measured>,
    n_nodes_named: u64,
}

/// Why a workload was not run to its end.
pub(super) enum Stop {
    /// The core alone cannot run it.
    NotRun(String),
    /// Pods that should be bound were not.
    Stuck(String),
    /// The files are wrong.
    Wrong(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Stop {
        Stop::Wrong(error)
    }
}

impl From<Stuck> for Stop {
    fn from(stuck: Stuck) -> Stop {
        Stop::Stuck(stuck.message)
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
    /// The core alone cannot run it.
    NotRun(String),
    /// Pods that should be bound were not.
    Stuck(String),
}

/// Runs a workload in a world of its own.
pub(super) fn run(source: &Source, case: &TestCase, workload: &Workload, seed: u64) -> Result<Ran> {
    let name = format!("{}/{}", case.name, workload.name);
    let at = || format!("{}: {name}", case.file.display());
    let (gates, gates_without_effect) = gates(case, workload);
    let params = Params::new(workload.params.clone());
    forget_peak();
    let mut run = Run::new(source, case, gates, &params, seed).with_context(at)?;
    let verdict = match run.all(&case.ops) {
        Ok(()) => {
            let unused = params.unused();
            if !unused.is_empty() {
                bail!("{}: params: no op-code uses {}", at(), unused.join(", "));
            }
            Verdict::Measured(run.measured)
        }
        Err(Stop::NotRun(reason)) => Verdict::NotRun(reason),
        Err(Stop::Stuck(reason)) => Verdict::Stuck(reason),
        Err(Stop::Wrong(error)) => return Err(error).with_context(at),
    };
    Ok(Ran { name, threshold: workload.threshold(), gates_without_effect, verdict })
}

impl<'a> Run<'a> {
    /// An empty world for a test case.
    pub(super) fn new(
        source: &'a Source,
        case: &'a TestCase,
        gates: FeatureGates,
        params: &'a Params,
        seed: u64,
    ) -> Result<Run<'a>> {
        let configuration = configuration(source, case, &gates)?;
        Ok(Run {
            world: World::new(&configuration, gates, seed)?,
            templates: Templates::new(source, case.folder()),
            params,
            default_pod_template_path: case.default_pod_template_path.as_deref(),
            awaited: BTreeMap::new(),
            measured: Vec::new(),
            n_nodes_named: 0,
        })
    }

    /// Carries all op-codes out. Nothing is run of a workload that cannot be run to its end.
    pub(super) fn all(&mut self, ops: &[Op]) -> Result<(), Stop> {
        for (i, op) in ops.iter().enumerate() {
            self.refuse_unsupported(op).map_err(|stop| at_op(stop, i, op))?;
        }
        for (i, op) in ops.iter().enumerate() {
            op.run(self, i).map_err(|stop| at_op(stop, i, op))?;
        }
        Ok(())
    }

    fn refuse_unsupported(&mut self, op: &Op) -> Result<(), Stop> {
        if let Some(reason) = op.needs_more_than_the_core() {
            return Err(Stop::NotRun(reason));
        }
        let pods: &CreatePods = match op {
            Op::CreatePods(op) => op,
            Op::CreatePodSets(op) => &op.create_pods_op,
            _ => return Ok(()),
        };
        let template_params = self.template_params(&pods.template_params)?;
        let first = pods.prepare(self, "default", 0, 1, &template_params)?;
        unsupported(&first.pod).map_or(Ok(()), |reason| Err(Stop::NotRun(reason)))
    }

    /// Begins to measure.
    pub(super) fn start_collecting(&mut self, name: String, scope: Scope) -> Result<(), Stop> {
        if self.world.start_measuring(name, scope) {
            return Ok(());
        }
        Err(anyhow!("metrics are being collected already; stopCollectingMetrics is missing before").into())
    }

    /// Ends to measure.
    pub(super) fn stop_collecting(&mut self) -> Result<(), Stop> {
        let measured = self.world.stop_measuring();
        self.measured
            .push(measured.context("no metrics are being collected; startCollectingMetrics is missing")?);
        Ok(())
    }

    /// A number for the name of a node.
    pub(super) fn next_node(&mut self) -> u64 {
        self.n_nodes_named += 1;
        self.n_nodes_named
    }

    /// Values for a template, with those of the workload in the place of `$name`.
    pub(super) fn template_params(&self, given: &TemplateParams) -> Result<TemplateParams> {
        self.params.for_template(given)
    }
}

fn at_op(stop: Stop, i: usize, op: &Op) -> Stop {
    let place = format!("workloadTemplate[{i}] ({})", op.name());
    match stop {
        Stop::Wrong(error) => Stop::Wrong(error.context(place)),
        Stop::Stuck(reason) => Stop::Stuck(format!("{place}: {reason}")),
        Stop::NotRun(reason) => Stop::NotRun(reason),
    }
}

/// What a pod needs that the core does not know yet; it would refuse the pod by name.
pub(super) fn unsupported(pod: &wire::Pod) -> Option<String> {
    let volumes = pod.spec.volumes.iter();
    let has_claims =
        volumes.clone().any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some());
    if has_claims {
        return Some("pods with volume claims, which the core does not place yet".to_owned());
    }
    let needs_devices = !pod.spec.resource_claims.is_empty();
    needs_devices.then(|| "pods with resource claims, which the core does not place yet".to_owned())
}

/// The scheduler's configuration of a test case.
pub(super) fn configuration(
    source: &Source,
    case: &TestCase,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration> {
    let path = case.scheduler_config_path.as_ref().map(|path| resolve(case.folder(), path));
    if let (Source::Own, Some(path)) = (source, &path) {
        bail!("schedulerConfigPath: {}: the program's own set has no such files", path.display());
    }
    read_configuration(path.as_deref().map(Path::new), gates)
}

/// The gates that a workload runs with, and those that it names without effect.
pub(super) fn gates(case: &TestCase, workload: &Workload) -> (FeatureGates, Vec<String>) {
    let mut wanted = case.feature_gates.clone();
    wanted.extend(workload.feature_gates.iter().map(|(name, on)| (name.clone(), *on)));
    let mut gates = FeatureGates::default();
    let mut without_effect = Vec::new();
    for (name, on) in &wanted {
        match Gate::from_name(name) {
            Some(gate) if gate.spec().locked && gate.spec().default != *on => {
                without_effect.push(format!("{name}={on}"));
            }
            Some(gate) => {
                gates = gates.with(gate, *on);
                if GATES_WITHOUT_EFFECT.contains(&gate) && gate.spec().default != *on {
                    without_effect.push(format!("{name}={on}"));
                }
            }
            None => without_effect.push(format!("{name}={on}")),
        }
    }
    (gates, without_effect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::config::parse;

    #[test]
    fn gates_are_set_and_those_without_effect_are_reported() {
        let text = "
- name: Case
  featureGates: {NodeDeclaredFeatures: false, SchedulerQueueingHints: false, SchedulerPopFromBackoffQ: false}
  workloadTemplate: [{opcode: createPods, count: 1, collectMetrics: true}]
  workloads:
  - name: w
    featureGates: {NodeDeclaredFeatures: true, SchedulerAsyncAPICalls: true, NewFeature: true}
";
        let cases = parse(text, Path::new("c.yaml")).expect("a configuration");
        let (gates, without_effect) = gates(&cases[0], &cases[0].workloads[0]);
        assert!(gates.enabled(Gate::NodeDeclaredFeatures), "the workload's word counts more");
        assert!(!gates.enabled(Gate::SchedulerPopFromBackoffQ));
        assert!(gates.enabled(Gate::SchedulerQueueingHints), "it is locked");
        let wanted = ["NewFeature=true", "SchedulerAsyncAPICalls=true", "SchedulerQueueingHints=false"];
        assert_eq!(without_effect, wanted);
    }
}
