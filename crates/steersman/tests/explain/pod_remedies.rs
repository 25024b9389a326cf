//! Remedies that change the pod.

use serde_json::{Value, json};

use crate::cluster::{Cluster, container, node, node_affinity, pod, pod_on, term};

fn tainted(name: &str, taints: Value) -> Value {
    let mut node = node(name);
    node["spec"]["taints"] = taints;
    node
}

fn in_zone(name: &str, zone: &str) -> Value {
    let mut node = node(name);
    node["metadata"]["labels"]["zone"] = json!(zone);
    node
}

#[test]
fn a_gated_pod_is_told_what_follows_without_its_gates() {
    let mut web = pod("web");
    web["spec"]["schedulingGates"] = json!([{"name": "example.com/quota"}]);
    let cluster = Cluster::new([node("a"), web.clone()]);
    let answer = cluster.explain(&["pod", "web"]);
    answer.has_code(1);
    answer.begins_with("default/web: is not tried: waiting for scheduling gates: [example.com/quota]\n");
    answer.says("Without its gates it would be placed on a.");
    cluster.offers("remove the scheduling gate example.com/quota → would be placed on a");

    web["spec"]["containers"] = json!([container("9", "1Gi")]);
    let answer = Cluster::new([node("a"), web]).explain(&["pod", "web"]);
    answer.says(
        "Without its gates it would not be placed either: 0/1 nodes are available: 1 Insufficient cpu.",
    );
    answer.says("No single change");
}

#[test]
fn a_taint_that_is_all_that_is_in_the_way_can_be_tolerated() {
    let taints = json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]);
    let cluster = Cluster::new([tainted("a", taints.clone()), tainted("b", taints), pod("web")]);
    let answer = cluster.explain(&["pod", "web"]);
    answer.says("tolerate the taint dedicated=gpu:NoSchedule (on 2 nodes nothing else is in the way) → would be placed");
}

#[test]
fn two_taints_with_one_key_need_one_toleration_and_with_two_keys_two() {
    let both = |other: &str| json!([{"key": "maintenance", "effect": "NoSchedule"}, {"key": other, "effect": "NoExecute"}]);
    Cluster::new([tainted("a", both("maintenance")), pod("web")])
        .offers("tolerate the taint maintenance → would be placed on a");
    Cluster::new([tainted("a", both("other")), pod("web")])
        .offers("tolerate the taints maintenance:NoSchedule and other:NoExecute → would be placed on a");
}

#[test]
fn nobody_is_told_to_tolerate_that_a_node_is_not_ready() {
    let taints = json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]);
    let cluster = Cluster::new([tainted("a", taints), pod("web")]);
    assert_eq!(cluster.kinds(), ["removeTaint", "addNode"]);
    cluster.offers(
        "get a well again, so that its taint node.kubernetes.io/not-ready:NoSchedule goes → would be placed on a",
    );
}

