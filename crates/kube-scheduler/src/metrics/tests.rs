//! What is shown is what kube-scheduler shows, and moves when it should.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base::Now;
use prometheus_parse::{Sample, Scrape, Value};
use scheduling::engine::{Input, Scheduler};
use serde_json::json;
use wire::config::SchedulerConfiguration;
use wire::{Kind, Object};

use super::*;
use crate::driver::Observer;

type Row = (&'static str, &'static str, &'static [&'static str], Option<(f64, f64, usize)>);

/// kube-scheduler's own metrics: name, type, labels, and the buckets as start, factor and number.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("schedule_attempts_total", "counter", &["result", "profile"], None),
    ("scheduling_attempt_duration_seconds", "histogram", &["result", "profile"], Some((0.001, 2.0, 15))),
    ("scheduling_algorithm_duration_seconds", "histogram", &[], Some((0.001, 2.0, 15))),
    ("pod_scheduling_sli_duration_seconds", "histogram", &["attempts"], Some((0.01, 2.0, 20))),
    ("pod_scheduling_attempts", "histogram", &[], Some((1.0, 2.0, 5))),
    ("pod_scheduled_after_flush_total", "counter", &[], None),
    ("goroutines", "gauge", &["operation"], None),
    ("event_handling_duration_seconds", "histogram", &["event"], Some((0.0001, 2.0, 12))),
    ("batch_attempts_total", "counter", &["profile", "result"], None),
    ("batch_cache_flushed_total", "counter", &["profile", "reason"], None),
    ("get_node_hint_duration_seconds", "histogram", &["hinted", "profile"], Some((0.00001, 2.0, 12))),
    ("store_schedule_results_duration_seconds", "histogram", &["profile"], Some((0.00001, 2.0, 12))),
    ("pending_pods", "gauge", &["queue"], None),
    ("queue_incoming_pods_total", "counter", &["queue", "event"], None),
    ("unschedulable_pods", "gauge", &["plugin", "profile"], None),
    ("inflight_events", "gauge", &["event"], None),
    ("queueing_hint_execution_duration_seconds", "histogram", &["plugin", "event", "hint"], Some((0.00001, 1.5, 20))),
    ("framework_extension_point_duration_seconds", "histogram", &["extension_point", "status", "profile"], Some((0.0001, 2.0, 12))),
    ("plugin_execution_duration_seconds", "histogram", &["plugin", "extension_point", "status"], Some((0.00001, 1.5, 20))),
    ("plugin_evaluation_total", "counter", &["plugin", "extension_point", "profile"], None),
    ("permit_wait_duration_seconds", "histogram", &["result"], Some((0.001, 2.0, 15))),
    ("cache_size", "gauge", &["type"], None),
    ("preemption_attempts_total", "counter", &[], None),
    ("preemption_victims", "histogram", &[], Some((1.0, 2.0, 7))),
    ("preemption_goroutines_duration_seconds", "histogram", &["result"], Some((0.01, 2.0, 20))),
    ("preemption_goroutines_execution_total", "counter", &["result"], None),
    ("async_api_call_execution_total", "counter", &["call_type", "result"], None),
    ("async_api_call_execution_duration_seconds", "histogram", &["call_type", "result"], Some((0.001, 2.0, 15))),
    ("pending_async_api_calls", "gauge", &["call_type"], None),
    ("resourceclaim_creates_total", "counter", &["status"], None),
    ("dra_bindingconditions_allocations_total", "counter", &["profile", "driver", "status"], None),
    ("dra_bindingconditions_wait_duration_seconds", "histogram", &["profile", "driver", "status"], Some((0.1, 2.0, 14))),
    ("podgroup_schedule_attempts_total", "counter", &["result", "profile"], None),
    ("podgroup_scheduling_attempt_duration_seconds", "histogram", &["result", "profile"], Some((0.001, 2.0, 15))),
    ("podgroup_scheduling_algorithm_duration_seconds", "histogram", &[], Some((0.001, 2.0, 15))),
    ("volume_binder_cache_requests_total", "counter", &["operation"], None),
    ("volume_scheduling_stage_error_total", "counter", &["operation"], None),
];

/// Those that no event of this test can move: what they count does not happen in it, or never does.
const UNMOVED: [&str; 14] = [
    "pod_scheduled_after_flush_total",
    "permit_wait_duration_seconds",
    "async_api_call_execution_total",
    "async_api_call_execution_duration_seconds",
    "pending_async_api_calls",
    "resourceclaim_creates_total",
    "dra_bindingconditions_allocations_total",
    "dra_bindingconditions_wait_duration_seconds",
    "podgroup_schedule_attempts_total",
    "podgroup_scheduling_attempt_duration_seconds",
    "podgroup_scheduling_algorithm_duration_seconds",
    "volume_binder_cache_requests_total",
    "volume_scheduling_stage_error_total",
    "plugin_execution_duration_seconds",
];

