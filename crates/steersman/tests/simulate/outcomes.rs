//! What is said about clusters that are as they should be.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{World, class, left_over, node, nodes, pod, root, run};

fn two_nodes(name: &str) -> World {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n".to_owned();
    let ignored = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n".to_owned();
    let bound = pod("old", "1500m", ", nodeName: a");
    World::new(name).file("cluster.yaml", &[namespace, ignored, node("a"), node("b"), bound])
}

#[test]
fn prints_a_table_and_exits_with_1_when_a_pod_is_left_over() {
    let world = two_nodes("table").file("pods.yaml", &[pod("fits", "1", ""), pod("large", "3", "")]);
    let ran = world.simulate(&["-f", "."]);
    let expected = "\
2 nodes, 1 pod bound, 2 pods pending
1 placed, 0 preempted, 1 left over
passed over: 1 ConfigMap

PLACED
NAMESPACE   NAME   NODE
default     fits   b

LEFT OVER
default/large
  0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 \
Preemption is not helpful for scheduling.

REQUESTED
POOL   NODES   RESOURCE   ALLOCATABLE   BEFORE         AFTER
blue       2   cpu                  4    37.5% 1500m    62.5% 2500m
               memory             8Gi     0.0% 0         0.0% 0
               pods                20     5.0% 1        10.0% 2
";
    assert_eq!(ran.stdout, expected);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
}

#[test]
fn exits_with_0_when_all_pods_are_placed_or_none_waits() {
    let world = two_nodes("all-placed").file("pods.yaml", &[pod("fits", "1", "")]);
    assert_eq!(world.simulate(&["-f", "."]).code, 0);
    assert_eq!(world.simulate(&["-f", "cluster.yaml"]).code, 0);
}

#[test]
fn wide_output_has_scores_and_every_name() {
    let mut pods: Vec<String> = (1..=5).map(|i| pod(&format!("large-{i}"), "3", "")).collect();
    pods.push(pod("fits", "100m", ""));
    let world = two_nodes("wide").file("pods.yaml", &pods);
    let table = world.simulate(&["-f", "."]).stdout;
    assert!(table.contains("\ndefault/large-1 … (and 4 more)\n"), "{table}");
    let wide = world.simulate(&["-f", ".", "-o", "wide"]).stdout;
    assert!(
        wide.contains("NAME   NODE   PRIORITY   SCORE   FEASIBLE   TIES   ATTEMPTS   PREEMPTED\n"),
        "{wide}"
    );
    assert!(wide.contains("2 of 2        1          1\n"), "{wide}");
    assert!(
        wide.contains(
            "default/large-1, default/large-2, default/large-3, default/large-4, default/large-5\n"
        )
    );
}

#[test]
fn json_and_yaml_are_the_same_document() {
    let world = two_nodes("json").file("pods.yaml", &[pod("fits", "1", ""), pod("large", "3", "")]);
    let report = world.json(&[]);
    assert_eq!(
        report["summary"],
        json!({"nodes": 2, "bound": 1, "pending": 2, "replacements": 0, "replaced": 0, "placed": 1,
               "preempted": 0, "leftOver": 1, "finished": 0, "terminating": 0, "attempts": 2, "seed": 0, "passedOver": {"ConfigMap": 1}})
    );
    assert_eq!(
        report["placements"],
        json!([{"namespace": "default", "name": "fits", "node": "b", "priority": 0, "score": null,
                "feasibleNodes": 1, "nodes": 2, "ties": 1, "attempts": 1, "nominated": false, "preempted": []}])
    );
    assert_eq!(report["leftOver"][0]["reason"], "Unschedulable");
    assert_eq!(
        report["leftOver"][0]["plugins"],
        json!([{"plugin": "NodeResourcesFit", "nodes": 2, "reasons": [{"reason": "Insufficient cpu", "nodes": 2}]}])
    );
    assert_eq!(
        report["utilisation"][0]["resources"][0],
        json!({"resource": "cpu", "allocatable": "4", "before": {"requested": "1500m", "percent": 37.5},
               "after": {"requested": "2500m", "percent": 62.5}})
    );
    let yaml = world.simulate(&["-f", ".", "-o", "yaml"]).stdout;
    let from_yaml: Value = serde_saphyr::from_str(&yaml).expect("YAML");
    assert_eq!(from_yaml, report);
}

