//! What is said about input that is wrong: what, where, and what would be right.

use crate::world::{Ran, World, node, owned_pod, pod};

fn check_error(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("error: ") && ran.stderr.trim_end().lines().count() == 1,
        "{}",
        ran.stderr
    );
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} is not in {}", ran.stderr);
    }
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    check_error(&World::new("missing").simulate(&["-f", "nope.yaml"]), &["cannot read nope.yaml"]);
}

#[test]
fn without_files_and_without_a_cluster_there_is_nothing_to_simulate() {
    let world = World::new("usage");
    check_error(&world.simulate(&[]), &["there is no cluster to talk to", "--kubeconfig"]);
    check_error(&world.simulate(&["--kubeconfig", "nope"]), &["--kubeconfig nope", "No such file"]);
    let ran = world.simulate(&["-f", ".", "--context", "here"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--filename <PATH>"), "{}", ran.stderr);
}

#[test]
fn an_unknown_version_of_a_kind_is_refused_with_the_known_ones() {
    let old = node("a").replace("apiVersion: v1", "apiVersion: v2");
    let ran = World::new("version").file("n.yaml", &[node("b"), old]).simulate(&["-f", "."]);
    check_error(&ran, &["n.yaml, document 2", "Node: apiVersion \"v2\"", "v1 is"]);
}

#[test]
fn a_bad_quantity_is_found_in_its_field() {
    let ran = World::new("quantity").file("p.yaml", &[pod("p", "1.5cores", "")]).simulate(&["-f", "."]);
    check_error(&ran, &["Pod p: spec.containers[0].resources.requests.cpu", "1.5cores"]);
}

#[test]
fn two_objects_of_one_name_are_refused() {
    let world = World::new("duplicates").file("a.yaml", &[node("a")]).file("b.yaml", &[node("a")]);
    check_error(&world.simulate(&["-f", "."]), &["b.yaml, document 1", "Node a is there twice", "a.yaml"]);
}

#[test]
fn two_pods_of_one_uid_are_refused() {
    let twin = |name: &str| pod(name, "1", "").replace("  name: ", "  uid: u-1\n  name: ");
    let world = World::new("uids").file("p.yaml", &[node("a"), twin("p"), twin("q")]);
    let parts = ["Pod default/p and Pod default/q have the same metadata.uid \"u-1\""];
    check_error(&world.simulate(&["-f", "."]), &parts);
}

#[test]
fn a_pod_on_a_node_that_is_not_there_is_refused() {
    let world = World::new("no-node").file("p.yaml", &[node("a"), pod("p", "1", ", nodeName: b")]);
    check_error(&world.simulate(&["-f", "."]), &["Pod default/p: spec.nodeName: there is no node \"b\""]);
}

#[test]
fn mistakes_in_the_configuration_name_the_field() {
    let config = |world: &str, rest: &str| {
        let text =
            format!("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{rest}");
        let world = World::new(world).file("n.yaml", &[node("a")]).file("c.conf", &[text]);
        world.simulate(&["-f", ".", "--config", "c.conf"])
    };
    let unknown_plugin = "profiles: [{plugins: {score: {enabled: [{name: Nope}]}}}]\n";
    check_error(&config("unknown-plugin", unknown_plugin), &["Nope"]);
    check_error(&config("unknown-field", "parallelisms: 3\n"), &["c.conf", "parallelisms"]);
    check_error(&config("bad-value", "parallelism: -3\n"), &["c.conf", "parallelism", "-3"]);
}

#[test]
fn an_unknown_feature_gate_is_named() {
    let world = World::new("gates").file("n.yaml", &[node("a")]);
    check_error(&world.simulate(&["-f", ".", "--feature-gates", "Nope=true"]), &["--feature-gates", "Nope"]);
}

#[test]
fn what_ifs_that_cannot_be_done_say_what_could() {
    let world = World::new("what-if-errors").file("n.yaml", &[node("a"), pod("p", "1", "")]);
    let what_if = |expressions: &[&str]| {
        let flags = expressions.iter().flat_map(|expression| ["--what-if", expression]);
        world.simulate(&["-f", "."].into_iter().chain(flags).collect::<Vec<_>>())
    };
    check_error(&what_if(&["explode=a"]), &["--what-if explode=a: ", "Begin with add-nodes="]);
    check_error(&what_if(&["add-nodes=2:like=b"]), &["there is no node \"b\". The nodes are a"]);
    check_error(
        &what_if(&["add-nodes=two:like=a"]),
        &["--what-if add-nodes=two:like=a: \"two\" is not a number of nodes. Write add-nodes="],
    );
    check_error(&what_if(&["add-nodes=2:file=x.yaml"]), &["--what-if", "cannot read x.yaml"]);
    check_error(&what_if(&["remove-node=b"]), &["--what-if remove-node=b: there is no node \"b\""]);
    check_error(
        &what_if(&["scale=deployment/web=2"]),
        &[
            "no pod belongs to default/deployment/web",
            "Deployments are not read: give its ReplicaSet, or one of its pods",
        ],
    );
    let both = ["--what-if remove-node=a and cordon=a: ", "cannot be both removed and cordoned"];
    check_error(&what_if(&["remove-node=a", "cordon=a"]), &both);
}

#[test]
fn what_ifs_that_say_the_same_thing_twice_are_contradictory() {
    let owned = owned_pod("web-5d4-x", "1", "", "ReplicaSet", "web-5d4");
    let closed = node("closed").replace("status:", "spec: {unschedulable: true}\nstatus:");
    let world = World::new("what-if-twice").file("n.yaml", &[node("a"), closed, owned]);
    let what_if = |expressions: &[&str]| {
        let flags = expressions.iter().flat_map(|expression| ["--what-if", expression]);
        world.simulate(&["-f", "."].into_iter().chain(flags).collect::<Vec<_>>())
    };
    check_error(
        &what_if(&["cordon=a", "cordon=a"]),
        &["cordon=a and cordon=a: node \"a\" can be cordoned only once"],
    );
    check_error(
        &what_if(&["cordon=closed"]),
        &["--what-if cordon=closed: node \"closed\" is cordoned already"],
    );
    check_error(
        &what_if(&["scale=rs/web-5d4=2", "scale=rs/web-5d4=3"]),
        &["is scaled twice. Keep one of the two"],
    );
    let both = ["default/replicaset/web-5d4 belongs to default/deployment/web, so its pods are scaled twice"];
    check_error(&what_if(&["scale=deployment/web=2", "scale=rs/web-5d4=3"]), &both);
    check_error(&what_if(&["scale=rs/web-5d4=3", "scale=deployment/web=2"]), &both);
}