fn scrape(text: &str) -> Vec<Sample> {
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("the text format").samples
}

/// A core that is measured.
struct World {
    metrics: Metrics,
    scheduler: Scheduler,
    meter: Mutex<Meter>,
    now: Now,
}

impl World {
    fn new() -> World {
        let gates = FeatureGates::default();
        let metrics = Metrics::new(Options::default(), &gates);
        let configuration = SchedulerConfiguration::default_for(&gates);
        let mut scheduler = Scheduler::new(&configuration, gates, 7).unwrap();
        scheduler.set_stopwatch(metrics.timings.clone());
        let names = ["default-scheduler".to_owned()];
        let meter = Mutex::new(Meter::new(&metrics, scheduler.profiles(), &names, 7));
        World { metrics, scheduler, meter, now: Now::from_nanos(1_000_000_000) }
    }

    fn step(&mut self, input: Input<'_>) -> scheduling::engine::Step {
        let meter = self.meter.get_mut().unwrap();
        meter.before(&input, self.now);
        let step = self.scheduler.step(input, self.now);
        meter.after(&step, &self.scheduler, self.now, std::time::Duration::from_micros(150));
        step
    }

    fn take_in(&mut self, kind: Kind, object: &serde_json::Value) {
        let object: Object = wire::decode::json_object(kind, &object.to_string()).unwrap();
        self.step(Input::Upsert(&object));
    }

    fn node(&mut self, name: &str, cpu: &str) {
        let allocatable = json!({"cpu": cpu, "memory": "4Gi", "pods": "10"});
        self.take_in(
            Kind::Node,
            &json!({"metadata": {"name": name}, "status": {"allocatable": allocatable}}),
        );
    }

    fn pod(&mut self, name: &str, cpu: &str, more: &serde_json::Value) {
        let mut spec = json!({
            "schedulerName": "default-scheduler",
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}],
        });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let metadata = json!({"name": name, "namespace": "default", "uid": name});
        self.take_in(Kind::Pod, &json!({"metadata": metadata, "spec": spec}));
    }

    fn bound(&mut self, uid: &str, result: Result<(), String>) {
        self.step(Input::BindFinished { uid, result });
    }

    fn look(&self) {
        self.metrics.queue.show(&queue::Look::at(&self.scheduler), &self.metrics.families);
    }

    /// What is shown now.
    fn samples(&self) -> Vec<Sample> {
        self.look();
        scrape(&self.metrics.registry.render())
    }

    /// The series of a metric, for messages.
    fn about(&self, name: &str) -> String {
        let text = self.metrics.registry.render();
        let lines = text.lines().filter(|line| line.starts_with(name) && !line.contains("_bucket"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The value of one series; of a histogram, how many values it counted.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let is_it = |sample: &Sample| {
            sample.metric == name
                && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
        };
        let found: Vec<f64> = self.samples().iter().filter(|sample| is_it(sample)).map(amount).collect();
        assert!(!found.is_empty(), "{name}{labels:?} is not in {}", self.about(name));
        found.iter().sum()
    }
}

fn amount(sample: &Sample) -> f64 {
    match &sample.value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
        Value::Histogram(buckets) => buckets.last().map_or(0.0, |bucket| bucket.count),
        Value::Summary(_) => 0.0,
    }
}

/// A life in which most things happen once.
fn life() -> World {
    let mut world = World::new();
    for name in ["n1", "n2", "n3"] {
        world.node(name, "2");
    }
    world.pod("a", "500m", &json!({}));
    world.pod("b", "500m", &json!({}));
    for name in ["a", "b"] {
        assert!(world.step(Input::Schedule).tried.is_some());
        world.now = world.now.after(std::time::Duration::from_millis(30));
        world.bound(name, if name == "a" { Ok(()) } else { Err("no".to_owned()) });
    }
    world.pod("large", "7", &json!({}));
    world.step(Input::Schedule);
    world.pod("gated", "1", &json!({"schedulingGates": [{"name": "g"}]}));
    for node in ["n1", "n2", "n3"] {
        world.pod(&format!("low-{node}"), "1500m", &json!({"nodeName": node}));
    }
    world.pod("high", "1500m", &json!({"priority": 9}));
    world.step(Input::Schedule);
    world.node("n1", "3");
    world
}

