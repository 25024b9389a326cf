//! Remedies that change a node, take a pod away or add a node.

use serde_json::{Value, json};

use crate::cluster::{Cluster, container, node, node_affinity, pod, pod_on, term};

fn cordoned(name: &str) -> Value {
    let mut node = node(name);
    node["spec"] = json!({"unschedulable": true,
        "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]});
    node
}

#[test]
fn a_cordoned_node_can_be_uncordoned() {
    Cluster::new([cordoned("a"), pod("web")]).offers("uncordon a → would be placed on a");
}

#[test]
fn a_taint_can_be_removed_from_a_node() {
    let mut tainted = node("a");
    tainted["spec"]["taints"] = json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]);
    Cluster::new([tainted, pod("web")])
        .offers("remove the taint dedicated=gpu:NoSchedule from a → would be placed on a");
}

#[test]
fn taints_that_share_a_key_are_all_named() {
    let mut tainted = node("a");
    tainted["spec"]["taints"] = json!([{"key": "os", "value": "w", "effect": "NoSchedule"},
        {"key": "os", "value": "w", "effect": "NoExecute"}]);
    Cluster::new([tainted, pod("web")])
        .offers("remove the taints os=w:NoSchedule and os=w:NoExecute from a → would be placed on a");
}

#[test]
fn a_node_that_lacks_one_label_can_be_labelled() {
    let mut web = pod("web");
    web["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    Cluster::new([node("a"), web]).offers("label a with disk=ssd → would be placed on a");

    let mut web = pod("web");
    let expressions = json!([{"key": "retired", "operator": "DoesNotExist"}]);
    web["spec"]["affinity"] = node_affinity(json!([{"matchExpressions": expressions}]));
    let mut retired = node("a");
    retired["metadata"]["labels"]["retired"] = json!("soon");
    Cluster::new([retired, web]).offers("remove the label retired from a → would be placed on a");
}

#[test]
fn labels_that_say_where_a_machine_stands_are_not_changed() {
    let mut web = pod("web");
    web["spec"]["nodeSelector"] = json!({"topology.kubernetes.io/zone": "z2"});
    let kinds = Cluster::new([node("a"), web]).kinds();
    assert_eq!(kinds, ["dropNodeSelectorEntry"]);
}

#[test]
fn exactly_what_is_missing_is_to_be_freed() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("3500m", "7680Mi")]);
    Cluster::new([node("a"), pod_on("db", "a"), web])
        .offers("free 500m cpu and 512Mi memory on a → would be placed on a");
}

#[test]
fn the_smallest_shortage_comes_first() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("4", "1Gi")]);
    let mut big = pod_on("big", "a");
    big["spec"]["containers"] = json!([container("3", "1Gi")]);
    let answer = Cluster::new([node("a"), node("b"), big, pod_on("db", "b"), web]).json(&["pod", "web"]);
    let free: Vec<&str> = answer["remedies"]
        .as_array()
        .expect("remedies")
        .iter()
        .filter(|remedy| remedy["kind"] == "freeResources")
        .map(|remedy| remedy["description"].as_str().expect("text"))
        .collect();
    assert_eq!(free, ["free 1 cpu on b", "free 3 cpu on a"]);
}

#[test]
fn a_node_too_small_is_called_that() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("5", "1Gi")]);
    Cluster::new([node("a"), web])
        .offers("enlarge a by 1 cpu (node too small: it holds 4 cpu in all) → would be placed on a");
}

#[test]
fn a_node_with_too_many_pods_needs_room_for_one() {
    let mut full = node("a");
    full["status"]["allocatable"]["pods"] = json!("1");
    Cluster::new([full, pod_on("db", "a"), pod("web")])
        .offers("free room for 1 pod on a → would be placed on a");
}

#[test]
fn a_pod_that_alone_keeps_others_away_can_be_deleted() {
    let mut loner = pod_on("loner", "a");
    let required =
        json!({"requiredDuringSchedulingIgnoredDuringExecution": term("web", "kubernetes.io/hostname")});
    loner["spec"]["affinity"] = json!({"podAntiAffinity": required});
    let mut twin = loner.clone();
    twin["metadata"]["name"] = json!("twin");
    Cluster::new([node("a"), loner.clone(), pod("web")])
        .offers("delete the pod default/loner on a → would be placed on a");
    let kinds = Cluster::new([node("a"), loner, twin, pod("web")]).kinds();
    assert_eq!(kinds, ["raisePriority", "addNode"], "deleting one of two changes nothing");
}

