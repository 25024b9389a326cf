//! `steersman up` as its user sees it.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod process;

use std::path::PathBuf;

use process::{Up, kubectl_is_there};

/// What is told when it stays up.
const UP: &str = "It stays up until Ctrl-C";

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/up")
}

#[test]
fn a_cluster_is_there_places_pods_and_says_why_one_waits() {
    let examples = examples();
    let arguments = ["--simulated-nodes=5", "-f", examples.to_str().unwrap()];
    let mut up = Up::start(&arguments);
    let told = up.wait_for(UP);
    for expected in [
        "There is a scheduler, and 5 simulated nodes.",
        "no controllers yet",
        "export KUBECONFIG=",
        "Applied 8 objects, of which 6 pods.",
        "$ steersman explain pod shop/reports",
        "shop/reports waits: 0/5 nodes are available: 5 node(s) didn't match Pod's node affinity/selector.",
    ] {
        assert!(told.contains(expected), "{expected:?} is not in {told}");
    }
    let rows = told.lines().filter(|line| line.starts_with("shop ")).count();
    assert_eq!(rows, 5, "{told}");

    // The scheduler of the process says what it knows, and what would help does help.
    let explain = |up: &Up| up.steersman(&["explain", "pod", "shop/reports"]);
    let why = explain(&up);
    for expected in [
        "The running scheduler decided the same at",
        "waits for a change that matters to NodeAffinity",
        "label node-1 with disk=ssd",
    ] {
        assert!(why.contains(expected), "{expected:?} is not in {why}");
    }

    up.kill();
    up.restart(&["--simulated-nodes=5"]);
    up.wait_for(UP);
    let simulated = up.steersman(&["simulate"]);
    assert!(simulated.contains("reports"), "{simulated}");
    if kubectl_is_there() {
        let pods = up.kubectl(&["get", "pods", "-n", "shop", "--no-headers"]);
        assert_eq!(pods.lines().filter(|line| line.contains("Running")).count(), 5, "{pods}");
        up.kubectl(&["label", "node", "node-1", "disk=ssd"]);
        up.kubectl(&["wait", "pod/reports", "-n", "shop", "--for=condition=Ready", "--timeout=60s"]);
        let events = up.kubectl(&["get", "events", "-n", "shop"]);
        assert!(events.contains("Successfully assigned shop/reports to node-1"), "{events}");
        let described = up.kubectl(&["describe", "node", "node-1"]);
        assert!(described.contains("this node is simulated"), "{described}");
        up.kubectl(&["delete", "pod", "reports", "-n", "shop", "--timeout=60s"]);
    } else {
        println!("SKIPPED: there is no kubectl, so it is not looked from there");
    }
    assert!(up.interrupt().success());
}

#[test]
fn what_a_scheduler_was_given_can_be_run_again() {
    let examples = examples();
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let record = record.to_str().unwrap();
    let mut up = Up::start(&["--simulated-nodes=5", "--record", record, "-f", examples.to_str().unwrap()]);
    up.wait_for(UP);
    assert!(up.interrupt().success());
    let replayed = up.steersman(&["replay", record]);
    assert!(replayed.contains("identical") && replayed.contains("attempts"), "{replayed}");
}

#[test]
fn without_a_scheduler_pods_that_name_their_node_run() {
    let folder = tempfile::tempdir().unwrap();
    let pods = folder.path().join("pods.yaml");
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: direct}\nspec: {nodeName: node-1, containers: [{name: a, image: b}]}\n\
                ---\napiVersion: v1\nkind: Pod\nmetadata: {name: waits}\nspec: {containers: [{name: a, image: b}]}\n";
    std::fs::write(&pods, text).unwrap();
    let mut up = Up::start(&["--simulated-nodes=1", "--no-scheduler", "-f", pods.to_str().unwrap()]);
    let told = up.wait_for(UP);
    assert!(told.contains("There is no scheduler, and one simulated node."), "{told}");
    assert!(told.contains("default/waits waits."), "{told}");
    if kubectl_is_there() {
        up.kubectl(&["wait", "pod/direct", "--for=condition=Ready", "--timeout=60s"]);
    }
    assert!(up.interrupt().success());
}

#[test]
fn wrong_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pod = file("pod.yaml", "apiVersion: v1\nkind: Pod\n");
    let roomless = file("node.yaml", "apiVersion: v1\nkind: Node\nstatus: {}\n");
    let unknown = file("unknown.yaml", "apiVersion: v1\nkind: Pot\nmetadata: {name: x}\n");
    let list = file("list.yaml", "- a\n- b\n");
    for (arguments, expected) in [
        (vec!["--node-shape", &pod], "a Node of apiVersion v1 is expected, and this is Pod"),
        (vec!["--node-shape", &roomless], "status.allocatable or status.capacity"),
        (vec!["--node-shape", "/no/such/file"], "/no/such/file"),
        (vec!["--pod-start", "soon"], "--pod-start"),
        (vec!["--node-heartbeat", "0s"], "--node-heartbeat"),
        (vec!["--pod-jitter=-1"], "--pod-jitter"),
        (vec!["-f", "/no/such/folder"], "/no/such/folder"),
        (vec!["-f", &unknown], "there is no kind Pot in v1"),
        (vec!["-f", &list], "an object is expected"),
        (vec!["--no-scheduler", "--record", "x"], "cannot be used with"),
        (vec!["--scheduler-config", &pod], "KubeSchedulerConfiguration"),
    ] {
        let (code, text) = process::refused(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {expected:?} is not in {text}");
    }
}

#[test]
fn a_pod_completes_when_its_annotation_says_so() {
    if !kubectl_is_there() {
        println!("SKIPPED: there is no kubectl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.yaml");
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: job, annotations: {steersman.dev/completes-after: 100ms}}\n\
                spec: {restartPolicy: Never, containers: [{name: a, image: b}]}\n";
    std::fs::write(&path, text).unwrap();
    let mut up = Up::start(&["--simulated-nodes=1", "-f", path.to_str().unwrap()]);
    up.wait_for(UP);
    up.kubectl(&["wait", "pod/job", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]);
    assert!(up.interrupt().success());
}
