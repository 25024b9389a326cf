//! The figures and names behind refusals.

use serde_json::{Value, json};

use crate::cluster::{Cluster, container, node, pod, pod_on, term};

fn required(kind: &str, app: &str, key: &str) -> Value {
    json!({kind: {"requiredDuringSchedulingIgnoredDuringExecution": term(app, key)}})
}

#[test]
fn amounts_that_differ_never_read_alike() {
    let mut small = node("a");
    small["status"]["allocatable"]["memory"] = json!("16398458880");
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("1", "16398458981")]);
    let answer = Cluster::new([small, web]).explain(&["pod", "web"]);
    answer.says("Insufficient memory: requested 16398458981 bytes, free 16014120Ki of 16014120Ki");
    answer.says("enlarge a by 101 bytes memory");
}

#[test]
fn huge_pages_are_bytes() {
    let mut web = pod("web");
    web["spec"]["containers"][0]["resources"]["requests"]["hugepages-2Mi"] = json!("512Mi");
    Cluster::new([node("a"), web])
        .explain(&["pod", "web"])
        .says("Insufficient hugepages-2Mi: requested 512Mi, free 0 of 0");
}

#[test]
fn every_untolerated_taint_is_named() {
    let mut tainted = node("a");
    tainted["spec"]["taints"] = json!([
        {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"},
        {"key": "soft", "effect": "PreferNoSchedule"},
        {"key": "maintenance", "effect": "NoExecute"}]);
    Cluster::new([tainted, pod("web")])
        .explain(&["pod", "web"])
        .says("untolerated taint(s): taint dedicated=gpu:NoSchedule, maintenance:NoExecute\n");
}

#[test]
fn pod_affinity_says_whether_the_label_or_a_pod_is_missing() {
    let mut web = pod("web");
    web["spec"]["affinity"] = required("podAffinity", "cache", "zone");
    let mut zoned = node("a");
    zoned["metadata"]["labels"]["zone"] = json!("z1");
    let answer = Cluster::new([zoned, node("b"), web]).explain(&["pod", "web"]);
    answer.says("didn't match pod affinity rules: topologyKey zone, matching pods there 0");
    answer.says("didn't match pod affinity rules: the node has no label zone");
}

#[test]
fn the_pods_that_keep_others_away_are_named() {
    let mut loner = pod_on("loner", "a");
    loner["spec"]["affinity"] = required("podAntiAffinity", "web", "kubernetes.io/hostname");
    let answer = Cluster::new([node("a"), loner, pod("web")]).explain(&["pod", "web"]);
    answer.says(
        "existing pods anti-affinity rules: topologyKey kubernetes.io/hostname, kept away by default/loner",
    );

    let mut web = pod("web");
    web["spec"]["affinity"] = required("podAntiAffinity", "db", "kubernetes.io/hostname");
    let answer = Cluster::new([node("a"), pod_on("db", "a"), web]).explain(&["pod", "web"]);
    answer.says("pod anti-affinity rules: topologyKey kubernetes.io/hostname, kept away by default/db");
}

#[test]
fn a_host_port_is_told_with_its_address_and_its_holder() {
    let with_port = |mut pod: Value| {
        pod["spec"]["containers"][0]["ports"] =
            json!([{"containerPort": 80, "hostPort": 8080, "hostIP": "10.0.0.1"}]);
        pod
    };
    Cluster::new([node("a"), with_port(pod_on("proxy", "a")), with_port(pod("web"))])
        .explain(&["pod", "web"])
        .says("port 8080, protocol TCP, ip 10.0.0.1, held by default/proxy");
}

#[test]
fn too_few_domains_are_counted() {
    let mut web = pod("web");
    web["spec"]["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": "zone", "minDomains": 2,
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}]);
    let mut zoned = node("a");
    zoned["metadata"]["labels"]["zone"] = json!("z1");
    let mut sibling = pod_on("web-1", "a");
    sibling["metadata"]["labels"] = json!({"app": "web"});
    let cluster = Cluster::new([zoned, sibling, web]);
    cluster
        .explain(&["pod", "web"])
        .says("topologyKey zone, matching 1, fewest 0, maxSkew 1, domains 1, minDomains 2");
    cluster.offers(
        "add a node like a (4 cpu, 8Gi memory), with a value of zone that no node has → would be placed on the new node",
    );
}

#[test]
fn why_preemption_does_not_help_is_told_by_nodes() {
    let mut tainted = node("b");
    tainted["spec"]["taints"] = json!([{"key": "dedicated", "effect": "NoSchedule"}]);
    let mut full = pod_on("full", "a");
    full["spec"]["containers"] = json!([container("4", "1Gi")]);
    let cluster = Cluster::new([node("a"), tainted, full, pod("web")]);
    cluster.explain(&["pod", "web"]).says(
        "Preemption does not help: on 1 node nothing of lower priority runs; on 1 node other pods are not what is \
         in the way.\n",
    );
    let obstacles = &cluster.json(&["pod", "web"])["preemption"]["obstacles"];
    assert_eq!((&obstacles["nNothingLower"], &obstacles["nNotAboutPods"]), (&json!(1), &json!(1)));
}
