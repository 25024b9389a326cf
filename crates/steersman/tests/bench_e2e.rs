//! `steersman bench e2e`, run as a program.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What the program left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn bench(arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steersman"));
    let output = command.args(["bench", "e2e"]).args(arguments).output().expect("the program runs");
    Ran {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn folder(name: &str, config: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-e2e").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("performance-config.yaml"), config).expect("a file of the test");
    let pod = "kind: Pod\napiVersion: v1\nmetadata: {generateName: pod-, labels: {type: x}}\n\
               spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: i}]}\n";
    std::fs::write(folder.join("pod.yaml"), pod).expect("a file of the test");
    let large = pod.replace("image: i", "image: i, resources: {requests: {cpu: 100}}");
    std::fs::write(folder.join("pod-large.yaml"), large).expect("a file of the test");
    folder
}

fn run(name: &str, ops: &str, more: &[&str]) -> Ran {
    let config = format!("- name: Case\n  workloadTemplate: [{ops}]\n  workloads: [{{name: small}}]\n");
    let folder = folder(name, &config);
    bench(&[&["--workloads", folder.to_str().expect("a path")], more].concat())
}

#[test]
fn the_own_set_runs_and_binds_every_pod() {
    let ran = bench(&["--label", "short", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&report["failed"], &report["notRun"]), (&Value::Null, &Value::Null), "{report}");
    let items = report["dataItems"].as_array().expect("items");
    let listed = bench(&["--label", "short", "--list"]).stdout;
    for line in listed.lines().skip(1) {
        let name = line.split_whitespace().next().expect("a name");
        let name = format!("BenchmarkPerfScheduling/{name}/");
        let of = |metric: &str| {
            let is_meant = |labels: &Value| {
                labels["Metric"] == metric
                    && labels["Name"].as_str().is_some_and(|own| own.starts_with(&name))
            };
            items
                .iter()
                .find(|item| is_meant(&item["labels"]))
                .unwrap_or_else(|| panic!("{metric} of {name}"))
        };
        assert_eq!(of("SchedulingThroughput")["unit"], "pods/s");
        for metric in
            ["SchedulingThroughput", "CreateToBoundDuration", "scheduler_scheduling_attempt_duration_seconds"]
        {
            assert!(
                of(metric)["data"]["Average"].as_f64().is_some_and(|value| value > 0.0),
                "{metric} of {name}"
            );
        }
    }
}

#[test]
fn pods_are_waited_for_deleted_and_measured_as_the_op_codes_say() {
    let ops = "{opcode: createNodes, count: 3}, \
        {opcode: startCollectingMetrics, name: all, namespaces: [a, b], labelSelector: {type: x}}, \
        {opcode: churn, mode: recreate, number: 1, intervalMilliseconds: 5, templatePaths: [pod.yaml]}, \
        {opcode: createPods, count: 4, podTemplatePath: pod.yaml, namespace: a, skipWaitToCompletion: true}, \
        {opcode: createPods, count: 2, podTemplatePath: pod-large.yaml, namespace: a, skipWaitToCompletion: true}, \
        {opcode: barrier, namespaces: [a], stageRequirement: Attempted}, \
        {opcode: deletePods, namespace: a, labelSelector: {type: x}}, \
        {opcode: barrier, labelSelector: {type: x}}, \
        {opcode: createPods, count: 5, namespace: b, podTemplatePath: pod.yaml}, \
        {opcode: sleep, duration: 20ms}, \
        {opcode: stopCollectingMetrics}";
    let ran = run("op-codes", ops, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let row = ran.stdout.lines().nth(1).expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    // Three nodes; the four and the five were bound, the large ones were not.
    assert_eq!(cells[..3], ["Case/small", "3", "9"], "{}", ran.stdout);
    assert!(ran.stdout.ends_with("1 workloads run, 0 failed, 0 not run\n"), "{}", ran.stdout);
}

#[test]
fn pods_that_fit_nowhere_are_a_failure_with_the_reason() {
    let ops = "{opcode: createNodes, count: 1}, \
        {opcode: createPods, count: 1, podTemplatePath: pod-large.yaml, collectMetrics: true}";
    let ran = run("stuck", ops, &["--patience", "1"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let words = "Case/small: failed: workloadTemplate[1] (createPods): 1 pods do not get bound, such as namespace-1/pod-";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    assert!(ran.stdout.contains("0/1 nodes are available: 1 Insufficient cpu."), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_run_is_listed() {
    let ops = "{opcode: createNodes, count: 1}, \
        {opcode: createResourceDriver, driverName: d, nodes: some-.*, maxClaimsPerNode: 1}, \
        {opcode: createPods, count: 1, collectMetrics: true}";
    let ran = run("driver", ops, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("not run: createResourceDriver: devices of d"), "{}", ran.stdout);
}

#[test]
fn pods_are_offered_at_a_rate() {
    let ran = bench(&["--rate", "50", "--seconds", "1", "--nodes", "10", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let name = "BenchmarkPerfScheduling/Offered/50PerSecond_10Nodes/offered";
    assert!(report["dataItems"].as_array().expect("items").iter().all(|item| item["labels"]["Name"] == name));
    let ran = bench(&["--rate", "50", "--seconds", "1", "--nodes", "3"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--nodes 3: 250 pods do not fit on them, 40 fit on each"), "{}", ran.stderr);
}

#[test]
fn a_start_is_measured() {
    let ran = bench(&["--start", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(
        report["firstPodBoundAfterSeconds"].as_f64() > report["answersAfterSeconds"].as_f64(),
        "{report}"
    );
}