#[test]
fn a_node_selector_entry_can_be_dropped() {
    let mut web = pod("web");
    web["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    Cluster::new([node("a"), web.clone()])
        .offers("drop disk=ssd from the node selector → would be placed on a");

    web["spec"]["nodeSelector"] = json!({"disk": "ssd", "gpu": "a100"});
    let cluster = Cluster::new([node("a"), web]);
    cluster.offers("drop the node selector → would be placed on a");
    let kinds = cluster.kinds();
    assert!(!kinds.contains(&"dropNodeSelectorEntry".to_owned()), "one of two is not enough: {kinds:?}");
}

#[test]
fn one_requirement_of_node_affinity_can_be_dropped_before_all_of_it() {
    let mut web = pod("web");
    let expressions = json!([
        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["a"]},
        {"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}]);
    web["spec"]["affinity"] = node_affinity(json!([{"matchExpressions": expressions}]));
    let cluster = Cluster::new([node("a"), web]);
    cluster.offers("drop disk In [ssd nvme] from the required node affinity → would be placed on a");
    cluster.offers("drop the required node affinity → would be placed on a");
}

#[test]
fn node_affinity_that_names_a_missing_node_can_be_dropped() {
    let mut web = pod("web");
    let fields = json!([{"key": "metadata.name", "operator": "In", "values": ["gone"]}]);
    web["spec"]["affinity"] = node_affinity(json!([{"matchFields": fields}]));
    Cluster::new([node("a"), web]).offers("drop the required node affinity → would be placed on a");
}

#[test]
fn a_required_pod_affinity_term_can_be_dropped() {
    let mut web = pod("web");
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": term("cache", "zone")});
    web["spec"]["affinity"] = json!({"podAffinity": required});
    Cluster::new([in_zone("a", "z1"), web])
        .offers("drop the required pod affinity to pods with app=cache over zone → would be placed on a");
}

#[test]
fn a_required_pod_anti_affinity_term_can_be_dropped() {
    let mut web = pod("web");
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": term("db", "zone")});
    web["spec"]["affinity"] = json!({"podAntiAffinity": required});
    let cluster = Cluster::new([in_zone("a", "z1"), pod_on("db", "a"), web]);
    cluster
        .offers("drop the required pod anti-affinity to pods with app=db over zone → would be placed on a");
    cluster.offers("delete the pod default/db on a → would be placed on a");
}

#[test]
fn a_spread_constraint_can_be_widened_by_as_little_as_needed_or_made_a_preference() {
    let mut web = pod("web");
    web["metadata"]["labels"] = json!({"app": "web"});
    web["spec"]["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}]);
    let sibling = |name: &str| {
        let mut sibling = pod_on(name, "a");
        sibling["metadata"]["labels"] = json!({"app": "web"});
        sibling
    };
    let mut full = in_zone("b", "z2");
    full["spec"]["taints"] = json!([{"key": "dedicated", "effect": "NoSchedule"}]);
    let cluster = Cluster::new([in_zone("a", "z1"), full, sibling("web-1"), sibling("web-2"), web]);
    cluster.offers("raise maxSkew from 1 to 3 for spreading over zone → would be placed on a");
    cluster
        .offers("only prefer to spread over zone (whenUnsatisfiable: ScheduleAnyway) → would be placed on a");
}

#[test]
fn a_taken_host_port_can_be_dropped_or_its_holder_deleted() {
    let with_port = |mut pod: Value| {
        pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 8080}]);
        pod
    };
    let cluster = Cluster::new([node("a"), with_port(pod_on("proxy", "a")), with_port(pod("web"))]);
    cluster.offers("drop host port 8080 of container main → would be placed on a");
    cluster.offers("delete the pod default/proxy on a → would be placed on a");
}

#[test]
fn the_request_is_lowered_to_the_largest_room_there_is() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("4", "1Gi")]);
    let mut small = pod_on("small", "b");
    small["spec"]["containers"] = json!([container("500m", "1Gi")]);
    let cluster = Cluster::new([node("a"), node("b"), pod_on("db", "a"), small, web]);
    cluster.offers("request at most 3500m cpu instead of 4 → would be placed on b");
    assert_eq!(cluster.kinds().iter().filter(|kind| *kind == "lowerRequest").count(), 1);
}

#[test]
fn two_resources_are_lowered_together() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("6", "12Gi")]);
    Cluster::new([node("a"), web]).offers(
        "request at most 4 cpu instead of 6 and at most 8Gi memory instead of 12Gi → would be placed on a",
    );
}

#[test]
fn an_affinity_term_can_look_where_the_pods_are() {
    let mut web = pod("web");
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": term("cache", "zone")});
    web["spec"]["affinity"] = json!({"podAffinity": required});
    let mut cache = pod_on("cache", "a");
    cache["metadata"]["namespace"] = json!("shared");
    Cluster::new([in_zone("a", "z1"), cache, web]).offers(
        "let the affinity term to pods with app=cache over zone look in namespace shared → would be placed on a",
    );
}

#[test]
fn the_priority_is_raised_by_as_little_as_needed() {
    let taking_all = |name: &str, node: &str, priority: i32| {
        let mut pod = pod_on(name, node);
        pod["spec"]["priority"] = json!(priority);
        pod["spec"]["containers"] = json!([container("4", "1Gi")]);
        pod
    };
    let cluster = Cluster::new([
        node("a"),
        node("b"),
        taking_all("high", "a", 1000),
        taking_all("low", "b", 100),
        pod("web"),
    ]);
    cluster.offers("raise the priority to 101 → would be nominated to b, evicting 1 pod");
}

#[test]
fn a_pod_that_never_preempts_can_be_allowed_to() {
    let mut full = pod_on("full", "a");
    full["spec"]["containers"] = json!([container("4", "1Gi")]);
    let mut web = pod("web");
    web["spec"]["priority"] = json!(10);
    web["spec"]["preemptionPolicy"] = json!("Never");
    let cluster = Cluster::new([node("a"), full, web]);
    cluster.explain(&["pod", "web"]).says("Preemption does not help: the pod's preemptionPolicy is Never.");
    cluster.offers(
        "let it preempt other pods (preemptionPolicy: PreemptLowerPriority) → would be nominated to a, evicting 1 pod",
    );
}

#[test]
fn ports_on_the_hosts_network_are_given_up_with_it() {
    let on_host = |mut pod: Value| {
        pod["spec"]["hostNetwork"] = json!(true);
        pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80}]);
        pod
    };
    let cluster = Cluster::new([node("a"), on_host(pod_on("holder", "a")), on_host(pod("web"))]);
    cluster
        .offers("stop using the host's network (hostNetwork), and with it its ports → would be placed on a");
    assert!(!cluster.explain(&["pod", "web"]).stdout.contains("drop host port"));
}
