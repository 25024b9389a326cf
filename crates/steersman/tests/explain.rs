//! What `steersman explain` answers about small clusters.

#![allow(missing_docs, reason = "tests have no interface")]

#[path = "explain/cluster.rs"]
mod cluster;
#[path = "explain/figures.rs"]
mod figures;
#[path = "explain/node_remedies.rs"]
mod node_remedies;
#[path = "explain/pod_remedies.rs"]
mod pod_remedies;
#[path = "explain/standpoint.rs"]
mod standpoint;

use std::process::{Command, Stdio};

use serde_json::json;

use cluster::{Cluster, container, node, pod};

#[test]
fn a_pod_that_fits_on_one_node_goes_there() {
    let answer = Cluster::new([node("a"), pod("web")]).explain(&["pod", "web"]);
    answer.has_code(0);
    answer.begins_with("default/web: would be placed on a\n");
    answer.says("a was chosen because the pod fits on no other node.");
    answer.lacks("What would help");
}

#[test]
fn the_kind_may_be_spelled_as_kubectl_spells_it() {
    let cluster = Cluster::new([node("a"), pod("web")]);
    for kind in ["pod", "pods", "po"] {
        cluster.explain(&[kind, "default/web"]).has_code(0);
    }
    let answer = cluster.explain(&["node", "a"]);
    answer.has_code(2);
    answer.complains("only pods can be explained");
}

#[test]
fn the_higher_total_wins_and_the_table_says_by_what() {
    let mut busy = pod("busy");
    busy["spec"]["nodeName"] = json!("a");
    busy["spec"]["containers"] = json!([container("2", "2Gi")]);
    let answer = Cluster::new([node("a"), node("b"), busy, pod("web")]).explain(&["pod", "web"]);
    answer.has_code(0);
    answer.begins_with("default/web: would be placed on b\n");
    answer.says("b was chosen because its total of");
    answer.says("NodeResourcesFit");
    answer.says("Alike on all of them: TaintToleration 300");
}

#[test]
fn a_tie_is_drawn_with_the_seed_that_is_named() {
    let cluster = Cluster::new([node("a"), node("b"), node("c"), pod("web")]);
    let answer = cluster.explain(&["pod", "web", "--seed", "7"]);
    answer.has_code(0);
    answer.says("was drawn with seed 7 from the 3 nodes that share the highest total of");
    assert_eq!(answer.stdout, cluster.explain(&["pod", "web", "--seed", "7"]).stdout);
    let hosts: std::collections::BTreeSet<String> = (0..20)
        .map(|seed| cluster.json(&["pod", "web", "--seed", &seed.to_string()])["choice"]["host"].to_string())
        .collect();
    assert_eq!(hosts.len(), 3, "twenty seeds reach every node of a tie");
}

#[test]
fn a_nominated_node_is_taken_without_looking_at_others() {
    let mut web = pod("web");
    web["status"] = json!({"nominatedNodeName": "b"});
    let answer = Cluster::new([node("a"), node("b"), web]).explain(&["pod", "web"]);
    answer.begins_with("default/web: would be placed on b\n");
    answer.says("because the pod had been nominated to it and still fits there");
    answer.says("but a node was chosen without looking here");
}

#[test]
fn room_promised_to_another_pod_is_not_free() {
    let mut first = pod("first");
    first["spec"]["priority"] = json!(10);
    first["spec"]["containers"] = json!([container("3", "1Gi")]);
    first["status"] = json!({"nominatedNodeName": "a"});
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("2", "1Gi")]);
    let answer = Cluster::new([node("a"), first, web]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.says("Insufficient cpu: requested 2, free 1 of 4 (counting the pods nominated to this node)");
    answer.says("free 1 cpu on a → would be placed on a");
}

#[test]
fn a_refusal_is_told_in_upstreams_words_and_with_its_figures() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("5", "1Gi")]);
    let answer = Cluster::new([node("a"), web]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.begins_with("default/web: is not placed: 0/1 nodes are available: 1 Insufficient cpu. ");
    answer.says("refused by NodeResourcesFit   Insufficient cpu: requested 5, free 4 of 4");
    answer.says("Preemption does not help: on the only node other pods are not what is in the way.");
}

