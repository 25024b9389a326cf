//! How fast the core decides: `cargo bench -p scheduling --bench decisions [-- SCENARIO…]`.
//!
//! Each scenario is a kind of pod on 5,000 nodes of 4 CPU in 3 zones. A pod arrives, is decided, bound, and seen
//! bound. Prints, per scenario, decisions per second of time spent deciding and of all time spent in the core;
//! judges nothing. For whole workloads as kube-scheduler is measured with, see `steersman bench core`.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(missing_docs, reason = "a benchmark has no interface")]

use std::time::{Duration, Instant};

use base::Now;
use scheduling::engine::{Command, Input, Scheduler, Step};
use serde_json::{Value, json};
use wire::Object;
use wire::config::{FeatureGates, SchedulerConfiguration};

const N_NODES: usize = 5_000;

/// What a pod of a scenario has in its spec besides its container, and how many there are.
struct Scenario {
    name: &'static str,
    n_pods: usize,
    cpu: fn(usize) -> String,
    spec: fn(usize) -> Value,
}

fn scenarios() -> Vec<Scenario> {
    let all = |name, n_pods, spec| Scenario { name, n_pods, cpu: |_| "100m".to_owned(), spec };
    vec![
        all("basic", 50_000, |_| json!({})),
        all("anti-affinity-host", 4_000, |_| affinity("podAntiAffinity", "kubernetes.io/hostname", false)),
        all("affinity-zone", 20_000, |_| affinity("podAffinity", "topology.kubernetes.io/zone", false)),
        all("preferred-anti-affinity-host", 20_000, |_| {
            affinity("podAntiAffinity", "kubernetes.io/hostname", true)
        }),
        all("preferred-affinity-zone", 20_000, |_| {
            affinity("podAffinity", "topology.kubernetes.io/zone", true)
        }),
        all("spread-zone", 20_000, |_| spread("topology.kubernetes.io/zone", "DoNotSchedule")),
        all("spread-host", 20_000, |_| spread("kubernetes.io/hostname", "DoNotSchedule")),
        all("preferred-spread-zone", 20_000, |_| spread("topology.kubernetes.io/zone", "ScheduleAnyway")),
        all("preferred-spread-host", 20_000, |_| spread("kubernetes.io/hostname", "ScheduleAnyway")),
        Scenario {
            name: "unschedulable",
            n_pods: 50_000,
            cpu: |i| if i % 2 == 0 { "9" } else { "100m" }.into(),
            spec: |_| json!({}),
        },
        Scenario {
            name: "full",
            n_pods: 40_000,
            cpu: |i| if i < 5_000 { "3500m" } else { "700m" }.into(),
            spec: |_| json!({}),
        },
        Scenario {
            name: "preemption",
            n_pods: 25_000,
            cpu: |i| if i < 20_000 { "900m" } else { "3" }.into(),
            spec: |i| json!({"priority": if i < 20_000 { 0 } else { 10 }}),
        },
        Scenario {
            name: "distinct",
            n_pods: 10_000,
            cpu: |i| format!("{}m", 20 + i % 397),
            spec: |i| {
                let kinds = [
                    json!({}),
                    affinity("podAntiAffinity", "kubernetes.io/hostname", true),
                    affinity("podAffinity", "topology.kubernetes.io/zone", true),
                    spread("topology.kubernetes.io/zone", "DoNotSchedule"),
                    spread("kubernetes.io/hostname", "ScheduleAnyway"),
                ];
                let mut spec = kinds[i % kinds.len()].clone();
                spec["tolerations"] = json!([{"key": format!("k{i}"), "operator": "Exists"}]);
                spec
            },
        },
    ]
}

fn affinity(kind: &str, key: &str, is_preferred: bool) -> Value {
    let term = json!({"topologyKey": key, "labelSelector": {"matchLabels": {"app": "x"}}});
    let terms = if is_preferred {
        json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]})
    } else {
        json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]})
    };
    json!({"affinity": {kind: terms}})
}

fn spread(key: &str, when: &str) -> Value {
    json!({"topologySpreadConstraints": [{"topologyKey": key, "maxSkew": 5, "whenUnsatisfiable": when,
        "labelSelector": {"matchLabels": {"app": "x"}}}]})
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    for scenario in scenarios() {
        if wanted.is_empty() || wanted.iter().any(|name| name == scenario.name) {
            run(&scenario);
        }
    }
}

