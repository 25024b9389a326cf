//! What would happen if.

use serde_json::json;

use crate::world::{World, class, left_over, node, nodes, owned_pod, pod};

#[test]
fn added_nodes_are_like_their_model_but_empty_and_open() {
    let cordoned = node("a").replace("status:", "spec: {unschedulable: true}\nstatus:");
    let picky = pod("picky", "2", ", nodeSelector: {kubernetes.io/hostname: a-copy-2, pool: blue}");
    let world = World::new("add-like").file("all.yaml", &[cordoned, pod("old", "2", ", nodeName: a"), picky]);
    assert_eq!(world.simulate(&["-f", "."]).code, 1);
    let report = world.json(&["--what-if", "add-nodes=2:like=a"]);
    assert_eq!(report["summary"]["nodes"], 3);
    assert_eq!(report["whatIf"], json!(["add-nodes=2:like=a"]));
    assert_eq!(nodes(&report)["picky"], "a-copy-2");
}

#[test]
fn nodes_from_a_file_avoid_names_that_are_taken() {
    let world = World::new("add-file")
        .file("all.yaml", &[node("big"), node("big-3")])
        .file("new.txt", &[node("big")]);
    let pinned = |name: &str, host: &str| {
        pod(name, "1", &format!(", nodeSelector: {{kubernetes.io/hostname: {host}}}"))
    };
    let world = world.file("pods.yaml", &[pinned("p", "big-2"), pinned("q", "big-4")]);
    let report = world.json(&["--what-if", "add-nodes=2:file=new.txt"]);
    assert_eq!(nodes(&report), [("p".into(), "big-2".into()), ("q".into(), "big-4".into())].into());
}

#[test]
fn pods_of_a_removed_node_wait_again_unless_they_were_made_for_it() {
    let mirror = pod("mirror", "100m", ", nodeName: a")
        .replace("  name:", "  annotations: {kubernetes.io/config.mirror: x}\n  name:");
    let world = World::new("remove").file(
        "all.yaml",
        &[
            node("a"),
            node("b"),
            owned_pod("web", "1", ", nodeName: a", "ReplicaSet", "web-1"),
            owned_pod("agent", "100m", ", nodeName: a", "DaemonSet", "agent"),
            mirror,
        ],
    );
    let report = world.json(&["--what-if", "remove-node=a"]);
    assert_eq!(nodes(&report), [("web".into(), "b".into())].into());
    assert_eq!((&report["summary"]["nodes"], &report["summary"]["bound"]), (&json!(1), &json!(0)));
}

#[test]
fn a_cordoned_node_keeps_its_pods_and_takes_no_more() {
    let world = World::new("cordon")
        .file("all.yaml", &[node("a"), pod("old", "1", ", nodeName: a"), pod("p", "1", "")]);
    let report = world.json(&["--what-if", "cordon=a"]);
    assert!(left_over(&report)["p"].starts_with("0/1 nodes are available: 1 node(s) were unschedulable."));
    assert_eq!(report["summary"]["bound"], 1);
}

#[test]
fn a_deployment_is_scaled_through_its_replica_sets() {
    let world = World::new("scale-deployment").file(
        "all.yaml",
        &[
            node("a"),
            node("b"),
            owned_pod("web-5d4-x", "500m", ", nodeName: a", "ReplicaSet", "web-5d4"),
            owned_pod("web-api-7f9-x", "500m", ", nodeName: a", "ReplicaSet", "web-api-7f9"),
        ],
    );
    let report = world.json(&["--what-if", "scale=deployment/web=3"]);
    assert_eq!(nodes(&report).into_keys().collect::<Vec<_>>(), ["web-sim-1", "web-sim-2"]);
    let report = world.json(&["--what-if", "scale=default/deploy/web=0"]);
    assert_eq!(report["summary"]["bound"], 1);
}

#[test]
fn a_workload_without_pods_is_scaled_from_its_template() {
    let set = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {priorityClassName: high, containers: [{name: c, image: i, resources: {requests: {cpu: '2'}}}]}
";
    let world = World::new("scale-template").file("all.yaml", &[node("a"), set.into(), class("high", 7)]);
    let report = world.json(&["--what-if", "scale=statefulset/db=2"]);
    assert_eq!(nodes(&report), [("db-0".into(), "a".into())].into());
    assert_eq!(report["placements"][0]["priority"], 7);
    assert!(left_over(&report).contains_key("db-1"));
}

#[test]
fn stateful_sets_take_the_next_free_ordinals_and_give_the_last_ones_up() {
    let db = |name: &str| owned_pod(name, "100m", ", nodeName: a", "StatefulSet", "db");
    let world = World::new("scale-stateful").file("all.yaml", &[node("a"), db("db-2"), db("db-0")]);
    let report = world.json(&["--what-if", "scale=sts/db=4"]);
    assert_eq!(nodes(&report).into_keys().collect::<Vec<_>>(), ["db-1", "db-3"]);
    let report = world.json(&["--what-if", "scale=sts/db=1", "--what-if", "remove-node=a"]);
    assert_eq!(left_over(&report).into_keys().collect::<Vec<_>>(), ["db-0"]);
}

#[test]
fn scaling_down_takes_waiting_pods_first_and_then_the_youngest() {
    let aged = |name: &str, day: u32, rest: &str| {
        owned_pod(name, "100m", rest, "ReplicaSet", "web")
            .replace("  name: w", &format!("  creationTimestamp: 2026-01-0{day}T00:00:00Z\n  name: w"))
    };
    let bound = ", nodeName: a";
    let world = World::new("scale-down")
        .file("all.yaml", &[node("a"), aged("w1", 3, bound), aged("w2", 1, ""), aged("w3", 2, bound)]);
    let summary = |n: &str| {
        let report = world.json(&["--what-if", &format!("scale=rs/web={n}")]);
        (report["summary"]["bound"].clone(), report["summary"]["pending"].clone())
    };
    assert_eq!(summary("3"), (json!(2), json!(1)));
    assert_eq!(summary("2"), (json!(2), json!(0)));
    assert_eq!(summary("1"), (json!(1), json!(0)));
}

#[test]
fn changes_build_on_each_other_in_the_given_order() {
    let world = World::new("order").file("all.yaml", &[node("a"), pod("p", "1", "")]);
    let report = world.json(&[
        "--what-if",
        "add-nodes=1:like=a",
        "--what-if",
        "add-nodes=1:like=a-copy-1",
        "--what-if",
        "cordon=a",
        "--what-if",
        "remove-node=a-copy-1",
    ]);
    assert_eq!(nodes(&report)["p"], "a-copy-1-copy-1");
}
