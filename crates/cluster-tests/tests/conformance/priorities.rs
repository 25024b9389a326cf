//! Which of several nodes a pod prefers.

use serde_json::json;

use crate::cluster::{check, pod, pod_with};

#[test]
fn the_emptier_node_is_preferred() {
    check(2, async |cluster| {
        let first = cluster.place(&pod("first", "2")).await.node().to_owned();
        let second = cluster.place(&pod("second", "2")).await.node().to_owned();
        assert_ne!(first, second);
    });
}

#[test]
fn a_node_that_should_be_avoided_is_avoided() {
    check(2, async |cluster| {
        let taint = json!({"spec": {"taints": [{"key": "slow", "effect": "PreferNoSchedule"}]}});
        cluster.patch("/api/v1/nodes/a", &taint).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for i in 0..3 {
            assert_eq!(cluster.place(&pod(&format!("web-{i}"), "100m")).await.node(), "b");
        }
    });
}

#[test]
fn preferred_affinities_are_followed_where_they_can_be() {
    check(3, async |cluster| {
        let near = cluster.place(&pod("cache", "100m")).await.node().to_owned();
        let term = json!([{"weight": 100, "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "cache"}}}}]);
        let likes =
            json!({"affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": term}}});
        assert_eq!(cluster.place(&pod_with("likes", "100m", likes)).await.node(), near);
        let avoids = json!({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": term}}});
        assert_ne!(cluster.place(&pod_with("avoids", "100m", avoids)).await.node(), near);
        let zone = json!([{"weight": 100, "preference": {"matchExpressions": [
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["z2"]}]}}]);
        let north =
            json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": zone}}});
        assert_eq!(cluster.place(&pod_with("north", "100m", north)).await.node(), "b");
    });
}