#[test]
fn names_types_labels_and_buckets_are_kube_schedulers() {
    let all: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    let ours: Vec<&str> =
        families::NAMES.iter().map(|(name, _)| name.strip_prefix("scheduler_").unwrap()).collect();
    assert_eq!(ours, all);
    for ((name, labels), (_, _, expected, _)) in families::NAMES.iter().zip(TABLE) {
        assert_eq!(labels, expected, "{name}");
    }
    let world = life();
    world.look();
    let text = world.metrics.registry.render();
    for (name, kind, labels, buckets) in TABLE {
        let full = format!("scheduler_{name}");
        let of_gate = ["async_api", "pending_async", "podgroup"].iter().any(|off| name.starts_with(off));
        let has_series = text.contains(&format!("# TYPE {full} {kind}\n"));
        let may_be_absent = of_gate || UNMOVED.contains(name) && !labels.is_empty();
        assert!(has_series || may_be_absent, "{name}");
        assert!(!(has_series && of_gate), "{name} is not registered while its gate is off");
        if !has_series {
            continue;
        }
        let help = format!("# HELP {full} [");
        assert!(text.contains(&help), "{name} says how stable it is");
        let mut series = scrape(&text).into_iter().filter(|sample| sample.metric == full);
        let sample = series.next().unwrap_or_else(|| panic!("{name} has a series"));
        let mut known: Vec<&str> = sample.labels.keys().map(String::as_str).collect();
        known.sort_unstable();
        let mut expected = labels.to_vec();
        expected.sort_unstable();
        assert_eq!(known, expected, "{name}");
        if let (Some((start, factor, n)), Value::Histogram(found)) = (buckets, &sample.value) {
            let mut bound = *start;
            for bucket in &found[..*n] {
                assert_eq!(bucket.less_than, bound, "{name}");
                bound *= factor;
            }
            assert_eq!((found.len(), found[*n].less_than), (n + 1, f64::INFINITY), "{name}");
        }
    }
    for process in [
        "kubernetes_build_info",
        "kubernetes_feature_enabled",
        "version_info",
        "process_resident_memory_bytes",
        "disabled_metrics_total",
    ] {
        assert!(text.contains(&format!("# TYPE {process} ")), "{process}");
    }
}

#[test]
fn every_metric_is_moved_by_what_it_counts() {
    let world = life();
    let of = [("profile", "default-scheduler")];
    for (name, labels, expected) in [
        ("scheduler_schedule_attempts_total", &[("result", "scheduled")][..], 1.0),
        ("scheduler_schedule_attempts_total", &[("result", "error")], 1.0),
        ("scheduler_schedule_attempts_total", &[("result", "unschedulable")], 2.0),
        ("scheduler_scheduling_attempt_duration_seconds", &[("result", "scheduled")], 1.0),
        ("scheduler_scheduling_algorithm_duration_seconds", &[], 4.0),
        ("scheduler_pod_scheduling_sli_duration_seconds", &[("attempts", "1")], 1.0),
        ("scheduler_pod_scheduling_attempts", &[], 1.0),
        ("scheduler_pod_scheduled_after_flush_total", &[], 0.0),
        ("scheduler_goroutines", &[("operation", "binding")], 0.0),
        ("scheduler_event_handling_duration_seconds", &[("event", "NodeAdd")], 3.0),
        ("scheduler_event_handling_duration_seconds", &[("event", "NodeUpdateNodeAllocatable")], 1.0),
        ("scheduler_event_handling_duration_seconds", &[("event", "AssignedPodAdd")], 3.0),
        ("scheduler_event_handling_duration_seconds", &[("event", "UnschedulablePodAdd")], 5.0),
        ("scheduler_batch_attempts_total", &[("result", "no_hint"), of[0]], 2.0),
        ("scheduler_batch_cache_flushed_total", &[("reason", "pod_not_batchable")], 2.0),
        ("scheduler_get_node_hint_duration_seconds", &[("hinted", "no_hint")], 4.0),
        ("scheduler_store_schedule_results_duration_seconds", &of, 2.0),
        // Its own gate, and that of preemption.
        ("scheduler_pending_pods", &[("queue", "gated")], 2.0),
        ("scheduler_pending_pods", &[("queue", "active")], 0.0),
        (
            "scheduler_queue_incoming_pods_total",
            &[("queue", "active"), ("event", "UnschedulablePodAdd")],
            4.0,
        ),
        ("scheduler_unschedulable_pods", &[("plugin", "SchedulingGates"), of[0]], 1.0),
        ("scheduler_inflight_events", &[("event", "PodPopped")], 0.0),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "PreFilter")], 4.0),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "Filter")], 4.0),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "Score")], 2.0),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "PostFilter")], 2.0),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "Reserve")], 2.0),
        (
            "scheduler_framework_extension_point_duration_seconds",
            &[("extension_point", "Bind"), ("status", "Error")],
            1.0,
        ),
        (
            "scheduler_framework_extension_point_duration_seconds",
            &[("extension_point", "Bind"), ("status", "Success")],
            1.0,
        ),
        ("scheduler_framework_extension_point_duration_seconds", &[("extension_point", "Unreserve")], 1.0),
        ("scheduler_cache_size", &[("type", "nodes")], 3.0),
        ("scheduler_cache_size", &[("type", "pods")], 4.0),
        ("scheduler_cache_size", &[("type", "assumed_pods")], 1.0),
        ("scheduler_preemption_attempts_total", &[], 2.0),
        ("scheduler_preemption_victims", &[], 1.0),
        ("scheduler_preemption_goroutines_execution_total", &[("result", "success")], 1.0),
        ("kubernetes_feature_enabled", &[("name", "GangScheduling"), ("stage", "ALPHA")], 0.0),
        ("kubernetes_feature_enabled", &[("name", "SchedulerQueueingHints"), ("stage", "")], 1.0),
    ] {
        assert_eq!(world.value(name, labels), expected, "{name}{labels:?} in {}", world.about(name));
    }
    let hints =
        world.value("scheduler_queueing_hint_execution_duration_seconds", &[("plugin", "NodeResourcesFit")]);
    assert!(hints >= 1.0);
    let fits = [("plugin", "NodeResourcesFit"), ("extension_point", "Filter"), of[0]];
    assert!(world.value("scheduler_plugin_evaluation_total", &fits) >= 3.0);
    let moved: BTreeMap<String, f64> = world.samples().iter().fold(BTreeMap::new(), |mut moved, sample| {
        *moved.entry(sample.metric.clone()).or_default() += amount(sample).abs();
        moved
    });
    for (name, ..) in TABLE.iter().filter(|(name, ..)| !UNMOVED.contains(name)) {
        let may_be_still = matches!(*name, "goroutines" | "inflight_events");
        let moved = moved.get(&format!("scheduler_{name}")).copied().unwrap_or(-1.0);
        assert!(moved > 0.0 || may_be_still && moved == 0.0, "{name} has not moved");
    }
}

