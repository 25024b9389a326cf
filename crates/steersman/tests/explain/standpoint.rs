//! Which cluster a pod is judged against.

use serde_json::{Value, json};

use crate::cluster::{Cluster, container, node, pod, pod_on};

fn wants(mut pod: Value, cpu: &str) -> Value {
    pod["spec"]["containers"] = json!([container(cpu, "1Gi")]);
    pod
}

#[test]
fn other_pending_pods_are_mentioned_and_not_placed() {
    let cluster = Cluster::new([node("a"), wants(pod("other"), "4"), pod("third"), pod("web")]);
    let answer = cluster.explain(&["pod", "web"]);
    answer.has_code(0);
    answer.begins_with(
        "default/web: would be placed on a\n(as the cluster is now; 2 other pods are pending. \
         --after-pending places them first)\n",
    );
    let answer = cluster.json(&["pod", "web"]);
    assert_eq!((&answer["basis"], &answer["nOthersPending"]), (&json!("asGiven"), &json!(2)));
}

#[test]
fn nothing_is_said_about_others_if_there_are_none() {
    Cluster::new([node("a"), pod_on("db", "a"), pod("web")]).explain(&["pod", "web"]).lacks("pending");
}

#[test]
fn after_pending_other_pods_have_taken_their_room() {
    let cluster = Cluster::new([node("a"), wants(pod("other"), "4"), pod("web")]);
    let answer = cluster.explain(&["pod", "web", "--after-pending"]);
    answer.has_code(1);
    answer.says("(as the cluster is once 1 other pod that had no node has been decided about)");
    answer.says("Insufficient cpu: requested 1, free 0 of 4");
    assert_eq!(cluster.json(&["pod", "web", "--after-pending"])["basis"], "afterPending");
}

#[test]
fn after_pending_the_victims_of_others_are_gone() {
    let mut other = wants(pod("other"), "2");
    other["spec"]["priority"] = json!(10);
    let objects = [node("a"), wants(pod_on("low", "a"), "4"), other, wants(pod("web"), "2")];
    let cluster = Cluster::new(objects);
    cluster.explain(&["pod", "web"]).has_code(1);
    cluster.explain(&["pod", "web", "--after-pending"]).has_code(0);
}

#[test]
fn a_placed_pod_keeps_its_room_while_others_are_placed() {
    let mut web = wants(pod_on("web", "a"), "3");
    web["spec"]["priority"] = json!(5);
    let cluster = Cluster::new([node("a"), node("b"), wants(pod("other"), "3"), web]);
    let answer = cluster.explain(&["pod", "web", "--after-pending"]);
    answer.has_code(0);
    answer.says("it would be placed on a");
}

#[test]
fn after_pending_controllers_have_replaced_the_victims() {
    let mut other = wants(pod("other"), "4");
    other["spec"]["priority"] = json!(10);
    let mut low = wants(pod_on("low", "a"), "3");
    low["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "low", "uid": "1", "controller": true}]);
    let mut large = node("b");
    large["spec"]["unschedulable"] = json!(true);
    let cluster =
        Cluster::new([node("a"), large.clone(), low.clone(), other.clone(), wants(pod("web"), "1")]);
    let answer = cluster.explain(&["pod", "web", "--after-pending"]);
    answer.says("requested 1, free 0 of 4");

    large["spec"]["unschedulable"] = json!(false);
    let mut full = wants(pod_on("full", "b"), "1");
    full["spec"]["priority"] = json!(20);
    let mut web = wants(pod("web"), "1");
    web["spec"]["priority"] = json!(-1);
    let cluster = Cluster::new([node("a"), large, low, other, full, web]);
    let answer = cluster.explain(&["pod", "web", "--after-pending"]);
    answer.has_code(1);
    answer.says("free 1 cpu on b → would be placed on b");
}

#[test]
fn workloads_given_instead_of_pods_are_hinted_at() {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": 2}});
    let answer = Cluster::new([node("a"), deployment]).explain(&["pod", "web"]);
    answer.has_code(2);
    answer.complains("1 Deployment");
    answer.complains("there is no pod default/web");
}

#[test]
fn after_pending_a_preempted_pod_is_gone_and_the_one_made_for_it_is_there() {
    let mut victim = wants(pod_on("batch", "a"), "3");
    victim["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "batch", "uid": "j", "controller": true}]);
    let mut urgent = wants(pod("urgent"), "3");
    urgent["spec"]["priority"] = json!(9);
    let cluster = Cluster::new([node("a"), victim, urgent]);
    let gone = cluster.explain(&["pod", "batch", "--after-pending"]);
    gone.has_code(2);
    assert!(gone.stderr.contains("is preempted while the other pods are placed"), "{}", gone.stderr);
    let made = cluster.explain(&["pod", "batch-re-1", "--after-pending"]);
    made.has_code(1);
    made.says("Insufficient cpu");
}
