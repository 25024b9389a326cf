//! `steersman bench core`, run as a program.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
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
    let output = command.args(["bench", "core"]).args(arguments).output().expect("the program runs");
    Ran {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let ran = bench(&[arguments, &["--json"]].concat());
    let value = serde_json::from_str(&ran.stdout);
    (ran.code, value.unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr)))
}

/// A folder with these files that one test has to itself.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("a file of the test");
    }
    folder
}

const POD: &str =
    "kind: Pod\napiVersion: v1\nmetadata: {generateName: pod-}\nspec: {containers: [{name: c}]}\n";

/// A configuration with one case of these op-codes.
fn config(ops: &str, workload: &str) -> String {
    format!("- name: Case\n  workloadTemplate: [{ops}]\n  workloads: [{{name: small{workload}}}]\n")
}

/// Runs op-codes with `pod.yaml` beside them.
fn run(name: &str, ops: &str, workload: &str, more: &[&str]) -> Ran {
    let config = config(ops, workload);
    let folder = folder(name, &[("performance-config.yaml", &config), ("pod.yaml", POD)]);
    bench(&[&["--workloads", folder.to_str().expect("a path")], more].concat())
}

#[test]
fn the_own_set_runs_and_binds_every_pod() {
    let ran = bench(&["--label", "short"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let listed = bench(&["--label", "short", "--list"]).stdout;
    for line in listed.lines().skip(1) {
        let name = line.split_whitespace().next().expect("a name");
        assert!(ran.stdout.contains(&format!("{name} ")), "{name} is not in {}", ran.stdout);
    }
    assert!(ran.stdout.trim_end().ends_with("workloads run, 0 failed, 0 not run"), "{}", ran.stdout);
}

#[test]
fn json_has_the_shape_that_perf_dash_reads() {
    let (code, report) = json(&["--filter", "^Preemption/5Nodes$"]);
    assert_eq!((code, &report["version"]), (0, &Value::from("v1")));
    let items = report["dataItems"].as_array().expect("items");
    let find = |metric: &str, result: Option<&str>| {
        let is_meant = |labels: &Value| {
            labels["Metric"] == metric && labels.get("result").and_then(Value::as_str) == result
        };
        items.iter().find(|item| is_meant(&item["labels"])).unwrap_or_else(|| panic!("no {metric}"))
    };
    let throughput = find("SchedulingThroughput", None);
    assert_eq!(throughput["unit"], "pods/s");
    assert_eq!(throughput["labels"]["Name"], "BenchmarkPerfScheduling/Preemption/5Nodes/namespace-2");
    for result in ["scheduled", "unschedulable"] {
        let attempts = find("scheduler_scheduling_attempt_duration_seconds", Some(result));
        assert_eq!(attempts["unit"], "ms");
        for bucket in ["Average", "Perc50", "Perc90", "Perc95", "Perc99"] {
            assert!(attempts["data"][bucket].as_f64().is_some_and(|value| value > 0.0), "{attempts}");
            assert!(throughput["data"][bucket].as_f64().is_some_and(|value| value > 0.0), "{throughput}");
        }
    }
    for item in items {
        assert!(item["labels"]["Name"].is_string() && item["unit"].is_string(), "{item}");
        assert!(item["data"].as_object().is_some_and(|data| data.values().all(Value::is_number)), "{item}");
    }
}

#[test]
fn a_plain_cluster_of_any_size_is_measured() {
    let ran = bench(&["--nodes", "20", "--pods", "100", "--kind", "spread", "--runs", "3"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("Spread/20Nodes_100Pods"), "{}", ran.stdout);
    let full = bench(&["--nodes", "1", "--pods", "41"]);
    assert_eq!(full.code, 1);
    assert!(full.stdout.contains("1 of 41 pods are not bound"), "{}", full.stdout);
    let (_, report) = json(&["--nodes", "20", "--pods", "30"]);
    let runtime = report["dataItems"].as_array().expect("items").last().expect("an item").clone();
    assert_eq!(runtime["labels"]["Metric"], "Runtime");
}

#[test]
fn what_matches_nothing_is_said_with_what_there_is() {
    let ran = bench(&["--filter", "Basics"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--filter \"Basics\": no workload matches. There are:\n  Basic/5Nodes\n"));
    let ran = bench(&["--label", "long"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--label long: no workload has these labels. There are: performance, short"));
    let ran = bench(&["--filter", "(a"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (2, "error: --filter \"(a\": ( without )\n"));
}

#[test]
fn pods_that_are_not_bound_fail_their_workload() {
    let ops = "{opcode: createPods, count: 2, podTemplatePath: pod.yaml, collectMetrics: true}";
    let ran = run("stuck", ops, "", &[]);
    assert_eq!(ran.code, 1);
    let wanted =
        "Case/small: failed: workloadTemplate[0] (createPods): 2 pods do not get bound, such as namespace-0/";
    assert!(ran.stdout.contains(wanted), "{}", ran.stdout);
    assert!(ran.stdout.contains("no nodes available to schedule pods"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 workloads run, 1 failed, 0 not run"), "{}", ran.stdout);
}

#[test]
fn a_rate_below_its_threshold_fails_too() {
    let ops = "{opcode: createNodes, count: 1}, {opcode: createPods, count: 2, podTemplatePath: pod.yaml, \
               collectMetrics: true}";
    let ran = run("threshold", ops, ", threshold: 1000000000000", &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("below 1,000,000,000,000"), "{}", ran.stdout);
    assert_eq!(run("threshold-met", ops, ", threshold: 0.001", &[]).code, 0);
}

#[test]
fn what_needs_more_than_the_core_is_listed_and_is_no_failure() {
    let ops = "{opcode: createResourceDriver, driverName: d, nodes: x}, {opcode: createPods, count: 1, \
               podTemplatePath: pod.yaml, collectMetrics: true}";
    let ran = run("driver", ops, "", &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("not run: createResourceDriver: devices of d"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n  Case/small\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("0 workloads run, 0 failed, 1 not run"), "{}", ran.stdout);
}

#[test]
fn what_is_wrong_is_named_with_file_op_code_and_field() {
    let check = |name: &str, ops: &str, workload: &str, wanted: &str| {
        let ran = run(name, ops, workload, &[]);
        assert_eq!(ran.code, 2, "{}", ran.stdout);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name);
        assert_eq!(ran.stderr, format!("error: {}/{wanted}\n", folder.display()));
    };
    let last = "{opcode: createPods, count: 1, podTemplatePath: pod.yaml, collectMetrics: true}";
    let nodes = "{opcode: createNodes, count: 1}";
    check(
        "no-param",
        &format!("{{opcode: createNodes, countParam: $nodes}}, {last}"),
        "",
        "performance-config.yaml: Case/small: workloadTemplate[0] (createNodes): countParam: the workload has no \
         parameter \"nodes\"",
    );
    check(
        "unused-param",
        &format!("{nodes}, {last}"),
        ", params: {speed: 3}",
        "performance-config.yaml: Case/small: params: no op-code uses speed",
    );
    check(
        "unknown-field",
        &format!("{nodes}, {{opcode: sleep, for: 3s}}, {last}"),
        "",
        "performance-config.yaml: Case: workloadTemplate[1]: sleep: unknown field `for`, expected `duration` or \
         `durationParam`",
    );
    check(
        "no-pod",
        &format!("{{opcode: createNodes, count: 1, nodeTemplatePath: pod.yaml}}, {last}"),
        "",
        "performance-config.yaml: Case/small: workloadTemplate[0] (createNodes): pod.yaml: this is Pod, not a Node",
    );
    let ran = run("no-file", &last.replace("pod.yaml", "other.yaml"), "", &[]);
    assert!(
        ran.stderr.contains("workloadTemplate[0] (createPods): reading ") && ran.code == 2,
        "{}",
        ran.stderr
    );
    let empty = folder("empty", &[]);
    let ran = bench(&["--workloads", empty.to_str().expect("a path")]);
    assert!(
        ran.stderr.contains("there is no performance-config.yaml in it") && ran.code == 2,
        "{}",
        ran.stderr
    );
}

#[test]
fn the_same_seed_makes_the_same_decisions() {
    // Rates differ from run to run; how often nodes are looked at and plugins asked must not.
    let figures = || {
        let (code, report) = json(&["--filter", "^DistinctShapes/30Nodes$", "--seed", "7"]);
        assert_eq!(code, 0);
        let items = report["dataItems"].as_array().expect("items").clone();
        let counted = ["NodesVisited", "PluginCalls", "LongWay"];
        items
            .into_iter()
            .filter(|item| counted.iter().any(|name| item["labels"]["Metric"] == *name))
            .collect::<Vec<_>>()
    };
    let first = figures();
    assert!(!first.is_empty());
    assert_eq!(first, figures());
}

#[test]
fn upstreams_integration_workloads_bind_every_pod() {
    let shared = std::env::var_os("STEERSMAN_SCHEDULER_PERF").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/scheduler_perf"),
        PathBuf::from,
    );
    if !shared.is_dir() {
        println!(
            "SKIPPED: there are no workloads in {} (STEERSMAN_SCHEDULER_PERF names the folder)",
            shared.display()
        );
        return;
    }
    let (code, report) =
        json(&["--workloads", shared.to_str().expect("a path"), "--label", "integration-test,-performance"]);
    assert_eq!(report.get("failed"), None, "every pod that is waited for is bound");
    assert_eq!(code, 0);
    let items = report["dataItems"].as_array().expect("items");
    let is_rate = |item: &&Value| item["labels"]["Metric"] == "SchedulingThroughput";
    let rates: Vec<&Value> = items.iter().filter(is_rate).collect();
    assert!(rates.len() >= 60, "{} periods were measured", rates.len());
    assert!(rates.iter().all(|item| item["data"]["Average"].as_f64().is_some_and(|rate| rate > 0.0)));
    // Nothing but volumes and devices is beyond the core.
    let not_run = report["notRun"].as_array().cloned().unwrap_or_default();
    let reasons: BTreeSet<&str> = not_run.iter().filter_map(|it| it["reason"].as_str()).collect();
    let beyond = [
        "createResourceDriver: ",
        "allocResourceClaims: ",
        "pods with volume claims",
        "pods with resource claims",
    ];
    for reason in reasons {
        assert!(beyond.iter().any(|known| reason.starts_with(known)), "{reason}");
    }
}