#[test]
fn more_important_pods_go_first_and_make_room() {
    let world = World::new("preemption").file(
        "all.yaml",
        &[
            class("high", 1000),
            node("a"),
            pod("old", "1500m", ", nodeName: a"),
            pod("low", "400m", ""),
            pod("high", "1500m", ", priorityClassName: high"),
        ],
    );
    let report = world.json(&[]);
    assert_eq!(nodes(&report), [("high".into(), "a".into()), ("low".into(), "a".into())].into());
    assert_eq!(
        report["preempted"],
        json!([{"namespace": "default", "name": "old", "priority": 0, "node": "a", "by": "default/high",
                "replacedBy": null}])
    );
    let high = report["placements"].as_array().expect("placements").iter().find(|p| p["name"] == "high");
    let high = high.expect("placed");
    assert_eq!(
        (&high["nominated"], &high["attempts"], &high["preempted"]),
        (&json!(true), &json!(2), &json!(["default/old"]))
    );
}

#[test]
fn pods_nobody_decides_about_are_left_over_with_the_reason() {
    let volumes = ", resourceClaims: [{name: data, resourceClaimName: data}]";
    let world = two_nodes("undecided").file(
        "pods.yaml",
        &[
            pod("stranger", "1", ", schedulerName: other"),
            pod("empty", "100m", ", schedulerName: ''"),
            pod("gated", "1", ", schedulingGates: [{name: wait}, {name: more}]"),
            pod("claims", "1", volumes),
        ],
    );
    let report = world.json(&[]);
    let left_over = left_over(&report);
    assert_eq!(left_over["stranger"], "no profile of the configuration has the scheduler name \"other\"");
    assert!(nodes(&report).contains_key("empty"), "an empty name is default-scheduler");
    assert_eq!(left_over["gated"], "waiting for scheduling gates: [wait more]");
    assert!(left_over["claims"].contains("cannot decide about that yet"), "{}", left_over["claims"]);
    let reasons: Vec<_> =
        report["leftOver"].as_array().expect("pods").iter().map(|pod| &pod["reason"]).collect();
    assert_eq!(reasons, ["NoProfile", "SchedulingGated", "SchedulerError"]);
}

#[test]
fn finished_and_terminating_pods_are_not_placed_and_the_summary_says_so() {
    let finished = pod("finished", "1", ", nodeName: gone") + "status: {phase: Succeeded}\n";
    let leaving =
        pod("leaving", "1", "").replace("  name:", "  deletionTimestamp: 2026-01-01T00:00:00Z\n  name:");
    let over = |pods: &[String]| {
        let world = two_nodes("over").file("pods.yaml", pods);
        let report = world.json(&[]);
        assert_eq!((&report["summary"]["pending"], &report["summary"]["bound"]), (&json!(0), &json!(1)));
        (report["summary"].clone(), world.simulate(&["-f", "."]).stdout)
    };
    let (_, text) = over(std::slice::from_ref(&finished));
    assert!(text.contains("left over\n1 finished pod not scheduled\n"), "{text}");
    let (_, text) = over(std::slice::from_ref(&leaving));
    assert!(text.contains("left over\n1 terminating pod not scheduled\n"), "{text}");
    let other = finished.replace("name: finished", "name: other");
    let (summary, text) = over(&[finished, other, leaving]);
    assert_eq!((&summary["finished"], &summary["terminating"]), (&json!(2), &json!(1)));
    assert!(text.contains("left over\n2 finished and 1 terminating pods not scheduled\n"), "{text}");
}