#[test]
fn nodes_beyond_the_limit_are_grouped_by_what_refuses_them() {
    let mut objects: Vec<_> = (0..30).map(|i| node(&format!("node-{i:02}"))).collect();
    for object in &mut objects {
        object["spec"]["taints"] = json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]);
    }
    objects.push(pod("web"));
    let cluster = Cluster::new(objects);
    let answer = cluster.explain(&["pod", "web"]);
    answer.says("node-19");
    answer.lacks("node-20");
    answer.says("… and 10 more nodes refused alike by TaintToleration (node(s) had untolerated taint(s))");
    let answer = cluster.explain(&["pod", "web", "--all-nodes"]);
    answer.says("node-29");
    answer.lacks("… and");
}

#[test]
fn prefilter_says_which_nodes_it_leaves_out() {
    let mut web = pod("web");
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]});
    web["spec"]["affinity"] = cluster::node_affinity(json!([term]));
    let cluster = Cluster::new([node("a"), node("b"), web]);
    let answer = cluster.explain(&["pod", "web"]);
    answer.begins_with("default/web: would be placed on b\n");
    answer.says("PreFilter: NodeAffinity leaves out 1 node and only lets in b");
    answer.says("left out");
    assert_eq!(cluster.json(&["pod", "web"])["preFilter"]["plugins"][0]["nLeftOut"], 1);
}

#[test]
fn preemption_names_the_victims_and_what_protects_them() {
    let mut low = pod("low");
    low["metadata"]["labels"] = json!({"app": "low"});
    low["spec"]["nodeName"] = json!("a");
    low["spec"]["containers"] = json!([container("3", "1Gi")]);
    let mut high = pod("high");
    high["spec"]["priority"] = json!(100);
    high["spec"]["containers"] = json!([container("2", "1Gi")]);
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "low", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "low"}}}, "status": {"disruptionsAllowed": 0}});
    let cluster = Cluster::new([node("a"), low, high, budget]);
    let answer = cluster.explain(&["pod", "high"]);
    answer.has_code(1);
    answer.says("Preemption makes room on a, and the pod is nominated to it.");
    answer.says("a: evicts default/low (priority 0); 1 disruption budget violation; chosen");
    let candidate = &cluster.json(&["pod", "high"])["preemption"]["candidates"][0];
    assert_eq!(candidate["victims"][0]["pod"], "default/low");
    assert_eq!(candidate["pdbViolations"], 1);
}

#[test]
fn a_bound_pod_is_decided_anew_without_itself() {
    let mut web = pod("web");
    web["spec"]["nodeName"] = json!("a");
    web["spec"]["containers"] = json!([container("3", "1Gi")]);
    let answer = Cluster::new([node("a"), web.clone()]).explain(&["pod", "web"]);
    answer.has_code(0);
    answer.begins_with(
        "default/web: is on a; decided anew without itself there, it would be placed on a; a is the best\n",
    );

    let mut neighbour = pod("neighbour");
    neighbour["spec"]["nodeName"] = json!("a");
    let cluster = Cluster::new([node("a"), node("b"), neighbour, web]);
    cluster.explain(&["pod", "web"]).says("it would be placed on b; a is not among the best: it is");
    assert_eq!(cluster.json(&["pod", "web"])["runningOn"]["isAmongBest"], false);
}

#[test]
fn nothing_is_decided_about_a_pod_that_is_over_or_going_away() {
    let mut done = pod("done");
    done["spec"]["nodeName"] = json!("gone");
    done["status"] = json!({"phase": "Succeeded"});
    let mut leaving = pod("leaving");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let cluster = Cluster::new([node("a"), done, leaving]);
    let answer = cluster.explain(&["pod", "done"]);
    answer.has_code(1);
    answer.begins_with("default/done: has finished on gone (Succeeded) and takes no room\n");
    answer.lacks("would be placed");
    assert_eq!(cluster.json(&["pod", "done"])["outcome"], "finished");
    let answer = cluster.explain(&["pod", "leaving"]);
    answer.has_code(1);
    answer.says("skip schedule deleting pod: default/leaving");

    let mut leaving = cluster::pod_on("leaving", "a");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let answer = Cluster::new([node("a"), leaving]).explain(&["pod", "leaving"]);
    answer.has_code(1);
    answer.begins_with("default/leaving: is on a and is being deleted: it takes room until it is gone\n");
    answer.lacks("would be placed");
}

