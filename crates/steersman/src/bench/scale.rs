//! One plain cluster of any size, with as little as possible around the core.
//!
//! Nothing is kept of an object once the core has seen it: one node and one pod are made, and renamed for each
//! input. That is possible because all pods have the same shape.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base::Now;
use clap::ValueEnum;
use scheduling::engine::{Command, Input, Scheduler};
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Object, decode};

use super::measure::{Fed, Measured, Period, Scope, feed, forget_peak};
use super::world::DECISION;
use crate::cluster_files::complete;

/// Zones that nodes are in, in turn.
const N_ZONES: u64 = 10;

/// Which pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// CPU and memory only
    Basic,
    /// Spread over ten zones, at most five apart
    Spread,
    /// In the zone of the others, which is that of all nodes
    Affinity,
}

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) n_nodes: u64,
    pub(super) n_pods: u64,
    pub(super) kind: Kind,
}

/// What came of it.
pub(super) struct Scaled {
    pub(super) size: Size,
    /// From the first pod on.
    pub(super) measured: Measured,
    /// How long the core took to take in the nodes.
    pub(super) nodes: Duration,
    /// How long it all took.
    pub(super) total: Duration,
}

impl Scaled {
    /// `1000Nodes_1000Pods`, with the kind of pods.
    pub(super) fn name(&self) -> String {
        let Size { n_nodes, n_pods, kind } = self.size;
        format!("{kind:?}/{n_nodes}Nodes_{n_pods}Pods")
    }

    /// The time that was not the core's.
    pub(super) fn generation(&self) -> Duration {
        self.total.saturating_sub(self.nodes + self.measured.core)
    }

    /// How many pods are not bound.
    pub(super) fn n_left(&self) -> u64 {
        self.size.n_pods - self.measured.throughput.count()
    }

    /// Whether all pods are bound.
    pub(super) fn is_well(&self) -> bool {
        self.n_left() == 0
    }
}

/// Runs a cluster of some size.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; no decision depends on it")]
pub(super) fn run(size: Size, seed: u64) -> Result<Scaled> {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    forget_peak();
    let begin = Instant::now();
    let mut cluster = Cluster {
        scheduler: Scheduler::new(&configuration, gates, seed)?,
        now: Now::default(),
        pod: object(&pod(size.kind))?,
        node: object(NODE)?,
        period: None,
    };
    let nodes = cluster.add_nodes(size);
    cluster.period = Some(Period::new("default".to_owned(), Scope::default(), &cluster.scheduler));
    cluster.add_pods(size);
    cluster.decide();
    let period = cluster.period.take().context("a period was begun")?;
    let n_nodes = usize::try_from(size.n_nodes).unwrap_or(usize::MAX);
    let measured = period.finish(&cluster.scheduler, n_nodes);
    Ok(Scaled { size, measured, nodes, total: begin.elapsed() })
}

struct Cluster {
    scheduler: Scheduler,
    now: Now,
    pod: Object,
    node: Object,
    period: Option<Period>,
}

impl Cluster {
    fn add_nodes(&mut self, Size { n_nodes, kind, .. }: Size) -> Duration {
        let mut core = Duration::ZERO;
        for i in 0..n_nodes {
            let zone = if kind == Kind::Affinity { 0 } else { i % N_ZONES };
            let name = format!("node-{i}");
            let metadata = self.node.meta_mut();
            set(&mut metadata.labels, "kubernetes.io/hostname", &name);
            set(&mut metadata.labels, "topology.kubernetes.io/zone", &format!("zone-{zone}"));
            metadata.uid = format!("node-{i}");
            metadata.name = name;
            let Fed { took, .. } = feed(&mut self.scheduler, Input::Upsert(&self.node), self.now);
            core += took;
        }
        core
    }

    fn add_pods(&mut self, Size { n_pods, .. }: Size) {
        for i in 0..n_pods {
            self.rename_pod(&format!("pod-{i}"));
            let Fed { took, .. } = feed(&mut self.scheduler, Input::Upsert(&self.pod), self.now);
            self.note(took);
        }
    }

