//! Pods that go by other pods, by name, or by nobody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::{check, pod, pod_with};

fn spread(app: &str) -> Value {
    json!({"topologySpreadConstraints": [{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"group": app}}}]})
}

#[test]
fn four_pods_are_spread_over_two_zones() {
    check(3, async |cluster| {
        let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
        for i in 0..4 {
            let mut pod = pod_with(&format!("web-{i}"), "500m", spread("web"));
            pod["metadata"]["labels"] = json!({"group": "web"});
            let zone = if cluster.place(&pod).await.node() == "b" { "z2" } else { "z1" };
            *zones.entry(zone).or_default() += 1;
        }
        assert_eq!(zones, BTreeMap::from([("z1", 2), ("z2", 2)]));
    });
}

#[test]
fn pods_go_where_their_affinity_is_and_keep_away_from_what_they_avoid() {
    check(3, async |cluster| {
        let term = |app: &str| json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}}]);
        let lonely = json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("db")}}});
        let refused = cluster.place(&pod_with("lonely", "100m", lonely)).await;
        assert!(refused.message().contains("didn't match pod affinity rules"), "{}", refused.message());
        let host = cluster.place(&pod("db", "1")).await.node().to_owned();
        assert_eq!(cluster.wait_for_pod("lonely", |pod| !pod.node().is_empty()).await.node(), host);
        let shy = json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("db")}}});
        let placed = cluster.place(&pod_with("shy", "100m", shy)).await;
        assert!(!placed.node().is_empty() && placed.node() != host, "{} beside {host}", placed.node());
    });
}

#[test]
fn a_daemon_pod_goes_to_the_node_that_its_affinity_names() {
    check(3, async |cluster| {
        for node in ["a", "b", "c"] {
            let affinity = json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchFields": [
                    {"key": "metadata.name", "operator": "In", "values": [node]}]}]}}}});
            let name = format!("daemon-{node}");
            assert_eq!(cluster.place(&pod_with(&name, "100m", affinity)).await.node(), node);
        }
    });
}

#[test]
fn a_pod_that_names_its_node_is_counted_there_and_runs() {
    check(2, async |cluster| {
        cluster.place(&pod_with("direct", "3", json!({"nodeName": "a"}))).await;
        let running = cluster.wait_for_pod("direct", |pod| pod.0["status"]["phase"] == "Running").await;
        assert_eq!(running.node(), "a");
        assert_eq!(cluster.place(&pod("other", "2")).await.node(), "b");
    });
}

#[test]
fn pods_of_other_schedulers_are_left_alone() {
    check(1, async |cluster| {
        let other = pod_with("other", "1", json!({"schedulerName": "another"}));
        cluster.create("/api/v1/namespaces/default/pods", &other).await;
        assert_eq!(cluster.place(&pod("ours", "1")).await.node(), "a");
        let other = cluster.find_pod("other").await.unwrap();
        assert_eq!((other.node(), other.condition("PodScheduled")), ("", &Value::Null));
    });
}

#[test]
fn events_tell_what_has_become_of_a_pod() {
    check(1, async |cluster| {
        cluster.place(&pod("small", "1")).await;
        cluster.place(&pod("large", "9")).await;
        let events = "/apis/events.k8s.io/v1/namespaces/default/events";
        cluster.wait_for(events, |list| list["items"].as_array().is_some_and(|items| items.len() >= 2)).await;
        let events = cluster.list(events).await;
        let of = |name: &str| events.iter().find(|event| event["regarding"]["name"] == name).unwrap();
        assert_eq!(of("small")["note"], "Successfully assigned default/small to a");
        assert_eq!(
            (&of("small")["reason"], &of("small")["action"]),
            (&json!("Scheduled"), &json!("Binding"))
        );
        let large = of("large");
        assert!(large["note"].as_str().unwrap().starts_with("0/1 nodes are available: 1 Insufficient cpu."));
        assert_eq!((&large["reason"], &large["type"]), (&json!("FailedScheduling"), &json!("Warning")));
        assert_eq!(large["reportingController"], "default-scheduler");
    });
}
