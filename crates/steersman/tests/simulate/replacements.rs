//! What becomes of pods that were preempted, and of the budgets that protect them.

use serde_json::{Value, json};

use crate::world::{World, class, left_over, node, nodes, owned_pod, pod};

const PINNED: &str = ", priorityClassName: high, nodeSelector: {kubernetes.io/hostname: a}";

/// A full node `a`, an important pod that wants it, and perhaps more.
fn crowded(name: &str, kind: &str, more: &[String]) -> World {
    let victim = owned_pod("web", "1500m", ", nodeName: a", kind, "web");
    let documents = [class("high", 1000), node("a"), victim, pod("high", "1500m", PINNED)];
    World::new(name).file("all.yaml", &[&documents[..], more].concat())
}

fn count(report: &Value, field: &str) -> u64 {
    report["summary"][field].as_u64().expect("a count")
}

#[test]
fn a_preempted_pod_of_a_controller_comes_back_and_is_placed() {
    for kind in ["ReplicaSet", "ReplicationController", "Job"] {
        let world = crowded(&format!("replaced-{kind}"), kind, &[node("b")]);
        let report = world.json(&[]);
        assert_eq!(nodes(&report), [("high".into(), "a".into()), ("web-re-1".into(), "b".into())].into());
        assert_eq!(report["preempted"][0]["replacedBy"], "default/web-re-1");
        let counts = ["pending", "replacements", "replaced", "placed", "leftOver"];
        assert_eq!(counts.map(|field| count(&report, field)), [2, 1, 0, 2, 0], "{kind}");
        let table = world.simulate(&["-f", "."]);
        assert_eq!(table.code, 0);
        let summary = "2 nodes, 1 pod bound, 2 pods pending\n2 placed, 1 preempted, 0 left over\n\
                       1 replacement pod created for preempted pods\n";
        assert!(table.stdout.starts_with(summary), "{}", table.stdout);
        assert!(table.stdout.contains("BY             REPLACED BY\n"), "{}", table.stdout);
        assert!(table.stdout.contains("default/high   default/web-re-1\n"), "{}", table.stdout);
    }
}

#[test]
fn a_replacement_without_a_place_is_left_over_and_exits_with_1() {
    let world = crowded("replaced-left-over", "ReplicaSet", &[]);
    let report = world.json(&[]);
    assert!(left_over(&report)["web-re-1"].contains("1 Insufficient cpu"));
    assert_eq!((count(&report, "pending"), count(&report, "leftOver")), (2, 1));
    assert_eq!(world.simulate(&["-f", "."]).code, 1);
}

#[test]
fn pods_of_stateful_sets_keep_their_name() {
    let report = crowded("replaced-stateful", "StatefulSet", &[node("b")]).json(&[]);
    assert_eq!(nodes(&report)["web"], "b");
    assert_eq!(report["preempted"][0]["replacedBy"], "default/web");
}

#[test]
fn pods_of_daemon_sets_and_bare_pods_are_not_replaced() {
    for kind in ["DaemonSet", ""] {
        let world = crowded(&format!("not-replaced-{kind}"), kind, &[node("b")]);
        let report = world.json(&[]);
        assert_eq!(
            (&report["preempted"][0]["replacedBy"], count(&report, "replacements")),
            (&json!(null), 0)
        );
        assert_eq!(count(&report, "pending"), 1);
        assert!(!world.simulate(&["-f", "."]).stdout.contains("replacement"));
    }
}

#[test]
fn names_of_replacements_avoid_names_that_are_taken() {
    let report = crowded("replaced-names", "ReplicaSet", &[node("b"), pod("web-re-1", "100m", "")]).json(&[]);
    assert_eq!(nodes(&report)["web-re-2"], "b");
}