    /// The name is the UID too.
    fn rename_pod(&mut self, name: &str) {
        let metadata = self.pod.meta_mut();
        name.clone_into(&mut metadata.name);
        name.clone_into(&mut metadata.uid);
    }

    /// Decides until nobody can be decided about, now or later.
    fn decide(&mut self) {
        loop {
            let Fed { commands, attempt, took } = feed(&mut self.scheduler, Input::Schedule, self.now);
            if attempt.is_none() && commands.is_empty() {
                // What waits now waits for events, and there are none.
                return;
            }
            self.now = self.now.after(DECISION);
            self.note(took);
            if let Some((period, outcome)) = self.period.as_mut().zip(attempt) {
                period.attempt(took, outcome);
            }
            self.carry_out(commands.into());
        }
    }

    fn carry_out(&mut self, mut commands: VecDeque<Command>) {
        while let Some(command) = commands.pop_front() {
            let Command::Bind { uid, node, .. } = command else { continue };
            self.rename_pod(&uid);
            let Fed { commands: more, took, .. } =
                feed(&mut self.scheduler, Input::BindFinished { uid: &uid, result: Ok(()) }, self.now);
            self.note(took);
            commands.extend(more);
            if let Object::Pod(pod) = &mut self.pod {
                pod.spec.node_name = node.to_string();
                if let Some(period) = &mut self.period {
                    period.bound(pod);
                }
            }
            let Fed { commands: more, took, .. } =
                feed(&mut self.scheduler, Input::Upsert(&self.pod), self.now);
            self.note(took);
            commands.extend(more);
        }
    }

    fn note(&mut self, took: Duration) {
        if let Some(period) = &mut self.period {
            period.input(took);
        }
    }
}

fn set(labels: &mut std::collections::BTreeMap<String, String>, key: &str, value: &str) {
    match labels.get_mut(key) {
        Some(known) => value.clone_into(known),
        None => {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
}

const NODE: &str = r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"node"},
    "status":{"capacity":{"cpu":"4","memory":"32Gi","pods":"110"}}}"#;

fn pod(kind: Kind) -> String {
    let rule = match kind {
        Kind::Basic => "",
        Kind::Spread => {
            r#""topologySpreadConstraints":[{"maxSkew":5,"topologyKey":"topology.kubernetes.io/zone",
            "whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"bench"}}}],"#
        }
        Kind::Affinity => {
            r#""affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
            {"topologyKey":"topology.kubernetes.io/zone","labelSelector":{"matchLabels":{"app":"bench"}}}]}},"#
        }
    };
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1",
        "metadata":{{"name":"pod","namespace":"default","labels":{{"app":"bench"}}}},
        "spec":{{{rule}"containers":[{{"name":"pause","image":"registry.k8s.io/pause:3.10.1",
        "resources":{{"requests":{{"cpu":"100m","memory":"500Mi"}}}}}}]}}}}"#
    )
}

fn object(text: &str) -> Result<Object> {
    let mut decoded = decode::read_bytes("the program's own object", text.as_bytes())?;
    let Some(mut sourced) = decoded.objects.pop() else { bail!("there is no object in {text}") };
    complete(&mut sourced.object);
    Ok(sourced.object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::Outcome;

    #[test]
    fn every_pod_that_fits_is_bound() {
        for kind in [Kind::Basic, Kind::Spread, Kind::Affinity] {
            let scaled = run(Size { n_nodes: 12, n_pods: 60, kind }, 1).expect("a run");
            assert_eq!(scaled.n_left(), 0, "{kind:?}");
            assert_eq!(scaled.measured.n_attempts(), 60, "{kind:?}");
            assert!(scaled.is_well());
        }
    }

    #[test]
    fn pods_without_room_are_left_over() {
        // 40 pods of 100m fit on a node of 4.
        let scaled = run(Size { n_nodes: 2, n_pods: 81, kind: Kind::Basic }, 1).expect("a run");
        assert_eq!(scaled.n_left(), 1);
        assert!(!scaled.is_well());
        assert_eq!(scaled.measured.latencies[Outcome::Unschedulable as usize].count(), 1);
        assert_eq!(scaled.name(), "Basic/2Nodes_81Pods");
    }
}