/// The time spent on each kind of input.
#[derive(Default)]
struct Clocks {
    arriving: Duration,
    deciding: Duration,
    binding: Duration,
    seeing: Duration,
    leaving: Duration,
}

impl Clocks {
    fn all(&self) -> Duration {
        self.arriving + self.deciding + self.binding + self.seeing + self.leaving
    }
}

fn run(scenario: &Scenario) {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    let mut scheduler = Scheduler::new(&configuration, gates, 1).expect("the default configuration is valid");
    let now = Now::from_nanos(1_700_000_000_000_000_000);
    for i in 0..N_NODES {
        scheduler.step(Input::Upsert(&node(i)), now);
    }
    let mut pods: Vec<Object> = (0..scenario.n_pods).map(|i| pod(i, scenario)).collect();
    let mut clocks = Clocks::default();
    let (mut n_attempts, mut n_bound) = (0_u64, 0_u64);
    for i in 0..pods.len() {
        timed(&mut clocks.arriving, || scheduler.step(Input::Upsert(&pods[i]), now));
        loop {
            let mut deciding = Duration::ZERO;
            let step = timed(&mut deciding, || scheduler.step(Input::Schedule, now));
            if step.tried.is_none() {
                break;
            }
            n_attempts += 1;
            clocks.deciding += deciding;
            n_bound += carry_out(step, &mut pods, &mut scheduler, &mut clocks, now);
        }
    }
    let work = scheduler.work();
    let rate = |time: Duration| n_attempts as f64 / time.as_secs_f64();
    let each = |time: Duration| time.as_nanos() / u128::from(n_attempts);
    let Clocks { arriving, binding, seeing, .. } = clocks;
    println!(
        "{:<30} {:>9.0}/s deciding {:>9.0}/s in all; {n_attempts} attempts, {n_bound} bound, {:.1} rows and {:.1} \
         calls each, {} tables, {} the long way; ns each: arriving {}, deciding {}, binding {}, seen bound {}",
        scenario.name,
        rate(clocks.deciding),
        rate(clocks.all()),
        work.rows_visited as f64 / n_attempts as f64,
        work.plugin_calls as f64 / n_attempts as f64,
        work.tables_filled,
        work.long_way,
        each(arriving),
        each(clocks.deciding),
        each(binding),
        each(seeing),
    );
}

fn carry_out(
    step: Step,
    pods: &mut [Object],
    scheduler: &mut Scheduler,
    clocks: &mut Clocks,
    now: Now,
) -> u64 {
    let mut n_bound = 0;
    for command in step.commands {
        match command {
            Command::Bind { uid, node, .. } => {
                n_bound += 1;
                let i: usize = uid[4..].parse().expect("uids are numbered");
                if let Object::Pod(pod) = &mut pods[i] {
                    pod.spec.node_name = node.to_string();
                }
                timed(&mut clocks.binding, || {
                    scheduler.step(Input::BindFinished { uid: &uid, result: Ok(()) }, now)
                });
                timed(&mut clocks.seeing, || scheduler.step(Input::Upsert(&pods[i]), now));
            }
            Command::Evict { uid, .. } => {
                let i: usize = uid[4..].parse().expect("uids are numbered");
                timed(&mut clocks.leaving, || scheduler.step(Input::Delete(&pods[i]), now));
            }
            _ => {}
        }
    }
    n_bound
}

fn timed<T>(clock: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *clock += start.elapsed();
    result
}

fn node(i: usize) -> Object {
    let node = json!({
        "metadata": {"name": format!("node-{i}"), "labels": {
            "kubernetes.io/hostname": format!("node-{i}"), "topology.kubernetes.io/zone": format!("zone-{}", i % 3)}},
        "status": {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}},
    });
    Object::Node(serde_json::from_value(node).expect("a node"))
}

fn pod(i: usize, scenario: &Scenario) -> Object {
    let mut spec = (scenario.spec)(i);
    spec["containers"] = json!([{"name": "pause", "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"cpu": (scenario.cpu)(i), "memory": "100Mi"}}}]);
    let pod = json!({
        "metadata": {"name": format!("pod-{i}"), "namespace": "default", "uid": format!("uid-{i}"),
            "labels": {"app": "x"}},
        "spec": spec,
    });
    Object::Pod(serde_json::from_value(pod).expect("a pod"))
}