#[test]
fn a_pod_of_another_scheduler_is_not_looked_at() {
    let mut web = pod("web");
    web["spec"]["schedulerName"] = json!("other");
    let answer = Cluster::new([node("a"), web]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.says("no profile has its schedulerName \"other\"; there is default-scheduler");
    answer.says("set schedulerName: default-scheduler → would be placed on a");
}

#[test]
fn what_this_version_cannot_decide_is_refused_by_name() {
    let mut web = pod("web");
    web["spec"]["resourceClaims"] = json!([{"name": "gpu", "resourceClaimName": "g"}]);
    let answer = Cluster::new([node("a"), web]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.says("resource claim gpu");
    answer.says("No single change of the kinds that were tried is enough.");
}

#[test]
fn an_empty_cluster_is_no_error() {
    let answer = Cluster::new([pod("web")]).explain(&["pod", "web"]);
    answer.has_code(1);
    answer.begins_with("default/web: is not placed: no nodes available to schedule pods\n");
    answer.says("add a node with 1 cpu and 1Gi memory → would be placed on the new node");
}

#[test]
fn a_pod_that_is_not_there_is_an_error_that_names_the_likely_ones() {
    let mut other = pod("web-1");
    other["metadata"]["namespace"] = json!("prod");
    let cluster = Cluster::new([node("a"), other, pod("web-2")]);
    for (arguments, expected) in [
        (vec!["pod", "web-1"], "there is no pod default/web-1 among the 2 that there are; is it prod/web-1?"),
        (vec!["pod", "web-1", "-n", "prodd"], "is it prod/web-1?"),
        (vec!["pod", "wbe-2"], "is it default/web-2"),
        (vec!["pod", "prod/web-1", "-n", "test"], "leave one of them out"),
    ] {
        let answer = cluster.explain(&arguments);
        answer.has_code(2);
        answer.complains(expected);
        assert_eq!(answer.stdout, "", "{arguments:?}");
    }
    cluster.explain(&["pod", "web-1", "-n", "prod"]).has_code(0);
}

#[test]
fn an_unknown_node_is_an_error_that_names_the_likely_ones() {
    let answer =
        Cluster::new([node("worker-1"), pod("web")]).explain(&["pod", "web", "--why-not", "wroker-1"]);
    answer.has_code(2);
    answer.complains("there is no node \"wroker-1\" among the 1 given; is it worker-1?");
}

#[test]
fn why_not_tells_every_filters_verdict() {
    let mut tainted = node("b");
    tainted["spec"]["taints"] = json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]);
    let cluster = Cluster::new([node("a"), tainted, pod("web")]);
    let answer = cluster.explain(&["pod", "web", "--why-not", "b"]);
    answer.has_code(0);
    answer.says("b: refused by TaintToleration");
    answer.says("NodeResourcesFit       accepts");
    answer.says("NodePorts              nothing to check");
    answer.says("refuses            node(s) had untolerated taint(s): taint dedicated=gpu:NoSchedule");
    answer.says("What would make it fit on b, each tried on its own:");
    answer.says("• tolerate the taint dedicated=gpu:NoSchedule → would ");
    answer.lacks("add a node");
    let filters = cluster.json(&["pod", "web", "--why-not", "b"])["whyNot"]["filters"].clone();
    let refusing =
        filters.as_array().expect("filters").iter().filter(|filter| filter["verdict"] == "refuses");
    assert_eq!(refusing.map(|filter| filter["plugin"].clone()).collect::<Vec<_>>(), ["TaintToleration"]);
}