#[test]
fn deployments_without_pods_are_explained_in_text_and_document() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n";
    let world = World::new("hint").file("all.yaml", &[node("a"), deployment.to_owned()]);
    let report = world.json(&[]);
    let hint = report["summary"]["hint"].as_str().expect("a hint");
    assert!(hint.contains("Deployment"), "{hint}");
    let table = world.simulate(&["-f", "."]).stdout;
    assert!(table.contains(&format!("passed over: 1 Deployment\nhint: {hint}\n")), "{table}");
}

#[test]
fn older_pods_go_first_whatever_their_place_in_the_files() {
    let aged = |name: &str, day: u32| {
        pod(name, "1500m", "")
            .replace("  name: ", &format!("  creationTimestamp: 2026-01-0{day}T00:00:00Z\n  name: "))
    };
    let world = World::new("age").file("all.yaml", &[node("a"), aged("young", 2), aged("old", 1)]);
    assert_eq!(nodes(&world.json(&[])), [("old".into(), "a".into())].into());
}

#[test]
fn a_cluster_without_nodes_takes_no_pod() {
    let world = World::new("no-nodes").file("pods.yaml", &[pod("p", "1", "")]);
    let report = world.json(&[]);
    assert_eq!(left_over(&report)["p"], "no nodes available to schedule pods");
    assert_eq!(report["utilisation"], json!([]));
}

#[test]
fn the_same_seed_gives_the_same_result() {
    let cluster: Vec<String> = (0..8).map(|i| node(&format!("n{i}"))).collect();
    let pods: Vec<String> = (0..12).map(|i| pod(&format!("p{i}"), "100m", "")).collect();
    let world = World::new("seed").file("nodes.yaml", &cluster).file("pods.yaml", &pods);
    let run = |seed: &str| nodes(&world.json(&["--seed", seed]));
    assert_eq!(run("7"), run("7"));
    assert!((0..5).any(|seed| run(&seed.to_string()) != run("7")), "the seed decides between equal nodes");
}

#[test]
fn a_configuration_changes_the_decisions() {
    let config = "apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}}
  plugins: {score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}
";
    let world = two_nodes("config").file("pods.yaml", &[pod("p", "100m", "")]);
    let world = world.file("config.conf", &[config.to_owned()]);
    assert_eq!(nodes(&world.json(&[]))["p"], "b");
    assert_eq!(nodes(&world.json(&["--config", "config.conf"]))["p"], "a");
}

#[test]
fn reads_standard_input() {
    let world = World::new("stdin");
    let input = [node("a"), pod("p", "1", "")].join("---\n");
    let ran = world.simulate_with_input(&["-f", "-"], &input);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("1 node, 0 pods bound, 1 pod pending\n1 placed"), "{}", ran.stdout);
}

#[test]
fn names_are_made_where_there_is_only_a_prefix() {
    let unnamed = pod("x", "100m", "").replace("  name: x", "  generateName: job-");
    let report = two_nodes("generated").file("pods.yaml", &[unnamed.clone(), unnamed]).json(&[]);
    assert_eq!(nodes(&report).into_keys().collect::<Vec<_>>(), ["job-1", "job-2"]);
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steersman"))
        .args(["simulate", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Nobody reads any more before there is anything to write.
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(node("a").as_bytes()).expect("the program reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn the_example_cluster_shows_a_preemption_and_one_pod_that_fits_nowhere() {
    let ran = run(&root(), &["-f", "examples/cluster", "-o", "json"], None);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let names = left_over(&report).into_keys().collect::<Vec<_>>();
    assert_eq!(names, ["report-builder"]);
    assert_eq!(report["leftOver"][0]["name"], "report-builder");
    assert_eq!(report["leftOver"][0]["plugins"].as_array().expect("plugins").len(), 3);
    assert_eq!((&report["summary"]["preempted"], &report["summary"]["replacements"]), (&json!(1), &json!(1)));
    let node_of = nodes(&report);
    assert!(node_of["thumbnails-v2rmp-re-1"].starts_with("memory-"));
    assert_ne!(node_of["db-1"], node_of["db-2"]);
    let ran = run(&root(), &["-f", "examples/cluster", "--config", "examples/scheduler-config.yaml"], None);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
}
