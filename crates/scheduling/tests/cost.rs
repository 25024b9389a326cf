//! What decisions cost, in things that can be counted: nodes looked at, plugins asked, allocations made.
//!
//! Counts are the same on every machine, so a test can hold them down where a time could not.

use allocation_counter::measure;
use base::Now;
use scheduling::engine::{Command, Input, Scheduler};
use scheduling::incremental::Work;
use serde_json::{Value, json};
use wire::Object;
use wire::config::{FeatureGates, SchedulerConfiguration};

const NOW: Now = Now::from_nanos(1_800_000_000_000_000_000);

struct World {
    scheduler: Scheduler,
    n_pods: usize,
}

/// What a number of attempts cost, each.
struct Cost {
    rows: f64,
    calls: f64,
    allocations: f64,
    n_bound: usize,
    work: Work,
}

impl World {
    fn new(n_nodes: usize) -> World {
        let gates = FeatureGates::default();
        let configuration = SchedulerConfiguration::default_for(&gates);
        let mut scheduler = Scheduler::new(&configuration, gates, 1).expect("the default is valid");
        for i in 0..n_nodes {
            let node = json!({
                "metadata": {"name": format!("node-{i}"), "labels": {
                    "kubernetes.io/hostname": format!("node-{i}"),
                    "topology.kubernetes.io/zone": format!("zone-{}", i % 3)}},
                "status": {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}},
            });
            let node = Object::Node(serde_json::from_value(node).expect("a node"));
            scheduler.step(Input::Upsert(&node), NOW);
        }
        World { scheduler, n_pods: 0 }
    }

    /// Decides about `n` pods one after another and takes the bound ones in.
    fn decide(&mut self, n: usize, spec: &Value, cpu: &str) -> Cost {
        let before = self.scheduler.work();
        let (mut allocations, mut n_bound) = (0, 0);
        for _ in 0..n {
            self.n_pods += 1;
            let mut spec = spec.clone();
            spec["containers"] =
                json!([{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Mi"}}}]);
            let name = format!("pod-{}", self.n_pods);
            let pod = json!({
                "metadata": {"name": name, "namespace": "default", "uid": name, "labels": {"app": "x"}},
                "spec": spec,
            });
            let mut pod: wire::Pod = serde_json::from_value(pod).expect("a pod");
            self.scheduler.step(Input::Upsert(&Object::Pod(Box::new(pod.clone()))), NOW);
            let mut commands = Vec::new();
            let counted = measure(|| commands = self.scheduler.step(Input::Schedule, NOW).commands);
            allocations += counted.count_total;
            for command in commands {
                if let Command::Bind { uid, node, .. } = command {
                    n_bound += 1;
                    pod.spec.node_name = node.to_string();
                    self.scheduler.step(Input::BindFinished { uid: &uid, result: Ok(()) }, NOW);
                    self.scheduler.step(Input::Upsert(&Object::Pod(Box::new(pod.clone()))), NOW);
                }
            }
        }
        let after = self.scheduler.work();
        let each = |n: u64| n as f64 / f64::from(u32::try_from(n_attempts(before, after)).expect("few"));
        Cost {
            rows: each(after.rows_visited - before.rows_visited),
            calls: each(after.plugin_calls - before.plugin_calls),
            allocations: each(allocations),
            n_bound,
            work: after,
        }
    }
}

fn n_attempts(before: Work, after: Work) -> u64 {
    after.decisions - before.decisions
}

fn term(key: &str) -> Value {
    json!({"topologyKey": key, "labelSelector": {"matchLabels": {"app": "x"}}})
}

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The kinds of pods whose next decision must not depend on the number of nodes.
fn kinds() -> Vec<(&'static str, Value)> {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    let weighted = |key| json!([{"weight": 1, "podAffinityTerm": term(key)}]);
    let spread = |key: &str, when: &str| {
        json!({"topologySpreadConstraints": [{"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": when,
            "labelSelector": {"matchLabels": {"app": "x"}}}]})
    };
    vec![
        ("plain", json!({})),
        ("anti-affinity by host", json!({"affinity": {"podAntiAffinity": {required: [term(HOST)]}}})),
        ("affinity by zone", json!({"affinity": {"podAffinity": {required: [term(ZONE)]}}})),
        (
            "preferred anti-affinity by host",
            json!({"affinity": {"podAntiAffinity": {preferred: weighted(HOST)}}}),
        ),
        ("preferred affinity by zone", json!({"affinity": {"podAffinity": {preferred: weighted(ZONE)}}})),
        ("spread over zones", spread(ZONE, "DoNotSchedule")),
        ("preferably spread over zones", spread(ZONE, "ScheduleAnyway")),
        ("preferably spread over hosts", spread(HOST, "ScheduleAnyway")),
    ]
}

#[test]
fn one_more_pod_of_a_known_shape_looks_at_the_rows_that_changed() {
    for (kind, spec) in kinds() {
        let mut world = World::new(600);
        world.decide(10, &spec, "100m");
        let cost = world.decide(200, &spec, "100m");
        assert_eq!(cost.n_bound, 200, "{kind}");
        assert_eq!(cost.work.long_way, 0, "{kind}");
        assert!(cost.rows <= 2.5, "{kind}: {} rows", cost.rows);
        assert!(cost.calls <= 20.0, "{kind}: {} plugin calls", cost.calls);
        assert!(cost.allocations <= 45.0, "{kind}: {} allocations", cost.allocations);
    }
}

#[test]
fn a_pod_that_fits_nowhere_costs_nothing_until_something_changes() {
    let mut world = World::new(600);
    world.decide(3, &json!({}), "9");
    let cost = world.decide(100, &json!({}), "9");
    assert_eq!(cost.n_bound, 0);
    assert!(cost.rows < 0.01, "{} rows", cost.rows);
    assert!(cost.allocations <= 45.0, "{} allocations", cost.allocations);
}

#[test]
fn a_new_shape_costs_one_pass_and_no_allocation_per_node() {
    let (mut small, mut large) = (World::new(200), World::new(2000));
    let (few, many) = (small.decide(1, &json!({}), "100m"), large.decide(1, &json!({}), "100m"));
    assert!((few.rows, many.rows) == (200.0, 2000.0), "one look at each row");
    assert!(many.allocations < few.allocations + 60.0, "{} and {}", few.allocations, many.allocations);
}

#[test]
fn preemption_looks_at_the_rows_that_changed() {
    let mut world = World::new(300);
    world.decide(300 * 4, &json!({"priority": 0}), "900m");
    let important = json!({"priority": 10});
    world.decide(1, &important, "3");
    let cost = world.decide(50, &important, "3");
    assert!(cost.rows <= 6.0, "{} rows", cost.rows);
    assert_eq!(cost.work.long_way, 0);
}