#[test]
fn why_not_says_by_how_many_points_a_node_lost() {
    let mut busy = pod("busy");
    busy["spec"]["nodeName"] = json!("a");
    busy["spec"]["containers"] = json!([container("2", "2Gi")]);
    let cluster = Cluster::new([node("a"), node("b"), busy, pod("web")]);
    let comparison = cluster.json(&["pod", "web", "--why-not", "a"])["whyNot"]["comparison"].clone();
    let lost_by = comparison["lostBy"].as_i64().expect("points");
    let of = |side: &str| -> i64 {
        let plugins = comparison["plugins"].as_array().expect("plugins").iter();
        plugins.map(|plugin| plugin[side]["weighted"].as_i64().expect("points")).sum()
    };
    assert!(lost_by > 0);
    assert_eq!(of("chosen") - of("node"), lost_by);
    let answer = cluster.explain(&["pod", "web", "--why-not", "a"]);
    answer.says(&format!("a: fits, but lost to b by {lost_by} points"));
    answer.lacks("What would");
    cluster.explain(&["pod", "web", "--why-not", "b"]).says("b: is the node that is chosen");
}

#[test]
fn json_has_operands_as_values_with_their_units() {
    let mut web = pod("web");
    web["spec"]["containers"] = json!([container("5", "1Gi")]);
    let cluster = Cluster::new([node("a"), web]);
    let answer = cluster.json(&["pod", "web"]);
    assert_eq!(answer["outcome"], "unschedulable");
    let refusal = &answer["nodes"][0]["refusals"][0];
    assert_eq!(refusal["code"], "UnschedulableAndUnresolvable");
    let reason = &refusal["reasons"][0];
    assert_eq!(reason["text"], "Insufficient cpu");
    let requested =
        json!({"name": "requested", "text": "5", "value": 5000, "resource": "cpu", "unit": "millicores"});
    assert_eq!(reason["operands"][0], requested);
    assert_eq!(answer["remedies"][0]["kind"], "lowerRequest");
    assert_eq!(
        answer["remedies"][0]["change"],
        json!({"action": "edit", "kind": "Pod", "name": "default/web"})
    );
    assert_eq!(answer["remedies"][0]["result"]["host"], "a");
}

#[test]
fn yaml_says_the_same_as_json() {
    let cluster = Cluster::new([node("a"), node("b"), pod("web")]);
    let yaml = cluster.explain(&["pod", "web", "-o", "yaml"]);
    let parsed: serde_json::Value = serde_saphyr::from_str(&yaml.stdout).expect("YAML");
    assert_eq!(parsed, cluster.json(&["pod", "web"]));
}

#[test]
fn a_search_that_ends_early_leaves_nodes_unlooked_at() {
    let objects = (0..120).map(|i| node(&format!("node-{i:03}"))).chain([pod("web")]);
    let cluster = Cluster::new(objects);
    let configuration = cluster.write(
        "configuration.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n\
         percentageOfNodesToScore: 1\n",
    );
    let answer = cluster.json(&["pod", "web", "--config", &configuration]);
    assert_eq!(answer["choice"]["nFeasible"], 100);
    let nodes = answer["nodes"].as_array().expect("nodes");
    let unseen: Vec<_> = nodes.iter().filter(|node| node["verdict"] == "notLookedAt").collect();
    assert_eq!(unseen.len(), 20);
    let name = unseen[0]["node"].as_str().expect("a name");
    let answer = cluster.explain(&["pod", "web", "--config", &configuration, "--why-not", name]);
    answer.says("fits, but a node was chosen without looking here");
    answer.lacks("No single change");
}

#[test]
fn a_configuration_changes_the_decision() {
    let mut cordoned = node("a");
    cordoned["spec"]["unschedulable"] = json!(true);
    let cluster = Cluster::new([cordoned, pod("web")]);
    cluster.explain(&["pod", "web"]).has_code(1);
    let configuration = cluster.write(
        "configuration.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n\
         profiles:\n- plugins:\n    filter:\n      disabled:\n      - name: NodeUnschedulable\n",
    );
    cluster.explain(&["pod", "web", "--config", &configuration]).has_code(0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let cluster = Cluster::new([node("a"), pod("web")]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_steersman"))
        .args(["explain", "pod", "web", "-f", cluster.path()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &[][..]));
}