#[test]
fn the_smallest_node_that_is_large_enough_can_be_added() {
    let mut large = node("large");
    large["status"]["allocatable"] = json!({"cpu": "16", "memory": "64Gi", "pods": "110"});
    let mut medium = node("medium");
    medium["status"]["allocatable"] = json!({"cpu": "8", "memory": "32Gi", "pods": "110"});
    let full = |name: &str, node: &str, cpu: &str| {
        let mut pod = pod_on(name, node);
        pod["spec"]["containers"] = json!([container(cpu, "1Gi")]);
        pod
    };
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("6", "1Gi")]);
    let objects = [node("small"), large, medium, full("x", "large", "15"), full("y", "medium", "7"), web];
    Cluster::new(objects)
        .offers("add a node like medium (8 cpu, 32Gi memory) → would be placed on the new node");
}

#[test]
fn where_no_copy_is_large_enough_a_larger_one_can_be_added() {
    let mut gpus = node("gpus");
    gpus["status"]["allocatable"]["example.com/gpu"] = json!("1");
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("11500m", "23Gi")]);
    web["spec"]["containers"][0]["resources"]["requests"]["example.com/gpu"] = json!("2");
    Cluster::new([gpus, web]).offers(
        "add a node like gpus with 12 cpu, 23Gi memory and 2 example.com/gpu → would be placed on the new node",
    );
}

#[test]
fn devices_of_a_node_to_add_are_named() {
    let mut gpus = node("gpus");
    gpus["status"]["allocatable"]["example.com/gpu"] = json!("1");
    let with_gpu = |mut pod: Value| {
        pod["spec"]["containers"][0]["resources"]["requests"]["example.com/gpu"] = json!("1");
        pod
    };
    Cluster::new([gpus, with_gpu(pod_on("db", "gpus")), with_gpu(pod("web"))]).offers(
        "add a node like gpus (4 cpu, 8Gi memory, 1 example.com/gpu) → would be placed on the new node",
    );
}

#[test]
fn where_every_zone_is_taken_a_node_in_another_can_be_added() {
    let mut zoned = node("a");
    zoned["metadata"]["labels"]["zone"] = json!("z1");
    let mut web = pod("web");
    web["spec"]["affinity"] =
        json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("db", "zone")}});
    Cluster::new([zoned, pod_on("db", "a"), web]).offers(
        "add a node like a (4 cpu, 8Gi memory), with a value of zone that no node has → would be placed on the new node",
    );
}

#[test]
fn remedies_that_need_two_changes_are_not_offered() {
    let mut web = pod("web");
    web["spec"]["nodeSelector"] = json!({"disk": "ssd", "gpu": "a100"});
    let answer = Cluster::new([cordoned("a"), web]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.says("No single change of the kinds that were tried is enough.\nWhat stands in the way:\n");
    answer.says("  1 node: NodeAffinity: node(s) didn't match Pod's node affinity/selector\n");
}

#[test]
fn changes_that_were_tried_leave_no_trace() {
    let mut web = pod("web");
    web["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    let mut tainted = node("b");
    tainted["metadata"]["labels"]["disk"] = json!("ssd");
    tainted["spec"]["taints"] = json!([{"key": "dedicated", "effect": "NoSchedule"}]);
    let answer = Cluster::new([node("a"), tainted, web]).json(&["pod", "web"]);
    let remedies = answer["remedies"].as_array().expect("remedies");
    let host = |kind: &str| {
        let remedy = remedies.iter().find(|remedy| remedy["kind"] == kind);
        remedy.map(|remedy| remedy["result"]["host"].clone())
    };
    assert_eq!(host("removeTaint"), Some(json!("b")));
    assert_eq!(host("labelNode"), Some(json!("a")));
    assert_eq!(host("addNode"), None, "copies of a lack the label, and copies of b have the taint");
}
