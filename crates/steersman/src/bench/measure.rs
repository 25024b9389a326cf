//! What is measured while pods are decided about.
//!
//! Real time is read before and after each input of the core and nowhere else; building objects, keeping them
//! and carrying commands out is not in it.

mod histogram;
mod memory;
mod throughput;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base::Now;
use scheduling::engine::{Command, Input, Scheduler};
use scheduling::incremental::Work;
use wire::Pod;

pub(super) use histogram::Histogram;
pub(super) use memory::{forget_peak, peak_rss_bytes, rss_bytes, rss_in};
pub(super) use throughput::Throughput;

/// How an attempt ended, under the names of upstream's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The pod got a node.
    Scheduled,
    /// It fits nowhere.
    Unschedulable,
    /// Something else went wrong.
    Error,
}

impl Outcome {
    /// All of them.
    pub(super) const ALL: [Outcome; 3] = [Outcome::Scheduled, Outcome::Unschedulable, Outcome::Error];

    /// What it is called of an attempt that ended so.
    pub(super) fn of(outcome: &scheduling::outcome::Outcome) -> Outcome {
        use scheduling::outcome::Outcome as Came;
        match outcome {
            Came::Placed(_) => Outcome::Scheduled,
            Came::Unschedulable(_) | Came::NoNodes => Outcome::Unschedulable,
            Came::Failed(_) => Outcome::Error,
        }
    }

    /// The value of the label `result`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Scheduled => "scheduled",
            Outcome::Unschedulable => "unschedulable",
            Outcome::Error => "error",
        }
    }
}

/// What an input led to.
pub(super) struct Fed {
    /// What is to be done.
    pub(super) commands: Vec<Command>,
    /// How the attempt to place a pod ended, if there was one.
    pub(super) attempt: Option<Outcome>,
    /// The real time that it took.
    pub(super) took: Duration,
}

/// Gives the core an input and takes the time. What the core allocated and does not hand out is freed in that
/// time too.
#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock; no decision depends on it")]
pub(super) fn feed(scheduler: &mut Scheduler, input: Input<'_>, now: Now) -> Fed {
    let before = Instant::now();
    let step = scheduler.step(input, now);
    let attempt = step.tried.as_ref().map(|tried| Outcome::of(&tried.outcome));
    drop(step.tried);
    Fed { commands: step.commands, attempt, took: before.elapsed() }
}

/// Which pods count as bound within a period.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The namespaces; none means all.
    pub(super) namespaces: Vec<String>,
    /// Labels that the pods have.
    pub(super) labels: BTreeMap<String, String>,
}

impl Scope {
    /// Whether a pod counts.
    pub(super) fn includes(&self, namespace: &str, labels: Option<&BTreeMap<String, String>>) -> bool {
        let has = |(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value);
        (self.namespaces.is_empty() || self.namespaces.iter().any(|own| own == namespace))
            && self.labels.iter().all(has)
    }
}

/// Whether a pod has all of these labels.
pub(super) fn has_labels(pod: &Pod, labels: &BTreeMap<String, String>) -> bool {
    labels.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
}

/// Takes the measures of one period.
pub(super) struct Period {
    name: String,
    scope: Scope,
    before: Work,
    /// The core's time for all inputs.
    core_ns: u64,
    /// The part of it that attempts took.
    deciding_ns: u64,
    latencies: [Histogram; Outcome::ALL.len()],
    throughput: Throughput,
}

/// The measures of a period.
pub(super) struct Measured {
    /// What is measured, such as the namespace of the pods.
    pub(super) name: String,
    /// How many nodes there were at the end.
    pub(super) n_nodes: usize,
    /// How long the core took for all inputs.
    pub(super) core: Duration,
    /// How long it took for attempts: from taking a pod off the queue to the commands that say where it goes.
    pub(super) deciding: Duration,
    /// How long attempts took, by their outcome.
    pub(super) latencies: [Histogram; Outcome::ALL.len()],
    /// The pods in scope that were bound, over the core's time.
    pub(super) throughput: Throughput,
    /// Rows of nodes that were looked at, except in attempts that went the long way.
    pub(super) rows_visited: u64,
    /// Calls of plugins about a row, with the same exception.
    pub(super) plugin_calls: u64,
    /// Attempts in which the reference evaluator decided, because the incremental one does not know such pods.
    pub(super) n_long_way: u64,
    /// The most memory that the process has had since the workload began.
    pub(super) peak_rss_bytes: Option<u64>,
}

impl Period {
    /// Begins a period.
    pub(super) fn new(name: String, scope: Scope, scheduler: &Scheduler) -> Period {
        Period {
            name,
            scope,
            before: scheduler.work(),
            core_ns: 0,
            deciding_ns: 0,
            latencies: Default::default(),
            throughput: Throughput::default(),
        }
    }

    /// Takes in how long an input took.
    pub(super) fn input(&mut self, took: Duration) {
        self.core_ns += nanos(took);
    }

    /// Takes in how long an attempt took; its time as an input comes on top.
    pub(super) fn attempt(&mut self, took: Duration, outcome: Outcome) {
        self.deciding_ns += nanos(took);
        self.latencies[outcome as usize].add(nanos(took));
    }

    /// Takes in that a pod is bound.
    pub(super) fn bound(&mut self, pod: &Pod) {
        if self.scope.includes(&pod.metadata.namespace, Some(&pod.metadata.labels)) {
            self.throughput.add(self.core_ns);
        }
    }

    /// Ends the period.
    pub(super) fn finish(self, scheduler: &Scheduler, n_nodes: usize) -> Measured {
        let after = scheduler.work();
        Measured {
            name: self.name,
            n_nodes,
            core: Duration::from_nanos(self.core_ns),
            deciding: Duration::from_nanos(self.deciding_ns),
            latencies: self.latencies,
            throughput: self.throughput,
            rows_visited: after.rows_visited - self.before.rows_visited,
            plugin_calls: after.plugin_calls - self.before.plugin_calls,
            n_long_way: after.long_way - self.before.long_way,
            peak_rss_bytes: peak_rss_bytes(),
        }
    }
}

impl Measured {
    /// How many attempts there were.
    pub(super) fn n_attempts(&self) -> u64 {
        self.latencies.iter().map(Histogram::count).sum()
    }

    /// The time of attempts, however they ended.
    pub(super) fn latency(&self) -> Histogram {
        let mut all = Histogram::default();
        self.latencies.iter().for_each(|some| all.merge(some));
        all
    }

    /// A number of something per attempt that did not go the long way; `None` if all did.
    pub(super) fn per_attempt(&self, n: u64) -> Option<f64> {
        let n_attempts = self.n_attempts().saturating_sub(self.n_long_way);
        (n_attempts > 0).then(|| n as f64 / n_attempts as f64)
    }

    /// Attempts per second of the time that they took.
    pub(super) fn decisions_per_second(&self) -> f64 {
        per_second(self.n_attempts(), self.deciding)
    }

    /// Pods in scope that were bound, per second of the core's time.
    pub(super) fn bound_per_second(&self) -> f64 {
        per_second(self.throughput.count(), self.core)
    }
}

fn per_second(n: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { n as f64 / time.as_secs_f64() }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