/// Important pods that come late preempt what was placed in this very run.
#[test]
fn a_pending_pod_that_is_placed_preempted_and_replaced_counts_once() {
    let late = ", priorityClassName: high, nodeSelector: {kubernetes.io/hostname: a}, affinity: {podAffinity: \
                {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: pool, labelSelector: \
                {matchLabels: {app: lure}}}]}}";
    // As important as the pod it lures, so that it stays.
    let lure = pod("lure", "100m", ", priorityClassName: high")
        .replace("  name: lure", "  labels: {app: lure}\n  name: lure");
    let first = owned_pod("web", "1500m", "", "ReplicaSet", "web");
    let documents = [class("high", 1000), node("a"), first, pod("late", "1500m", late), lure];
    let world = World::new("replaced-pending").file("all.yaml", &documents);
    let report = world.json(&[]);
    let counts = ["pending", "replacements", "replaced", "placed", "leftOver"];
    assert_eq!(counts.map(|field| count(&report, field)), [3, 1, 1, 2, 1], "{report:#}");
    assert!(left_over(&report).contains_key("web-re-1"));
    let table = world.simulate(&["-f", "."]).stdout;
    assert!(
        table
            .contains("\n1 replacement pod created for preempted pods, 1 of them in place of pending pods\n")
    );
}

fn preempted(report: &Value) -> Vec<&str> {
    let pods = report["preempted"].as_array().expect("preempted").iter();
    let mut names: Vec<&str> = pods.map(|pod| pod["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

/// Two nodes with cheap pods under a budget that allows one disruption, and one with a dearer pod without budget.
fn protected(kind: &str, second: &str) -> Vec<String> {
    let budget = "apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {selector: {matchLabels: {app: guarded}}}
status: {disruptionsAllowed: 1}
";
    let guarded = |name: &str, node: &str| {
        owned_pod(name, "1500m", &format!(", nodeName: {node}, priority: -10"), kind, "g")
            .replace("  name: guarded", "  labels: {app: guarded}\n  name: guarded")
    };
    let mut documents: Vec<String> = ["a", "b", "c"].map(node).into();
    documents.extend([class("high", 1000), budget.to_owned(), guarded("guarded-1", "a")]);
    documents.extend([guarded("guarded-2", "b"), pod("plain", "1500m", ", nodeName: c")]);
    documents.extend([pod("high-1", "1500m", BLUE), pod("high-2", "1500m", second)]);
    documents
}

const BLUE: &str = ", priorityClassName: high, nodeSelector: {pool: blue}";

#[test]
fn a_disruption_budget_is_spent_once() {
    let report = World::new("budget").file("all.yaml", &protected("", BLUE)).json(&[]);
    let names = preempted(&report);
    assert_eq!((names.len(), names.contains(&"plain")), (2, true), "{names:?}");
}

#[test]
fn a_budget_is_given_back_when_the_replacement_is_placed() {
    // The second pod is refused until `lure` is there, although node e has room. When it is tried again, e is full
    // of pods as important as it is, and the replacement has had its turn.
    let second = ", priorityClassName: high, nodeSelector: {span: wide}, affinity: {podAffinity: \
                  {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: region, labelSelector: \
                  {matchLabels: {app: lure}}}]}}";
    let label =
        |document: String| document.replace("{kubernetes.io", "{region: r, span: wide, kubernetes.io");
    let mut documents: Vec<String> = protected("ReplicaSet", second).into_iter().map(label).collect();
    documents.push(node("d").replace("pool: blue", "pool: red, region: r"));
    documents.push(label(node("e").replace("pool: blue", "pool: green")));
    documents.push(pod("filler", "1500m", ", priorityClassName: high, nodeSelector: {pool: green}"));
    documents.push(
        pod("lure", "100m", ", priorityClassName: high, nodeSelector: {pool: red}")
            .replace("  name: lure", "  labels: {app: lure}\n  name: lure"),
    );
    let report = World::new("budget-back").file("all.yaml", &documents).json(&[]);
    assert_eq!(preempted(&report), ["guarded-1", "guarded-2"], "{report:#}");
    assert!(nodes(&report).iter().any(|(pod, node)| pod.ends_with("-re-1") && node == "d"));
}