#[test]
fn what_is_there_from_the_start_is_zero() {
    let world = World::new();
    for (name, labels) in [
        ("scheduler_preemption_attempts_total", &[][..]),
        ("scheduler_pending_pods", &[("queue", "backoff")]),
        (
            "scheduler_plugin_evaluation_total",
            &[("plugin", "NodeAffinity"), ("extension_point", "PreFilter")],
        ),
        ("scheduler_plugin_evaluation_total", &[("plugin", "ImageLocality"), ("extension_point", "Score")]),
        ("scheduler_pod_scheduling_attempts", &[]),
    ] {
        assert_eq!(world.value(name, labels), 0.0, "{name}{labels:?}");
    }
}

#[test]
fn one_attempt_in_ten_is_looked_at_more_closely() {
    let mut world = World::new();
    for n in 0..4 {
        world.node(&format!("n{n}"), "100");
    }
    for n in 0..200 {
        // Each is of a shape of its own, so that plugins are called.
        world.pod(&format!("p{n}"), &format!("{n}m"), &json!({}));
        world.step(Input::Schedule);
    }
    let sampled =
        world.value("scheduler_plugin_execution_duration_seconds", &[("extension_point", "PreEnqueue")]);
    assert!((10.0..400.0).contains(&sampled), "{sampled}");
}

#[test]
fn requests_are_counted_by_host() {
    let registry = Registry::new();
    let requests = Requests::register(&registry);
    let sent = client::Sent {
        method: "POST",
        server: "https://10.0.0.1:6443/",
        code: Some(201),
        took: std::time::Duration::from_millis(3),
        held_back: std::time::Duration::ZERO,
        n_bytes: 100,
    };
    client::Meter::sent(&*requests, &sent);
    client::Meter::sent(&*requests, &client::Sent { code: None, ..sent });
    client::Meter::received(&*requests, "POST", "https://10.0.0.1:6443/", 10);
    let text = registry.render();
    for line in [
        r#"rest_client_requests_total{code="201",method="POST",host="10.0.0.1:6443"} 1"#,
        r#"rest_client_requests_total{code="<error>",method="POST",host="10.0.0.1:6443"} 1"#,
        r#"rest_client_request_duration_seconds_count{verb="POST",host="10.0.0.1:6443"} 2"#,
        r#"rest_client_response_size_bytes_bucket{verb="POST",host="10.0.0.1:6443",le="64"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}
